"""An hour of work in a demo before its pictures are taken, through the same doors as people."""

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.servers import ROOT

# Why something is rejected here; the critical reason is in no screenshot.
REASONS = ("violence", "hate", "spam", "violence", "protected-work")
# How many cases of each queue are decided; the pictures last, so that they lead the history.
WORK = {"assets": 5, "characters": 8, "images": 28}
QUEUES = "/api/moderation/queues/"
LIST = "/admin/gallery/imagelog/"
# The long task approves the oldest ones: more than are decided at once.
LONG = 520


@dataclass
class Demo:
    """A running demo: where it is, who signs in, and the sessions of those who did."""

    url: str
    home: Path
    passwords: dict[str, str]
    environment: dict[str, str]
    cookies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def work(running: Demo) -> None:
    """Sign in, claim, decide, leave word; a bank, an export and a long task of a lead's."""
    for who, share in (("moderator", 1.0), ("lead", 0.4)):
        with signed_in(running, who) as session:
            waiting = {each["slug"]: each["open"] for each in session.get(QUEUES).json()}
            for queue, number in WORK.items():
                if waiting[queue] > 3 * number:  # a home that was used before keeps some
                    _decide(session, queue, int(share * number))
            session.post("/api/moderation/claims/release/")
    with signed_in(running, "moderator") as session:
        words = "The gallery source was slow after lunch; two characters wait for a lead."
        submit(session, "/admin/handover/", text=words)
        hashes = _hashes(session)
    with signed_in(running, "lead") as session:
        _make_banks(running, hashes)
        _take_an_export(session)
        _approve_many(session)


def _decide(session: httpx.Client, queue: str, number: int) -> None:
    answer = session.post(f"{QUEUES}{queue}/claim/", json={"limit": number})
    decisions = []
    for place, case in enumerate(answer.raise_for_status().json()["cases"]):
        wanted = {"case": case["id"], "claim_token": case["claim"]["token"], "action": "approve"}
        if place % 9 == 8:
            wanted |= {"action": "escalate", "note": "Is this one of ours?"}
        elif place % 3 == 2:
            wanted |= {"action": "reject", "reason": REASONS[place % len(REASONS)]}
        decisions.append(wanted)
    if decisions:
        body = {"decisions": decisions}
        session.post("/api/moderation/decisions/", json=body).raise_for_status()


def _hashes(session: httpx.Client) -> list[str]:
    """The PDQ of some pictures that wait, as another platform would send them."""
    cases = session.post(f"{QUEUES}images/claim/", json={"limit": 6}).json()["cases"]
    urls = [case["subject"]["image"]["url"] for case in cases if case["subject"]["image"]]
    images = [base64.b64encode(session.get(url).content).decode() for url in urls]
    session.post("/api/moderation/claims/release/")
    answer = session.post("/api/moderation/match/", json={"images": images}).raise_for_status()
    return [row["pdq"] for row in answer.json()["results"] if row.get("pdq")]


def _make_banks(running: Demo, hashes: list[str]) -> None:
    """Of partners' hashes, which find pictures here; a bank of own rejections is there."""
    for name, action, part in (("partners", "first", hashes[:4]), ("lookalikes", "mark", hashes)):
        file = running.home / f"{name}.csv"
        rows = [f"{pdq},{name}-{at},list of March" for at, pdq in enumerate(part)]
        file.write_text("\n".join(["pdq,label,source", *rows]))
        command = ["manage.py", "importhashes", name, str(file), "--action", action]
        subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=running.environment, check=True,
            capture_output=True,
        )  # fmt: skip


def _take_an_export(session: httpx.Client) -> None:
    token = session.headers["X-CSRFToken"]
    asked = {"format": "csv", "csrfmiddlewaretoken": token}
    page = session.post(
        "/admin/exports/new/gallery.imagelog/?status=approved", data=asked
    ).raise_for_status()
    session.get(f"{page.url.path}file/").raise_for_status()


def _approve_many(session: httpx.Client) -> None:
    """Pictures up to a certain one, as a lead does who clears a backlog."""
    rows: list[str] = []
    path = "/api/moderation/subjects/?type=gallery.imagelog&status=pending"
    cursor = ""
    while cursor is not None:
        page = session.get(path + (f"&cursor={cursor}" if cursor else "")).json()
        rows += [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
    if len(rows) > LONG + 100:
        submit(
            session, "/admin/bulk/gallery.imagelog/?status=pending", action="approve",
            upto=sorted(rows)[LONG], reason="", note="Looked at in the grid.",
        )  # fmt: skip


@contextmanager
def signed_in(running: Demo, who: str) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=running.url, follow_redirects=True, headers={"Referer": f"{running.url}/"},
        timeout=60,
    ) as session:  # fmt: skip
        submit(session, "/admin/login/", username=who, password=running.passwords[who])
        token = next(value for name, value in session.cookies.items() if "csrf" in name)
        session.headers["X-CSRFToken"] = token
        running.cookies[who] = [
            {"name": name, "value": value, "url": running.url}
            for name, value in session.cookies.items()
        ]
        yield session


def submit(session: httpx.Client, path: str, **fields: str) -> None:
    """Fills in a page's form as a browser would."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', session.get(path).text)
    assert found, path
    session.post(path, data={**fields, "csrfmiddlewaretoken": found[1]}).raise_for_status()
