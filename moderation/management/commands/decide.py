"""`manage.py decide`: a bulk decision through the same service as every other."""

import sys
import uuid
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import Progress

from accounts.models import User
from core.keys import uuid7
from moderation.actors import Actor
from moderation.enums import Action, Outcome
from moderation.errors import ModerationError
from moderation.models import Case
from moderation.policy import active_reasons
from moderation.registry import get_queue, model_for
from moderation.services import Request, decide

CHUNK = 1_000


class Command(BaseCommand):
    help = (
        "Decide open cases of a queue in bulk; a dry run unless --apply. Example: manage.py decide"
        " --queue images --action reject --reason spam --filter user_id=u-17 --user lead --apply"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--queue", required=True, metavar="SLUG")
        parser.add_argument(
            "--action", required=True, choices=[Action.APPROVE, Action.REJECT, Action.ESCALATE]
        )
        parser.add_argument("--reason", default="", metavar="SLUG")
        parser.add_argument("--note", default="")
        parser.add_argument(
            "--filter", action="append", default=[], metavar="FIELD=VALUE",
            help="Only subjects whose field has this value; repeat to narrow further.",
        )  # fmt: skip
        parser.add_argument("--user", metavar="USERNAME", help="Who decides; needed with --apply.")
        parser.add_argument(
            "--apply", action="store_true", help="Decide; without it nothing changes."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            get_queue(options["queue"])
        except ModerationError as error:
            raise CommandError(str(error)) from error
        if options["reason"] and not active_reasons({options["reason"]}):
            raise CommandError(f"There is no reason {options['reason']!r}.")
        keys = _wanted(options["queue"], _filters(options["filter"]))
        if not options["apply"]:
            self.stdout.write(
                f"{len(keys)} cases would be decided ({options['action']}); add --apply."
            )
            return
        outcomes = self._apply(keys, options)
        told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        self.stdout.write(f"{sum(outcomes.values())} cases: {told or 'nothing to decide'}.")
        if set(outcomes) - {Outcome.APPLIED.value, Outcome.UNCHANGED.value}:
            raise CommandError("Some cases were not decided.")

    def _apply(self, keys: list[tuple[str, uuid.UUID]], options: dict[str, Any]) -> Counter[str]:
        user = User.objects.filter(username=options["user"] or "", is_active=True).first()
        if user is None:
            raise CommandError("--user must name the active account that decides.")
        actor, batch = Actor.person(user), uuid7()
        outcomes: Counter[str] = Counter()
        with Progress(disable=not sys.stderr.isatty()) as progress:
            bar = progress.add_task("deciding", total=len(keys))
            for start in range(0, len(keys), CHUNK):
                requests = [
                    Request(
                        options["action"],
                        subject=key,
                        reason=options["reason"],
                        note=options["note"],
                    )
                    for key in keys[start : start + CHUNK]
                ]
                made = decide(requests=requests, actor=actor, batch=batch)
                outcomes.update(str(result.status) for result in made.results)
                progress.advance(bar, len(requests))
        self.stdout.write(f"batch={batch}")
        return outcomes


def _filters(given: list[str]) -> dict[str, str]:
    pairs = [item.partition("=") for item in given]
    if any(not equals or not field.isidentifier() for field, equals, _ in pairs):
        raise CommandError("--filter reads FIELD=VALUE.")
    return {field: value for field, _, value in pairs}


def _wanted(queue: str, filters: dict[str, str]) -> list[tuple[str, uuid.UUID]]:
    """Keys of the queue's open cases whose subjects fit, most urgent first."""
    rows = Case.objects.filter(queue=queue).order_by("-priority", "opened_at", "id")
    keys = list(rows.values_list("subject_type", "subject_id"))
    if not filters:
        return keys
    fitting: set[uuid.UUID] = set()
    for subject_type in {subject_type for subject_type, _ in keys}:
        model = model_for(subject_type)
        known = {field.attname for field in model._meta.concrete_fields}
        if unknown := set(filters) - known - {"source"}:
            raise CommandError(f"{subject_type} has no field {', '.join(sorted(unknown))}.")
        named = {"source__name" if f == "source" else f: value for f, value in filters.items()}
        try:
            ids = Case.objects.filter(queue=queue, subject_type=subject_type).values("subject_id")
            fitting |= set(model.objects.filter(pk__in=ids, **named).values_list("pk", flat=True))
        except (ValueError, TypeError) as error:
            raise CommandError(f"--filter: {error}") from error
    return [key for key in keys if key[1] in fitting]
