"""The sync of a gallery: it walks the albums of the characters that a characters source knows."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Self

from django.db.models import Q
from django.utils import timezone

from characters.models import Character
from characters.sources import characters_sources_of
from gallery.models import ImageDetail, ImageLog
from media.services import without_query
from moderation.enums import ReviewStatus
from moderation.ingest import BATCH, IngestSpec, json_text, mark_missing, store
from upstream.adapters import Adapter, Progress, State, Step
from upstream.clients.errors import RecordError, UpstreamError
from upstream.clients.gallery import GalleryClient, ImageRecord, parse_image
from upstream.enums import SourceKind
from upstream.errors import Looped, NotSyncable
from upstream.ledger import NO_PASS, Refused, key_of
from upstream.models import ScopePass, Source
from upstream.notes import ALBUM_REFUSED, NO_CHARACTERS, PREVIEWS_ONLY

# Upstream shows the last 90 days; an hour for clocks that differ.
VISIBLE = timedelta(days=90) - timedelta(hours=1)
# Small pages of upstream are stored together: after so many rows (the source's option `portion`)
# or seconds.
PORTION_ROWS = 500
PORTION_SECONDS = 2.0
# Pages in a row of one album that bring nothing new: more are a circle with fresh cursors.
MAX_IDLE = 100
# A pass that may be cut short ends after so many pages of known pictures.
KNOWN_PAGES = 2
# Answers that concern one album only; others end the run.
ALBUM_ERRORS = {"not_found", "forbidden", "invalid"}

Item = ImageRecord | Refused


def _raw(record: ImageRecord) -> dict[str, Any]:
    """The upstream object without its link's signature."""
    return {**record.raw, "url": without_query(record.url)} if record.url else record.raw


SPEC: IngestSpec[ImageRecord] = IngestSpec(
    model=ImageLog,
    columns=("user_id", "archive_id", "message_id", "character_id", "created_at"),
    values=lambda record: (
        record.user_id,
        record.archive_id,
        record.message_id,
        record.character_id,
        record.created_at,
    ),
    content=lambda record: (record.prompt,),
    status=lambda record: record.review_status,
    detail_model=ImageDetail,
    detail_link="image_id",
    detail_columns=("prompt", "params", "raw"),
    details=lambda record: (record.prompt, json_text(record.params), json_text(_raw(record))),
    url=lambda record: record.url,
    context=lambda record: {"character_id": record.character_id},
)


@dataclass(frozen=True, kw_only=True)
class Album:
    """The album that a run is in: `known` pages of known pictures in a row, `short` when the pass
    may end there."""

    pk: str
    character_id: str
    cursor: str | None = None
    known: int = 0
    short: bool = False
    idle: int = 0

    @classmethod
    def from_state(cls, state: State) -> Self | None:
        return cls(**state["album"]) if state.get("album") else None


@dataclass
class _Portion:
    """Pages read for one step: rows, cursors followed, and how each album's pass stands."""

    items: list[Item] = field(default_factory=list)
    cursors: set[str] = field(default_factory=set)
    # By character: None unfinished, else whether the pass was whole.
    passes: dict[str, bool | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    pages: int = 0
    partial: bool = False
    enough: int = PORTION_ROWS
    started: float = field(default_factory=time.monotonic)

    @property
    def full(self) -> bool:
        late = time.monotonic() - self.started > PORTION_SECONDS
        return len(self.items) >= self.enough or (late and self.pages > 0)


class GallerySync(Adapter):
    """Albums in the order in which their characters arrived here; state: the present album and the
    last finished one (`after`)."""

    client_class = GalleryClient

    def read(self, state: State) -> Step:
        rows = self.option("portion", PORTION_ROWS, low=1, high=BATCH)
        portion = _Portion(enough=rows)
        done = False
        while not portion.full and not done:
            album = Album.from_state(state) or self._next_album(state.get("after"))
            if album is None:
                done = True
                continue
            try:
                state = self._read_page(album, state, portion)
            except UpstreamError as error:
                if portion.pages:
                    break  # what was read is stored first; the next read meets the error again
                state = self._skip_or_raise(album, state, error, portion)
        if done and not state.get("after"):
            portion.notes.append(NO_CHARACTERS)
        return Step(items=portion.items, state=state, done=done, extra={"portion": portion})

    def store(self, step: Step) -> Progress:
        portion: _Portion = step.extra["portion"]
        if self.ledger.meet(portion.cursors, NO_PASS):
            raise Looped("The upstream sent a cursor for the second time.")
        counts = store(step.items, source=self.source, ledger=self.ledger, spec=SPEC)
        if not self.ledger.dry:
            self._note_passes(portion)
        return Progress(
            counts=counts,
            state=self._count_idle(step.state, portion, counts.seen),
            done=step.done,
            notes=portion.notes,
            partial=portion.partial,
        )

    def mark_missing(self, state: State) -> int:
        """Only in a full run, only in albums read to the end, only what upstream still shows."""
        if not self.run.full:
            return 0
        whole = ScopePass.objects.filter(
            source=self.source, run_id=self.run.pk, finished_at__isnull=False
        )
        images = ImageLog.objects.filter(
            created_at__gte=timezone.now() - VISIBLE, character_id__in=whole.values("scope")
        )
        return mark_missing(images, run=self.run)

    def take_again(self, raw: Any, context: dict[str, Any]) -> None:
        character_id = str(context.get("character_id", ""))
        items = _parsed([raw], character_id, place="")
        store(items, source=self.source, ledger=self.ledger, spec=SPEC)

    def _next_album(self, after: str | None) -> Album | None:
        characters = Character.objects.filter(
            source__in=self._characters_sources(), missing_at=None, deleted_at=None
        ).exclude(Q(review_status=ReviewStatus.PURGED) | Q(upstream_id=""))
        if after:
            characters = characters.filter(pk__gt=after)
        character = characters.order_by("pk").only("pk", "upstream_id").first()
        if character is None:
            return None
        finished = ScopePass.objects.filter(
            source=self.source, scope=character.upstream_id, finished_at__isnull=False
        )
        return Album(
            pk=str(character.pk),
            character_id=character.upstream_id,
            short=not self.run.full and finished.exists(),
        )

    def _characters_sources(self) -> Sequence[Source]:
        """Those the source walks. Raises NotSyncable without any."""
        found = list(Source.objects.filter(kind=SourceKind.CHARACTERS))
        chosen = characters_sources_of(self.source, among=found)
        if not chosen:
            raise NotSyncable(
                f"{self.source.name} walks the characters of a characters source with the same base"
                " URL: add one, or name one with addsource --update --characters."
            )
        return chosen

    def _read_page(self, album: Album, state: State, portion: _Portion) -> State:
        """Adds one page to the portion; the state behind it."""
        page = self.client.list_images(album.character_id, album.cursor)
        portion.pages += 1
        place = f"{album.character_id}:{album.cursor}"
        items = _parsed(page.items, album.character_id, place=place)
        portion.items += items
        if page.membership_required:
            portion.partial = True
            portion.notes.append(PREVIEWS_ONLY)
            return self._leave(album, state, portion, finished=None)
        if page.next_cursor is None:
            return self._leave(album, state, portion, finished=True)
        self._follow(page.next_cursor, album, portion)
        known = album.known + 1 if album.short and self._all_known(items) else 0
        if known >= KNOWN_PAGES:
            return self._leave(album, state, portion, finished=False)
        portion.passes[album.character_id] = None
        following = {**asdict(album), "cursor": page.next_cursor, "known": known}
        return {**state, "album": following}

    def _leave(
        self, album: Album, state: State, portion: _Portion, *, finished: bool | None
    ) -> State:
        portion.passes[album.character_id] = finished
        return {**state, "album": None, "after": album.pk}

    def _follow(self, cursor: str, album: Album, portion: _Portion) -> None:
        key = key_of(f"cursor:{album.character_id}:{cursor}")
        if key in portion.cursors:
            raise Looped("The upstream sent a cursor for the second time.")
        portion.cursors.add(key)

    def _all_known(self, items: Sequence[Item]) -> bool:
        ids = {item.upstream_id for item in items if isinstance(item, ImageRecord)}
        known = ImageLog.objects.filter(source=self.source, upstream_id__in=ids)
        return bool(ids) and known.count() == len(ids)

    def _skip_or_raise(
        self, album: Album, state: State, error: UpstreamError, portion: _Portion
    ) -> State:
        """An album that upstream refuses is left out; the run is partial then."""
        if error.code not in ALBUM_ERRORS or not error.permanent:
            raise error
        portion.partial = True
        refused = {"character": album.character_id, "error": error.message}
        portion.notes.append(ALBUM_REFUSED % refused)
        return self._leave(album, state, portion, finished=None)

    def _count_idle(self, state: State, portion: _Portion, seen: int) -> State:
        album = state.get("album")
        if not album or not album["cursor"]:
            return state
        idle = 0 if seen or len(portion.passes) > 1 else album["idle"] + portion.pages
        if idle > MAX_IDLE:
            raise Looped(f"The album of {album['character_id']} repeats itself.")
        return {**state, "album": {**album, "idle": idle}}

    def _note_passes(self, portion: _Portion) -> None:
        now = timezone.now()
        ScopePass.objects.bulk_create(
            [
                ScopePass(
                    source=self.source,
                    scope=character_id,
                    run_id=self.run.pk if whole else None,
                    finished_at=None if whole is None else now,
                )
                for character_id, whole in portion.passes.items()
            ],
            update_conflicts=True,
            unique_fields=["source", "scope"],
            update_fields=["run_id", "finished_at"],
        )


def _parsed(items: Iterable[Any], character_id: str, *, place: str) -> list[Item]:
    parsed: list[Item] = []
    for number, raw in enumerate(items):
        try:
            parsed.append(parse_image(raw, character_id=character_id))
        except RecordError as error:
            context = {"character_id": character_id}
            parsed.append(Refused(error, context, place=f"{place}:{number}"))
    return parsed
