"""From the JSON of `POST decisions/` to decide() and back, once per idempotency key."""

import hashlib
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from django.db import connection
from django.utils.translation import gettext as _

from accounts.models import User
from core.keys import uuid7
from moderation import cases, families, services
from moderation.actors import Actor
from moderation.enums import Action, Outcome, Seen
from moderation.errors import IdempotencyConflict
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
# A NUL and half a character: JSON can say them, PostgreSQL cannot hold them.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
LOST = "The claim was lost: the case is closed or went to somebody else."


@dataclass(frozen=True, slots=True)
class FamilyRequest:
    """A row that decides every case of a family that its token is good for."""

    family: uuid.UUID
    claim_token: uuid.UUID
    request: Request


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
            raise IdempotencyConflict(_("This Idempotency-Key was used with another body."))
        return dict(orjson.loads(record.response))
    answer = _answer(rows, user)
    text = orjson.dumps(answer).decode()
    IdempotencyRecord.objects.filter(pk=record.pk).update(response=text)
    return answer


def _answer(rows: Sequence[Any], user: User) -> dict[str, Any]:
    batch = uuid7()
    asked = list(expand(rows))
    results: list[Result | None] = [None] * len(asked)
    wanted: list[tuple[int, Request]] = []
    for number, (_row, ask) in enumerate(asked):
        if isinstance(ask, Result):
            results[number] = ask
        elif ask.action != SKIP:
            wanted.append((number, ask))
    for number, result in _skip(asked, user):
        results[number] = result
    if wanted:
        requests = [request for _number, request in wanted]
        made = services.decide(requests=requests, actor=Actor.person(user), batch=batch)
        for (number, _request), result in zip(wanted, made.results, strict=True):
            results[number] = result
    answer = present_batch(BatchResult(batch, [each for each in results if each is not None]))
    if any(isinstance(row, dict) and "family" in row for row in rows):
        for line, (place, _ask) in zip(answer["results"], asked, strict=True):
            line["row"] = place
    return answer


def expand(rows: Sequence[Any]) -> Iterator[tuple[int, Request | Result]]:
    """(place of the row in the request, what it asks or why not), a family's once per case.

    A case that an earlier row names is not taken along by its family's row.
    """
    read: list[Request | FamilyRequest | Result] = []
    for row in rows:
        try:
            read.append(read_row(row))
        except BadRow as error:
            read.append(Result(None, Outcome.INVALID, error=str(error)))
    found = families.members([
        (each.family, each.claim_token) for each in read if isinstance(each, FamilyRequest)
    ])  # fmt: skip
    named: set[uuid.UUID | None] = set()
    for place, each in enumerate(read):
        if not isinstance(each, FamilyRequest):
            named.add(each.case if isinstance(each, Request) else None)
            yield place, each
            continue
        members = found.get((each.family, each.claim_token), [])
        if not members:
            lost = _("The claim was lost: the family is closed or went to somebody else.")
            yield place, Result(None, Outcome.CONFLICT, error=lost)
        for pk in members:
            if pk not in named:
                named.add(pk)
                yield place, replace(each.request, case=pk, claim_token=each.claim_token)


def _skip(
    asked: Sequence[tuple[int, Request | Result]], user: User
) -> Iterator[tuple[int, Result]]:
    """The places among `asked` that skip, with what became of each; a few queries per token."""
    by_token: dict[uuid.UUID, dict[uuid.UUID, int]] = {}
    for number, (_row, request) in enumerate(asked):
        if isinstance(request, Request) and request.action == SKIP:
            assert request.case is not None
            cases_of = by_token.setdefault(request.claim_token or uuid7(), {})
            if request.case in cases_of:
                yield number, Result(None, Outcome.CONFLICT, error=_(LOST))
            cases_of.setdefault(request.case, number)
    for token, places in by_token.items():
        skipped = {
            case.pk: case for case in cases.skip_all(user=user, case_ids=list(places), token=token)
        }
        for pk, number in places.items():
            case = skipped.get(pk)
            if case is None:
                yield number, Result(None, Outcome.CONFLICT, error=_(LOST))
            else:
                yield number, Result((case.subject_type, case.subject_id), Outcome.APPLIED)


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


def read_row(row: Any) -> Request | FamilyRequest:
    """One row of the request. Raises BadRow with a sentence for its author."""
    if not isinstance(row, dict):
        raise BadRow("A decision is an object.")
    if sum(name in row for name in ("case", "subject", "family")) != 1:
        raise BadRow("Give either case or subject, or family.")
    action = _text(row, "action", 20)
    claimed = "subject" not in row
    if action not in (ON_CASES if claimed else ON_SUBJECTS):
        raise BadRow(f"There is no action {action!r} on a {'case' if claimed else 'subject'}.")
    token = _uuid(row.get("claim_token"), "claim_token") if claimed else None
    request = Request(
        action=action,
        case=_uuid(row["case"], "case") if "case" in row else None,
        claim_token=token,
        subject=None if claimed else _subject(row["subject"]),
        reason=_text(row, "reason", 50),
        note=_text(row, "note", services.MAX_NOTE),
        seen=_text(row, "seen", 10) or Seen.NONE,
        expected=_text(row, "expected", 10),
    )
    if "family" not in row:
        return request
    assert token is not None
    return FamilyRequest(_uuid(row["family"], "family"), token, request)


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
    if _UNSTORABLE.search(value):
        raise BadRow(f"{name} holds a character that cannot be stored.")
    return value
