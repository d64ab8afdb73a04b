"""The console's claim call while many generation calls wait, against the same without them."""

import asyncio
import secrets
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, Self

import httpx
from django.conf import settings
from django.db import connection
from django.test import override_settings

from accounts.enums import Scope
from accounts.keys import IssuedKey, issue_key
from bench import cluster, people
from bench.report import Figure
from bench.rounds import interleaved, median, ratio, seconds
from bench.sizes import Size
from config import machine
from core.signing import compact_json
from upstream.enums import UNENDED, Backend, SourceKind
from upstream.generation import store
from upstream.models import GenerationRequest, Source
from upstream.sandbox.server import free_port
from upstream.signing import signed_headers

PATH = "/v1/agent/cover"
CLAIM = "/api/moderation/queues/images/claim/"
RELEASE = "/api/moderation/claims/release/"
COVER = {
    "gender": "male", "age": "26-35", "ethnicity": "European", "bodyType": "Slim",
    "hairColor": "brown", "hairStyle": "Short",
}  # fmt: skip
START_SECONDS = 180.0


def waiting_200_console_p95(size: Size) -> Iterator[Figure]:
    """A real web server and a real worker whose backend never answers; claims of 20 over REST by
    one moderator, with all places of waiting calls taken and with none."""
    database = _prepared(size)
    signing = issue_key(user=people.admin(), scopes=[Scope.GENERATION], signed=True)
    desk = issue_key(user=people.moderators()[0], scopes=[Scope.MODERATION])
    connection.close()
    with _backend() as url, _running(database) as server, Desk(server, desk.plain) as claims:
        _point_generation_at(url)
        claims.p95(size.calls)

        def crowded() -> float:
            with Crowd(server, signing, size.waiters):
                return claims.p95(size.calls * 5)

        many, none = interleaved(size.rounds, crowded, lambda: claims.p95(size.calls * 5))
    cluster.leave()
    yield Figure(
        "waiting_200_console_p95", ratio(many, none), 1.2, at_most=True, ours=median(many),
        baseline=median(none), measured="ms, p95",
        note=f"a claim of 20 over REST, {size.waiters} generation calls waiting against none",
    )  # fmt: skip


def _prepared(size: Size) -> str:
    images, pending = size.small
    template = cluster.template("small", images=images, pending=pending, people=size.people)
    name = cluster.clone("bench_waiting", template=template)
    cluster.use(name)
    return name


def _point_generation_at(url: str) -> None:
    Source.objects.create(
        name="silent", kind=SourceKind.GENERATION, backend=Backend.OPEN_PLATFORM, base_url=url,
        key="key", secret=secrets.token_hex(8), is_default=True, per_second=1000.0,
    )  # fmt: skip
    connection.close()


@contextmanager
def _backend() -> Iterator[str]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener, ExitStack() as held:

        def accept() -> None:
            while True:
                try:
                    held.enter_context(listener.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def _running(database: str) -> Iterator[str]:
    """The product's own web server and generation worker on that database; the server's URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "DATABASE_URL": cluster.url_of(database), "PORT": str(port), "PUBLIC_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }  # fmt: skip
    with override_settings(PORT=port, BIND="127.0.0.1"):
        services = machine.services(
            ("web", "worker"), queues=("generation",), environment=environment,
            logs=settings.GATEHOUSE_HOME / "logs",
        )  # fmt: skip
    for service in services:
        service.start()
    try:
        _wait_until(lambda: machine.answers(f"{url}/healthz"))
        with machine.knocking(f"{url}/healthz"):
            yield url
    finally:
        for service in services:
            service.ask_to_end()
        for service in services:
            service.end()


class Desk:
    """One moderator who claims 20 cases and gives them back."""

    def __init__(self, server: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=server, headers=headers, timeout=60, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def p95(self, calls: int) -> float:
        """In ms."""
        taken = []
        for _ in range(calls):
            taken.append(seconds(self._claim) * 1000)
            self._http.post(RELEASE, json={}).raise_for_status()
        return statistics.quantiles(taken, n=20, method="inclusive")[-1]

    def _claim(self) -> None:
        answer = self._http.post(CLAIM, json={"limit": 20})
        answer.raise_for_status()
        assert len(answer.json()["cases"]) == 20


class Crowd:
    """So many generation calls, all waiting inside; ended, and answered, at the end."""

    def __init__(self, server: str, key: IssuedKey, count: int) -> None:
        self.url = f"{server}{PATH}"
        self.key = key
        self.count = count
        self.codes: list[int] = []

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._call()), daemon=True)
        self._thread.start()
        _wait_until(lambda: self._waiting().count() == self.count)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for request in self._waiting():
            store.fail(request, code="ended", mine=False)
        connection.close()
        self._thread.join(START_SECONDS)
        assert self.codes == [10500] * self.count, self.codes

    def _waiting(self) -> Any:
        return GenerationRequest.objects.filter(state__in=UNENDED)

    async def _call(self) -> None:
        limits = httpx.Limits(max_connections=self.count)
        async with httpx.AsyncClient(limits=limits, timeout=600, trust_env=False) as client:
            answers = await asyncio.gather(*(self._one(client, n) for n in range(self.count)))
        self.codes = [answer.json()["code"] for answer in answers]

    async def _one(self, client: httpx.AsyncClient, number: int) -> httpx.Response:
        headers = signed_headers(
            key=self.key.plain, secret=self.key.secret, user_id=f"user-{number}", path=PATH,
            body=COVER, request_id=secrets.token_hex(16),
        )  # fmt: skip
        return await client.post(self.url, headers=headers, content=compact_json(COVER).encode())


def _wait_until(condition: Any) -> None:
    end = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("what is measured did not come about within three minutes")
        time.sleep(0.05)
    connection.close()
