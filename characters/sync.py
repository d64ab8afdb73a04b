"""The sync of characters: own and public lists, texts, avatars, knowledge-base links."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from characters.models import Character, CharacterText
from media.services import without_query
from moderation.ingest import IngestSpec, json_text, mark_missing, store
from upstream.adapters import Progress, State, Step
from upstream.clients.characters import CharacterRecord, CharactersClient, parse_character
from upstream.clients.endpoint import Page
from upstream.clients.errors import RecordError, UpstreamError
from upstream.ledger import Counts, Ledger, Refused
from upstream.models import Source, SyncRun
from upstream.notes import LINKS_REFUSED, PUBLIC_ONLY
from upstream.paging import PagedAdapter, Place, place_of

OWN, PUBLIC = "own characters", "public characters"
MAX_PAGE = 100
NAME = 100
LINKS_AT_ONCE = 25
# Answers that concern one character's links only; others end the run.
LINK_ERRORS = {"not_found", "forbidden", "invalid"}

Item = CharacterRecord | Refused


def _raw(record: CharacterRecord) -> dict[str, Any]:
    """The upstream object without its link's signature."""
    if not record.avatar_url:
        return record.raw
    return {**record.raw, "avatar": without_query(record.avatar_url)}


SPEC: IngestSpec[CharacterRecord] = IngestSpec(
    model=Character,
    columns=("author_id", "name", "is_public", "created_at", "updated_at"),
    values=lambda record: (
        record.author_id,
        record.name[:NAME],
        record.is_public,
        record.created_at,
        record.updated_at or record.created_at,
    ),
    tracked=("author_id", "is_public"),
    content=lambda record: (record.name, record.bio, record.origin_prompt),
    status=lambda record: record.review_status,
    # Private ones are looked at once they are for others' eyes.
    complete=lambda record: record.is_public,
    taken_over="edited_here",
    detail_model=CharacterText,
    detail_link="character_id",
    detail_columns=("name", "bio", "origin_prompt", "raw"),
    details=lambda record: (
        record.name[:NAME],
        record.bio,
        record.origin_prompt,
        json_text(_raw(record)),
    ),
    url=lambda record: record.avatar_url,
    role="avatar",
    context=lambda record: {"public": record.is_public},
)

# Links of the given characters: what upstream no longer names goes, the rest is added or updated.
_UNLINK = """
DELETE FROM characters_knowledgebaselink k USING characters_character c
WHERE k.character_id = c.id AND NOT c.edited_here AND c.source_id = %s AND c.upstream_id = ANY(%s)
  AND NOT EXISTS (SELECT 1 FROM unnest(%s::text[], %s::text[]) AS v(owner, base)
                  WHERE v.owner = c.upstream_id AND v.base = k.knowledge_base_id)
"""
_LINK = """
INSERT INTO characters_knowledgebaselink AS k (character_id, knowledge_base_id, priority)
SELECT DISTINCT ON (c.id, v.base) c.id, v.base, v.priority
FROM unnest(%s::text[], %s::text[], %s::smallint[]) AS v(owner, base, priority)
JOIN characters_character c ON c.source_id = %s AND c.upstream_id = v.owner AND NOT c.edited_here
ON CONFLICT (character_id, knowledge_base_id) DO UPDATE SET priority = EXCLUDED.priority
    WHERE k.priority <> EXCLUDED.priority
"""


class CharacterSync(PagedAdapter):
    """The own list comes first: it holds the prompts that the public one leaves out.

    State: the place in the lists, and `links`, ids whose knowledge bases are read next: those of
    new and changed characters, in a full run of all.
    """

    client_class = CharactersClient

    def __init__(self, *, source: Source, run: SyncRun, ledger: Ledger) -> None:
        super().__init__(source=source, run=run, ledger=ledger)
        self._touched: list[str] = []

    def scopes(self) -> Sequence[str]:
        return (OWN, PUBLIC) if self.source.token else (PUBLIC,)

    def fetch(self, scope: str, page_number: int) -> Page:
        limit = self.option("page_size", MAX_PAGE, low=1, high=MAX_PAGE)
        page: Page = (
            self.client.list_own(page_number, limit)
            if scope == OWN
            else self.client.list_public(page_number, limit)
        )
        return page

    def read(self, state: State) -> Step:
        if not state.get("links"):
            return super().read(state)
        links, notes = [], []
        for upstream_id in state["links"][:LINKS_AT_ONCE]:
            try:
                links.append((upstream_id, self.client.list_knowledge_bases(upstream_id)))
            except UpstreamError as error:
                if error.code not in LINK_ERRORS:
                    raise
                refused = {"character": upstream_id, "error": error.message}
                notes.append(LINKS_REFUSED % refused)
        left = state["links"][LINKS_AT_ONCE:]
        return Step(items=links, state={**state, "links": left}, extra={"notes": notes})

    def store(self, step: Step) -> Progress:
        if "notes" in step.extra:
            self._link(step.items)
            more = step.state["links"] or place_of(step.state).scope < len(self.scopes())
            notes = step.extra["notes"]
            return Progress(counts=Counts(), state=step.state, done=not more, notes=notes)
        self._touched = []
        progress = super().store(step)
        if not self.source.token:
            progress.notes.append(PUBLIC_ONLY)
        if self._touched and not self.ledger.dry:
            progress.state = {**progress.state, "links": list(dict.fromkeys(self._touched))}
            progress.done = False
        return progress

    def take(self, items: list[Any], scope: str, place: Place) -> Counts:
        parsed = _parsed(items, public=scope == PUBLIC, place=f"{scope}:{place.page}")
        if self.run.full:
            self._touched += [one.upstream_id for one in parsed if isinstance(one, CharacterRecord)]
        return store(
            parsed,
            source=self.source,
            ledger=self.ledger,
            spec=SPEC,
            reading=place.as_pass,
            on_touched=self._touched.extend,
        )

    def mark_missing(self, state: State) -> int:
        """Private characters are not missed by a run that sees public ones only."""
        if state.get("unsettled"):
            return 0
        every = Character.objects.all()
        seen = every if self.source.token else every.filter(is_public=True)
        return mark_missing(seen, run=self.run)

    def take_again(self, raw: Any, context: dict[str, Any]) -> None:
        items = _parsed([raw], public=bool(context.get("public", True)), place="")
        store(items, source=self.source, ledger=self.ledger, spec=SPEC)

    def _link(self, links: Sequence[tuple[str, list[tuple[str, int]]]]) -> None:
        rows = [(owner, base, priority) for owner, bases in links for base, priority in bases]
        owners, bases, priorities = ([row[column] for row in rows] for column in range(3))
        with connection.cursor() as cursor:
            listed = [owner for owner, _ in links]
            cursor.execute(_UNLINK, [self.source.pk, listed, owners, bases])
            cursor.execute(_LINK, [owners, bases, priorities, self.source.pk])


def _parsed(items: Iterable[Any], *, public: bool, place: str) -> list[Item]:
    parsed: list[Item] = []
    for number, raw in enumerate(items):
        try:
            parsed.append(parse_character(raw, public_by_default=public))
        except RecordError as error:
            parsed.append(Refused(error, {"public": public}, place=f"{place}:{number}"))
    return parsed
