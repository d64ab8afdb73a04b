"""`manage.py importhashes`: known pictures from a CSV file into a bank."""

import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from accounts.audit import record
from accounts.models import User
from moderation.banks import rules
from moderation.banks.importing import Imported, import_hashes
from moderation.enums import BankAction
from moderation.errors import BadImport
from moderation.models import Bank


class Command(BaseCommand):
    help = (
        "Adds known pictures to a bank, which is made when there is none of that name. The first "
        "line of the file names its columns: pdq (64 hexadecimal digits), sha256, quality, label, "
        "source, expires_at; all but one hash optional. The same file once more changes nothing. "
        "Example: manage.py importhashes partners known.csv --action first"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("bank", metavar="BANK", help="letters, digits, - and _")
        parser.add_argument("file", metavar="FILE.csv", type=Path)
        parser.add_argument(
            "--action", choices=BankAction.values,
            help="of a new bank (default: first); an old one keeps its own unless this is given",
        )  # fmt: skip
        parser.add_argument(
            "--reason", metavar="SLUG", help="the policy reason that rejections name (for reject)"
        )
        parser.add_argument("--note", default="", help="why, kept with every entry")
        parser.add_argument(
            "--user", metavar="USERNAME", help="who adds them; without it the command line"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        by = _user(options["user"]) if options["user"] else None
        bank = _bank(options["bank"], options["action"], options["reason"], by)
        started = time.monotonic()
        try:
            with path.open(encoding="utf-8", newline="") as file:
                sums = self._import(bank, file, options["note"][:300], by)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except BadImport as error:
            record(by=by, about=bank, message=f"Import of {path.name} broke off: {error}")
            raise CommandError(f"{path}: {error} What came before it is in the bank.") from error
        for line, wrong in sums.told:
            self.stderr.write(f"line {line}: {wrong}")
        if sums.bad > len(sums.told):
            self.stderr.write(f"and {sums.bad - len(sums.told)} more bad rows")
        told = (
            f"{sums.added} added, {sums.changed} changed, {sums.unchanged} unchanged, "
            f"{sums.bad} bad of {sums.read} rows"
        )
        record(by=by, about=bank, message=f"Imported {path.name}: {told}")
        self.stdout.write(f"{bank.slug}: {told} in {time.monotonic() - started:.1f} s.")
        if sums.bad:
            sys.exit(1)

    def _import(self, bank: Bank, file: TextIO, note: str, by: User | None) -> Imported:
        size = max(1, os.fstat(file.fileno()).st_size)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        sums = Imported()
        with Progress(
            *columns, console=Console(stderr=True), disable=not sys.stderr.isatty()
        ) as bar:
            task = bar.add_task(bank.slug, total=size)
            for sums in import_hashes(bank=bank, file=file, by=by.pk if by else None, note=note):
                bar.update(task, completed=file.buffer.tell(), description=f"{sums.read:,} rows")
        return sums


def _user(name: str) -> User:
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no user {name!r}.")
    return user


def _bank(slug: str, action: str | None, reason: str | None, by: User | None) -> Bank:
    """The bank of that name with these rules. A change of an old one's is as one on its page."""
    bank = Bank.objects.filter(slug=slug).first() or Bank(slug=slug)
    if bank.own:
        raise CommandError(f"{slug} is a bank of own rejections; nothing is imported into it.")
    wanted = {"action": action or bank.action, "reason": bank.reason if reason is None else reason}
    fields = [name for name, value in wanted.items() if value != getattr(bank, name)]
    for name in fields:
        setattr(bank, name, wanted[name])
    if bank.action == BankAction.REJECT and not bank.reason:
        raise CommandError("A bank that rejects needs --reason SLUG.")
    try:
        bank.full_clean()
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    with transaction.atomic():
        is_new = bank.pk is None
        bank.save()
        if fields and not is_new:
            told = ", ".join(f"{name} {wanted[name] or '–'}" for name in fields)
            record(by=by, about=bank, message=f"Changed with an import: {told}")
            rules.changed(bank=bank, fields=fields, by=by.pk if by else None)
    return bank
