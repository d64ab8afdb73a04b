"""Variants: small, upright, sRGB, and without a trace of metadata."""

import io

import pytest
from PIL import Image

from media.pictures import Encoded, Rendered, look, reencoded, render
from media.sniff import sniff
from tests.media import samples


def rendered(data: bytes) -> Rendered:
    return render(data, sniff(data))


def opened(made: Encoded | None) -> Image.Image:
    assert made is not None
    image = Image.open(io.BytesIO(made.data))
    image.load()
    return image


def corner(image: Image.Image) -> tuple[int, ...]:
    pixel = image.convert("RGB").getpixel((3, 3))
    assert isinstance(pixel, tuple)
    return pixel


def is_red(pixel: tuple[int, ...]) -> bool:
    return pixel[0] > 220 and pixel[1] < 40 and pixel[2] < 40


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_thumbnail_and_view_fit_their_sides(form):
    made = rendered(samples.encoded(samples.shapes(2600, 1300), form))

    assert opened(made.thumb).size == (320, 160)
    assert opened(made.thumb).format == "WEBP"
    assert opened(made.view).size == (1280, 640)
    assert is_red(corner(opened(made.thumb)))
    assert is_red(corner(opened(made.view)))
    assert (made.width, made.height) == (2600, 1300)


def test_small_pictures_are_not_enlarged():
    made = rendered(samples.png(60, 40))

    assert opened(made.thumb).size == (60, 40)
    assert opened(made.view).size == (60, 40)


def test_a_light_jpeg_that_fits_is_its_own_view():
    assert rendered(samples.jpeg(1000, 800)).view is None


def test_metadata_is_gone_from_every_variant_and_no_pixel_is_changed():
    data = samples.jpeg_with_gps()

    made = rendered(data)

    for each in (made.thumb, made.clean):
        assert each is not None
        assert not opened(each).getexif()
        assert b"ecret" not in each.data
        assert b"Exif" not in each.data
    assert opened(made.clean).tobytes() == Image.open(io.BytesIO(data)).tobytes()


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_picture_is_turned_upright_before_its_orientation_is_dropped(orientation):
    data = samples.jpeg_with_gps(orientation=orientation)

    made = rendered(data)

    lying = orientation >= 5
    assert (made.width, made.height) == ((300, 400) if lying else (400, 300))
    for each in (made.thumb, made.view, made.clean):
        image = opened(each)
        assert (image.width < image.height) == lying
        assert not image.getexif()
        corners = [
            image.convert("RGB").getpixel((x, y))
            for x, y in (
                (3, 3),
                (image.width - 4, 3),
                (3, image.height - 4),
                (image.width - 4, image.height - 4),
            )
        ]
        red = [at for at, pixel in enumerate(corners) if is_red(pixel)]
        assert red == [{2: 1, 3: 3, 4: 2, 5: 0, 6: 1, 7: 3, 8: 2}[orientation]]


def test_a_prompt_in_png_text_is_gone_and_no_pixel_is_changed():
    data = samples.png_with_prompt()
    assert b"a secret prompt" in data

    clean = rendered(data).clean

    assert clean is not None
    assert b"prompt" not in clean.data
    assert not opened(clean).info
    assert opened(clean).tobytes() == Image.open(io.BytesIO(data)).tobytes()


def test_a_picture_without_metadata_needs_no_clean_copy():
    for data in (samples.jpeg(), samples.png(), samples.webp()):
        assert rendered(data).clean is None


def test_webp_metadata_is_gone_and_its_header_still_true():
    exif = Image.Exif()
    exif[samples.MAKER] = "Secret Camera"
    data = samples.webp(exif=exif.tobytes(), xmp=b"secret place")

    clean = rendered(data).clean

    assert clean is not None
    assert b"ecret" not in clean.data
    assert sniff(clean.data).layout is not None
    assert "exif" not in opened(clean).info


def test_an_animation_keeps_its_frames_and_loses_its_comment():
    made = rendered(samples.gif(frames=4))

    assert made.clean is not None
    assert b"secret" not in made.clean.data
    assert getattr(opened(made.clean), "n_frames", 0) == 4
    assert made.view is None
    assert opened(made.thumb).size == (120, 90)


def test_an_avif_is_served_without_its_metadata():
    exif = Image.Exif()
    exif[samples.MAKER] = "Secret Camera"
    data = samples.encoded(samples.shapes(), "AVIF", exif=exif.tobytes())

    made = rendered(data)

    assert made.clean is not None
    assert b"ecret" not in made.clean.data
    assert opened(made.clean).size == (400, 300)


def test_colours_of_another_profile_are_shown_as_srgb():
    data = samples.encoded(samples.shapes(), "PNG", icc_profile=samples.swapped_profile())

    red, green, _blue = corner(opened(rendered(data).view))

    assert green > 200
    assert red < 120


@pytest.mark.parametrize("profile", [b"nonsense", bytes(200)])
def test_a_broken_colour_profile_is_ignored(profile):
    data = samples.encoded(samples.shapes(), "PNG", icc_profile=profile)

    assert is_red(corner(opened(rendered(data).thumb)))


def in_mode(mode: str) -> bytes:
    if mode == "I;16":
        deep = samples.shapes(mode="L").convert("I").point(lambda value: value * 257)
        return samples.encoded(deep.convert("I;16"), "PNG")
    return samples.encoded(samples.shapes(mode=mode), "JPEG" if mode == "CMYK" else "PNG")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_pictures_of_every_pixel_format_are_rendered(mode):
    thumb = opened(rendered(in_mode(mode)).thumb).convert("L")

    plain = samples.shapes(mode="1") if mode == "1" else samples.shapes()
    expected = plain.convert("L").resize(thumb.size).tobytes()
    difference = sum(abs(a - b) for a, b in zip(thumb.tobytes(), expected, strict=True))
    # Where black and white dots stand for greys, filters differ most.
    assert difference / len(expected) < (25 if mode == "1" else 12)


def test_what_shines_through_stays_transparent():
    image = samples.shapes(mode="RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))

    made = rendered(samples.encoded(image, "PNG"))

    assert opened(made.view).mode == "RGBA"
    assert opened(made.thumb).mode == "RGBA"


@pytest.mark.parametrize("form", ["mp4", "webm"])
def test_a_video_has_a_poster(form):
    made = rendered(samples.video(form))

    assert opened(made.thumb).size == (320, 240)
    assert opened(made.view).size == (320, 240)
    assert is_red(corner(opened(made.view)))


def test_the_poster_is_not_the_dark_beginning():
    assert is_red(corner(opened(rendered(samples.video("mp4", dark_start=True)).thumb)))


@pytest.mark.parametrize("form", ["mp4", "webm"])
def test_a_prompt_in_a_videos_tags_is_gone_and_it_still_plays(form):
    data = samples.video(form, comment="a secret prompt " * 40)
    assert b"secret prompt" in data

    clean = rendered(data).clean

    assert clean is not None
    assert b"secret" not in clean.data
    assert len(clean.data) == len(data)
    assert sniff(clean.data).seconds == pytest.approx(2, abs=0.2)
    assert opened(rendered(clean.data).thumb).size == (320, 240)


def test_a_sound_has_no_picture():
    made = rendered(samples.wav())

    assert made.thumb is None
    assert made.view is None


def test_a_strangers_picture_is_encoded_anew():
    data = samples.png_with_prompt()

    made = reencoded(data, sniff(data))

    assert made.mime == "image/png"
    assert b"secret" not in made.data
    assert opened(made).tobytes() == Image.open(io.BytesIO(data)).tobytes()


LOOKED_AT = [
    (form, side, orientation)
    for form in ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
    for side in (300, 900, 1400, 2700)
    for orientation in (1, 6)
]


@pytest.mark.parametrize(("form", "side", "orientation"), LOOKED_AT)
def test_a_file_that_is_only_looked_at_has_the_hash_that_it_is_stored_with(form, side, orientation):
    exif = Image.Exif()
    exif[samples.ORIENTATION] = orientation
    words = {} if form == "GIF" else {"exif": exif.tobytes()}
    data = samples.encoded(samples.rich(side, side * 3 // 4, seed=side), form, **words)
    assert look(data, sniff(data)) == render(data, sniff(data)).hashed
