"""Look-alikes for tests: pictures by their hash alone, and families among open cases."""

import random
from typing import Any

from gallery.models import ImageLog
from moderation import comparing
from moderation.models import Case
from tests.factories import make_image, make_look

_random = random.Random(7)


def a_hash() -> bytes:
    """Far from every other one of these."""
    return _random.randbytes(32)


def altered(pdq: bytes, bits: int, *, start: int = 0) -> bytes:
    """The hash with so many bits turned, from the bit `start` on."""
    return (int.from_bytes(pdq) ^ ((1 << bits) - 1 << start)).to_bytes(32)


def make_images(number: int, pdq: bytes | None = None, **fields: Any) -> list[ImageLog]:
    """Pictures within 3 bits of each other, not compared yet."""
    pdq = pdq or a_hash()
    images = [make_image(**fields) for _ in range(number)]
    for place, image in enumerate(images):
        make_look(image, altered(pdq, place % 4))
    return images


def make_family(number: int, pdq: bytes | None = None, **fields: Any) -> list[ImageLog]:
    """Open look-alikes, compared."""
    images = make_images(number, pdq, **fields)
    comparing.compare([image.pk for image in images])
    return images


def families_of(*images: ImageLog) -> list[Any]:
    """In the order given; None for one that stands alone."""
    found = dict(
        Case.objects.filter(subject_id__in=[image.pk for image in images]).values_list(
            "subject_id", "family"
        )
    )
    return [found[image.pk] for image in images]
