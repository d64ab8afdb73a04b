"""Which of a subject's pictures were rejected or purged, read from its decisions.

A rejection is about the picture that the subject had then. Another one in its place, also one that
is approved, changes nothing about it.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from moderation.enums import Action, ReviewStatus

REFUSALS = (Action.REJECT, Action.PURGE)
OUT = (ReviewStatus.REJECTED, ReviewStatus.PURGED)


@dataclass(frozen=True, slots=True)
class Step:
    """One decision. `refuses`: it gave the reason of a rejection or purge, and no rule made it."""

    at: datetime
    from_status: str
    to_status: str
    reason: str
    by: int | None
    refuses: bool
    undone: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """Bytes that a subject has, in a role since `stored_at`; the role is known of since
    `created_at`."""

    file_id: uuid.UUID
    sha256: bytes
    created_at: datetime
    stored_at: datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a bank has of the subject, or had; `added_at` is when that was decided."""

    id: int
    bank_id: int
    sha256: bytes
    label: str
    added_at: datetime
    is_live: bool


@dataclass(frozen=True, slots=True)
class History:
    """A subject's decisions in their order, its picture, and what was kept aside when another one
    took a refused one's place."""

    steps: Sequence[Step]
    newest: Picture | None
    kept: Picture | None
    entries: Sequence[Entry]

    @property
    def live(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.is_live]

    @property
    def last_by(self) -> int | None:
        return self.steps[-1].by if self.steps else None

    def refusal(self, at: datetime | None = None) -> Step | None:
        """What the subject stands rejected or purged by, or stood at a moment; None also when that
        was undone since."""
        so_far = [step for step in self.steps if at is None or step.at <= at]
        if not so_far or so_far[-1].to_status not in OUT:
            return None
        standing = (step for step in reversed(so_far) if step.refuses and not step.undone)
        return next(standing, None)

    def pictures(self) -> Iterator[tuple[Picture, Step]]:
        """Those that stand refused, each with the decision; a picture's newest comes last."""
        now, kept, newest = self.refusal(), self.kept, self.newest
        if kept is not None and (then := self.refusal(at=kept.stored_at)):
            came_back = newest is not None and newest.file_id == kept.file_id
            if now is not None or not came_back:
                yield kept, then
        if now is not None and newest is not None and self._is_about(now, newest):
            yield newest, now

    def _is_about(self, refusal: Step, newest: Picture) -> bool:
        """Whether the newest picture is the refused one: it was here then, or is the first that
        came of what was awaited then."""
        if newest.stored_at is None or newest.stored_at <= refusal.at:
            return True
        if self.kept and self.kept.stored_at and self.kept.stored_at > refusal.at:
            return False
        had_one = any(entry.added_at >= self._since for entry in self.entries)
        return newest.created_at <= refusal.at and not had_one

    def stays(self, entry: Entry) -> bool:
        """Of a live entry whose picture is not among `pictures()`: whether what it was refused by
        still holds, because other bytes had taken its place before it could be reversed."""
        if any(step.undone and step.at == entry.added_at for step in self.steps):
            return False
        if self.kept is not None and self.kept.sha256 == entry.sha256:
            return False
        is_shown = self.newest is not None and self.newest.sha256 == entry.sha256
        if self.refusal() is not None:
            return not is_shown or entry.added_at >= self._since
        return not is_shown and self._was_replaced(entry)

    def _was_replaced(self, entry: Entry) -> bool:
        """Before the last rejection or purge ended, which then was about another picture."""
        ends = [step.at for step in self.steps if _ends(step)]
        since = self.newest.stored_at if self.newest else None
        aside = self.kept.stored_at if self.kept else None
        return bool(ends) and (
            (since is not None and since <= ends[-1])
            or (aside is not None and entry.added_at < aside <= ends[-1])
        )

    @property
    def _since(self) -> datetime:
        """When what stands refused began to; to be asked only while it does."""
        ends = [number for number, step in enumerate(self.steps) if step.to_status not in OUT]
        return self.steps[ends[-1] + 1 if ends else 0].at


def _ends(step: Step) -> bool:
    return step.from_status in OUT and step.to_status not in OUT
