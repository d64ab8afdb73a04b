"""Contract 1's data: the image log of every character, computed by index and never held."""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from upstream.sandbox.badrows import DUPLICATE, IMAGES, form_of
from upstream.sandbox.cast import Cast
from upstream.sandbox.clock import Clock
from upstream.sandbox.credentials import USERS
from upstream.sandbox.faults import FaultPlan
from upstream.sandbox.words import (
    MODELS,
    NEGATIVES,
    SAMPLERS,
    SCENES,
    choose,
    pick,
    uuid_of,
)

PAGE_SIZE = 20
DAY_MS = 86_400_000
SPAN_MS = 50 * DAY_MS
VISIBLE_MS = 90 * DAY_MS
SIZES = ((832, 1216), (832, 1216), (1216, 832), (1024, 1024), (768, 1344), (512, 768), (640, 640))
STATUSES = ("pending",) * 12 + ("",) * 4 + ("approved",) * 3 + ("rejected",)
# Every 23rd picture has the bytes of an earlier one, and every 23rd looks almost like one.
TWINS_EVERY, TWIN, LOOKALIKE = 23, 7, 9


def picture_of(index: int) -> int:
    """The picture that image `index` shows: twins share one, byte for byte."""
    return index - 3 if index % TWINS_EVERY == TWIN else index


def size_of(picture: int, seed: int) -> tuple[int, int]:
    """Width and height in pixels; a lookalike has the size of what it resembles."""
    original = picture - 1 if picture % TWINS_EVERY == LOOKALIKE else picture
    return choose(SIZES, seed, "size", original)


@dataclass(frozen=True)
class Shot:
    """One row of an album before it is rendered.

    `index` is global, `place` the row's number within its generated album (new rows have none).
    """

    index: int
    created_ms: int
    place: int | None = None


@dataclass
class Album:
    """All image logs. The images 0 to `size` go round robin over the characters that show some."""

    cast: Cast
    faults: FaultPlan
    clock: Clock
    size: int
    seed: int
    anchor_ms: int
    removed: set[int] = field(default_factory=set)
    versions: dict[int, int] = field(default_factory=dict)
    overrides: dict[int, dict[str, Any]] = field(default_factory=dict)
    _new: dict[str, list[Shot]] = field(default_factory=dict)
    _owners: dict[int, str] = field(default_factory=dict)

    def generated(self, character_id: str) -> int:
        """How many generated rows the character's album has."""
        number = self.cast.album_number(character_id)
        if number is None:
            return 0
        shown = self.cast.albums
        return max(0, (self.size - number + shown - 1) // shown)

    def shots(self, character_id: str, start: int = 0) -> Iterator[tuple[int, Shot]]:
        """(position, shot) from `start` on, newest first, removed rows included."""
        for position in range(start, self._length(character_id)):
            yield position, self._shot(character_id, position)

    def page(
        self, character_id: str, cursor: tuple[int, int] | None, since_ms: int = 0
    ) -> tuple[list[Any], tuple[int, int] | None]:
        """(rendered rows as (shot, row), next cursor): 20 rows from the cursor on."""
        start = self._seek(character_id, *cursor) if cursor else 0
        oldest = max(self.clock.now_ms() - VISIBLE_MS, since_ms)
        rows: list[Any] = []
        last: tuple[int, Shot] | None = None
        for position, shot in self.shots(character_id, start):
            if shot.created_ms < oldest:
                break
            if not self.listed(character_id, shot):
                continue
            if last is not None and len(rows) == PAGE_SIZE:
                first = self._seek(character_id, last[1].created_ms, 0)
                return rows, (last[1].created_ms, last[0] - first + 1)
            rows.append((shot, self.render(character_id, shot)))
            last = position, shot
        return rows, None

    def listed(self, character_id: str, shot: Shot) -> bool:
        if shot.index in self.removed or not self.cast.shows(character_id):
            return False
        return shot.place is None or not self.faults.gone(shot.place)

    def form(self, shot: Shot) -> Any:
        """How the row is spoiled, None for a good row."""
        number = None if shot.place is None else self.faults.bad(shot.place)
        if number is None:
            return None
        form = form_of(IMAGES, number)
        neighbour = shot.index - self.cast.albums
        return None if form == DUPLICATE and neighbour in self.removed else form

    def render(self, character_id: str, shot: Shot) -> Any:
        """The row as it is sent, but for the host and signature of its URL."""
        form = self.form(shot)
        if form == DUPLICATE:
            assert shot.place is not None
            return self.render(character_id, self._generated(character_id, shot.place - 1))
        row = self._row(character_id, shot)
        return row if form is None else form(row)

    def version(self, index: int, place: int | None) -> int:
        """Which content of the row is current: 0, and one more for every change."""
        changed = place is not None and self.faults.changed(place)
        return self.versions.get(index, 0) + changed

    def add(self, character_id: str, **fields: Any) -> str:
        """A new row, now; its id."""
        index = self.size + len(self._owners)
        self._owners[index] = character_id
        self.overrides[index] = fields
        self._new.setdefault(character_id, []).insert(0, Shot(index, self.clock.now_ms()))
        return self.id_of(index)

    def id_of(self, index: int) -> str:
        return f"img-{index:07d}-{pick(self.seed, 'image', index) % 0xFFFFFF:06x}"

    def index_of(self, image_id: str) -> int:
        """The index of an id; KeyError for an unknown one."""
        number = image_id.split("-")[1] if image_id.count("-") == 2 else ""
        if number.isdigit() and self.id_of(int(number)) == image_id:
            index = int(number)
            if index < self.size or index in self._owners:
                return index
        raise KeyError(image_id)

    def change(self, image_id: str, **fields: Any) -> None:
        """Sets fields of a row; without any, gives it another picture and prompt."""
        index = self.index_of(image_id)
        if fields:
            self.overrides[index] = self.overrides.get(index, {}) | fields
        else:
            self.versions[index] = self.versions.get(index, 0) + 1

    def _length(self, character_id: str) -> int:
        return len(self._new.get(character_id, ())) + self.generated(character_id)

    def _shot(self, character_id: str, position: int) -> Shot:
        new = self._new.get(character_id, ())
        if position < len(new):
            return new[position]
        return self._generated(character_id, position - len(new))

    def _generated(self, character_id: str, place: int) -> Shot:
        number = self.cast.album_number(character_id)
        assert number is not None
        step = SPAN_MS // max(1, self.generated(character_id))
        # Neighbours that share a millisecond: a cursor of the time alone would lose one.
        slot = place - 1 if place % 11 == 1 else place
        created = self.anchor_ms - 60_000 - number * 97 - slot * step
        return Shot(place * self.cast.albums + number, created, place)

    def _seek(self, character_id: str, created_ms: int, passed: int) -> int:
        """The position after `passed` rows of the first one not newer than `created_ms`."""
        low, high = 0, self._length(character_id)
        while low < high:
            middle = (low + high) // 2
            if self._shot(character_id, middle).created_ms > created_ms:
                low = middle + 1
            else:
                high = middle
        return low + passed

    def _row(self, character_id: str, shot: Shot) -> dict[str, Any]:
        index, seed = shot.index, self.seed
        version = self.version(index, shot.place)
        width, height = size_of(picture_of(index), seed)
        dice = pick(seed, "image", index)
        user = USERS[dice % len(USERS)]
        prompt = choose(SCENES, seed, "prompt", index)
        row: dict[str, Any] = {
            "id": self.id_of(index),
            "userId": user.id,
            "archiveId": uuid_of(seed, "archive", character_id, index // 40),
            "messageId": uuid_of(seed, "message", index),
            "characterId": character_id,
            "url": f"/media/images/{index}/{picture_of(index)}v{version}.jpg",
            "prompt": f"{prompt} (take {version + 1})" if version else prompt,
            "createdAt": shot.created_ms,
            "model": choose(MODELS, seed, "model", index),
            "seed": dice >> 12,
            "steps": 18 + dice % 30,
            "cfgScale": round(4 + dice % 50 / 10, 1),
            "sampler": SAMPLERS[dice % len(SAMPLERS)],
            "width": width,
            "height": height,
            "negativePrompt": NEGATIVES[dice % len(NEGATIVES)],
        }
        if status := STATUSES[dice // 7 % len(STATUSES)]:
            row["reviewStatus"] = status
        if "noid" in self.faults and (shot.place or 0) % 2:
            del row["id"]
        return row | self.overrides.get(index, {})


def encode_cursor(cursor: tuple[int, int] | None) -> str | None:
    """The vendor's cursor: base64 of `{"v": <createdAt ms>, "p": <n>}` without padding."""
    if cursor is None:
        return None
    text = json.dumps({"v": cursor[0], "p": cursor[1]}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(text: str) -> tuple[int, int]:
    """(createdAt ms, rows of that millisecond already sent); ValueError when malformed."""
    try:
        value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return int(value["v"]), max(0, int(value["p"]))
    except (binascii.Error, KeyError, TypeError, OverflowError) as error:
        raise ValueError("malformed cursor") from error
