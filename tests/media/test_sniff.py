"""What bytes are is decided by the bytes, and by all of them."""

import io

import pytest
from PIL import Image

from media.errors import Refused
from media.pictures import render
from media.sniff import sniff
from tests.media import samples

KEPT = {
    "image/jpeg": samples.jpeg,
    "image/png": samples.png,
    "image/webp": samples.webp,
    "image/gif": lambda: samples.gif(frames=1),
    "image/avif": lambda: samples.encoded(samples.shapes(), "AVIF"),
    "video/mp4": lambda: samples.video("mp4"),
    "video/webm": lambda: samples.video("webm"),
    "audio/wav": samples.wav,
    "audio/mpeg": lambda: samples.sound("mp3"),
    "audio/ogg": lambda: samples.sound("ogg"),
    "audio/aac": lambda: samples.sound("adts"),
    "audio/mp4": lambda: samples.sound("ipod"),
}
HTML = b"<!doctype html><title>x</title><script>alert(1)</script>"


def refusal(data: bytes) -> str:
    with pytest.raises(Refused) as caught:
        render(data, sniff(data))
    assert caught.value.permanent
    return caught.value.code


@pytest.mark.parametrize("mime", KEPT)
def test_every_kept_type_is_known_by_its_bytes(mime):
    found = sniff(KEPT[mime]())

    assert found.mime == mime
    assert not found.animated
    assert bool(found.width) == (not mime.startswith("audio/"))
    if not mime.startswith("image/"):
        assert found.seconds == pytest.approx(2.0 if found.is_video else 1.0, abs=0.2)


# MP3 and ADTS streams say nothing about their length.
@pytest.mark.parametrize("mime", sorted(KEPT.keys() - {"audio/mpeg", "audio/aac"}))
def test_every_kept_type_is_refused_when_cut_off(mime):
    data = KEPT[mime]()

    assert refusal(data[: len(data) * 2 // 3]) in {"truncated", "broken"}


@pytest.mark.parametrize("mime", ["image/jpeg", "image/png", "image/webp", "image/gif"])
def test_a_picture_cut_by_a_few_bytes_is_refused(mime):
    assert refusal(KEPT[mime]()[:-3]) in {"truncated", "broken"}


def test_a_picture_whose_pixels_are_missing_is_refused_although_its_file_is_complete():
    whole = samples.png()
    start = whole.index(b"IDAT")
    head, broken = whole[: start - 4], whole[start + 4 : start + 400]
    data = head + samples.chunk(b"IDAT", broken) + samples.chunk(b"IEND", b"")

    assert refusal(data) == "truncated"


@pytest.mark.parametrize(
    "make", [lambda: samples.gif(frames=3), lambda: samples.webp(frames=3)], ids=["gif", "webp"]
)
def test_animations_are_flagged(make):
    assert sniff(make()).animated


def test_an_animated_png_is_flagged():
    frames = [samples.shapes(seed=at) for at in range(3)]
    data = samples.encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])

    assert sniff(data).animated


@pytest.mark.parametrize(
    "data",
    [
        HTML,
        b"\xef\xbb\xbf\n <HTML>",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
        b"<?xml version='1.0'?><svg/>",
        b"{}",
        b"%PDF-1.7 whatever",
        samples.zip_file(),
        b"BM" + bytes(60),
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/secret\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
    ],
    ids=["html", "bom", "svg", "xml", "json", "pdf", "zip", "bmp", "hls", "concat", "mov"],
)
def test_other_types_are_refused(data):
    assert refusal(data) in {"wrong_type", "polyglot"}


def test_an_empty_file_is_refused():
    assert refusal(b"") == "empty"


@pytest.mark.parametrize("mime", ["image/jpeg", "image/png", "image/webp", "image/gif"])
@pytest.mark.parametrize(
    "tail", [HTML, samples.zip_file(), b"%PDF-1.7"], ids=["html", "zip", "pdf"]
)
def test_a_picture_with_something_else_behind_it_is_refused(mime, tail):
    assert refusal(KEPT[mime]() + tail) == "polyglot"


@pytest.mark.parametrize("mime", ["video/mp4", "video/webm", "audio/wav", "audio/ogg"])
@pytest.mark.parametrize("tail", [HTML, samples.zip_file()], ids=["html", "zip"])
def test_a_clip_with_something_else_behind_it_is_refused(mime, tail):
    assert refusal(KEPT[mime]() + tail) in {"polyglot", "truncated"}


def test_an_archive_inside_a_comment_of_a_picture_is_refused():
    assert refusal(samples.jpeg(comment=samples.zip_file())) == "polyglot"


def test_a_script_that_starts_like_a_gif_is_refused():
    assert refusal(b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)//") in {"broken", "truncated"}


def test_a_picture_behind_leading_bytes_is_refused():
    assert refusal(b"<p>" + samples.jpeg()) == "wrong_type"


def test_what_phones_append_to_a_photograph_is_kept_out_but_no_reason_to_refuse():
    data = samples.jpeg() + samples.jpeg(64, 64, seed=2)

    layout = sniff(data).layout

    assert layout is not None
    assert layout.stripped


def test_padding_after_a_picture_is_no_reason_to_refuse():
    assert sniff(samples.png() + bytes(16)).mime == "image/png"


def test_ten_thousand_pixels_square_are_refused_before_they_are_decoded():
    assert refusal(samples.png_header(10_000, 10_000)) == "too_many_pixels"


@pytest.mark.parametrize("form", ["JPEG", "GIF", "WEBP"])
def test_too_many_pixels_are_refused_in_every_format(form):
    size = (16_000, 4_100) if form == "WEBP" else (60_000, 1_100)
    data = samples.encoded(Image.new("L" if form != "WEBP" else "RGB", size), form)

    assert refusal(data) == "too_many_pixels"


def test_a_png_whose_text_unpacks_to_gigabytes_is_refused_or_ignored():
    import zlib

    bomb = zlib.compress(bytes(200_000_000), 9)
    whole = samples.png()
    text = samples.chunk(b"zTXt", b"prompt\0\0" + bomb)
    data = whole[:33] + text + whole[33:]

    assert refusal(data) == "broken"


def test_a_playlist_inside_a_video_container_cannot_be_smuggled_in():
    data = b"ID3\x04\0\0\0\0\0\0" + b"#EXTM3U\nhttp://127.0.0.1:9/x\n" * 40

    assert refusal(data) == "broken"


def test_a_matroska_file_that_is_no_webm_is_refused():
    out = io.BytesIO()
    import av

    with av.open(out, "w", format="matroska") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_image(samples.shapes(64, 64))))
        container.mux(stream.encode())

    assert refusal(out.getvalue()) == "wrong_type"
