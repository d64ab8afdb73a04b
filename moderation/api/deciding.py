"""From the JSON of `POST decisions/` to decide() and back, once per idempotency key."""

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

import orjson
from django.db import connection

from accounts.models import User
from core.keys import uuid7
from moderation import cases, services
from moderation.actors import Actor
from moderation.enums import Action, Outcome, Seen
from moderation.errors import IdempotencyConflict, StaleClaim
from moderation.models import IdempotencyRecord
from moderation.recording import BatchResult, Request, Result

SKIP = "skip"
ON_CASES = frozenset({Action.APPROVE, Action.REJECT, Action.ESCALATE, SKIP})
ON_SUBJECTS = frozenset(
    {
        Action.APPROVE, Action.REJECT, Action.REOPEN, Action.PURGE, Action.ESCALATE,
        Action.HOLD, Action.RELEASE,
    }
)  # fmt: skip
MAX_KEY = 200


class BadRow(ValueError):
    """A row of the request that makes no sense; the others are decided all the same."""


def decide_once(*, rows: Sequence[Any], user: User, key: str | None, body: bytes) -> dict[str, Any]:
    """The answer to a request; the same key and body again gives the same, and decides nothing.

    Raises IdempotencyConflict for the same key with another body.
    """
    return services.retrying(lambda: _decide_once(rows, user, key, body))


def _decide_once(rows: Sequence[Any], user: User, key: str | None, body: bytes) -> dict[str, Any]:
    if key is None:
        return _answer(rows, user)
    digest = hashlib.sha256(body).digest()
    with connection.cursor() as cursor:
        # Waits for a request with the same key that is under way.
        cursor.execute(
            "INSERT INTO moderation_idempotencyrecord (user_id, key, body_sha256, response)"
            " VALUES (%s, %s, %s, '')"
            " ON CONFLICT (user_id, key) DO NOTHING",
            [user.pk, key, digest],
        )
        first = cursor.rowcount == 1
    record = IdempotencyRecord.objects.get(user=user, key=key)
    if not first:
        if bytes(record.body_sha256) != digest:
            raise IdempotencyConflict("This Idempotency-Key was used with another body.")
        return dict(orjson.loads(record.response))
    answer = _answer(rows, user)
    text = orjson.dumps(answer).decode()
    IdempotencyRecord.objects.filter(pk=record.pk).update(response=text)
    return answer


def _answer(rows: Sequence[Any], user: User) -> dict[str, Any]:
    batch = uuid7()
    results: list[Result | None] = [None] * len(rows)
    wanted: list[tuple[int, Request]] = []
    for number, row in enumerate(rows):
        try:
            request = read_row(row)
        except BadRow as error:
            results[number] = Result(None, Outcome.INVALID, error=str(error))
            continue
        if request.action == SKIP:
            results[number] = _skip(request, user)
        else:
            wanted.append((number, request))
    if wanted:
        requests = [request for _, request in wanted]
        made = services.decide(requests=requests, actor=Actor.person(user), batch=batch)
        for (number, _), result in zip(wanted, made.results, strict=True):
            results[number] = result
    return present_batch(BatchResult(batch, [result for result in results if result is not None]))


def _skip(request: Request, user: User) -> Result:
    assert request.case is not None
    try:
        case = cases.skip(user=user, case_id=request.case, token=request.claim_token or uuid7())
    except StaleClaim as error:
        return Result(None, Outcome.CONFLICT, error=str(error))
    return Result((case.subject_type, case.subject_id), Outcome.APPLIED)


def present_batch(batch: BatchResult) -> dict[str, Any]:
    return {
        "batch": str(batch.batch),
        "results": [
            {
                "subject": _key(result.subject),
                "status": result.status,
                "review_status": result.review_status,
                "decision": result.decision,
                "error": result.error,
            }
            for result in batch.results
        ],
    }


def _key(subject: tuple[str, uuid.UUID] | None) -> dict[str, str] | None:
    return {"type": subject[0], "id": str(subject[1])} if subject else None


def read_row(row: Any) -> Request:
    """One row of the request. Raises BadRow with a sentence for its author."""
    if not isinstance(row, dict):
        raise BadRow("A decision is an object.")
    if ("case" in row) == ("subject" in row):
        raise BadRow("Give either case or subject.")
    action = _text(row, "action", 20)
    on_case = "case" in row
    if action not in (ON_CASES if on_case else ON_SUBJECTS):
        raise BadRow(f"There is no action {action!r} on a {'case' if on_case else 'subject'}.")
    return Request(
        action=action,
        case=_uuid(row["case"], "case") if on_case else None,
        claim_token=_uuid(row.get("claim_token"), "claim_token") if on_case else None,
        subject=None if on_case else _subject(row["subject"]),
        reason=_text(row, "reason", 50),
        note=_text(row, "note", services.MAX_NOTE),
        seen=_text(row, "seen", 10) or Seen.NONE,
        expected=_text(row, "expected", 10),
    )


def _subject(value: Any) -> tuple[str, uuid.UUID]:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise BadRow("subject is an object with type and id.")
    return value["type"], _uuid(value.get("id"), "subject.id")


def _uuid(value: Any, name: str) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise BadRow(f"{name} is not an id.") from None


def _text(row: dict[str, Any], name: str, most: int) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadRow(f"{name} is not a string.")
    if len(value) > most:
        raise BadRow(f"{name} is longer than {most} characters.")
    return value
