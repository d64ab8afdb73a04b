"""Reading lists by page number, again until they stand still: pages shift while records arrive."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from upstream import notes
from upstream.adapters import Adapter, Progress, State, Step
from upstream.clients.endpoint import Page
from upstream.errors import Looped
from upstream.ledger import Counts, Pass

# A list that still moves after so many passes is taken as it is, and the run is partial.
MAX_PASSES = 5
# Pages may repeat while records arrive in front of them; so many in a row are a circle.
MAX_IDLE = 10


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a run stands in its lists.

    `scope`: the list's index; `reading`, `first`: the present pass and the list's first (numbered
    through the run); `listed`: ids this pass has met, among `items` rows; `total`: what
    upstream last said the list has; `moved`: whether that changed during the pass; `last`: listed
    and total of the pass before.
    `known`, `overlap`, `doubles`: totals of finished lists, ids that an earlier list had shown, and
    rows that repeat another row of their list.
    `idle`: pages in a row without an id that is new to the pass.
    """

    scope: int = 0
    reading: int = 1
    first: int = 1
    page: int = 1
    listed: int = 0
    total: int | None = None
    moved: bool = False
    shrank: bool = False
    items: int = 0
    last: tuple[int, int] | None = None
    known: int = 0
    overlap: int = 0
    doubles: int = 0
    told: bool = True
    idle: int = 0

    @property
    def as_pass(self) -> Pass:
        return Pass(self.reading, self.first)

    @property
    def expected(self) -> int | None:
        """How many ids the run will have met, as far as upstream tells."""
        return self.known + (self.total or 0) - self.overlap - self.doubles if self.told else None

    def after(self, page: Page, counts: Counts) -> "Place":
        """The place behind a stored page."""
        total = self.total if page.total is None else page.total
        moved = self.total is not None and total != self.total
        return replace(
            self,
            page=self.page + 1,
            listed=self.listed + counts.listed,
            items=self.items + len(page.items),
            total=total,
            moved=self.moved or moved,
            shrank=self.shrank or (moved and (total or 0) < (self.total or 0)),
            overlap=self.overlap + counts.overlap,
            told=self.told and total is not None,
            idle=0 if counts.listed else self.idle + 1,
        )

    @property
    def settled(self) -> bool:
        """The pass met all that upstream says there is.

        A list that only grew meanwhile counts from its second pass on: records came in at one end.
        """
        if self.total is None:
            return True
        if self.listed != self.total:
            return False
        return not self.moved or (self.reading > self.first and not self.shrank)

    @property
    def doubled(self) -> bool:
        """The list stood still, and names some records more than once."""
        return self.items == self.total and self.listed < self.items and not self.moved

    @property
    def hopeless(self) -> bool:
        """Another pass would bring nothing: it gave the same as the last, or there were many."""
        same = self.last == (self.listed, self.total or 0) and not self.moved
        return same or self.reading - self.first + 1 >= MAX_PASSES

    def again(self) -> "Place":
        return replace(
            Place(scope=self.scope, first=self.first, known=self.known, told=self.told),
            reading=self.reading + 1,
            last=(self.listed, self.total or 0),
            overlap=self.overlap,
            doubles=self.doubles,
        )

    def next_list(self) -> "Place":
        return Place(
            scope=self.scope + 1,
            reading=self.reading + 1,
            first=self.reading + 1,
            known=self.known + (self.total or 0),
            overlap=self.overlap,
            doubles=self.doubles + (self.items - self.listed if self.doubled else 0),
            told=self.told,
        )


class PagedAdapter(Adapter):
    """A sync of one or more lists with page numbers and (mostly) a total.

    A run reads every list wholly, so what it has not met is missing.
    """

    @abstractmethod
    def scopes(self) -> Sequence[str]:
        """The lists' names, in the order of reading; the same throughout a run."""

    @abstractmethod
    def fetch(self, scope: str, page_number: int) -> Page:
        """One page of a list."""

    @abstractmethod
    def take(self, items: list[Any], scope: str, place: Place) -> Counts:
        """Stores the raw records of a page."""

    def read(self, state: State) -> Step:
        place = place_of(state)
        page = self.fetch(self.scopes()[place.scope], place.page)
        return Step(items=page.items, state=state, extra={"page": page})

    def store(self, step: Step) -> Progress:
        place, page = place_of(step.state), step.extra["page"]
        scope = self.scopes()[place.scope]
        counts = self.take(step.items, scope, place)
        following = place.after(page, counts)
        if following.idle > MAX_IDLE:
            raise Looped(f"The pages of {scope} repeat themselves.")
        progress = Progress(counts=counts, state=step.state, done=False)
        if not (page.has_next and page.items):
            following = self._end_of_pass(following, scope, progress)
            progress.done = following.scope >= len(self.scopes())
        progress.state = {**progress.state, "place": asdict(following)}
        progress.expected = following.expected
        return progress

    def _end_of_pass(self, place: Place, scope: str, progress: Progress) -> Place:
        if not place.settled and not place.hopeless:
            return place.again()
        gone = self.ledger.vanished(place.as_pass)
        if gone:
            progress.notes.append(notes.VANISHED % {"number": gone, "place": scope})
        if place.doubled:
            doubles = place.items - place.listed
            progress.notes.append(notes.REPEATED % {"place": scope, "number": doubles})
        elif not place.settled:
            progress.partial = True
            progress.state = {**progress.state, "unsettled": True}
            told = {"place": scope, "total": place.total, "number": place.listed}
            progress.notes.append(notes.UNREAD % told)
        return place.next_list()


def place_of(state: State) -> Place:
    saved = dict(state.get("place", {}))
    if saved.get("last"):
        saved["last"] = tuple(saved["last"])
    return Place(**saved)
