"""`manage.py queues`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from moderation.counts import QueueCount, queue_counts
from moderation.registry import get_queue


class Command(BaseCommand):
    help = "Show depth, oldest and overdue by queue. Example: manage.py queues --json"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON list instead of a table.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = queue_counts(fresh=True)
        if options["json"]:
            self.stdout.write(json.dumps([_plain(count) for count in found], indent=2))
            return
        self.stdout.write(f"{'queue':<16}{'open':>10}{'claimed':>10}{'overdue':>10}  oldest")
        for count in found:
            row = f"{count.slug:<16}{count.open:>10}{count.claimed:>10}{count.overdue:>10}"
            self.stdout.write(f"{row}  {_age(count)}")
        total = sum(count.open for count in found)
        self.stdout.write(f"{total} open cases in {len(found)} queues.")


def _age(count: QueueCount) -> str:
    if count.oldest_opened_at is None:
        return "-"
    minutes = int((timezone.now() - count.oldest_opened_at).total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def _plain(count: QueueCount) -> dict[str, Any]:
    oldest = count.oldest_opened_at
    return {
        "slug": count.slug,
        "title": str(get_queue(count.slug).title),
        "open": count.open,
        "claimed": count.claimed,
        "overdue": count.overdue,
        "oldest_opened_at": oldest.isoformat() if oldest else None,
    }
