"""The perceptual hash is the reference's, bit for bit, and says when there is nothing to see."""

import numpy as np
import pytest
from PIL import Image

from bench import pictures
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


def test_the_fast_way_gives_the_references_hashes_and_is_taken_nearly_always():
    every = [pdq.pixels_of(pictures.draw(number, 512)) for number in range(60)]
    every += [pdq.pixels_of(samples.rich(seed=number)) for number in range(40)]
    fast = [pdq._at_once(pixels) for pixels in every]

    assert sum(each is None for each in fast) < 20
    assert [pdq.hash_pixels(pixels) for pixels in every] == [
        pdq.hash_in_order(pixels) for pixels in every
    ]


def test_hashes_turned_are_near_the_references_hashes_of_the_turned_pictures():
    far = [
        distance(one.tobytes(), bytes.fromhex(other))
        for _, quality, hashes in pdq_pictures.vectors()
        # The reference turns no picture of 64 by 64.
        if len(hashes) == 8 and quality >= pdq.MIN_QUALITY
        for one, other in zip(turned_of(hashes[0]), hashes, strict=True)
    ]

    assert len(far) > 300
    assert max(far) <= 31
    assert sum(far) / len(far) < 8


def turned_of(text: str) -> np.ndarray:
    return pdq.turned(np.frombuffer(bytes.fromhex(text), np.uint8).reshape(1, 32))[0]


@pytest.mark.parametrize(
    ("turn", "variant"),
    [
        (Image.Transpose.ROTATE_90, 1),
        (Image.Transpose.ROTATE_180, 2),
        (Image.Transpose.ROTATE_270, 3),
        (Image.Transpose.FLIP_TOP_BOTTOM, 4),
        (Image.Transpose.FLIP_LEFT_RIGHT, 5),
        (Image.Transpose.TRANSPOSE, 6),
        (Image.Transpose.TRANSVERSE, 7),
    ],
)
def test_a_turned_picture_is_near_the_hash_turned_alike_and_no_other(turn, variant):
    image = samples.rich()
    variants = turned_of(pdq.pdq_of(image).pdq.hex())
    found = pdq.pdq_of(image.transpose(turn)).pdq
    near = [number for number, each in enumerate(variants) if distance(found, each.tobytes()) <= 31]

    assert near == [variant]


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
