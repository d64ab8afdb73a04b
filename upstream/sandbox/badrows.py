"""How the `badrows` fault spoils a row: each form is one that real upstreams have sent."""

from collections.abc import Callable
from typing import Any

Row = dict[str, Any]
Spoil = Callable[[Row], Any]

DUPLICATE = "duplicate"


def _with(**changes: Any) -> Spoil:
    return lambda row: {**row, **changes}


def _without(name: str) -> Spoil:
    return lambda row: {key: value for key, value in row.items() if key != name}


IMAGES: tuple[Spoil | str, ...] = (
    _with(createdAt="yesterday"),
    _with(id=["a", "list"]),
    _with(prompt="before\u0000after"),
    DUPLICATE,
    _with(prompt="half a pair \ud83d"),
    _with(id="x" * 300),
    _with(createdAt=99_999_999_999_999_999),
    _with(width=-5),
    lambda _row: "not an object",
    _with(seed=10**60),
    _with(age=15),
    _without("createdAt"),
    _with(prompt={"text": "an object"}),
)
CHARACTERS: tuple[Spoil | str, ...] = (
    _with(id=None),
    _with(name={"en": "an object"}),
    DUPLICATE,
    _with(bio="before\u0000after"),
    _with(name="half a pair \udc00"),
    _with(id="x" * 300),
    _with(createdAt="9999-99-99"),
    _with(isPublic="yes"),
    _with(age=16),
    lambda _row: None,
    _with(createdAt="0001-01-01T00:00:00Z"),
)
ASSETS: tuple[Spoil | str, ...] = (
    _without("Id"),
    _with(Status="Exploded"),
    _with(Name="before\u0000after"),
    DUPLICATE,
    _with(Name="half a pair \ud800"),
    _with(Id="x" * 300),
    _with(CreateTime="3026-01-01T00:00:00Z"),
    _with(AssetType=5),
    lambda _row: 42,
    _with(Error="FaceMismatch"),
)


def form_of(forms: tuple[Spoil | str, ...], number: int) -> Spoil | str:
    """The form of the `number`th bad row; forms take turns."""
    return forms[number % len(forms)]
