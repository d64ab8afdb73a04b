"""What bytes are, by the bytes alone: headers and file names are never believed."""

import io
from collections import deque
from dataclasses import dataclass

from PIL import Image, features

from media import clips, images
from media.clipfiles import boxes
from media.clips import Clip
from media.errors import Refused
from media.images import Layout
from media.polyglots import check_whole

MAX_PIXELS = 64_000_000
# Pillow warns above this and refuses above twice as much; the check before it is exact.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

PAGES = (b"<!doctype html", b"<html", b"<svg", b"<?xml", b"<head", b"<body", b"<script", b"<!--")


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What a file is. Exactly one of `layout` (JPEG, PNG, GIF, WebP) and `clip` is set; neither for
    AVIF. Sizes are in pixels as stored, before any rotation."""

    mime: str
    width: int | None
    height: int | None
    animated: bool = False
    seconds: float | None = None
    layout: Layout | None = None
    clip: Clip | None = None

    @property
    def is_image(self) -> bool:
        return self.mime.startswith("image/")

    @property
    def is_video(self) -> bool:
        return self.mime.startswith("video/")


def sniff(data: bytes) -> Sniffed:
    """Raises Refused unless the bytes are one whole picture, video or sound of a kept type.

    A picture's pixels are not decoded here; nothing is, before its size in pixels is known.
    """
    if not data:
        raise Refused("empty", "the file is empty")
    check_whole(data)
    if mime := clips.sniff_clip(data):
        clip = clips.read_clip(data, mime)
        return Sniffed(clip.mime, clip.width, clip.height, seconds=clip.seconds, clip=clip)
    if layout := images.scan(data):
        check_pixels(layout.width, layout.height)
        return Sniffed(
            layout.mime, layout.width, layout.height, animated=layout.frames > 1, layout=layout
        )
    if data[4:8] == b"ftyp" and data[8:12] in {b"avif", b"mif1"} and features.check("avif"):
        return _avif(data)
    raise _unknown(data)


def check_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise Refused(
            "too_many_pixels", f"{width} x {height} is more than {MAX_PIXELS // 10**6} megapixels"
        )


def _avif(data: bytes) -> Sniffed:
    deque(boxes(data, 0, len(data)), maxlen=0)  # they must fill the file
    try:
        with Image.open(io.BytesIO(data), formats=["AVIF"]) as image:
            check_pixels(*image.size)
            if getattr(image, "n_frames", 1) > 1:
                raise Refused("animated", "AVIF sequences are not kept here")
            return Sniffed("image/avif", *image.size)
    except Image.DecompressionBombError as error:
        raise Refused("too_many_pixels", "the picture has too many pixels") from error
    except (OSError, ValueError, SyntaxError, RuntimeError, LookupError) as error:
        raise Refused("broken", "the AVIF file cannot be opened") from error


def _unknown(data: bytes) -> Refused:
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(PAGES):
        return Refused("wrong_type", "the answer is a web page or drawing, not a picture")
    return Refused("wrong_type", "the file is of no type that is kept here")
