"""Video and audio files opened: what they are by their bytes, how long, and a still frame."""

import io
from dataclasses import dataclass

import av
import av.error
from av.container import InputContainer
from PIL import Image

from media.clipfiles import Blanks, find_tags
from media.errors import Refused

MAX_PIXELS = 64_000_000
DARK = 16  # mean brightness of 255 below which a frame shows nothing
VIDEO_CODECS = {"h264", "hevc", "av1", "libdav1d", "vp8", "vp9", "mpeg4"}
AUDIO_CODECS = {"aac", "mp3", "mp3float", "opus", "vorbis", "flac"}
MP4_BRANDS_OF_OTHERS = (b"qt  ", b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis")

# Names of FFmpeg's readers. One of them is always forced: its playlists could open other files.
FORMATS = {
    "video/mp4": "mp4",
    "audio/mp4": "mp4",
    "video/webm": "webm",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/aac": "aac",
}
_MAGIC = (
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
)
_LAYERS = {0: "audio/aac", 1: "audio/mpeg"}  # of an MPEG audio frame's header


@dataclass(frozen=True, slots=True)
class Clip:
    """A video (with `width` and `height`) or a sound (without); `tags` is what
    others do not get, see `clipfiles`."""

    mime: str
    seconds: float | None
    width: int | None
    height: int | None
    tags: Blanks


def sniff_clip(data: bytes) -> str | None:
    """The MIME type by the first bytes, None when they are no clip's."""
    if data[4:8] == b"ftyp" and not data[8:12].startswith(MP4_BRANDS_OF_OTHERS):
        return "audio/mp4" if data[8:11] == b"M4A" else "video/mp4"
    if data.startswith(b"RIFF") and data[8:12] == b"WAVE":
        return "audio/wav"
    for magic, mime in _MAGIC:
        if data.startswith(magic):
            return mime
    if len(data) > 4 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0:
        return _LAYERS.get(data[1] >> 1 & 3)
    return None


def read_clip(data: bytes, mime: str) -> Clip:
    """Checks that the file is whole and opens. Raises Refused."""
    tags = find_tags(data, mime)
    with _opened(data, mime) as container:
        _check_codecs(container)
        video = next(iter(_pictures_of(container)), None)
        seconds = container.duration / av.time_base if container.duration else None
        if video is None and not container.streams.audio:
            raise Refused("broken", "the file holds neither picture nor sound")
        if video is None:
            mime = {"video/mp4": "audio/mp4", "video/webm": "audio/webm"}.get(mime, mime)
            _first_frame(container, container.streams.audio[0])
            return Clip(mime, seconds, None, None, tags)
        if video.width * video.height > MAX_PIXELS:
            raise Refused("too_many_pixels", "the video has too many pixels")
        return Clip(mime, seconds, video.width, video.height, tags)


def poster(data: bytes, mime: str) -> Image.Image:
    """A frame that shows something: the first, or one from the middle when that is dark."""
    with _opened(data, mime) as container:
        video = _pictures_of(container)[0]
        video.codec_context.thread_count = 1
        first = _still(container, video)
        if _brightness(first) >= DARK or not container.duration:
            return first
        try:
            container.seek(container.duration // 2)
            middle = _still(container, video)
        except (av.error.FFmpegError, Refused):
            return first
        return max(first, middle, key=_brightness)


def _opened(data: bytes, mime: str) -> InputContainer:
    try:
        return av.open(
            io.BytesIO(data), "r", format=FORMATS[mime], options={"protocol_whitelist": ""}
        )
    except (av.error.FFmpegError, ValueError) as error:
        raise Refused("broken", "the video or sound cannot be opened") from error


def _pictures_of(container: InputContainer) -> list[av.VideoStream]:
    """Video streams; the cover of a sound file is none."""
    return [
        stream
        for stream in container.streams.video
        if not stream.disposition & av.stream.Disposition.attached_pic
    ]


def _check_codecs(container: InputContainer) -> None:
    for stream in (*_pictures_of(container), *container.streams.audio):
        name = stream.codec_context.name if stream.codec_context else ""
        known = VIDEO_CODECS if stream.type == "video" else AUDIO_CODECS
        if name not in known and not name.startswith("pcm_"):
            raise Refused("codec", "the video or sound is encoded in a way that is not kept here")


def _first_frame(
    container: InputContainer, stream: av.VideoStream | av.AudioStream
) -> av.VideoFrame | av.AudioFrame:
    try:
        for frame in container.decode(stream):
            if isinstance(frame, av.VideoFrame | av.AudioFrame):
                return frame
    except (av.error.FFmpegError, ValueError) as error:
        raise Refused("broken", "the video or sound cannot be decoded") from error
    raise Refused("broken", "the video or sound is empty")


def _still(container: InputContainer, video: av.VideoStream) -> Image.Image:
    frame = _first_frame(container, video)
    assert isinstance(frame, av.VideoFrame)
    if frame.width * frame.height > MAX_PIXELS:
        raise Refused("too_many_pixels", "the video has too many pixels")
    image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    return image


def _brightness(image: Image.Image) -> float:
    small = image.convert("L").resize((16, 16), Image.Resampling.BOX)
    return sum(small.tobytes()) / 256
