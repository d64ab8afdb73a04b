"""The mirror's work on a file's bytes against bare Pillow on the same files."""

import hashlib
import io
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.test import override_settings
from PIL import Image

from bench import pictures
from bench.report import Figure
from bench.rounds import interleaved, median, ratio, seconds
from bench.sizes import Size
from media.mirroring import THREADS
from media.preparing import prepare

SIDE = 1024
THUMB = (320, 320)


def mirror_vs_pillow(size: Size) -> Iterator[Figure]:
    """Checked, hashed in both ways, rendered and stored, against decoded and a WebP thumbnail."""
    files = [_jpeg(number) for number in range(size.mirrored)]

    def ours() -> float:
        with tempfile.TemporaryDirectory() as folder, override_settings(
            STORAGE_URL=f"file:{Path(folder) / 'bytes'}"
        ):  # fmt: skip
            return len(files) / seconds(lambda: list(pool.map(_mirror, files)))

    def pillow() -> float:
        return len(files) / seconds(lambda: list(pool.map(_thumbnail, files)))

    with ThreadPoolExecutor(THREADS) as pool:
        sides = interleaved(size.rounds, ours, pillow)
    yield Figure(
        "mirror_vs_pillow", ratio(*sides), 0.7, ours=median(sides[0]), baseline=median(sides[1]),
        measured="pictures/s", note=f"JPEGs of {SIDE} by {SIDE} pixels, {THREADS} threads",
    )  # fmt: skip


def _jpeg(number: int) -> bytes:
    out = io.BytesIO()
    pictures.draw(number, SIDE).save(out, "JPEG", quality=88)
    return out.getvalue()


def _mirror(data: bytes) -> None:
    prepare(data, sha256=hashlib.sha256(data).digest())


def _thumbnail(data: bytes) -> None:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        image.thumbnail(THUMB)
        image.save(io.BytesIO(), "WEBP")
