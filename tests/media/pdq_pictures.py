"""Pictures for the vectors of PDQ, drawn with whole numbers alone: the same on every machine.

`pdq_vectors.csv` holds what the reference implementation gives for them (package pdqhash 0.2.8).
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

SIZES = ((512, 512), (512, 512), (512, 512), (300, 400), (64, 64), (129, 64), (5, 5), (700, 513))
VECTORS = Path(__file__).with_name("pdq_vectors.csv")
COUNT = 120


def picture(number: int) -> np.ndarray:
    """Height by width by three, eight bits: a slope, shapes on it, and some noise."""
    dice = np.random.RandomState(number)  # its stream is frozen; that of Generator is not
    height, width = SIZES[number % len(SIZES)]
    y, x = np.mgrid[0:height, 0:width]
    slope = dice.randint(-3, 4, (3, 2))
    pixels = np.stack([(128 + (x * a + y * b) * 64 // 512) for a, b in slope], axis=2)
    for _ in range(dice.randint(0, 14)):
        cy, cx, size = dice.randint(0, height), dice.randint(0, width), dice.randint(4, 160)
        if dice.randint(2):
            inside = (y - cy) ** 2 + (x - cx) ** 2 < size**2
        else:
            inside = (abs(y - cy) < size) & (abs(x - cx) * 2 < size)
        pixels[inside] = dice.randint(0, 256, 3)
    if number % 5 == 0:
        pixels = pixels ^ (((x // 32) ^ (y // 32)) & 1)[:, :, None] * 40
    noise = dice.randint(-20, 21, pixels.shape) if number % 3 == 0 else 0
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def vectors() -> Iterator[tuple[int, int, list[str]]]:
    """(number, quality, the eight hashes in hex: own, turned and mirrored)."""
    with VECTORS.open(newline="") as file:
        for number, quality, *hashes in csv.reader(file):
            yield int(number), int(quality), hashes
