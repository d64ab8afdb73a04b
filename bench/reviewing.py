"""The review page as a person feels it: in Chromium, from the key to the picture on the screen."""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Self

from playwright.sync_api import Browser

from accounts.models import User
from bench import cluster, people
from bench.chromium import browsing, give_pictures, open_page, serve, signed_in
from bench.report import Figure
from bench.rounds import interleaved, median, ratio
from bench.sizes import Size
from moderation import cases
from moderation.models import Decision
from tests.servers import WebServer

REVIEW = "/admin/queues/images/"
STOCK = "/admin/gallery/imagelog/"
READY = "#frame[data-state=ready]"
# Forty approvals and twenty rejections with five reasons, mixed as a queue is.
REASONS = ("violence", "hate", "self-harm", "protected-work", "broken-picture")
KEYS = {
    "violence": "4",
    "hate": "5",
    "self-harm": "6",
    "protected-work": "7",
    "broken-picture": "9",
}
MIX = tuple(
    REASONS[at // 3 % len(REASONS)] if at % 3 == 2 else ""  # "" approves
    for at in range(60)
)

# From a key to the frame in which the next picture is on the screen: the message is handled right
# after that frame was painted. Who asks for `painted` is told then: asking in every frame, as
# wait_for_function does, would be work of the page's.
_WAITS = """
() => {
  window.waits = [];
  let tell = () => {};
  window.pressed = () => (window.painted = new Promise((resolve) => (tell = resolve)));
  const frame = document.querySelector("#frame");
  const afterPaint = (then) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = then;
    port2.postMessage(0);
  };
  addEventListener("keydown", (event) => {
    const before = frame.dataset.card;
    const look = () => {
      const next = frame.dataset.card !== before && frame.dataset.state === "ready";
      const shown = next && frame.querySelector("#media > img");
      if (shown) afterPaint(() => tell(waits.push(performance.now() - event.timeStamp)));
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, true);
}
"""
# The time of the first frame with a decoded picture in it, since the navigation began.
_FIRST = """
(() => {
  const look = () => {
    const frame = document.querySelector("#frame[data-state=ready]");
    if (!frame || !frame.checkVisibility()) return requestAnimationFrame(look);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => (window.firstPicture = performance.now());
    port2.postMessage(0);
  };
  requestAnimationFrame(look);
})()
"""


def _pending(pictures: int, size: Size) -> str:
    """A database with so many pictures to review, all with bytes."""
    made = cluster.template("pictures", images=pictures, pending=pictures, people=size.people)
    name = cluster.clone("bench_run", template=made)
    cluster.use(name)
    give_pictures(pictures)
    return name


def next_picture_p95_ms(size: Size) -> Iterator[Figure]:
    """A to the next picture painted, while the batch is prepared; every picture blurred."""
    keys = 20 if size.rounds == 1 else 100
    database = _pending(keys + 20, size)
    person = people.moderators()[0]
    with browsing() as browser, serve(database) as server:
        context = signed_in(browser, server, person)
        page = open_page(context, server.url + REVIEW)
        page.wait_for_selector(READY)
        page.wait_for_load_state("networkidle")
        page.evaluate(_WAITS)
        for number in range(keys):
            page.wait_for_selector(READY)
            page.evaluate("() => void pressed()")
            page.keyboard.press("a")
            assert page.evaluate("() => painted") == number + 1
            page.wait_for_timeout(80)  # somebody looks
        waits = sorted(page.evaluate("() => waits"))
        context.close()
    cluster.leave()
    p95 = waits[min(len(waits) - 1, int(len(waits) * 0.95))]
    yield Figure(
        "next_picture_p95_ms", p95, 50, unit="ms", at_most=True, ours=statistics.median(waits),
        measured="ms (median)", note=f"{len(waits)} keys, the longest {waits[-1]:.0f} ms",
    )  # fmt: skip


def sixty_by_keyboard_vs_stock_admin(size: Size) -> Iterator[Figure]:
    """Seconds for the same sixty verdicts; each picture is painted at reading size before its own.

    In the stock admin a picture is opened in a tab beside the list, which keeps the ticks; each
    action then takes all that were ticked for it.
    """
    verdicts = MIX if size.rounds > 1 else MIX[:6]

    def timed(settings_module: str, work: "Worker") -> float:
        database = _pending(len(verdicts) + 24, size)
        person = people.admin()
        # Seen as the stock admin shows it: no blur, in colour.
        User.objects.filter(pk=person.pk).update(blur=0, greyscale=False)
        with browsing() as browser, serve(database, settings_module=settings_module) as server:
            taken = work(browser, server, person, verdicts)
        _check(verdicts)
        return taken

    ours, stock = interleaved(
        max(1, size.rounds // 2),
        lambda: timed("bench.settings", _by_keyboard),
        lambda: timed("bench.stock_settings", _by_stock_admin),
    )
    cluster.leave()
    yield Figure(
        "sixty_by_keyboard_vs_stock_admin", ratio(stock, ours), 5, ours=median(ours),
        baseline=median(stock), measured="s",
        note=f"{len(verdicts)} pictures: {verdicts.count('')} approved, the others rejected",
    )  # fmt: skip


Verdicts = Sequence[str]
Worker = Callable[[Browser, WebServer, User, Verdicts], float]


def _check(verdicts: Verdicts) -> None:
    """Whatever was measured did the work: each verdict once, and none beside them."""
    found = Counter(Decision.objects.values_list("reason", flat=True))
    assert found == Counter(verdicts), found


# Resolves with the card in view once its picture, not the one before, is painted as it is.
_PAINTED = """
(before) => new Promise((done) => {
  const frame = document.querySelector("#frame");
  const look = () => {
    const { card, state } = frame.dataset;
    const image = frame.querySelector("#media > img");
    if (card === before || state !== "ready" || !image) return requestAnimationFrame(look);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(card);
    port2.postMessage(0);
  };
  requestAnimationFrame(look);
})
"""
_SENT = "() => !Object.keys(localStorage).some((key) => key.startsWith('gatehouse.outbox.'))"


def _by_keyboard(browser: Browser, server: WebServer, person: User, verdicts: Verdicts) -> float:
    context = signed_in(browser, server, person)
    page = open_page(context, server.url + REVIEW)
    page.wait_for_selector(READY)
    started, card = time.perf_counter(), ""
    for verdict in verdicts:
        card = page.evaluate(_PAINTED, card)
        for key in ("r", KEYS[verdict]) if verdict else ("a",):
            page.keyboard.press(key)
    page.wait_for_function(_SENT)
    taken = time.perf_counter() - started
    context.close()
    return taken


# The picture of a stock page, on the screen.
_STOCK_PAINTED = """
() => document.querySelector("#picture").decode().then(() => new Promise((done) =>
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(0);
  })))
"""


def _by_stock_admin(browser: Browser, server: WebServer, person: User, verdicts: Verdicts) -> float:
    context = signed_in(browser, server, person)
    listed = open_page(context, f"{server.url}{STOCK}?review_status__exact=pending")
    look = context.new_page()
    rows = listed.locator("#result_list tbody tr").all()[: len(verdicts)]
    links = [row.locator("th a").get_attribute("href") or "" for row in rows]
    started = time.perf_counter()
    for link in links:
        look.goto(server.url + link)
        look.evaluate(_STOCK_PAINTED)
    for action in dict.fromkeys(verdicts):
        chosen = [link for link, verdict in zip(links, verdicts, strict=True) if verdict == action]
        for link in chosen:
            row = listed.locator("#result_list tbody tr", has=listed.locator(f'a[href="{link}"]'))
            row.locator("input.action-select").check()
        listed.select_option("select[name=action]", action or "approve")
        listed.click("button[name=index]")
        listed.wait_for_selector(".messagelist .success")
    taken = time.perf_counter() - started
    context.close()
    return taken


def review_first_paint_1m_vs_10k(size: Size) -> Iterator[Figure]:
    """From the address to the first picture on the screen, claim included."""
    with (
        browsing() as browser,
        _Visitor(browser, size.large, size) as large,
        _Visitor(browser, size.small, size) as small,
    ):
        for visitor in (large, small):
            visitor.visit()
        many, few = interleaved(size.rounds * 3, large.visit, small.visit)
    cluster.leave()
    yield Figure(
        "review_first_paint_1m_vs_10k", ratio(many, few), 1.2, at_most=True, ours=median(many),
        baseline=median(few), measured="ms",
        note=f"the first picture painted, at {size.large[0]:,} image logs ({size.large[1]:,} open)"
        f" and at {size.small[0]:,}",
    )  # fmt: skip


class _Visitor:
    """A moderator who opens the page of one database again and again."""

    def __init__(self, browser: Browser, rows: tuple[int, int], size: Size) -> None:
        images, pending = rows
        label = "large" if rows == size.large else "small"
        made = cluster.template(label, images=images, pending=pending, people=size.people)
        self.database = cluster.clone(f"bench_paint_{label}", template=made)
        self.browser = browser

    def __enter__(self) -> Self:
        cluster.use(self.database)
        give_pictures(24)
        self.person = people.moderators()[0]
        self.server = serve(self.database)
        self.server.start()
        self.context = signed_in(self.browser, self.server, self.person)
        self.context.add_init_script(_FIRST)
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()
        self.server.stop()

    def visit(self) -> float:
        """Milliseconds; what was claimed is given back outside the time."""
        page = open_page(self.context, self.server.url + REVIEW)
        page.wait_for_function("() => window.firstPicture")
        taken = float(page.evaluate("() => window.firstPicture"))
        page.close()
        cluster.use(self.database)
        cases.release_all(user=self.person)
        return taken
