"""Files damaged at random: each is rendered or refused, never an error of another kind."""

import random

import pytest

from media.errors import Refused
from media.pictures import reencoded, render
from media.sniff import sniff
from tests.media import samples
from tests.media.test_sniff import KEPT

ROUNDS = 60


def damaged(data: bytes, dice: random.Random) -> bytes:
    """A few bytes changed, a piece cut out or doubled; mostly near the start."""
    reach = dice.choice((64, 600, len(data)))
    broken = bytearray(data)
    for _ in range(dice.choice((1, 1, 3, 12))):
        broken[dice.randrange(min(reach, len(broken)))] = dice.choice(
            (0, 1, 0x7F, 0xFF, dice.randrange(256))
        )
    at, length = dice.randrange(len(broken)), dice.choice((0, 0, 1, 7, 200))
    if dice.random() < 0.5:
        del broken[at : at + length]
    else:
        broken[at:at] = broken[at : at + length]
    return bytes(broken)


@pytest.mark.parametrize("mime", sorted(KEPT))
def test_a_damaged_file_is_rendered_or_refused(mime):
    whole = KEPT[mime]()
    outcomes = set()
    for seed in range(ROUNDS):
        data = damaged(whole, random.Random(f"{mime} {seed}"))
        try:
            sniffed = sniff(data)
            render(data, sniffed)
            if sniffed.is_image:
                reencoded(data, sniffed)
            outcomes.add("rendered")
        except Refused:
            outcomes.add("refused")
    assert "refused" in outcomes


def test_what_has_metadata_survives_its_removal_in_every_damaged_form():
    for make in (samples.jpeg_with_gps, samples.png_with_prompt, samples.gif):
        whole = make()
        for seed in range(ROUNDS):
            data = damaged(whole, random.Random(f"{make.__name__} {seed}"))
            try:
                clean = render(data, sniff(data)).clean
            except Refused:
                continue
            if clean is not None:
                render(clean.data, sniff(clean.data))
