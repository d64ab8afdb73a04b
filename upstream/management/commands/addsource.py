"""`manage.py addsource`: an upstream to sync from or to generate with."""

import argparse
import os
import sys
from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from upstream.enums import Backend, SourceKind
from upstream.models import Source
from upstream.sources import add_source, change_source

SECRETS = {
    "token": "bearer token",
    "refresh_token": "refresh token",
    "key": "API key",
    "secret": "API secret",
}
ASK = "\0ask"
EXAMPLE = (
    "Example: manage.py addsource gallery --kind gallery --url https://upstream.example --token"
)


class Command(BaseCommand):
    help = f"Adds a source, or changes one with --update; secrets are never shown. {EXAMPLE}"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="letters, digits, - and _")
        parser.add_argument("--kind", choices=SourceKind.values)
        parser.add_argument("--url", dest="base_url", help="base URL, without the contract's path")
        for name, what in SECRETS.items():
            flag = name.replace("_", "-")
            parser.add_argument(
                f"--{flag}", dest=name, nargs="?", const=ASK, metavar="VALUE",
                help=f"{what}; without a value it is asked for",
            )  # fmt: skip
            parser.add_argument(
                f"--{flag}-env", dest=f"{name}_env", metavar="VAR",
                help=f"the environment variable that holds the {what}",
            )  # fmt: skip
        parser.add_argument(
            "--every", type=_whole, metavar="MINUTES", dest="every_minutes",
            help="sync so often; 0: only by hand",
        )  # fmt: skip
        parser.add_argument(
            "--characters", action="append", metavar="NAME", dest="characters_sources",
            help="gallery: the characters source to walk (may be repeated); without it, those with "
            "the same base URL",
        )  # fmt: skip
        parser.add_argument("--backend", choices=Backend.values, help="generation only")
        parser.add_argument(
            "--default", action="store_true", dest="is_default", help="generation: the default"
        )
        parser.add_argument(
            "--distrust-approvals", action="store_true",
            help="what upstream approved is looked at all the same",
        )  # fmt: skip
        parser.add_argument("--per-second", type=_rate, help="requests a second, default 20")
        parser.add_argument(
            "--update", action="store_true", help="change the source when it exists already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        fields = _fields(options)
        source = Source.objects.filter(name=options["name"]).first()
        if source is not None and not options["update"]:
            raise CommandError(f"There is a source {source} already; --update changes it.")
        done = "Added" if source is None else "Changed"
        try:
            source = self._save(source, options["name"], fields)
        except ValidationError as error:
            raise CommandError("; ".join(_sentences(error))) from error
        self.stdout.write(f"{done} the source {source} ({source.kind}, {source.base_url}).")
        if source.kind == SourceKind.ASSETS and not source.token:
            self.stderr.write("It has no token yet: its runs will fail until --token sets one.")

    def _save(self, source: Source | None, name: str, fields: dict[str, Any]) -> Source:
        if source is not None:
            if fields.pop("kind", source.kind) != source.kind:
                raise CommandError(f"{source} is a {source.kind} source; its kind cannot change.")
            return change_source(source=source, **fields)
        missing = [
            flag for flag, key in (("--kind", "kind"), ("--url", "base_url")) if key not in fields
        ]
        if missing:
            raise CommandError(f"A new source needs {' and '.join(missing)}.")
        return add_source(name=name, **fields)


def _fields(options: dict[str, Any]) -> dict[str, Any]:
    """The model's fields that were named on the command line."""
    plain = ("kind", "base_url", "every_minutes", "characters_sources", "backend", "per_second")
    fields = {name: options[name] for name in plain if options[name] is not None}
    if "every_minutes" in fields:
        fields["every_minutes"] = fields["every_minutes"] or None
    if options["is_default"]:
        fields["is_default"] = True
    if options["distrust_approvals"]:
        fields["trust_approvals"] = False
    for name in SECRETS:
        value = _secret(name, options)
        if value is not None:
            fields[name] = value
    return fields


def _secret(name: str, options: dict[str, Any]) -> str | None:
    variable: str | None = options[f"{name}_env"]
    if variable is not None:
        if not os.environ.get(variable):
            raise CommandError(f"The environment variable {variable} is not set.")
        return os.environ[variable].strip()
    value: str | None = options[name]
    if value != ASK:
        return value
    if not sys.stdin.isatty():
        raise CommandError(f"No terminal to ask for the {SECRETS[name]}: use --{name}-env VAR.")
    return getpass(f"{SECRETS[name].capitalize()}: ").strip()


def _sentences(error: ValidationError) -> list[str]:
    """Which field is wrong and why; the value itself is not repeated."""
    if not hasattr(error, "error_dict"):
        return list(error.messages)
    return [f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items()]


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 7:
        raise argparse.ArgumentTypeError("a whole number of minutes is wanted")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 < rate <= 1000:
        raise argparse.ArgumentTypeError("a number above 0, at most 1000, is wanted")
    return rate
