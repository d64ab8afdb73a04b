"""`make screenshots`: a demo of its own, some work done in it, and a picture of every page.

It lives among the tests because it walks the console as the browser tests do, with their Chromium,
and because nothing of it is needed to run Gatehouse. Everything goes to GATEHOUSE_HOME/screenshots
in four variants; the few pictures that README and the manuals show go to docs/images.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from core.launcher.commandline import home_folder
from core.launcher.home import read_json
from tests import chromium
from tests.servers import ROOT, free_port

READY = "Ctrl-C ends it."
SECONDS_TO_START = 300
CARD = "#frame[data-state=ready]"
VARIANTS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True,
        "is_mobile": True,
    },
    "chinese": {"locale": "zh-CN"},
}  # fmt: skip
# Why something is rejected here; the critical reason is in no screenshot.
REASONS = ("violence", "hate", "spam", "violence", "protected-work")
# How many cases of each queue are decided; the pictures last, so that they lead the history.
WORK = {"assets": 5, "characters": 8, "images": 28}
QUEUES = "/api/moderation/queues/"
IMAGES = ROOT / "docs" / "images"


@dataclass(frozen=True)
class Shot:
    """A page as somebody sees it; `press` are keys and `wait` a selector that ends the wait.

    `manual`: it also goes to docs/images, in English and in Chinese.
    """

    name: str
    who: str
    path: str
    press: tuple[str, ...] = ()
    wait: str = ""
    manual: bool = False


@dataclass
class Demo:
    """A running demo: where it is, who signs in, and the sessions of those who did."""

    url: str
    passwords: dict[str, str]
    cookies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


SHOTS = [
    Shot("dashboard", "lead", "/admin/", manual=True),
    Shot("queues", "lead", "/admin/queues/", manual=True),
    Shot("review", "moderator", "/admin/queues/images/", wait=CARD, manual=True),
    Shot("reasons", "moderator", "/admin/queues/images/", ("r",), CARD, manual=True),
    Shot("history", "moderator", "/admin/queues/images/", ("h",), CARD, manual=True),
    Shot("keys", "moderator", "/admin/queues/images/", ("?",), CARD, manual=True),
    Shot("review-character", "moderator", "/admin/queues/characters/", wait=CARD),
    Shot("review-asset", "moderator", "/admin/queues/assets/", wait=CARD),
    # The page stays in the grid once it was chosen: what comes in focus comes before.
    Shot("grid", "moderator", "/admin/queues/images/", ("g",), CARD, manual=True),
    Shot("subject", "lead", "{subject}", manual=True),
    Shot("hand-over", "lead", "/admin/handover/", manual=True),
    Shot("month", "lead", "/admin/month/", manual=True),
    Shot("assignments", "lead", "/admin/assignments/", manual=True),
    Shot("preferences", "moderator", "/admin/preferences/", manual=True),
    Shot("images", "lead", "/admin/gallery/imagelog/", manual=True),
    Shot("run", "operator", "{run}"),
    Shot("not-found", "lead", "/admin/queues/nothing/"),
    Shot("denied", "moderator", "/admin/queues/escalations/"),
]


def main() -> None:
    found = chromium.find()
    if found is None:
        sys.exit("There is no Chromium: install the package chromium, or set CHROMIUM to its path.")
    target = home_folder() / "screenshots"
    shutil.rmtree(target / "pages", ignore_errors=True)
    with demo(target / "demo") as running, sync_playwright() as playwright:
        work(running)
        browser = playwright.chromium.launch(executable_path=found, args=chromium.ARGUMENTS)
        taken = sum(walk(browser, running, name, target / "pages") for name in VARIANTS)
        browser.close()
    size = sum(path.stat().st_size for path in IMAGES.iterdir()) / 1024 / 1024
    sys.stdout.write(f"{taken} screenshots in {target / 'pages'}; docs/images has {size:.1f} MB.\n")


@contextmanager
def demo(home: Path) -> Iterator[Demo]:
    """`manage.py demo` in a home of its own, until the pictures are taken."""
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    log = home / "screenshots.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"], cwd=ROOT, stdout=output, stderr=output,
            env={**os.environ, "GATEHOUSE_HOME": str(home), "PORT": str(port)},
        )  # fmt: skip
        try:
            deadline = time.monotonic() + SECONDS_TO_START
            while READY not in log.read_text():
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"The demo did not start; see {log}.")
                time.sleep(0.5)
            notes = read_json(home / "demo.json")
            passwords = {
                name.removeprefix("password_"): value
                for name, value in notes.items()
                if name.startswith("password_")
            }
            yield Demo(f"http://127.0.0.1:{port}", passwords)
        finally:
            process.terminate()
            process.wait()


def work(running: Demo) -> None:
    """An hour at the gate, through the same doors as people: sign in, claim, decide, leave word."""
    for who, share in (("moderator", 1.0), ("lead", 0.4)):
        with signed_in(running, who) as session:
            waiting = {each["slug"]: each["open"] for each in session.get(QUEUES).json()}
            for queue, number in WORK.items():
                if waiting[queue] > 3 * number:  # a home that was used before keeps some
                    _decide(session, queue, int(share * number))
            session.post("/api/moderation/claims/release/")
    with signed_in(running, "moderator") as session:
        words = "The gallery source was slow after lunch; two characters wait for a lead."
        _submit(session, "/admin/handover/", text=words)


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


@contextmanager
def signed_in(running: Demo, who: str) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=running.url, follow_redirects=True, headers={"Referer": f"{running.url}/"},
        timeout=60,
    ) as session:  # fmt: skip
        _submit(session, "/admin/login/", username=who, password=running.passwords[who])
        token = next(value for name, value in session.cookies.items() if "csrf" in name)
        session.headers["X-CSRFToken"] = token
        running.cookies[who] = [
            {"name": name, "value": value, "url": running.url}
            for name, value in session.cookies.items()
        ]
        yield session


def _submit(session: httpx.Client, path: str, **fields: str) -> None:
    """Fills in a page's form as a browser would."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', session.get(path).text)
    assert found, path
    session.post(path, data={**fields, "csrfmiddlewaretoken": found[1]}).raise_for_status()


def walk(browser: Browser, running: Demo, variant: str, target: Path) -> int:
    """Every shot and every list of the sidebar in one variant; how many pictures were made."""
    target = target / variant
    target.mkdir(parents=True)
    taken = 0
    rooms: dict[str, BrowserContext] = {}
    for who in ("moderator", "lead", "operator", "admin"):
        with signed_in(running, who):
            rooms[who] = enter(browser, running, variant, who)
    pages = links(rooms["admin"], running)
    for shot in SHOTS:
        page = rooms[shot.who].new_page()
        show(page, running.url + shot.path.format(**pages), shot)
        page.screenshot(path=target / f"{shot.name}.png")
        if shot.manual:
            keep(page, shot.name, variant)
        page.close()
        taken += 1
    page = rooms["admin"].new_page()
    for path in pages["lists"].split():
        page.goto(running.url + path)
        name = re.sub(r"\W+", "-", path.removeprefix("/admin/")).strip("-") or "index"
        page.screenshot(path=target / f"list-{name}.png", full_page=True)
        taken += 1
    stranger = browser.new_context(**_options(variant)).new_page()
    stranger.goto(f"{running.url}/admin/login/")
    stranger.screenshot(path=target / "sign-in.png")
    for room in rooms.values():
        room.close()
    return taken + 1


def _options(variant: str) -> dict[str, Any]:
    return {"viewport": {"width": 1280, "height": 800}, **VARIANTS[variant]}


def enter(browser: Browser, running: Demo, variant: str, who: str) -> BrowserContext:
    room = browser.new_context(**_options(variant))
    room.add_cookies(running.cookies[who])  # type: ignore[arg-type]
    return room


def links(room: BrowserContext, running: Demo) -> dict[str, str]:
    """A subject, a run, and the lists of the sidebar (`lists`, with spaces between)."""
    page = room.new_page()
    page.goto(f"{running.url}/admin/")

    def path(selector: str) -> list[str]:
        return page.locator(selector).evaluate_all(
            "links => links.map(link => new URL(link.href).pathname)"
        )

    lists = [link for link in path("#nav-sidebar a[href]") if "/queues/" not in link]
    run = path("[data-run] a")[0]
    page.goto(f"{running.url}/admin/gallery/imagelog/?review_status=approved")
    subject = path("#result_list a.gh-thumb")[0]
    page.close()
    return {"subject": subject, "run": run, "lists": " ".join(dict.fromkeys(lists))}


def show(page: Page, url: str, shot: Shot) -> None:
    page.goto(url)
    page.wait_for_load_state("load")
    if shot.wait:
        page.wait_for_selector(shot.wait, timeout=60_000)
    for key in shot.press:
        page.keyboard.press(key)
    page.wait_for_timeout(1_000)  # pictures are painted, dialogs have moved in


def keep(page: Page, name: str, variant: str) -> None:
    """Small enough for a manual: WebP, in English, in Chinese, and dark where README shows it."""
    suffix = {"light": "", "chinese": ".zh", "dark": ".dark"}.get(variant)
    if suffix is None or (suffix == ".dark" and name != "review"):
        return
    IMAGES.mkdir(exist_ok=True)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.save(IMAGES / f"{name}{suffix}.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
