"""Synthetic files of every kind: shapes and tones, whole, broken and hostile."""

import io
import math
import random
import struct
import wave
import zlib
from typing import Any

import av
from PIL import Image, ImageCms, ImageDraw
from PIL.PngImagePlugin import PngInfo

RATE = 48_000
ORIENTATION, GPS_INFO, MAKER = 0x0112, 0x8825, 0x010F


def shapes(width: int = 400, height: int = 300, *, seed: int = 1, mode: str = "RGB") -> Image.Image:
    """A red upper left corner on a gradient with circles."""
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    brush = ImageDraw.Draw(image)
    for at in range(8):
        x, y = (at * 97 + seed * 31) % width, (at * 53 + seed * 17) % height
        brush.ellipse((x, y, x + width // 8, y + height // 8), fill=(at * 30, 80, 255 - at * 30))
    brush.rectangle((0, 0, width // 4, height // 4), fill=(255, 0, 0))
    return image.convert(mode)


def rich(width: int = 512, height: int = 512, *, seed: int = 1, mode: str = "RGB") -> Image.Image:
    """Enough to see for a perceptual hash: overlapping discs and bars of strong colours."""
    dice = random.Random(seed)
    image = shapes(width, height, seed=seed)
    brush = ImageDraw.Draw(image)
    for _ in range(24):
        x, y = dice.random() * width, dice.random() * height
        box = (x, y, x + width * dice.uniform(0.05, 0.3), y + height * dice.uniform(0.05, 0.3))
        colour = tuple(dice.randrange(256) for _ in range(3))
        (brush.ellipse if dice.random() < 0.5 else brush.rectangle)(box, fill=colour)
    return image.convert(mode)


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def jpeg(width: int = 400, height: int = 300, *, seed: int = 1, **options: Any) -> bytes:
    return encoded(shapes(width, height, seed=seed), "JPEG", quality=88, **options)


def jpeg_with_gps(*, orientation: int = 1) -> bytes:
    """A photograph's metadata: place, maker, comment, XMP; maybe lying on its side."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = orientation, "Secret Camera"
    exif.get_ifd(GPS_INFO).update({1: "N", 2: (48.0, 51.0, 24.0), 3: "E", 4: (2.0, 21.0, 7.0)})
    return jpeg(
        exif=exif.tobytes(), comment=b"secret comment", xmp=b"<x:xmpmeta>secret place</x:xmpmeta>"
    )


def png(width: int = 400, height: int = 300, *, seed: int = 1, **options: Any) -> bytes:
    return encoded(shapes(width, height, seed=seed), "PNG", **options)


def png_with_prompt() -> bytes:
    """As image generators write it: the whole prompt as text."""
    info = PngInfo()
    info.add_text("prompt", "a secret prompt")
    info.add_itxt("workflow", "a secret workflow", zip=True)
    return png(pnginfo=info)


def gif(*, frames: int = 3, comment: bytes = b"secret comment") -> bytes:
    pictures = [shapes(120, 90, seed=at, mode="P") for at in range(frames)]
    return encoded(
        pictures[0], "GIF", save_all=True, append_images=pictures[1:], comment=comment, loop=0
    )


def webp(*, frames: int = 1, **options: Any) -> bytes:
    pictures = [shapes(120, 90, seed=at) for at in range(frames)]
    more = {"save_all": True, "append_images": pictures[1:]} if frames > 1 else {}
    return encoded(pictures[0], "WEBP", **more, **options)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size; its pixels are all zero and compress to almost nothing."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in chunks)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def zip_file() -> bytes:
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("page.html", "<p>hello</p>")
    return out.getvalue()


def video(form: str = "mp4", *, dark_start: bool = False, comment: str = "") -> bytes:
    """Two seconds of shapes; `dark_start` begins with black frames."""
    out = io.BytesIO()
    codec = {"mp4": "mpeg4", "webm": "libvpx"}[form]
    with av.open(out, "w", format=form) as container:
        if comment:
            container.metadata["comment"] = comment
        stream = container.add_stream(codec, rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.gop_size = 5
        for at in range(20):
            dark = dark_start and at < 8
            picture = Image.new("RGB", (320, 240)) if dark else shapes(320, 240, seed=at)
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    return out.getvalue()


def tone(seconds: float = 1.0) -> list[int]:
    return [int(9000 * math.sin(at / 8000 * math.tau * 330)) for at in range(int(8000 * seconds))]


def wav() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"".join(struct.pack("<h", each) for each in tone()))
    return out.getvalue()


def sound(form: str) -> bytes:
    """`mp3`, `ogg` (Opus), `adts` (AAC) or `ipod` (M4A)."""
    out = io.BytesIO()
    codec = {"mp3": "libmp3lame", "ogg": "libopus", "adts": "aac", "ipod": "aac"}[form]
    with av.open(io.BytesIO(wav()), "r") as source, av.open(out, "w", format=form) as target:
        stream = target.add_stream(codec, rate=RATE)
        assert isinstance(stream, av.AudioStream)
        resampler = av.AudioResampler(
            format=stream.codec_context.format or "fltp", layout="stereo", rate=RATE
        )
        for frame in (*source.decode(audio=0), None):
            for each in resampler.resample(frame):
                target.mux(stream.encode(each))
        target.mux(stream.encode())
    return out.getvalue()


def swapped_profile() -> bytes:
    """An ICC profile in which red and green have changed places."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", profile[128:132])[0]
    for at in range(132, 132 + 12 * count, 12):
        name = bytes(profile[at : at + 4])
        other = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}.get(name)
        if other:
            profile[at : at + 4] = other
    text = (
        bytes(profile)
        .replace(b"sRGB", b"swap")
        .replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))
    )
    return text
