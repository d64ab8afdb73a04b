"""Reading the texts of open cases against terms of the word list that came, or became graver."""

import uuid
from collections import Counter
from collections.abc import Sequence

from django.db import connection

from accounts.models import User
from moderation.enums import ReadOutcome, TermAction, Why
from moderation.flagging import priority_of
from moderation.models import Case, Job, Term
from moderation.registry import queue_for, subject_types
from moderation.words import gravest
from moderation.words.matching import Entry, Matcher

CHUNK = 500

# Locked in the order of their ids. What is marked and urgent enough stays as it is, and in its
# family; what is raised leaves it, as with every new cause.
_RAISE = """
WITH wanted AS MATERIALIZED (
    SELECT c.id, v.priority FROM moderation_case c
    JOIN unnest(%s::uuid[], %s::smallint[]) AS v(id, priority) ON v.id = c.id
    WHERE c.priority < v.priority OR %s <> ALL (c.why)
    ORDER BY c.id FOR UPDATE OF c
)
UPDATE moderation_case c SET priority = GREATEST(c.priority, w.priority),
    why = CASE WHEN %s = ANY (c.why) THEN c.why ELSE c.why || %s::varchar END,
    family = NULL, compared = false
FROM wanted w WHERE c.id = w.id
"""


def reread_chunk(job: Job, user: User | None) -> bool:
    """Parameters: `terms` (ids), `words` (how they are written), and `upto`, the newest case when
    the task began. Cases that were opened since are read with the list in force anyway.
    """
    if job.expected is None:
        newest = Case.objects.order_by("-pk").values_list("pk", flat=True).first()
        job.parameters["upto"] = str(newest or uuid.UUID(int=0))
        job.expected = Case.objects.filter(pk__lte=job.parameters["upto"]).count()
    after = job.cursor or str(uuid.UUID(int=0))
    rows = Case.objects.filter(pk__gt=after, pk__lte=job.parameters["upto"]).order_by("pk")
    cases = list(rows.values_list("pk", "subject_type", "subject_id")[:CHUNK])
    if not cases:
        return True
    outcomes = Counter(job.outcomes)
    outcomes[ReadOutcome.RAISED] += _raise(_priorities(cases, _matcher(job.parameters["terms"])))
    job.outcomes = dict(outcomes)
    job.done += len(cases)
    job.cursor = str(cases[-1][0])
    return len(cases) < CHUNK


def _matcher(term_ids: Sequence[int]) -> Matcher:
    """Of the terms as they are now."""
    rows = Term.objects.filter(pk__in=term_ids, active=True).exclude(action=TermAction.MARK)
    values = rows.values_list("text", "kind", "severity", "action", "reason__slug")
    return Matcher([Entry(*row) for row in values])


def _priorities(
    cases: Sequence[tuple[uuid.UUID, str, uuid.UUID]], matcher: Matcher
) -> dict[uuid.UUID, int]:
    """By case, for those whose text has a hit; a fixed number of queries for each type."""
    found: dict[uuid.UUID, int] = {}
    for subject_type in {case[1] for case in cases} & set(subject_types()):
        queue = queue_for(subject_type)
        ids = {case[2]: case[0] for case in cases if case[1] == subject_type}
        for subject in queue.load(list(ids)):
            if worst := gravest(matcher.find(queue.text_of(subject))):
                found[ids[subject.pk]] = priority_of(worst)
    return found


def _raise(priorities: dict[uuid.UUID, int]) -> int:
    """How many were raised or marked."""
    if not priorities:
        return 0
    word = str(Why.FLAGGED_TEXT)
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, [list(priorities), list(priorities.values()), word, word, word])
        return int(cursor.rowcount)
