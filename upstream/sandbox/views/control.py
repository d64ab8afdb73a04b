"""Steering a running sandbox over HTTP: `POST /_sandbox/control` and `GET /_sandbox/stats`."""

from datetime import datetime
from typing import Any

from upstream.sandbox.engine import WAYS
from upstream.sandbox.wire import Request, Response, Route, reply, route
from upstream.sandbox.world import World

NUMBERS = ("latency", "slow_seconds", "generation_seconds", "link_seconds")


def control(world: World, request: Request) -> Response:
    """Applies, in this order, what the JSON body names; answers the ids of new rows.

    `faults`: the list of active faults · `period`: a transient fault fires every so many requests
    · `latency`, `slow_seconds`, `generation_seconds`, `link_seconds`: seconds · `dialect`: `page`
    (as documented) or `live` (wrapped, `author`, `TotalCount`) · `clock`: `{"shift": seconds}`,
    `{"freeze": ISO time or true}` or `{}` for real time · `add`: `{"kind", "count", "character",
    "group_type", "fields"}` · `change`: `{"kind", "ids", "fields"}`, other content when no fields
    are given · `comfyui`: how later prompts go: "" (well), "error", "stuck", "empty" · `remove`:
    `{"kind", "ids"}` · `reset`: true forgets the counts. Kinds: characters, images, assets.
    """
    body = request.json()
    try:
        ids = _apply(world, body)
    except (KeyError, ValueError, TypeError) as error:
        return reply({"error": f"{type(error).__name__}: {error}"}, 400)
    return reply({"ids": ids})


def stats(world: World, request: Request) -> Response:
    """Requests by route, faults fired by name, what a complete sync must end with, and what the
    ComfyUI was asked."""
    faults = world.faults
    return reply(
        {
            "requests": dict(faults.requests),
            "fired": dict(faults.fired),
            "active": sorted(faults.active),
            "totals": world.totals(),
            "prompts": world.engine.prompts(),
            "interrupts": world.engine.interrupts,
        }
    )


def health(world: World, request: Request) -> Response:
    return reply({"ok": True})


def _apply(world: World, body: dict[str, Any]) -> list[str]:
    if "faults" in body:
        world.faults.set(body["faults"])
        world.tunables.shifts_left.clear()
    if "period" in body:
        world.faults.period = max(2, int(body["period"]))
    for name in NUMBERS:
        if name in body:
            setattr(world.tunables, name, float(body[name]))
    if "dialect" in body:
        world.tunables.dialect = str(body["dialect"])
    if "comfyui" in body:
        world.engine.way = _one_of(WAYS, body["comfyui"])
    if "clock" in body:
        _set_clock(world, body["clock"])
    ids = _add(world, **body["add"]) if "add" in body else []
    if "change" in body:
        change = body["change"]
        world.change(change["kind"], change["ids"], change.get("fields", {}))
    if "remove" in body:
        world.remove(body["remove"]["kind"], body["remove"]["ids"])
    if body.get("reset"):
        world.faults.reset()
    return ids


def _one_of(allowed: tuple[str, ...], value: Any) -> str:
    if value not in allowed:
        raise ValueError(f"{value!r} is none of {allowed}")
    return str(value)


def _add(world: World, *, kind: str, count: int = 1, **where: Any) -> list[str]:
    return world.add(kind, int(count), **where)


def _set_clock(world: World, wanted: dict[str, Any]) -> None:
    if "shift" in wanted:
        world.clock.shift(float(wanted["shift"]))
    elif frozen := wanted.get("freeze"):
        world.clock.freeze(None if frozen is True else datetime.fromisoformat(frozen))
    else:
        world.clock.reset()


ROUTES: list[Route] = [
    route("POST", "/_sandbox/control", control),
    route("GET", "/_sandbox/stats", stats),
    route("GET", "/_sandbox/health", health, alone=False),
]
