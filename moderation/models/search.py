"""The search over subjects' texts: a table of its own, so that decisions and claims never touch
it.
"""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class SearchEntry(models.Model):
    """What one subject is found by beside its ids; written when its texts come or change.

    `text` is normalised (moderation.search.texts); `terms` are its words and the pairs of its
    Chinese characters, made by us: PostgreSQL's own parsers know no Chinese words.
    """

    # UUIDv7: newest first without another index.
    subject_id = models.UUIDField(primary_key=True, editable=False)
    subject_type = models.CharField(max_length=64)
    text = models.TextField()
    terms = SearchVectorField()

    class Meta:
        indexes: ClassVar = [GinIndex(fields=["terms"], name="search_terms")]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id}"


class SearchDue(models.Model):
    """Subjects whose texts are to be read again; triggers add them in the writer's transaction."""

    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField()

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id}"
