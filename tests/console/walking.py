"""Every page of the console, and a person who walks them with a browser that forgives nothing."""

import re
from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

from accounts.models import User

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
# Besides what the sidebar leads to; {names} are filled in from world.py.
PAGES = [
    "/admin/runs/{run}/",
    "/admin/subjects/gallery.imagelog/{image}/",
    "/admin/subjects/characters.character/{character}/",
    "/admin/subjects/characters.cover/{cover}/",
    "/admin/subjects/assets.asset/{asset}/",
    "/admin/subjects/assets.asset/{clip}/",
    "/admin/subjects/assets.asset/{sound}/",
    "/admin/batches/{batch}/",
    "/admin/search/?q=灯塔",
    "/admin/search/?q=zeppelin",
    "/admin/search/?q=%22&type=no.such&status=none",
    "/admin/bulk/gallery.imagelog/?status=pending",
    "/admin/tasks/{task}/",
    "/admin/tasks/{done}/",
    "/admin/exports/{export}/",
    "/admin/assignments/",
    "/admin/handover/?hours=24",
    "/admin/assets/assetgroup/",
    "/admin/moderation/decision/{decision}/change/",
    "/admin/moderation/reason/{reason}/change/",
    "/admin/moderation/reason/add/",
    "/admin/moderation/reasonversion/",
    "/admin/moderation/term/{term}/change/",
    "/admin/moderation/term/add/",
    "/admin/moderation/termversion/",
    "/admin/moderation/bank/{bank}/change/",
    "/admin/moderation/bank/add/",
    "/admin/moderation/bankentry/?bank={bank}",
    "/admin/moderation/bankentry/{entry}/change/",
    "/admin/moderation/bankmatch/{match}/change/",
    "/admin/moderation/bankscan/{scan}/change/",
    "/admin/moderation/receipt/",
    "/admin/characters/option/{option}/change/",
    "/admin/characters/option/add/",
    "/admin/characters/imageconfig/add/",
    "/admin/upstream/source/add/",
    "/admin/upstream/source/{source}/change/",
    "/admin/upstream/syncrun/",
    "/admin/accounts/user/{user}/change/",
    "/admin/accounts/user/add/",
    "/admin/accounts/identity/",
    "/admin/accounts/apikey/add/",
    "/admin/auth/group/",
    "/admin/admin/logentry/",
    "/admin/media/file/",
    "/admin/moderation/",
    "/admin/preferences/",
    "/admin/manual/",
    "/admin/manual/leads/",
    "/admin/password_change/",
    "/admin/queues/nothing/",
]
# What somebody sees who is not signed in.
OUTSIDE = [
    "/admin/login/",
    "/admin/password_reset/",
    "/admin/password_reset/done/",
    "/admin/password_reset/MQ/set-password/",
    "/admin/password_reset/complete/",
]
_REFUSED = re.compile(r"Failed to load resource.* 40[34] ")
# What sticks out of a page that can be scrolled sideways.
WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.body.querySelectorAll("*")]
        .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
        .slice(0, 9).map(each => `${each.tagName}.${each.className}#${each.id}`)"""
# Text that its box clips at the side: not wrapped, not scrolled to, not shortened by an ellipsis.
CUT = """() => {
    const HIDDEN = "[aria-hidden=true], .gh-hidden, .for-readers, caption";
    const found = [];
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (words.nextNode()) {
        const node = words.currentNode, parent = node.parentElement;
        if (!node.data.trim() || parent.closest(HIDDEN)) continue;
        const visible = { visibilityProperty: true, opacityProperty: true };
        if (!parent.checkVisibility(visible)) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const text = range.getBoundingClientRect();
        for (let box = parent; box && box !== document.body; box = box.parentElement) {
            const style = getComputedStyle(box), edge = box.getBoundingClientRect();
            if (/auto|scroll/.test(style.overflowX) || style.textOverflow === "ellipsis") break;
            if (!/hidden|clip/.test(style.overflowX)) continue;
            if (text.right <= edge.right + 2 && text.left >= edge.left - 2) continue;
            found.push(`${node.data.trim().slice(0, 60)} in ${box.tagName}.${box.className}`);
            break;
        }
    }
    return found.slice(0, 9);
}"""
# What answers to a click and cannot be reached by the keyboard.
MOUSE_ONLY = """() => [...document.querySelectorAll("[x-on\\\\:click], [onclick]")]
    .filter(each => each.checkVisibility() && each.tabIndex < 0)
    .map(each => each.outerHTML.slice(0, 200))"""


class Visitor:
    """A person at a browser; what went wrong there is collected in `wrong`."""

    def __init__(self, browser: Browser, url: str, person: User | None, **options) -> None:
        self.wrong: list[str] = []
        self.policies: dict[str, str] = {}
        self.url = url
        self.context = browser.new_context(
            **({"viewport": {"width": 1280, "height": 800}} | options)
        )
        if person is not None:
            client = Client()
            client.force_login(person)
            cookie = client.cookies[settings.SESSION_COOKIE_NAME]
            self.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])
        self.page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._request)
        self.page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _REFUSED.match(message.text):
            self.wrong.append(message.text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.wrong.append(f"asked {request.url}")

    def _response(self, response: Response) -> None:
        if response.request.is_navigation_request():
            path = response.url.removeprefix(self.url)
            self.policies[path] = response.headers.get("content-security-policy", "")

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        self.page.wait_for_load_state("load")
        return self.page

    def walk(self, **ids: object) -> Iterator[tuple[str, Page]]:
        """What the sidebar offers and PAGES, one after the other; each settles for a moment."""
        for path in [*self.sidebar(), *(path.format(**ids) for path in PAGES)]:
            page = self.open(path)
            page.wait_for_timeout(150)
            yield path, page

    def sidebar(self) -> list[str]:
        page = self.open("/admin/")
        links = page.locator("#nav-sidebar a[href]").evaluate_all(
            "links => links.map(link => new URL(link.href).pathname)"
        )
        assert len(links) > 15
        return list(dict.fromkeys(links))


def violations(page: Page) -> list[str]:
    """What axe-core calls serious or critical: rule, why, and where."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [
        f"{rule['id']}: {node['failureSummary']} {node['html'][:200]}"
        for rule in found
        if rule["impact"] in {"serious", "critical"}
        for node in rule["nodes"][:3]
    ]
