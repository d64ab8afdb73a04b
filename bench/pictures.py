"""Synthetic pictures in families whose truth is known, and perceptual hashes that follow theirs.

A picture is a sum of soft random fields from coarse to fine, with a few discs on it: colours and
shapes alone. Nothing is read from a disk, and the same number always gives the same picture.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from media import pdq

# How many cells a field has on each side, and how strong it is.
FIELDS = ((3, 1.0), (6, 0.8), (12, 0.5), (24, 0.3), (40, 0.15))
DISCS = 6
SIDE = 384
# At most so many pictures in a family, its first one included.
MOST = 8


@dataclass(frozen=True, slots=True)
class Picture:
    """One of a set. `family` is shared by a picture and all that was made of it; `change` says how
    it was made ("" for the first)."""

    number: int
    family: int
    change: str
    image: Image.Image


def draw(number: int, side: int = SIDE) -> Image.Image:
    """The picture with this number, the same at every size but for its pixels."""
    tones = _tones(np.random.RandomState(number), 1, side)[0]
    dice = np.random.RandomState(number + 1)
    tints = dice.uniform(0.6, 1.4, 3)
    pixels = 128 + (tones[:, :, None] * tints + dice.uniform(-20, 20, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def family_set(count: int, *, seed: int = 1) -> Iterator[Picture]:
    """`count` pictures: half of the families are single, the others have 2 to MOST members, each
    made of the first by one change of CHANGES."""
    dice = np.random.RandomState(seed)
    number = family = 0
    while number < count:
        first = draw(seed * 1_000_003 + family * 17)
        yield Picture(number, family, "", first)
        number += 1
        for _ in range(dice.randint(1, MOST) if dice.randint(2) else 0):
            if number < count:
                change = list(CHANGES)[dice.randint(len(CHANGES))]
                yield Picture(number, family, change, CHANGES[change](first, dice))
                number += 1
        family += 1


def hashes(count: int, *, seed: int = 1) -> NDArray[np.uint8]:
    """`count` hashes of 32 bytes of different clear pictures, for sets too large to be drawn one
    by one: each picture is two drawn ones laid over each other. About 100,000 a second."""
    dice = np.random.RandomState(seed)
    drawn = _frequencies(dice, min(8_000, 200 + count // 2))
    found: list[NDArray[np.uint8]] = []
    for start in range(0, count, 50_000):
        many = min(50_000, count - start)
        one = dice.randint(0, len(drawn), many)
        other = (one + dice.randint(1, len(drawn), many)) % len(drawn)
        share = dice.uniform(0.3, 0.7, (many, 1)).astype(np.float32)
        found.append(_packed(drawn[one] * share + drawn[other] * (1 - share)))
    return np.concatenate(found)


def near(given: NDArray[np.uint8], *, distance: int, seed: int = 2) -> NDArray[np.uint8]:
    """The same hashes with 0 to `distance` bits of each turned, as a re-encoded copy's are."""
    dice = np.random.RandomState(seed)
    bits = np.unpackbits(given, axis=1)
    for row, turned in zip(bits, dice.randint(0, distance + 1, len(bits)), strict=True):
        row[dice.choice(256, turned, replace=False)] ^= 1
    return np.packbits(bits, axis=1)


def _tones(dice: np.random.RandomState, count: int, side: int) -> NDArray[np.float32]:
    """`count` fields of `side` by `side`, around zero."""
    tones = np.zeros((count, side, side), np.float32)
    for cells, strength in FIELDS:
        grid = dice.standard_normal((count, cells, cells)).astype(np.float32) * 55 * strength
        stretch = _stretch(cells, side)
        tones += stretch @ grid @ stretch.T
    places = (np.arange(side, dtype=np.float32) + 0.5) / side
    for _ in range(DISCS):
        x, y, size, tone = dice.uniform(size=(4, count)).astype(np.float32)
        far = (places[None, :, None] - y[:, None, None]) ** 2
        far = far + (places[None, None, :] - x[:, None, None]) ** 2
        inside = far < (0.03 + 0.12 * size[:, None, None]) ** 2
        tones = np.where(inside, (tone[:, None, None] - 0.5) * 220, tones)
    return tones


@lru_cache(maxsize=32)
def _stretch(cells: int, side: int) -> NDArray[np.float32]:
    """Spreads `cells` values over `side` places, straight lines between them."""
    places = (np.arange(side) + 0.5) / side * (cells - 1)
    below = np.minimum(places.astype(int), cells - 2)
    matrix = np.zeros((side, cells), np.float32)
    matrix[np.arange(side), below] = 1 - (places - below)
    matrix[np.arange(side), below + 1] = places - below
    return matrix


def _frequencies(dice: np.random.RandomState, count: int) -> NDArray[np.float32]:
    """PDQ's 256 frequencies of `count` new pictures."""
    found = []
    for start in range(0, count, 500):
        tones = np.clip(128 + _tones(dice, min(500, count - start), 64), 0, 255)
        found.append((pdq.COSINES @ tones @ pdq.COSINES.T).reshape(-1, 256))
    return np.concatenate(found)


def _packed(frequencies: NDArray[np.float32]) -> NDArray[np.uint8]:
    medians = np.partition(frequencies, 127, axis=1)[:, 127:128]
    return np.packbits((frequencies > medians)[:, ::-1], axis=1)


def _resize(image: Image.Image, dice: np.random.RandomState) -> Image.Image:
    side = int(image.width * dice.uniform(0.4, 1.8))
    return image.resize((side, side), Image.Resampling.LANCZOS)


def _reencode(image: Image.Image, dice: np.random.RandomState) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=int(dice.randint(30, 90)))
    return Image.open(out).convert("RGB")


def _crop(image: Image.Image, dice: np.random.RandomState) -> Image.Image:
    """2 % of a side cut off, somewhere around."""
    cut = round(image.width * 0.02)
    left, top = dice.randint(0, cut + 1, 2)
    return image.crop((left, top, image.width - cut + left, image.height - cut + top))


def _brightness(image: Image.Image, dice: np.random.RandomState) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(dice.uniform(0.7, 1.3))


def _border(image: Image.Image, dice: np.random.RandomState) -> Image.Image:
    width = round(image.width * dice.uniform(0.01, 0.03))
    return ImageOps.expand(image, width, tuple(dice.randint(0, 256, 3).tolist()))


def _text(image: Image.Image, dice: np.random.RandomState) -> Image.Image:
    """A line of text over the lower edge."""
    image = image.copy()
    words = "synthetic sample " + str(dice.randint(1_000_000))
    place = (image.width * 0.05, image.height * dice.uniform(0.8, 0.9))
    ImageDraw.Draw(image).text(place, words, fill="white", font_size=image.height // 20)
    return image


def _mirror(image: Image.Image, dice: np.random.RandomState) -> Image.Image:
    return ImageOps.mirror(image)


CHANGES: dict[str, Callable[[Image.Image, np.random.RandomState], Image.Image]] = {
    "resize": _resize,
    "re-encode": _reencode,
    "crop": _crop,
    "brightness": _brightness,
    "border": _border,
    "text": _text,
    "mirror": _mirror,
}
