"""Pages at a million rows against the same pages at ten thousand."""

from collections.abc import Iterator
from typing import Any

from django.test import Client

from bench import cluster, people
from bench.report import Figure
from bench.rounds import interleaved, median, median_ms, ratio
from bench.sizes import Size
from moderation import cases

REVIEW = "/admin/queues/images/"
CLAIM = "/api/moderation/queues/images/claim/"
LIST = "/admin/gallery/imagelog/"
STOCK = "/stock/gallery/imagelog/"
PER_PAGE = 50


def _small(size: Size) -> str:
    images, pending = size.small
    return cluster.template("small", images=images, pending=pending, people=size.people)


def _large(size: Size) -> str:
    images, pending = size.large
    return cluster.template("large", images=images, pending=pending, people=size.people)


def _nothing() -> None:
    pass


class Browser:
    """A signed-in admin on one database."""

    def __init__(self, database: str) -> None:
        self.database = database
        cluster.use(database)
        self.user = people.admin()
        self.client = Client(SERVER_NAME="localhost")
        self.client.force_login(self.user)

    def get(self, path: str, *, calls: int, **query: Any) -> float:
        """Median ms of a page, after one that is not counted."""
        cluster.use(self.database)

        def ask() -> None:
            answer = self.client.get(path, query)
            assert answer.status_code == 200, f"{path}: {answer.status_code}"

        ask()
        return median_ms(ask, calls=calls, after=_nothing)

    def claim(self, *, calls: int) -> float:
        """Median ms of a claim of 20 over REST; each is given back outside the time."""
        cluster.use(self.database)

        def ask() -> None:
            answer = self.client.post(CLAIM, {"limit": 20}, content_type="application/json")
            assert answer.status_code == 200, answer.content
            assert len(answer.json()["cases"]) == 20

        def give_back() -> None:
            cases.release_all(user=self.user)

        ask()
        give_back()
        return median_ms(ask, calls=calls, after=give_back)


def queue_1m_vs_10k(size: Size) -> Iterator[Figure]:
    """The review page and a claim of 20 over REST, as one moderator meets them."""
    # A copy: claims write.
    large = Browser(cluster.clone("bench_run", template=_large(size)))
    small = Browser(cluster.clone("bench_small", template=_small(size)))

    def taken(browser: Browser) -> float:
        page = browser.get(REVIEW, calls=size.calls)
        return page + browser.claim(calls=size.calls)

    many, few = interleaved(size.rounds, lambda: taken(large), lambda: taken(small))
    cluster.leave()
    yield Figure(
        "queue_1m_vs_10k", ratio(many, few), 1.2, at_most=True, ours=median(many),
        baseline=median(few), measured="ms",
        note=f"page and claim at {size.small[0]:,} image logs ({size.small[1]:,} pending)",
    )  # fmt: skip


def admin_list_1m_vs_10k(size: Size) -> Iterator[Figure]:
    """First and last page of our list of image logs; beside it an admin as Django makes it."""
    large, small = Browser(_large(size)), Browser(_small(size))

    def ours(browser: Browser) -> float:
        first = browser.get(LIST, calls=size.calls)
        return first + browser.get(LIST, calls=size.calls, last=1)

    def stock(browser: Browser, images: int) -> float:
        calls = max(2, size.calls // 5)
        first = browser.get(STOCK, calls=calls)
        return first + browser.get(STOCK, calls=calls, p=images // PER_PAGE)

    many, few, plain_many, plain_few = interleaved(
        size.rounds,
        lambda: ours(large),
        lambda: ours(small),
        lambda: stock(large, size.large[0]),
        lambda: stock(small, size.small[0]),
    )
    cluster.leave()
    yield Figure(
        "admin_list_1m_vs_10k", ratio(many, few), 1.3, at_most=True, ours=ratio(many, few),
        baseline=ratio(plain_many, plain_few), measured="ratio",
        note="a stock ModelAdmin's ratio; first and last page take "
        f"{median(many):.0f} ms at {size.large[0]:,} rows, the stock ones {median(plain_many):.0f}",
    )  # fmt: skip
