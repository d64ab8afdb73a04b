"""Who asks for characters: which sources they reach, and whose author they are."""

from dataclasses import dataclass, replace

from accounts.identities import LOCAL, identities_of
from accounts.models import ApiKey, User
from characters.models import Character
from characters.sources import reached_by
from upstream.models import Source

# (source id, upstream user id): one of the caller's identities. None is what was made here.
Owner = tuple[int | None, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """`user` None is a guest. `sources` are the characters sources reached, oldest first;
    `narrowed` says that there may be others."""

    user: User | None = None
    sources: tuple[Source, ...] = ()
    narrowed: bool = False
    own: frozenset[Owner] = frozenset()

    @property
    def is_staff(self) -> bool:
        return self.user is not None and self.user.is_staff

    def owns(self, character: Character) -> bool:
        """Whether the caller is its author."""
        return (character.source_id, character.author_id) in self.own

    @property
    def source_ids(self) -> list[int]:
        return [one.pk for one in self.sources]


def viewer_of(user: User | None, *, only: str = "") -> Viewer:
    """`only` is the source that the key is narrowed to. Two queries, for a guest one."""
    columns = ("name", "kind", "base_url", "characters_sources")
    sources = tuple(reached_by(only, among=list(Source.objects.order_by("id").only(*columns))))
    ids: dict[str, int | None] = {one.name: one.pk for one in sources}
    ids[LOCAL] = None
    pairs = identities_of(user) if user is not None else []
    own = frozenset((ids[source], name) for source, name in pairs if source in ids)
    return Viewer(user=user, sources=sources, narrowed=bool(only), own=own)


def viewer_of_call(*, key: ApiKey, user_id: str) -> Viewer:
    """Who signs a call: the key's account, which is `user_id` too at the sources that the key
    reaches. What was made here is the account's alone: everybody can read its author's id."""
    viewer = viewer_of(key.user, only=key.source)
    within = {(source_id, user_id) for source_id in viewer.source_ids}
    return replace(viewer, own=viewer.own | within)
