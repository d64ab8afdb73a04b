"""Short synthetic videos and tones, made once and kept in memory."""

import io
import math
import struct
import wave
from functools import lru_cache

import av

from upstream.sandbox.pictures import draw

VARIETIES = 4
WIDTH, HEIGHT, RATE, FRAMES = 320, 240, 12, 24
SAMPLE_RATE = 8000


def video(number: int) -> bytes:
    """A two-second MP4 of a moving scene."""
    return _video(number % VARIETIES)


def audio(number: int) -> bytes:
    """A one-second WAV tone."""
    return _audio(number % VARIETIES)


@lru_cache(maxsize=VARIETIES)
def _video(variety: int) -> bytes:
    out = io.BytesIO()
    wide = draw(900_000 + variety, WIDTH + 2 * FRAMES, HEIGHT, (f"clip {variety}",))
    with av.open(out, "w", format="mp4") as container:
        # H.264, which browsers play; one thread, so that the bytes are the same everywhere.
        stream = container.add_stream("libx264", rate=RATE)
        stream.thread_count = 1
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(FRAMES):
            image = wide.crop((2 * number, 0, 2 * number + WIDTH, HEIGHT))
            frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


@lru_cache(maxsize=VARIETIES)
def _audio(variety: int) -> bytes:
    pitch = 220 * 2 ** (variety / 4)
    fade = SAMPLE_RATE / 10
    samples = (
        int(
            12_000
            * math.sin(math.tau * pitch * at / SAMPLE_RATE)
            * min(1, at / fade, (SAMPLE_RATE - at) / fade)
        )
        for at in range(SAMPLE_RATE)
    )
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE)
        sound.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return out.getvalue()
