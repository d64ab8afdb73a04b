"""Drawn pictures: synthetic landscapes and shapes with a label, a pure function of their number."""

import io
import math
import random
import zlib
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont, ImageOps

Colour = tuple[int, int, int]

# Sky from top to horizon, the sun, and the hills from far to near.
PALETTES: tuple[tuple[str, str, str, str, str], ...] = (
    ("#2b1a5a", "#f2734b", "#ffd27a", "#8a3f6b", "#24123d"),
    ("#0b3d91", "#9fd3ff", "#fff6d5", "#4c8f6a", "#173f35"),
    ("#10152b", "#3b4f86", "#e8ecff", "#2b3a63", "#090d1c"),
    ("#ffb199", "#fff1e6", "#ff5e62", "#c98474", "#6b3a3a"),
    ("#135058", "#f1f2b5", "#ffe29a", "#4f8a6e", "#0f3b3a"),
    ("#41295a", "#d88fb2", "#fbe3f2", "#7d4b86", "#2a1538"),
    ("#5b6f7d", "#d9e2e8", "#ffffff", "#8b9aa5", "#3a4750"),
    ("#7a2e0e", "#f6b042", "#fff3c4", "#b5651d", "#4a1f0b"),
)


def draw(number: int, width: int, height: int, label: Sequence[str] = ()) -> Image.Image:
    """A scene of `width` by `height` pixels with up to three short lines at its foot."""
    dice = random.Random(number)
    sky, horizon, sun, far, near = dice.choice(PALETTES)
    image = _gradient(width, height, sky, horizon)
    brush = ImageDraw.Draw(image)
    _sun(brush, dice, width, height, sun)
    if dice.random() < 0.3:
        _shapes(brush, dice, width, height, (far, near, sun))
    else:
        _hills(brush, dice, width, height, far, near)
    _label(brush, width, height, label)
    return image


@lru_cache(maxsize=256)
def scene(number: int, version: int, width: int, height: int, original: int) -> bytes:
    """JPEG bytes of picture `number`; when `original` is another, a lookalike of that one."""
    image = draw(
        original * 7919 + version, width, height, (f"scene {original}", "synthetic sample")
    )
    if original != number:
        image = ImageOps.posterize(image, 6).point(lambda value: min(255, value + 6))
    return encode(image, "JPEG")


@lru_cache(maxsize=128)
def avatar(number: int, version: int) -> bytes:
    """PNG bytes of a square avatar: one letterless face of shapes."""
    dice = random.Random(number * 31 + version)
    sky, horizon, sun, far, near = dice.choice(PALETTES)
    size = dice.choice((128, 192, 256))
    image = _gradient(size, size, sky, horizon)
    brush = ImageDraw.Draw(image)
    third = size // 3
    brush.ellipse((third, size // 5, 2 * third, size // 5 + third), fill=sun)
    brush.ellipse((size // 5, size * 3 // 5, size * 4 // 5, size * 7 // 5), fill=near)
    brush.ellipse((third - 8, size // 8, 2 * third + 8, third), fill=far)
    return encode(image, "PNG")


def placeholder(number: int, width: int, height: int, label: Sequence[str]) -> bytes:
    """PNG bytes of a labelled picture, for the sandbox's generation calls."""
    return encode(draw(number, width, height, label), "PNG")


def encode(image: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    if form == "PNG":
        # Few colours and light compression: a placeholder costs milliseconds.
        image.quantize(128, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
            out, "PNG", compress_level=1
        )
    else:
        image.save(out, form, quality=82)
    return out.getvalue()


@lru_cache(maxsize=1)
def pixel_bomb() -> bytes:
    """A valid PNG of 30,000 by 30,000 one-bit pixels in about 110 KB."""
    side = 30_000
    packer = zlib.compressobj(9)
    row = bytes(1 + math.ceil(side / 8))
    data = b"".join([packer.compress(row * 100) for _ in range(side // 100)]) + packer.flush()
    header = side.to_bytes(4, "big") * 2 + bytes((1, 0, 0, 0, 0))
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body).to_bytes(4, "big")
    return len(body).to_bytes(4, "big") + kind + body + check


@lru_cache(maxsize=1)
def gzip_bomb() -> bytes:
    """A gzip stream of 1 GiB of zeros in about 1 MB; its checksum is wrong, nobody gets there."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(bytes(8 * 1024 * 1024)) + packer.flush(zlib.Z_FULL_FLUSH)
    end = packer.flush()
    return b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + block * 128 + end + bytes(8)


def _gradient(width: int, height: int, top: str, bottom: str) -> Image.Image:
    ramp = ImageOps.colorize(Image.linear_gradient("L").resize((1, 256)), top, bottom)
    return ramp.resize((width, height), Image.Resampling.BILINEAR)


def _sun(
    brush: ImageDraw.ImageDraw, dice: random.Random, width: int, height: int, sun: str
) -> None:
    radius = int(min(width, height) * dice.uniform(0.06, 0.16))
    x, y = int(width * dice.uniform(0.15, 0.85)), int(height * dice.uniform(0.12, 0.5))
    brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=sun)
    for _ in range(dice.choice((0, 0, 40))):
        star = dice.randrange(width), dice.randrange(height // 2)
        brush.ellipse((*star, star[0] + 2, star[1] + 2), fill="#ffffff")


def _hills(
    brush: ImageDraw.ImageDraw,
    dice: random.Random,
    width: int,
    height: int,
    far: str,
    near: str,
) -> None:
    layers = dice.randint(3, 5)
    for layer in range(layers):
        share = layer / (layers - 1)
        base = height * (0.48 + 0.4 * share)
        swing = height * dice.uniform(0.03, 0.1)
        waves, phase = dice.uniform(1, 3.5), dice.uniform(0, math.tau)
        ridge = [
            (
                x,
                base
                + swing * math.sin(phase + waves * math.tau * x / width)
                + swing / 3 * math.sin(3.1 * waves * math.tau * x / width),
            )
            for x in range(0, width + 12, 12)
        ]
        brush.polygon([*ridge, (width, height), (0, height)], fill=_mix(far, near, share))


def _shapes(
    brush: ImageDraw.ImageDraw,
    dice: random.Random,
    width: int,
    height: int,
    colours: Sequence[str],
) -> None:
    for _ in range(dice.randint(6, 14)):
        x, y = dice.randrange(width), dice.randrange(height)
        reach = int(min(width, height) * dice.uniform(0.05, 0.22))
        colour = _mix(dice.choice(colours), dice.choice(colours), dice.random())
        match dice.randrange(3):
            case 0:
                brush.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)
            case 1:
                brush.regular_polygon((x, y, reach), dice.randint(3, 6), fill=colour)
            case _:
                brush.rounded_rectangle((x, y, x + reach, y + reach), reach // 6, fill=colour)


def _label(brush: ImageDraw.ImageDraw, width: int, height: int, lines: Sequence[str]) -> None:
    size = max(14, min(width, height) // 32)
    font = ImageFont.load_default(size)
    for number, line in enumerate(reversed(lines)):
        place = (size, height - (number + 1) * size * 1.4 - size / 2)
        brush.text(place, line, fill="#ffffff", font=font, stroke_width=1, stroke_fill="#00000080")


def _mix(first: str, second: str, share: float) -> Colour:
    one, two = (
        tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5)) for colour in (first, second)
    )
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, two, strict=True))
    return red, green, blue
