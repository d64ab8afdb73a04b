"""`manage.py verifyaudit`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from moderation import audit


class Command(BaseCommand):
    help = (
        "Check the decision log against its hashes and seals; exit 1 and the first broken row if it"
        " was tampered with. Example: manage.py verifyaudit"
    )

    def handle(self, *args: Any, **options: Any) -> None:
        found = audit.verify()
        if found.broken:
            raise CommandError(f"The decision log is broken at {found.broken}.")
        self.stdout.write(
            f"The decision log is intact: {found.rows} decisions, {found.seals} seals,"
            f" {found.unsealed} not sealed yet."
        )
