"""The guarded transport over real sockets: addresses, redirects, sizes, deadlines, credentials."""

import gzip
import json
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.http import GuardedClient, Timeouts, TransferError, safe_url


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_GET(self) -> None:
        name = self.path.split("?")[0].strip("/").replace("-", "_") or "echo"
        getattr(self, f"page_{name}", self.page_echo)()

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        pass

    def answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def page_echo(self) -> None:
        seen = {name.lower(): value for name, value in self.headers.items()}
        self.answer(json.dumps(seen).encode(), Set_Cookie="session=1")

    def page_to(self) -> None:
        self.answer(b"", 302, Location=self.path.split("?to=", 1)[1])

    def page_loop(self) -> None:
        self.answer(b"", 302, Location="/loop")

    def page_gzip(self) -> None:
        self.answer(gzip.compress(b"hello " * 1000), Content_Encoding="gzip")

    def page_bomb(self) -> None:
        self.answer(gzip.compress(b"\0" * 50_000_000), Content_Encoding="gzip")

    def page_cut_gzip(self) -> None:
        self.answer(gzip.compress(bytes(range(256)) * 50)[:-20], Content_Encoding="gzip")

    def page_brotli(self) -> None:
        self.answer(b"whatever", Content_Encoding="br")

    def page_endless(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        except OSError:
            self.close_connection = True

    def page_declared(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "99999999999")
        self.end_headers()
        self.close_connection = True

    def page_cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"x" * 500)
        self.close_connection = True

    def page_silent(self) -> None:
        time.sleep(1.5)
        self.close_connection = True

    def page_drip(self) -> None:
        """A header byte every 0.1 s: no single read ever times out."""
        try:
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 100:
                self.wfile.write(bytes([byte]))
                time.sleep(0.1)
        except OSError:
            pass
        self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    httpd = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True).start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()


@pytest.fixture
def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def client() -> Iterator[GuardedClient]:
    with GuardedClient(allow_private=True, timeouts=Timeouts(read=1, total=5)) as guarded:
        yield guarded


def fails(client: GuardedClient, target: str, *, max_bytes: int = 100_000) -> TransferError:
    with pytest.raises(TransferError) as caught:
        client.fetch("GET", target, max_bytes=max_bytes)
    return caught.value


def test_five_redirects_are_followed_and_a_sixth_is_not(client: GuardedClient, url: str) -> None:
    target = "/echo"
    for _ in range(5):
        target = f"/to?to={target}"
    assert client.fetch("GET", url + target, max_bytes=10_000)[0].status == 200
    assert fails(client, f"{url}/to?to={target}").code == "redirect"
    assert fails(client, f"{url}/loop").permanent


def test_a_post_is_never_redirected(client: GuardedClient, url: str) -> None:
    with pytest.raises(TransferError) as caught:
        client.fetch("POST", f"{url}/to?to=/echo", max_bytes=1000, content=b"x")
    assert caught.value.code == "redirect"


def test_credentials_stay_with_their_origin(client: GuardedClient, url: str) -> None:
    secret = {"Authorization": "Bearer s3cret", "X-Signature": "abc", "Accept": "image/png"}
    other = url.replace("127.0.0.1", "localhost")
    _, body = client.fetch("GET", f"{url}/to?to=/echo", max_bytes=9999, headers=secret)
    assert json.loads(body)["authorization"] == "Bearer s3cret"
    _, body = client.fetch("GET", f"{url}/to?to={other}/echo", max_bytes=9999, headers=secret)
    seen = json.loads(body)
    assert seen["accept"] == "image/png"
    assert not {"authorization", "x-signature", "cookie"} & set(seen)


def test_cookies_are_neither_kept_nor_sent(client: GuardedClient, url: str) -> None:
    client.fetch("GET", f"{url}/echo", max_bytes=9999)
    _, body = client.fetch("GET", f"{url}/echo", max_bytes=9999)
    assert "cookie" not in json.loads(body)


def test_media_asks_for_identity_and_text_for_gzip(client: GuardedClient, url: str) -> None:
    with client.stream("GET", f"{url}/echo", max_bytes=9999) as reply:
        assert json.loads(reply.read())["accept-encoding"] == "identity"
    _, body = client.fetch("GET", f"{url}/echo", max_bytes=9999)
    assert json.loads(body)["accept-encoding"] == "gzip"


def test_gzip_is_decoded_and_counted_decoded(client: GuardedClient, url: str) -> None:
    assert client.fetch("GET", f"{url}/gzip", max_bytes=6000)[1] == b"hello " * 1000
    assert fails(client, f"{url}/gzip", max_bytes=5999).code == "too_large"


def test_a_decompression_bomb_ends_at_the_cap(client: GuardedClient, url: str) -> None:
    read = 0
    with (
        pytest.raises(TransferError) as caught,
        client.stream("GET", f"{url}/bomb", max_bytes=1_000_000) as reply,
    ):
        for part in reply.chunks():
            read += len(part)
            assert len(part) <= 65536
    assert (caught.value.code, caught.value.permanent) == ("too_large", True)
    assert read <= 1_000_000


@pytest.mark.parametrize("page", ["endless", "declared"])
def test_a_body_over_the_cap_is_refused(client: GuardedClient, url: str, page: str) -> None:
    error = fails(client, f"{url}/{page}")
    assert (error.code, error.permanent) == ("too_large", True)


@pytest.mark.parametrize("page", ["cut", "cut-gzip"])
def test_a_body_that_ends_early_is_transient(client: GuardedClient, url: str, page: str) -> None:
    error = fails(client, f"{url}/{page}")
    assert (error.code, error.permanent) == ("truncated", False)


def test_an_encoding_nobody_asked_for_is_refused(client: GuardedClient, url: str) -> None:
    assert fails(client, f"{url}/brotli").code == "encoding"


def test_every_length_around_the_step_survives_decoding() -> None:
    from core.http import CHUNK, _Inflate

    for size in (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK):
        for packed in (gzip.compress(b"a" * size), zlib.compress(b"a" * size)):
            decoder = _Inflate()
            parts = [
                part for at in range(len(packed)) for part in decoder.feed(packed[at : at + 1])
            ]
            decoder.finish()
            assert b"".join(parts) == b"a" * size


def test_silence_is_a_transient_timeout(url: str) -> None:
    with GuardedClient(allow_private=True, timeouts=Timeouts(read=0.2)) as impatient:
        error = fails(impatient, f"{url}/silent")
    assert (error.code, error.permanent) == ("timeout", False)


def test_the_deadline_beats_a_server_that_drips_bytes(url: str) -> None:
    started = time.monotonic()
    with GuardedClient(allow_private=True, timeouts=Timeouts(read=5, total=0.5)) as impatient:
        error = fails(impatient, f"{url}/drip")
    assert (error.code, error.permanent) == ("deadline", False)
    assert time.monotonic() - started < 2


def test_a_closed_port_and_an_unknown_name_are_transient(client: GuardedClient) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    error = fails(client, f"http://127.0.0.1:{port}/")
    assert (error.code, error.permanent) == ("connect", False)
    error = fails(client, "http://no-such-name.invalid/")
    assert (error.code, error.permanent) == ("dns", False)


def test_messages_hold_no_query_and_no_user() -> None:
    assert safe_url("https://u:p@host/a/b?token=s3cret#x") == "https://host/a/b"


def test_error_messages_hold_no_query(url: str) -> None:
    with GuardedClient(allow_private=True, timeouts=Timeouts(read=0.2)) as impatient:
        error = fails(impatient, f"{url}/silent?token=s3cret")
    assert "s3cret" not in error.message


def test_proxies_of_the_environment_are_ignored(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with GuardedClient(allow_private=True) as guarded:
        assert guarded.fetch("GET", url, max_bytes=9999)[0].status == 200


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """A TLS server whose certificate names `right.test` only, and a context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "right.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("right.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    httpd = Server(("127.0.0.1", 0), Handler)
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    httpd.handle_error = lambda *args: None  # type: ignore[method-assign]
    threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True).start()
    yield httpd.server_port, ssl.create_default_context(cafile=str(pem))
    httpd.shutdown()
    httpd.server_close()


@pytest.fixture
def names_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def resolve(host: str, *args: object, **kwargs: object) -> object:
        return real("127.0.0.1" if host.endswith(".test") else host, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.mark.usefixtures("names_on_loopback")
def test_tls_is_verified_against_the_name_not_the_address(
    tls_server: tuple[int, ssl.SSLContext],
) -> None:
    port, trust = tls_server
    with GuardedClient(allow_private=True, tls=trust) as guarded:
        assert guarded.fetch("GET", f"https://right.test:{port}/", max_bytes=9999)[0].status == 200
        assert fails(guarded, f"https://wrong.test:{port}/").code == "tls"
    with GuardedClient(allow_private=True) as distrustful:
        assert fails(distrustful, f"https://right.test:{port}/").code == "tls"


@pytest.mark.usefixtures("names_on_loopback")
def test_a_redirect_never_leaves_https(tls_server: tuple[int, ssl.SSLContext], url: str) -> None:
    port, trust = tls_server
    with GuardedClient(allow_private=True, tls=trust) as guarded:
        error = fails(guarded, f"https://right.test:{port}/to?to={url}/echo")
    assert (error.code, error.permanent) == ("redirect", True)
