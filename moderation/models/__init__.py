"""The engine's tables, one file for each concern."""

from moderation.models.assignment import Assignment
from moderation.models.bank import Bank, BankEntry, BankMatch, BankScan, KeptBack
from moderation.models.case import Case, Shift, Skip
from moderation.models.decision import Decision, Receipt, Seal, Tombstone
from moderation.models.exposure import Sight, SightLevel
from moderation.models.family import Representative
from moderation.models.job import Export, Job
from moderation.models.journal import HandOver, IdempotencyRecord, Note, OutboxEvent, Tally
from moderation.models.policy import Reason, ReasonVersion
from moderation.models.report import Report
from moderation.models.search import SearchDue, SearchEntry
from moderation.models.subject import Reviewable, ReviewableQuerySet
from moderation.models.term import Term, TermVersion

__all__ = [
    "Assignment",
    "Bank",
    "BankEntry",
    "BankMatch",
    "BankScan",
    "Case",
    "Decision",
    "Export",
    "HandOver",
    "IdempotencyRecord",
    "Job",
    "KeptBack",
    "Note",
    "OutboxEvent",
    "Reason",
    "ReasonVersion",
    "Receipt",
    "Report",
    "Representative",
    "Reviewable",
    "ReviewableQuerySet",
    "Seal",
    "SearchDue",
    "SearchEntry",
    "Shift",
    "Sight",
    "SightLevel",
    "Skip",
    "Tally",
    "Term",
    "TermVersion",
    "Tombstone",
]
