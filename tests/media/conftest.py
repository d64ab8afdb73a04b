"""A real HTTP server for links, a private folder for bytes, and an observer that takes notes."""

import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from media import services
from media.models import Attachment


@dataclass
class Page:
    """What a path answers. `declared` is a Content-Length that differs from the body's."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    declared: int | None = None
    waits: threading.Event | None = None


class LinkServer:
    """Serves `pages` by path, counts requests in `hits`."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.hits: dict[str, int] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0]
        self.hits[request.path] = self.hits.get(request.path, 0) + 1
        page = self.pages.get(request.path) or self.pages.get(path) or Page(status=404)
        if page.waits is not None:
            page.waits.wait(30)
        request.send_response(page.status)
        for name, value in page.headers.items():
            request.send_header(name, value)
        length = len(page.body) if page.declared is None else page.declared
        request.send_header("Content-Length", str(length))
        request.end_headers()
        request.wfile.write(page.body)
        if page.declared is not None:
            request.close_connection = True

    def serve(self, path: str, body: bytes = b"", **page: Any) -> str:
        """The URL of a new page."""
        self.pages[path] = Page(body, **page)
        return self.url + path

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Notes:
    """An observer that remembers what it was told; `fresh` are the new links it gives."""

    told: ClassVar[list[tuple[str, uuid.UUID]]] = []
    fresh: ClassVar[dict[uuid.UUID, str]] = {}
    asked: ClassVar[list[uuid.UUID]] = []
    broken: ClassVar[set[uuid.UUID]] = set()

    def stored(self, attachment_ids: list[uuid.UUID]) -> None:
        if self.broken & set(attachment_ids):
            raise RuntimeError("the observer cannot")
        self.told.extend(("stored", each) for each in attachment_ids)

    def failed(self, attachment_ids: list[uuid.UUID]) -> None:
        self.told.extend(("failed", each) for each in attachment_ids)

    def changing(self, attachment_ids: list[uuid.UUID]) -> None:
        """Whoever asks for it reads the rows as they were."""

    def replaced(self, attachment_ids: list[uuid.UUID]) -> None:
        self.told.extend(("replaced", each) for each in attachment_ids)

    def hashed(self, attachment_ids: list[uuid.UUID]) -> None:
        self.told.extend(("hashed", each) for each in attachment_ids)

    def fresh_urls(self, attachment_ids: list[uuid.UUID]) -> dict[uuid.UUID, str]:
        self.asked.extend(attachment_ids)
        return {each: self.fresh[each] for each in attachment_ids if each in self.fresh}


@pytest.fixture(scope="session")
def _server() -> Iterator[LinkServer]:
    server = LinkServer()
    yield server
    server.close()


@pytest.fixture
def links(_server: LinkServer) -> LinkServer:
    _server.pages.clear()
    _server.hits.clear()
    return _server


@pytest.fixture
def notes() -> type[Notes]:
    for memory in (Notes.told, Notes.asked, Notes.fresh, Notes.broken):
        memory.clear()
    return Notes


@pytest.fixture(autouse=True)
def own_place(settings: Any, tmp_path: Any, notes: type[Notes]) -> None:
    settings.STORAGE_URL = f"file:{tmp_path / 'bytes'}"
    settings.MEDIA_ALLOW_PRIVATE_NETWORKS = True
    settings.MEDIA_ALLOWED_PRIVATE_HOSTS = []
    settings.MEDIA_OBSERVER = "tests.media.conftest.Notes"


@pytest.fixture
def wanted() -> Callable[..., Attachment]:
    """Makes a wanted attachment of a link."""

    def make(url: str, *, subject_id: uuid.UUID | None = None, **more: Any) -> Attachment:
        subject_id = subject_id or uuid.uuid4()
        row = services.Wanted(
            subject_type="gallery.imagelog", subject_id=subject_id, url=url, **more
        )
        services.want(rows=[row])
        return Attachment.objects.get(subject_id=subject_id)

    return make
