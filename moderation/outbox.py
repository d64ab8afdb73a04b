"""The outbox: events written with the decision, delivered by a worker, at least once, in order."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from moderation.models import OutboxEvent

MAX_ATTEMPTS = 20
# Topic -> the handler, called with the payload; handlers are safe to run twice.
HANDLERS = {
    "same_bytes": "moderation.arrivals.raise_same_bytes",
    "read_texts": "moderation.flagging.read_texts",
    "own_banks": "moderation.banks.own.follow",
    "fill_own_banks": "moderation.banks.own.fill",
}


def enqueue(topic: str, payload: dict[str, Any]) -> None:
    """In the caller's transaction: the event exists exactly when the decision does."""
    assert topic in HANDLERS
    OutboxEvent.objects.create(topic=topic, payload=payload)


def deliver(*, limit: int = 100) -> int:
    """Delivers due events; two deliverers share the work. Returns how many were delivered."""
    delivered = 0
    for _ in range(limit):
        outcome = _deliver_one()
        if outcome is None:
            break
        delivered += outcome
    return delivered


@transaction.atomic
def _deliver_one() -> bool | None:
    event = (
        OutboxEvent.objects.select_for_update(skip_locked=True)
        .filter(delivered_at__isnull=True, attempts__lt=MAX_ATTEMPTS)
        .order_by("attempts", "id")
        .first()
    )
    if event is None:
        return None
    handler: Callable[[dict[str, Any]], None] = import_string(HANDLERS[event.topic])
    try:
        with transaction.atomic():
            handler(event.payload)
    except Exception as error:  # one bad event must not block the others
        event.attempts += 1
        event.error = type(error).__name__
        event.save(update_fields=["attempts", "error"])
        return False
    event.delivered_at = timezone.now()
    event.save(update_fields=["delivered_at"])
    return True
