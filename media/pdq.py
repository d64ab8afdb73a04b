"""PDQ, the perceptual hash of pictures: 256 bits that survive scaling and re-encoding.

Bit for bit what the reference implementation gives, its single-precision sums included, because
hashes are exchanged with others: https://github.com/facebook/ThreatExchange/tree/main/pdq
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Every picture is hashed at this size, a square, so that all copies of one meet.
SIDE = 512
# Below this (of 100) a picture is too flat: its bits are noise and would match anything.
MIN_QUALITY = 50
SMALLEST = 5  # pixels; the reference refuses less

Floats = NDArray[np.float32]


class Hashed(NamedTuple):
    """32 bytes, and how much there is to see in the picture, 0 to 100."""

    pdq: bytes
    quality: int

    @property
    def is_flat(self) -> bool:
        """Whether there is too little to see for the hash to mean anything."""
        return self.quality < MIN_QUALITY


# Of what is no picture, or too small for one.
NOTHING = Hashed(bytes(32), 0)


def pdq_of(image: Image.Image) -> Hashed:
    """The hash of a picture of any size; what is transparent counts as white."""
    return hash_pixels(pixels_of(image))


def pixels_of(image: Image.Image) -> NDArray[np.uint8]:
    """SIDE by SIDE pixels of three colours."""
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if image.size != (SIDE, SIDE):
        image = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(image.convert("RGB"))


def hash_pixels(pixels: NDArray[np.uint8]) -> Hashed:
    """`pixels`: height by width by three (red, green, blue)."""
    if min(pixels.shape[:2]) < SMALLEST:
        return NOTHING
    found = _at_once(pixels) if pixels.shape[:2] == (SIDE, SIDE) else None
    return found or hash_in_order(pixels)


def hash_in_order(pixels: NDArray[np.uint8]) -> Hashed:
    """The same by the reference's own steps, one after the other: about eight times slower."""
    small = _small(pixels)
    percents = _steps(small)
    return Hashed(_bits(_frequencies(small)), _quality(percents))


def _at_once(pixels: NDArray[np.uint8]) -> Hashed | None:
    """The filter as one product of matrices, which rounds otherwise; None where that could decide
    a bit or the quality, for about one picture in a hundred."""
    tones = (pixels.reshape(-1, 3).astype(np.float32) @ _COLOURS).reshape(SIDE, SIDE)
    small = _WEIGHTS.T @ tones @ _WEIGHTS
    frequencies = _frequencies(small)
    from_median = np.abs(frequencies - _median(frequencies)).ravel()
    percents = _steps(small)
    least = _quality(np.maximum(percents - _UNSURE_STEP, 0))
    most = _quality(percents + _UNSURE_STEP)
    if least != most or np.partition(from_median, 1)[1] < _UNSURE_FREQUENCY:
        return None
    return Hashed(_bits(frequencies), least)


# Ten and seven times what the two ways were found to differ by at most.
_UNSURE_FREQUENCY, _UNSURE_STEP = 0.02, 0.005
_COLOURS = np.array((0.299, 0.587, 0.114), np.float32)


def turned(hashes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """For n hashes (n by 32 bytes) n by 8 by 32: each one's own, then as if its picture was turned
    left by 90, 180 and 270 degrees, stood on its head, mirrored, and mirrored at each diagonal.

    Turning changes places and signs of frequencies, and a bit is nearly its frequency's sign: about
    10 of 256 bits differ from the hash of the picture itself turned.
    """
    bits = np.unpackbits(hashes, axis=1)[:, ::-1].reshape(-1, 16, 16)
    rows, columns = bits ^ _ODD[:, None], bits ^ _ODD[None, :]
    both = rows ^ _ODD[None, :]
    over = bits.transpose(0, 2, 1), columns.transpose(0, 2, 1), rows.transpose(0, 2, 1)
    every = np.stack(
        (bits, over[1], both, over[2], rows, columns, over[0], both.transpose(0, 2, 1)), axis=1
    )
    return np.packbits(every.reshape(-1, 8, 256)[:, :, ::-1], axis=2)


# The first, third, … frequency of an axis changes its sign when the axis is mirrored.
_ODD = np.tile(np.array([1, 0], np.uint8), 8)


def _small(pixels: NDArray[np.uint8]) -> Floats:
    """64 by 64 tones: a tent filter (a box filter twice on each axis), then every n-th pixel."""
    red, green, blue = (pixels[:, :, channel] for channel in range(3))
    tones: Floats = (red * 0.299 + green * 0.587 + blue * 0.114).astype(np.float32)
    height, width = tones.shape
    if (height, width) == (64, 64):
        return tones
    tones = _box(tones, _centres(width, 0)).T
    tones = _box(tones, _centres(height, 0)).T
    tones = _box(tones, _centres(width)).T
    return _box(tones, _centres(height)).T


def _centres(length: int, count: int = 64) -> NDArray[np.intp]:
    """Which of `length` places are kept; 0 for all."""
    if not count:
        return np.arange(length)
    return ((np.arange(count) + 0.5) * length / count).astype(np.intp)


def _box(tones: Floats, kept: NDArray[np.intp]) -> Floats:
    """The mean over a window along each row, at the places `kept`.

    The reference adds what enters the window to one running sum and takes off what leaves it; the
    order of these steps is kept, because it decides how they are rounded.
    """
    length = tones.shape[1]
    window = (length + 127) // 128
    before = (window + 2) // 2 - 1
    full = 2 * length - window
    steps = np.empty((tones.shape[0], full + before), np.float32)
    steps[:, :window] = tones[:, :window]
    steps[:, window:full:2] = tones[:, window:]
    np.negative(tones[:, : length - window], out=steps[:, window + 1 : full : 2])
    np.negative(tones[:, length - window : length - window + before], out=steps[:, full:])
    np.add.accumulate(steps, axis=1, out=steps)
    entered = np.minimum(kept + before + 1, length)
    left = np.maximum(kept + before + 1 - window, 0)
    sums: Floats = np.take(steps, entered + left - 1, axis=1)
    sums /= (entered - left).astype(np.float32)
    return sums


def _steps(small: Floats) -> Floats:
    """The steps between neighbours, in percents of full contrast."""
    steps = [np.diff(small, axis=axis).ravel() * np.float32(-100) for axis in (0, 1)]
    percents: Floats = np.abs(np.concatenate(steps) / np.float32(255))
    return percents


def _quality(percents: Floats) -> int:
    """The sum of the steps in whole percents, over 90."""
    return min(100, int(percents.astype(np.int32).sum()) // 90)


COSINES = np.array(
    [
        [
            float(np.float32(math.sqrt(2 / 64)))
            * math.cos(math.pi / 2 / 64 * (row + 1) * (2 * column + 1))
            for column in range(64)
        ]
        for row in range(16)
    ],
    np.float32,
)


def _frequencies(small: Floats) -> Floats:
    """The 16 by 16 lowest frequencies but the constant; added up in the reference's order."""
    half = np.add.accumulate(COSINES.T[:, :, None] * small[:, None, :], axis=0)[-1]
    products = half.T[:, :, None] * COSINES.T[:, None, :]
    frequencies: Floats = np.add.accumulate(products, axis=0)[-1]
    return frequencies


def _median(frequencies: Floats) -> np.float32:
    """The lower one of the two in the middle."""
    median: np.float32 = np.partition(frequencies.ravel(), 127)[127]
    return median


def _bits(frequencies: Floats) -> bytes:
    """Which frequencies are stronger than their median, the last of them first."""
    return np.packbits((frequencies > _median(frequencies)).ravel()[::-1]).tobytes()


# What each of SIDE places adds to each of the 64 that are kept.
_WEIGHTS = _box(_box(np.eye(SIDE, dtype=np.float32), _centres(SIDE, 0)), _centres(SIDE))
