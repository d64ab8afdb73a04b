"""URLs of contract 5; the vendor serves them with and without `v1`, and so do we."""

from django.urls import path, re_path

from characters.api.avatar import Avatar
from characters.api.base import unknown_path
from characters.api.lists import Characters, CharacterSearch, PublicCharacters
from characters.api.one import KnowledgeBase, KnowledgeBases, OneCharacter

ONE = "characters/<str:characterId>"
_VIEWS = {
    "characters/public": PublicCharacters,
    "characters/search": CharacterSearch,
    "characters": Characters,
    ONE: OneCharacter,
    f"{ONE}/avatar": Avatar,
    f"{ONE}/knowledge-bases": KnowledgeBases,
    f"{ONE}/knowledge-bases/<str:knowledgeBaseId>": KnowledgeBase,
}
urlpatterns = [
    *(path(f"{base}{at}", view.as_view()) for base in ("", "v1/") for at, view in _VIEWS.items()),
    re_path(r"^(?:v1/)?characters(?:/|$)", unknown_path),
]
