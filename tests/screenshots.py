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
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, sync_playwright

from core.launcher.commandline import home_folder
from core.launcher.home import read_json
from tests import chromium
from tests.hour import Demo, signed_in, work
from tests.servers import ROOT, free_port
from tests.shots import SHOTS, Shot

READY = "Ctrl-C ends it."
SECONDS_TO_START = 300
# Enough for a long task that still leaves a queue.
PICTURES = 1100
VARIANTS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True,
        "is_mobile": True,
    },
    "chinese": {"locale": "zh-CN"},
}  # fmt: skip
IMAGES = ROOT / "docs" / "images"
PAINTED = """() => [...document.images].every(
    each => each.complete || each.getBoundingClientRect().top > innerHeight)"""
# Where a shot's {name} is found: the page, and the first address on it that fits.
PLACES = {
    "subject": ("/admin/gallery/imagelog/?status=approved", r"/admin/subjects/gallery[^\"]+"),
    "character": ("/admin/characters/character/", r"/admin/subjects/characters[^\"]+"),
    "decision": ("/admin/moderation/decision/", r"/admin/moderation/decision/[^\"]+/change/"),
    "run": ("/admin/runs/", r"/admin/runs/[0-9a-f-]+/"),
    "task": ("/admin/tasks/", r"/admin/tasks/[0-9a-f-]+/"),
    "export": ("/admin/moderation/export/", r"/admin/moderation/export/([^\"]+)/change/"),
    "bank": ("/admin/moderation/bank/", r"/admin/moderation/bank/\d+/change/"),
    "reason": ("/admin/moderation/reason/", r"/admin/moderation/reason/\d+/change/"),
    "term": ("/admin/moderation/term/", r"/admin/moderation/term/\d+/change/"),
    "option": ("/admin/characters/option/", r"/admin/characters/option/[0-9a-f-]+/change/"),
    "source": ("/admin/upstream/source/", r"/admin/upstream/source/\d+/change/"),
    "person": ("/admin/accounts/user/", r"/admin/accounts/user/\d+/change/"),
}


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
    environment = {**os.environ, "GATEHOUSE_HOME": str(home), "PORT": str(port)}
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--images", str(PICTURES)],
            cwd=ROOT, stdout=output, stderr=output, env=environment,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + SECONDS_TO_START
            while READY not in log.read_text():
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"The demo did not start; see {log}.")
                time.sleep(0.5)
            yield Demo(f"http://127.0.0.1:{port}", home, passwords(home), environment)
        finally:
            process.terminate()
            process.wait()


def passwords(home: Path) -> dict[str, str]:
    """Of the demo's accounts, by name."""
    notes = read_json(home / "demo.json").items()
    return {
        name.removeprefix("password_"): value
        for name, value in notes
        if name.startswith("password_")
    }


def walk(browser: Browser, running: Demo, variant: str, target: Path) -> int:
    """Every shot and every list of the sidebar in one variant; how many pictures were made."""
    target = target / variant
    target.mkdir(parents=True)
    rooms: dict[str, BrowserContext] = {}
    for who in ("moderator", "lead", "operator", "admin"):
        with signed_in(running, who) as session:
            session.post("/api/moderation/claims/release/")
            rooms[who] = enter(browser, running, variant, who)
    pages = places(rooms["admin"], running)
    for shot in SHOTS:
        take(rooms[shot.who], running, pages, shot, variant, target)
    lists = _lists(rooms["admin"], running)
    page = rooms["admin"].new_page()
    for path in lists:
        page.goto(running.url + path)
        settle(page)
        name = re.sub(r"\W+", "-", path.removeprefix("/admin/")).strip("-") or "index"
        page.screenshot(path=target / f"list-{name}.png")
    stranger = browser.new_context(**_options(variant)).new_page()
    stranger.goto(f"{running.url}/admin/login/")
    stranger.screenshot(path=target / "sign-in.png")
    stranger.context.close()
    for room in rooms.values():
        room.close()
    return len(SHOTS) + len(lists) + 1


def _options(variant: str) -> dict[str, Any]:
    return {"viewport": {"width": 1280, "height": 800}, **VARIANTS[variant]}


def enter(browser: Browser, running: Demo, variant: str, who: str) -> BrowserContext:
    room = browser.new_context(**_options(variant))
    room.add_cookies(running.cookies[who])  # type: ignore[arg-type]
    return room


def places(room: BrowserContext, running: Demo) -> dict[str, str]:
    """The first subject, run, bank … of their lists, as paths, for the shots' {names}."""
    found = {}
    for name, (path, pattern) in PLACES.items():
        first = re.search(pattern, room.request.get(running.url + path).text())
        found[name] = first[first.lastindex or 0] if first else path
    log = room.request.get(running.url + found["decision"]).text()
    batch = re.search(r"/admin/batches/[0-9a-f-]+/", log)
    found["batch"] = batch[0] if batch else "/admin/moderation/decision/"
    return found


def _lists(room: BrowserContext, running: Demo) -> list[str]:
    page = room.new_page()
    page.goto(f"{running.url}/admin/")
    links = page.locator("#nav-sidebar a[href]").evaluate_all(
        "links => links.map(link => new URL(link.href).pathname)"
    )
    page.close()
    return [path for path in dict.fromkeys(links) if "/queues/" not in path]


def take(
    room: BrowserContext, running: Demo, pages: dict[str, str], shot: Shot, variant: str,
    target: Path,
) -> None:  # fmt: skip
    page = room.new_page()
    path = shot.path.format(**pages)
    file = path.removeprefix("file:")
    url = (ROOT / file).as_uri() if path.startswith("file:") else running.url + path
    show(page, url, shot)
    page.screenshot(path=target / f"{shot.name}.png", full_page=shot.full)
    if shot.manual:
        keep(page, shot.name, variant)
    room.set_offline(offline=False)
    page.close()


def show(page: Page, url: str, shot: Shot) -> None:
    if shot.cut:
        page.route(shot.cut, lambda route: route.abort())
    page.goto(url)
    page.wait_for_load_state("load")
    if shot.wait:
        page.wait_for_selector(shot.wait, timeout=60_000)
    for _ in range(40 if shot.seek else 0):
        if page.locator(shot.seek).is_visible():
            break
        page.keyboard.press("j")
        page.wait_for_timeout(100)
    if shot.offline:
        page.context.set_offline(offline=True)
    for key in shot.press:
        page.keyboard.press(key)
    if shot.then:
        page.wait_for_selector(shot.then, timeout=60_000)
    settle(page)
    page.wait_for_timeout(1_000)  # dialogs have moved in


def settle(page: Page) -> None:
    """Waits for the pictures on the screen."""
    with suppress(TimeoutError):  # one that was cut off never comes
        page.wait_for_function(PAINTED, timeout=20_000)


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
