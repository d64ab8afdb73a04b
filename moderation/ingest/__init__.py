"""Taking over upstream records as subjects: the one way by which a sync writes content."""

from moderation.ingest.batches import BATCH, store
from moderation.ingest.missing import mark_missing
from moderation.ingest.spec import IngestSpec, json_text

__all__ = ["BATCH", "IngestSpec", "json_text", "mark_missing", "store"]
