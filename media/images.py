"""Image files read as containers: do they end where they say, and what in them is metadata.

Nothing here decodes pixels. The tables name what is harmless and needed for the picture; everything
else (EXIF, XMP, comments, prompts in PNG text, maker's notes, bytes after the end) is metadata and
is left out of what others get to see.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from media.errors import Refused
from media.polyglots import check_tail

PNG_KEPT = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP",
    b"sBIT", b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT",
}  # fmt: skip
WEBP_KEPT = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
GIF_KEPT = {b"NETSCAPE2.0", b"ANIMEXTS1.0"}  # how often an animation repeats
WEBP_METADATA_FLAGS = 0x08 | 0x04
# The next marker after entropy-coded data: not a stuffed byte, a restart or filling.
JPEG_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])", re.DOTALL)
JPEG_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive: what Pillow and browsers decode
EOI, SOS, COM = 0xD9, 0xDA, 0xFE
JPEG_END = b"\xff\xd9"


@dataclass(slots=True)
class Layout:
    """An image file's outline. `kept` are the byte ranges of the picture without its metadata;
    `stripped` says that something lies outside them."""

    mime: str
    width: int
    height: int
    kept: list[tuple[int, int]] = field(default_factory=list)
    frames: int = 1
    stripped: bool = False

    def keep(self, start: int, end: int) -> None:
        if self.kept and self.kept[-1][1] == start:
            self.kept[-1] = (self.kept[-1][0], end)
        else:
            self.kept.append((start, end))


def scan(data: bytes) -> Layout | None:
    """The outline of a JPEG, PNG, GIF or WebP file; None for anything else.

    Raises Refused when the file is cut off or holds something else besides.
    """
    reader = next((reader for magic, reader in _READERS if data.startswith(magic)), None)
    if reader is None:
        return None
    try:
        layout = reader(data)
    except (IndexError, ValueError) as error:
        raise _cut() from error
    if not layout.width or not layout.height:
        raise Refused("broken", "the picture has no size")
    return layout


def without_metadata(data: bytes, layout: Layout) -> bytes:
    """The same picture, not one pixel changed, without the bytes outside `layout.kept`."""
    joined = bytearray().join(memoryview(data)[start:end] for start, end in layout.kept)
    if layout.mime == "image/webp":
        joined[4:8] = (len(joined) - 8).to_bytes(4, "little")
        if joined[12:16] == b"VP8X":
            joined[20] &= ~WEBP_METADATA_FLAGS & 0xFF
    return bytes(joined)


def _cut() -> Refused:
    return Refused("truncated", "the file ends early")


def _jpeg(data: bytes) -> Layout:
    layout = Layout("image/jpeg", 0, 0)
    layout.keep(0, 2)
    at, components = 2, 0
    while True:
        start, at, marker = _jpeg_marker(data, at)
        if marker == EOI:
            layout.keep(start, at)
            break
        end = at + int.from_bytes(data[at : at + 2], "big")
        if end > len(data) or end < at + 2:
            raise _cut()
        if marker in JPEG_FRAMES:
            layout.height = int.from_bytes(data[at + 3 : at + 5], "big")
            layout.width = int.from_bytes(data[at + 5 : at + 7], "big")
            components = 0 if marker == 0xC2 else data[at + 7]
        if marker == SOS:
            end = _scan_end(data, end, only=data[at + 2] == components)
        if _jpeg_kept(data, at, marker):
            layout.keep(start, end)
        else:
            layout.stripped = True
        at = end
    if at < len(data):
        # Cameras and phones append previews, second pictures and films; none of it is served.
        check_tail(data, at)
        layout.stripped = True
    return layout


def _scan_end(data: bytes, at: int, *, only: bool) -> int:
    """Where entropy-coded data ends; `only`: it is the file's one scan, so the end marker follows
    (finding that alone is fifty times faster)."""
    if only:
        end = data.find(JPEG_END, at)
    else:
        found = JPEG_MARKER.search(data, at)
        end = found.start() if found else -1
    if end < 0:
        raise _cut()
    return end


def _jpeg_marker(data: bytes, at: int) -> tuple[int, int, int]:
    """(start of the marker, end of it, its code); filling bytes before it are passed over."""
    start = at
    if data[at] != 0xFF:
        raise Refused("broken", "the JPEG file is broken")
    while data[at] == 0xFF:
        at += 1
    return start, at + 1, data[at]


def _jpeg_kept(data: bytes, at: int, marker: int) -> bool:
    if marker == COM:
        return False
    if not 0xE0 <= marker <= 0xEF:
        return True
    head = data[at + 2 : at + 16]
    if marker == 0xE0:
        # JFIF; one with a thumbnail inside shows what the picture may no longer show.
        return head.startswith(b"JFIF\0") and head[12:14] == b"\0\0"
    if marker == 0xE2:
        return head.startswith(b"ICC_PROFILE\0")
    return marker == 0xEE and head.startswith(b"Adobe")  # decides how colours are decoded


def _png(data: bytes) -> Layout:
    if data[12:16] != b"IHDR":
        raise Refused("broken", "the PNG file is broken")
    layout = Layout(
        "image/png", int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    )
    layout.keep(0, 8)
    at, kind = 8, b""
    while kind != b"IEND":
        kind = data[at + 4 : at + 8]
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data) or len(kind) < 4:
            raise _cut()
        if kind == b"acTL":
            layout.frames = int.from_bytes(data[at + 8 : at + 12], "big")
        if kind in PNG_KEPT:
            layout.keep(at, end)
        else:
            layout.stripped = True
        at = end
    return _ended(data, at, layout)


def _gif(data: bytes) -> Layout:
    layout = Layout(
        "image/gif",
        int.from_bytes(data[6:8], "little"),
        int.from_bytes(data[8:10], "little"),
        [],
        0,
    )
    at = 13 + _colour_table(data[10])
    layout.keep(0, at)
    while data[at] != 0x3B:
        start, kind = at, data[at]
        if kind == 0x2C:
            layout.frames += 1
            at = _sub_blocks(data, at + 11 + _colour_table(data[at + 9]))
            kept = True
        elif kind == 0x21:
            label, name = data[at + 1], data[at + 3 : at + 14]
            at = _sub_blocks(data, at + 2)
            kept = label == 0xF9 or (label == 0xFF and name in GIF_KEPT)
        else:
            raise Refused("broken", "the GIF file is broken")
        if kept:
            layout.keep(start, at)
        else:
            layout.stripped = True
    layout.keep(at, at + 1)
    return _ended(data, at + 1, layout)


def _colour_table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _sub_blocks(data: bytes, at: int) -> int:
    """The end of a chain of sub-blocks that starts at `at`."""
    while size := data[at]:
        at += size + 1
    return at + 1


def _webp(data: bytes) -> Layout:
    if data[8:12] != b"WEBP":
        raise Refused("wrong_type", "the file is of no type that is kept here")
    end_of_file = 8 + int.from_bytes(data[4:8], "little")
    if end_of_file > len(data):
        raise _cut()
    layout = Layout("image/webp", *_webp_size(data), [], 0)
    layout.keep(0, 12)
    at = 12
    while at < end_of_file:
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + size + (size & 1)
        if end > end_of_file + (size & 1) or len(kind) < 4:
            raise _cut()
        layout.frames += kind == b"ANMF"
        if kind in WEBP_KEPT:
            layout.keep(at, end)
        else:
            layout.stripped = True
        at = end
    layout.frames = max(layout.frames, 1)
    return _ended(data, at, layout)


def _webp_size(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        return (
            1 + int.from_bytes(data[24:27], "little"),
            1 + int.from_bytes(data[27:30], "little"),
        )
    if kind == b"VP8L":
        packed = int.from_bytes(data[21:25], "little")
        return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return (
            int.from_bytes(data[26:28], "little") & 0x3FFF,
            int.from_bytes(data[28:30], "little") & 0x3FFF,
        )
    raise Refused("broken", "the WebP file is broken")


def _ended(data: bytes, at: int, layout: Layout) -> Layout:
    """These formats have an end; only filling may follow it."""
    if at < len(data):
        if data[at:].strip(b"\0 \r\n\t"):
            raise Refused("polyglot", "something else follows the picture in its file")
        layout.stripped = True
    return layout


_READERS: tuple[tuple[bytes, Callable[[bytes], Layout]], ...] = (
    (b"\xff\xd8\xff", _jpeg),
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"GIF87a", _gif),
    (b"GIF89a", _gif),
    (b"RIFF", _webp),
)
