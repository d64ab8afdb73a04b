"""Video and audio files read as containers: do they end where they say, and where are their tags.

A tag may hold the place where a film was taken, or the whole prompt of a generated one. Tags are
blanked out where they stand, so that no offset in the file changes.
"""

from collections.abc import Callable, Iterator

from media.errors import Refused

# A tag this small only names the program that wrote the file.
HARMLESS_TAG = 128
PLACES = (b"\xa9xyz", b"loci", b"com.apple.quicktime.location")
TAG_BOXES = {b"meta", b"uuid", b"udta"}
EBML, SEGMENT, TAGS = 0x1A45DFA3, 0x18538067, 0x1254C367
VOID = 0xEC

Blanks = list[tuple[int, bytes]]


def find_tags(data: bytes, mime: str) -> Blanks:
    """Where tags stand, each with what blanks it out. Raises Refused when the file is cut off or
    something follows it.

    MP3 and ADTS sounds carry no length: where they are cut off cannot be seen in them.
    """
    walk = _WALKS.get(mime)
    return walk(data) if walk else []


def without_tags(data: bytes, tags: Blanks) -> bytes:
    """The same clip with its tags blanked out."""
    cleaned = bytearray(data)
    for at, blank in tags:
        cleaned[at : at + len(blank)] = blank
    return bytes(cleaned)


def _mp4(data: bytes) -> Blanks:
    """The boxes must fill the file exactly; tags become free space."""
    private, seen = [], set()
    for kind, start, body, end in boxes(data, 0, len(data)):
        seen.add(kind)
        if kind in TAG_BOXES:
            private += _freed(data, start, body, end)
        elif kind == b"moov":
            private += _tags_of(data, body, end)
    if not {b"moov", b"mdat"} <= seen:
        raise Refused("truncated", "the file ends early")
    return private


def _tags_of(data: bytes, start: int, end: int) -> Blanks:
    """Tags of a movie box, and of its tracks."""
    private = []
    for kind, at, body, stop in boxes(data, start, end):
        if kind in TAG_BOXES:
            private += _freed(data, at, body, stop)
        elif kind == b"trak":
            private += _tags_of(data, body, stop)
    return private


def _freed(data: bytes, start: int, body: int, end: int) -> Blanks:
    content = data[body:end]
    if len(content) <= HARMLESS_TAG and not any(place in content for place in PLACES):
        return []
    return [(start + 4, b"free"), (body, bytes(end - body))]


def boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int, int]]:
    """(kind, start, start of the content, end) of each box."""
    while at < end:
        size, kind, body = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], at + 8
        if size == 1:
            size, body = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        stop = end if size == 0 else at + size
        if len(kind) < 4 or stop > end or stop < body:
            raise Refused("truncated", "the file ends early or something else follows it")
        yield kind, at, body, stop
        at = stop


def _webm(data: bytes) -> Blanks:
    """One header that says webm, one segment to the file's end; its tags become void."""
    identifier, body, end = _element(data, 0)
    if identifier != EBML or b"webm" not in data[body:end]:
        raise Refused("wrong_type", "the file is of no type that is kept here")
    identifier, body, segment_end = _element(data, end)
    if identifier != SEGMENT or segment_end != len(data):
        raise Refused("truncated", "the file ends early or something else follows it")
    private, at = [], body
    while at < segment_end:
        identifier, body, end = _element(data, at)
        if identifier == TAGS and end - body > HARMLESS_TAG:
            # An eight-byte length leaves the whole of what follows to the void.
            length = (end - at - 9).to_bytes(7, "big")
            private.append((at, bytes([VOID, 0x01]) + length + bytes(end - at - 9)))
        at = end
    return private


def _element(data: bytes, at: int) -> tuple[int, int, int]:
    """(identifier, start of the content, end); an unknown length reaches to the file's end."""
    try:
        width = 9 - data[at].bit_length()
        identifier = int.from_bytes(data[at : at + width], "big")
        at += width
        width = 9 - data[at].bit_length()
        mask = (1 << 7 * width) - 1
        size = int.from_bytes(data[at : at + width], "big") & mask
    except IndexError as error:
        raise Refused("truncated", "the file ends early") from error
    body = at + width
    end = len(data) if size == mask else body + size
    if width > 8 or end > len(data):
        raise Refused("truncated", "the file ends early")
    return identifier, body, end


def _wav(data: bytes) -> Blanks:
    size = int.from_bytes(data[4:8], "little")
    if size != 0xFFFFFFFF:  # written to a pipe
        if 8 + size > len(data):
            raise Refused("truncated", "the file ends early")
        if data[8 + size :].strip(b"\0"):
            raise Refused("polyglot", "something else follows the sound in its file")
    return []


def _ogg(data: bytes) -> Blanks:
    at = 0
    while at < len(data):
        if data[at : at + 4] != b"OggS" or at + 27 > len(data):
            raise Refused("truncated", "the file ends early or something else follows it")
        count = data[at + 26]
        at += 27 + count + sum(data[at + 27 : at + 27 + count])
    if at != len(data):
        raise Refused("truncated", "the file ends early")
    return []


_WALKS: dict[str, Callable[[bytes], Blanks]] = {
    "video/mp4": _mp4,
    "audio/mp4": _mp4,
    "video/webm": _webm,
    "audio/wav": _wav,
    "audio/ogg": _ogg,
}
