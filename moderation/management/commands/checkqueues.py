"""`manage.py checkqueues`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from moderation import consistency


class Command(BaseCommand):
    help = (
        "Find pending subjects without a case, first-look cases without a pending subject, and"
        " attachments without bytes; exit 1 if there are any. Example: manage.py checkqueues"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="Mend what is found.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = consistency.inspect()
        for subject_type, pk in found.without_case:
            self.stdout.write(f"pending without a case: {subject_type} {pk}")
        for pk in found.without_subject:
            self.stdout.write(f"first-look case without a pending subject: {pk}")
        for pk in found.without_bytes:
            self.stdout.write(f"attachment without bytes: {pk}")
        if options["repair"]:
            consistency.repair(found)
        told = (
            f"{len(found.without_case)} subjects without a case,"
            f" {len(found.without_subject)} stray cases, {len(found.without_bytes)} attachments"
            " without bytes"
        )
        if found and not options["repair"]:
            raise CommandError(f"{told}; --repair mends them.")
        self.stdout.write(f"{told}{'; mended' if found else ''}.")
