"""`manage.py populate`: synthetic rows in bulk, for load tests."""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from characters.populate import add_characters
from core.keys import uuid7
from gallery.populate import add_images
from moderation import search
from upstream.enums import SourceKind
from upstream.models import Source

MOST = 50_000_000


class Command(BaseCommand):
    help = (
        "Adds synthetic image logs and characters in bulk, for load tests: harmless texts, no "
        "bytes, an open case for each pending picture. Example: manage.py populate "
        "--images 1000000 --pending 100000 --characters 1000"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--images", type=_amount, default=0, metavar="N")
        parser.add_argument(
            "--pending", type=_amount, metavar="P",
            help="how many of the images wait for review (default: one in ten)",
        )  # fmt: skip
        parser.add_argument("--characters", type=_amount, default=0, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        images, characters = options["images"], options["characters"]
        pending = images // 10 if options["pending"] is None else options["pending"]
        if not images and not characters:
            raise CommandError("Say how many: --images N, --characters N, or both.")
        if pending > images:
            raise CommandError(f"--pending {pending} is more than --images {images}.")
        started = time.monotonic()
        with _bar() as progress:
            if characters:
                rows = add_characters(source=_source(SourceKind.CHARACTERS), total=characters)
                _follow(progress, "characters", rows, characters)
            if images:
                rows = add_images(
                    source=_source(SourceKind.GALLERY),
                    prefix=f"synthetic-{uuid7().hex[-10:]}",
                    total=images,
                    pending=pending,
                    characters=characters or max(1, images // 1000),
                )
                _follow(progress, "images", rows, images)
            _follow(progress, "search", _filled(), images + characters)
        self.stdout.write(
            f"Added {images} image logs ({pending} pending) and made sure of {characters} "
            f"characters in {time.monotonic() - started:.1f} s."
        )


def _filled() -> Iterator[int]:
    """What was added is searched like what a sync brings; how many texts each round took."""
    while taken := search.fill(seconds=1):
        yield taken


def _amount(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:9]) > MOST or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to {MOST}")
    return int(text)


def _source(kind: SourceKind) -> Source:
    """Where synthetic rows come from; nothing is listening there, and nothing ever asks."""
    name = f"synthetic-{kind.value}"
    defaults = {"kind": kind, "base_url": "http://127.0.0.1:9", "enabled": False}
    return Source.objects.get_or_create(name=name, defaults=defaults)[0]


def _bar() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    return Progress(*columns, console=console, disable=not sys.stderr.isatty())


def _follow(progress: Progress, name: str, chunks: Iterable[int], total: int) -> None:
    bar = progress.add_task(name, total=total)
    for rows in chunks:
        progress.advance(bar, rows)
