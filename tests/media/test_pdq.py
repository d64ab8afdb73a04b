"""The perceptual hash is the reference's, bit for bit, and says when there is nothing to see."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from media import pdq
from tests.media import pdq_pictures, samples


def distance(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def test_hash_and_quality_equal_the_references_on_all_its_vectors():
    wrong = [
        number
        for number, quality, hashes in pdq_pictures.vectors()
        if pdq.hash_pixels(pdq_pictures.picture(number)) != (bytes.fromhex(hashes[0]), quality)
    ]

    assert wrong == []
    assert sum(1 for _ in pdq_pictures.vectors()) == pdq_pictures.COUNT


def test_turned_and_mirrored_hashes_equal_the_references_too():
    for number, quality, hashes in pdq_pictures.vectors():
        if len(hashes) == 8:  # the reference blurs 64 by 64 pixels in this case alone
            found = pdq.hash_variants(pdq_pictures.picture(number))

            assert [each.pdq.hex() for each in found] == hashes, number
            assert {each.quality for each in found} == {quality}


@pytest.mark.parametrize(
    ("turn", "variant"),
    [
        (lambda image: image.transpose(Image.Transpose.ROTATE_90), 1),
        (lambda image: image.transpose(Image.Transpose.ROTATE_180), 2),
        (lambda image: image.transpose(Image.Transpose.ROTATE_270), 3),
        (ImageOps.flip, 4),
        (ImageOps.mirror, 5),
        (lambda image: image.transpose(Image.Transpose.TRANSPOSE), 6),
        (lambda image: image.transpose(Image.Transpose.TRANSVERSE), 7),
    ],
)
def test_a_turned_picture_is_near_the_variant_of_that_name(turn, variant):
    image = samples.rich()
    variants = pdq.variants_of(image)
    turned = pdq.pdq_of(turn(image))

    assert distance(turned.pdq, variants[variant].pdq) <= 24
    assert distance(turned.pdq, variants[0].pdq) > 60


def test_copies_of_a_picture_in_other_sizes_and_qualities_are_near_it():
    image = samples.rich(1200, 900)
    own = pdq.pdq_of(image)
    copies = [
        image.resize((400, 300)),
        image.resize((1000, 800)),
        Image.open(samples.io.BytesIO(samples.encoded(image, "JPEG", quality=40))),
        image.convert("RGBA"),
    ]

    assert [distance(pdq.pdq_of(copy).pdq, own.pdq) <= 12 for copy in copies] == [True] * 4
    assert distance(pdq.pdq_of(samples.rich(1200, 900, seed=9)).pdq, own.pdq) > 31


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (300, 200), "red"),
        Image.linear_gradient("L"),
        Image.new("RGBA", (300, 200), (0, 0, 0, 0)),
        Image.new("1", (1, 1)),
    ],
    ids=["one colour", "slope", "transparent", "one pixel"],
)
def test_a_picture_with_nothing_to_see_is_flat(image):
    assert pdq.pdq_of(image).is_flat


def test_what_transparency_hides_does_not_count():
    hidden = samples.rich(mode="RGBA")
    hidden.putalpha(0)

    assert pdq.pdq_of(hidden).quality == 0


def test_fewer_pixels_than_the_reference_takes_are_nothing():
    assert pdq.hash_pixels(np.zeros((4, 900, 3), np.uint8)) == pdq.NOTHING
    assert pdq.hash_variants(np.zeros((900, 4, 3), np.uint8)) == (pdq.NOTHING,) * 8
