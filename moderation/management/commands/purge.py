"""`manage.py purge`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from moderation import purging


class Command(BaseCommand):
    help = (
        "Erase the bytes whose grace has passed and print receipts."
        " Example: manage.py purge --dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--due", action="store_true", help="Only what is due (the default).")
        parser.add_argument(
            "--dry-run", action="store_true", help="Say what is due, erase nothing."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            due = purging.due()
            for tombstone in due:
                self.stdout.write(f"due {tombstone.subject_type} {tombstone.subject_id}")
            self.stdout.write(f"{len(due)} subjects would be erased.")
            return
        receipts = purging.erase_due()
        for receipt in receipts:
            self.stdout.write(f"{receipt.outcome} {bytes(receipt.sha256).hex()} {receipt.path}")
        self.stdout.write(f"{len(receipts)} receipts written.")
