"""`manage.py setimageconfig`: the ComfyUI workflow that a character's pictures are drawn with."""

import sys
from pathlib import Path
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from characters.image_config import set_image_config
from characters.visibility import find_character
from upstream.enums import SourceKind
from upstream.models import Source


class Command(BaseCommand):
    help = (
        "Sets a character's ComfyUI workflow (comfy_prompt), so that chat images can be made. "
        "Example: manage.py setimageconfig 3f6a9b2e-1c4d-4e8f-a7b2-9d0e1f2a3b4c workflow.json"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("character", metavar="CHARACTER", help="its id here or upstream")
        parser.add_argument(
            "file", metavar="FILE.json", help="a workflow in API format; - reads standard input"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        sources = Source.objects.filter(kind=SourceKind.CHARACTERS).values_list("pk", flat=True)
        character = find_character(options["character"], source_ids=list(sources))
        if character is None or character.deleted_at is not None:
            raise CommandError(f"There is no character {options['character']}.")
        workflow = _read(options["file"])
        try:
            set_image_config(character=character, comfy_prompt=workflow)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{character} has a workflow of {len(workflow)} nodes.")


def _read(name: str) -> Any:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return orjson.loads(data)
    except OSError as error:
        raise CommandError(f"Cannot read {name}: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise CommandError(f"{name} is not JSON: {error}.") from error
