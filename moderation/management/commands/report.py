"""`manage.py report`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.audit import record
from core.spreadsheets import csv_lines
from moderation import month
from moderation.month import Line, NoSuchMonth, Report
from moderation.templatetags.console import percent, span


class Command(BaseCommand):
    help = (
        "Report a month of decisions: by queue, reason, source and kind of actor, with times, "
        "overdue shares and reversals. Example: manage.py report --month 2026-11 --csv november.csv"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--month", help="As 2026-11; the present month without it.")
        parser.add_argument("--csv", metavar="FILE", help="Write a CSV file instead of a table.")
        parser.add_argument("--json", action="store_true", help="One JSON object.")
        parser.add_argument(
            "--time-zone", default="UTC", help="Whose months: Europe/Berlin, Asia/Shanghai."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with timezone.override(_zone(options["time_zone"])):
            try:
                wanted = options["month"] or month.month_of(timezone.now())
                made = month.report(wanted, fresh=True)
            except NoSuchMonth as error:
                raise CommandError(str(error)) from error
            if options["json"]:
                self.stdout.write(json.dumps(_plain(made), indent=2, ensure_ascii=False))
            if options["csv"]:
                _write(Path(options["csv"]), made)
            elif not options["json"]:
                self._table(made)
        total = made.total
        self.stderr.write(
            f"{total.decided} decisions in {made.month} ({made.zone}), {total.reversals} reversed."
        )

    def _table(self, made: Report) -> None:
        names = month.labels()
        for section, lines in {"total": [made.total], **made.sections}.items():
            self.stdout.write(
                f"{'all' if section == 'total' else f'by {section}':<28}{'decided':>9}"
                f"{'rejected':>9}{'median':>14}{'90 %':>14}{'overdue':>9}{'reversed':>9}"
            )
            for line in lines:
                name = names.get(section, {}).get(line.key, line.key) or "-"
                self.stdout.write(f"  {name[:25]:<26}{_figures(line)}")


def _figures(line: Line) -> str:
    return (
        f"{line.decided:>9}{line.rejected:>9}{span(line.median):>14}{span(line.p90):>14}"
        f"{percent(line.overdue_share):>9}{percent(line.reversal_rate):>9}"
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise CommandError(f"There is no time zone '{name}'.") from error


def _write(path: Path, made: Report) -> None:
    try:
        path.write_text("".join(csv_lines(month.rows(made))), encoding="utf-8", newline="")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    record(by=None, message=f"Exported the report of {made.month}")


def _plain(made: Report) -> dict[str, Any]:
    names = month.labels()

    def plain(section: str, line: Line) -> dict[str, Any]:
        return {
            **asdict(line),
            "label": names.get(section, {}).get(line.key, line.key),
            "decided": line.decided,
            "overdue_share": line.overdue_share,
            "reversal_rate": line.reversal_rate,
        }

    return {
        "month": made.month,
        "time_zone": made.zone,
        "total": plain("", made.total),
        **{name: [plain(name, line) for line in lines] for name, lines in made.sections.items()},
    }
