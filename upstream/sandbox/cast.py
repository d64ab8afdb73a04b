"""Contract 5's data: the characters, their knowledge bases and who sees them."""

from typing import Any

from upstream.sandbox.badrows import CHARACTERS, DUPLICATE, form_of
from upstream.sandbox.clock import Clock, iso, iso_ms
from upstream.sandbox.credentials import MEMBER, USERS, User
from upstream.sandbox.faults import BAD_EVERY, BAD_OFFSET, FaultPlan
from upstream.sandbox.words import BIOS, NAMES, ROLE_PROMPTS, choose, pick, uuid_of

PRIVATE_DIGITS = (4, 9)  # the member owns the first kind, other users the second
UNCONFIGURED_DIGIT = 6  # characters without an image configuration: no chat images
STEP_MS = 47 * 60_000


class Cast:
    """All characters, newest first. Rows are plain dicts as sent, but for the avatar's host."""

    def __init__(
        self, faults: FaultPlan, clock: Clock, *, size: int, seed: int, anchor_ms: int
    ) -> None:
        self.faults = faults
        self.clock = clock
        self.seed = seed
        self.size = size
        self._anchor_ms = anchor_ms
        self.rows: dict[str, dict[str, Any]] = {}
        self.indexes: dict[str, int] = {}
        self.order: list[str] = []
        self.links: dict[str, dict[str, int]] = {}
        self.uploads: dict[str, bytes] = {}
        self._albums: dict[str, int] = {}
        self._made = 0
        for _ in range(size):
            self._generate()

    @property
    def albums(self) -> int:
        """How many characters the generated images are spread over."""
        return max(1, len(self._albums))

    def album_number(self, character_id: str) -> int | None:
        return self._albums.get(character_id)

    def album_ids(self) -> list[str]:
        return list(self._albums)

    def listing(self, user: User | None, *, own: bool) -> list[str]:
        """Ids of `/characters` (own) or `/characters/public`, newest first."""
        return [
            name
            for name in self.order
            if self.shows(name)
            and (
                self.rows[name]["authorId"] == (user.id if user else None)
                if own
                else self.rows[name]["isPublic"]
            )
        ]

    def search(self, user: User, words: str) -> list[str]:
        """Ids of public and own characters whose name holds `words`."""
        wanted = words.casefold()
        return [
            name
            for name in self.order
            if self.visible(name, user) and wanted in self.rows[name]["name"].casefold()
        ]

    def shows(self, character_id: str) -> bool:
        """Whether the character exists at the moment."""
        index = self.indexes.get(character_id)
        if index is None or character_id not in self.rows:
            return False
        return index >= self.size or not self.faults.gone(index)

    def visible(self, character_id: str, user: User | None) -> bool:
        if not self.shows(character_id):
            return False
        row = self.rows[character_id]
        return bool(row["isPublic"]) or (user is not None and row["authorId"] == user.id)

    def render(self, character_id: str, *, spoil: bool = True) -> Any:
        """The row as it is sent in lists; a detail is never spoiled."""
        row, index = self.rows[character_id], self.indexes[character_id]
        if index < self.size and self.faults.changed(index):
            row = {**row, "bio": f"{row['bio']} (revised)"}
        form = self.form(character_id) if spoil else None
        if form is None:
            return row
        return self.render(self._id(index - 1)) if form == DUPLICATE else form(row)

    def form(self, character_id: str) -> Any:
        """How the row is spoiled in lists, None for a good row."""
        index = self.indexes[character_id]
        number = self.faults.bad(index) if index < self.size else None
        if number is None:
            return None
        form = form_of(CHARACTERS, number)
        return None if form == DUPLICATE and self._id(index - 1) not in self.rows else form

    def configured(self, character_id: str) -> bool:
        """Whether chat images can be drawn for it."""
        return self.indexes[character_id] % 10 != UNCONFIGURED_DIGIT

    def add(self, **fields: Any) -> str:
        """A new public character of now; its id."""
        index = self._made
        character_id = self._generate()
        now = iso(self.clock.now())
        self.rows[character_id] |= {"isPublic": True, "createdAt": now, "updatedAt": now} | fields
        self.indexes[character_id] = index
        self.order.remove(character_id)
        self.order.insert(0, character_id)
        return character_id

    def change(self, character_id: str, **fields: Any) -> None:
        """Sets fields; without any, gives it another biography."""
        row = self.rows[character_id]
        row |= fields or {"bio": f"{row['bio']} (changed)"}
        row["updatedAt"] = iso(self.clock.now())

    def remove(self, character_id: str) -> None:
        """Deletes it; KeyError for an unknown id."""
        del self.rows[character_id]
        self.order.remove(character_id)
        self.links.pop(character_id, None)
        self.uploads.pop(character_id, None)

    def _id(self, index: int) -> str:
        return uuid_of(self.seed, "character", index)

    def _generate(self) -> str:
        index = self._made
        self._made += 1
        seed, character_id, digit = self.seed, self._id(index), index % 10
        author = USERS[pick(seed, "author", index) % len(USERS)]
        if digit in PRIVATE_DIGITS:
            author = MEMBER if digit == PRIVATE_DIGITS[0] else USERS[2 + index // 10 % 9]
        created = self._anchor_ms - (index + 1) * STEP_MS
        picture = index % 13 != 0
        self.rows[character_id] = {
            "id": character_id,
            "authorId": author.id,
            "name": self._name(index),
            "avatar": f"/media/avatars/{character_id}.png" if picture else None,
            "bio": choose(BIOS, seed, "bio", index),
            "originPrompt": choose(ROLE_PROMPTS, seed, "role", index),
            "isPublic": digit not in PRIVATE_DIGITS,
            "createdAt": iso_ms(created),
            "updatedAt": iso_ms(created + index % 5 * 60_000),
            "age": 20 + pick(seed, "age", index) % 40,
        }
        if index % 8 == 3:
            self.rows[character_id]["reviewStatus"] = ("approved", "pending")[index // 8 % 2]
        self.indexes[character_id] = index
        self.order.append(character_id)
        self.links[character_id] = {
            uuid_of(seed, "knowledge", index, number): number + 1 for number in range(index % 4)
        }
        # A row that can be spoiled shows no images: whoever syncs it never learns of its album.
        if index < self.size and digit != PRIVATE_DIGITS[1] and index % BAD_EVERY != BAD_OFFSET:
            self._albums[character_id] = len(self._albums)
        return character_id

    def _name(self, index: int) -> str:
        """Distinct names: the list once, then the list with a numeral."""
        turn, place = divmod(index, len(NAMES))
        return f"{NAMES[place]} {turn + 1}" if turn else NAMES[place]
