"""The S3 storage, against a small server that speaks as much S3 as it needs."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from media.errors import StorageFailed
from media.storage import connect

pytest.importorskip("storages", reason="the extra s3 is not installed")


class SmallS3(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    kept: ClassVar[dict[str, bytes]]
    refuses: ClassVar[bool] = False
    url: ClassVar[str] = ""

    def log_message(self, *args: object) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "aws-chunked":
            size = int(body.split(b"\r\n", 1)[0].split(b";")[0], 16)
            body = body.split(b"\r\n", 1)[1][:size]
        if type(self).refuses:
            return self.answer(507, b"<Error><Code>QuotaExceeded</Code></Error>")
        self.kept[urlsplit(self.path).path] = body
        return self.answer(200, ETag='"x"')

    def do_HEAD(self) -> None:
        found = self.kept.get(urlsplit(self.path).path)
        if found is None:
            return self.answer(404)
        return self.answer(200, Content_Length=str(len(found)), ETag='"x"')

    def do_DELETE(self) -> None:
        self.kept.pop(urlsplit(self.path).path, None)
        self.answer(204)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if body.startswith(("0", "1", "2", "3")):  # chunks of a signed stream
            body = body.partition("\r\n")[2]
        keys = re.findall(r"<Key>([^<]+)</Key>", body)
        for key in keys:
            del self.kept[f"/pictures/{key}"]
        rows = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        self.answer(200, f"<DeleteResult>{rows}</DeleteResult>".encode())

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if "list-type" in parse_qs(parts.query) or "prefix" in parse_qs(parts.query):
            return self.answer(200, self.listing(parse_qs(parts.query).get("prefix", [""])[0]))
        found = self.kept.get(parts.path)
        if found is None:
            return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        if span := re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", "")):
            return self.answer(206, found[int(span[1]) : int(span[2]) + 1])
        return self.answer(200, found)

    def listing(self, prefix: str) -> bytes:
        rows = "".join(
            f"<Contents><Key>{name.removeprefix('/pictures/')}</Key><Size>{len(data)}</Size>"
            "<LastModified>2020-01-01T00:00:00.000Z</LastModified></Contents>"
            for name, data in self.kept.items()
            if name.startswith(f"/pictures/{prefix}")
        )
        return (
            f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()
        )


@pytest.fixture
def server(monkeypatch) -> Iterator[type[SmallS3]]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    class Handler(SmallS3):
        kept: ClassVar[dict[str, bytes]] = {}

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    threading.Thread(target=running.serve_forever, daemon=True).start()
    Handler.url = (
        f"s3://pictures?endpoint=http://127.0.0.1:{running.server_port}&region=x-1&prefix=gh"
    )
    yield Handler
    running.shutdown()
    running.server_close()


def test_bytes_are_put_read_measured_listed_and_deleted(server):
    place = connect(server.url)
    with place.workplace() as path:
        path.write_bytes(b"from a file")
        place.put([("ab/cd/x.thumb.webp", b"0123456789"), ("ab/cd/x", path)])
        assert path.stat().st_mode & 0o077 == 0

    assert server.kept.keys() == {"/pictures/gh/ab/cd/x.thumb.webp", "/pictures/gh/ab/cd/x"}
    assert b"".join(place.read("ab/cd/x", 0, 11)) == b"from a file"
    assert b"".join(place.read("ab/cd/x.thumb.webp", 2, 3)) == b"234"
    assert place.open("ab/cd/x").read() == b"from a file"
    assert place.size("ab/cd/x") == 11
    assert dict(place.names()) == dict.fromkeys(
        ("ab/cd/x.thumb.webp", "ab/cd/x"), datetime(2020, 1, 1, tzinfo=UTC)
    )
    assert place.delete("ab/cd/x") is True
    assert place.delete("ab/cd/x") is False
    assert not place.exists("ab/cd/x")
    assert place.delete_unfinished(before=datetime.now(UTC) + timedelta(days=1)) == 0


def test_a_content_goes_with_all_that_was_made_of_it(server):
    place = connect(server.url)
    place.put([("ab/cd/x", b"1"), ("ab/cd/x.thumb.webp", b"2"), ("ab/cd/y", b"3")])

    assert place.delete_starting("ab/cd/x") == 2
    assert place.delete_starting("ab/cd/x") == 0
    assert server.kept.keys() == {"/pictures/gh/ab/cd/y"}


def test_what_is_not_there_is_a_missing_file(server):
    place = connect(server.url)

    for ask in (lambda: place.size("x"), lambda: place.read("x", 0, 5), lambda: place.open("x")):
        with pytest.raises(FileNotFoundError):
            ask()


def test_a_bucket_that_refuses_is_a_failure_of_the_storage(server):
    server.refuses = True

    with pytest.raises(StorageFailed, match="refused"):
        connect(server.url).put([("x", b"bytes")])


def test_a_bucket_that_is_away_is_a_failure_of_the_storage(server):
    place = connect("s3://pictures?endpoint=http://127.0.0.1:9&region=x-1")

    with pytest.raises(StorageFailed, match="reached"):
        place.put([("x", b"bytes")])
