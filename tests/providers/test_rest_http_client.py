"""The way to the network: proxies and certificate authorities of the environment, and what fails on
the way.
"""

from __future__ import annotations

import gzip
import http.server
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from scanner.client.failures import Failure
from scanner.client.rest.http_client import HttpClient, HttpRequest
from scanner.client.rest.responses import HttpReply
from scanner.model.answers import State
from tests.conftest import NetworkBlockedError
from tests.helpers.loopback import Handler, serving
from tests.helpers.scripted_rest import Said, served

AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def asked(url: str, **more: object) -> object:
    """The outcome of one request, or the error that it ended with."""
    try:
        return HttpClient().send(HttpRequest(post=False, url=url, **more))  # type: ignore[arg-type]
    except (TypeError, NetworkBlockedError) as error:
        return error


def test_requests_go_by_way_of_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with served({"http://far.example.com/x": Said({"by": "proxy"})}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        reply = asked("http://far.example.com/x")
        assert isinstance(reply, HttpReply)
        assert reply.json == {"by": "proxy"}
        assert proxy.lines == ["GET http://far.example.com/x"]


def test_what_the_proxy_is_not_for_goes_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with served({}) as proxy, served({"/x": Said({"by": "itself"})}) as near:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "far.example.com")
        reply = asked(f"{near.url}/x")
        assert isinstance(reply, HttpReply)
        assert reply.json == {"by": "itself"}
        failure = asked("http://far.example.com/x", seconds=2.0)
        assert not isinstance(failure, HttpReply)
        assert proxy.asked == []


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server with a certificate that only its own file vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path / "own.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}/x", path
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_certificate_that_nobody_vouches_for_is_refused(secure: tuple[str, Path]) -> None:
    failure = asked(secure[0])
    assert isinstance(failure, Failure)
    assert (failure.state, failure.code, failure.attempts) == (
        State.ERROR,
        "SSLError",
        1,
    )


@pytest.mark.parametrize("name", AUTHORITIES)
def test_authorities_of_the_environment_are_trusted(
    secure: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for other in AUTHORITIES:
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, str(secure[1]))
    reply = asked(secure[0])
    assert isinstance(reply, HttpReply)
    assert reply.json == {}


def test_a_server_that_does_not_answer_is_a_failure_in_time() -> None:
    with socket_that_waits() as url:
        failure = asked(url, seconds=0.2)
    assert isinstance(failure, Failure)
    assert (failure.code, failure.attempts) == ("Timeout", 3)


class socket_that_waits:  # noqa: N801 - used as a block
    """Something that listens and says nothing."""

    def __enter__(self) -> str:
        import socket

        self.socket = socket.create_server(("127.0.0.1", 0))
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}/x"

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def test_what_is_no_failure_of_the_network_is_raised_where_it_is_waited_for() -> None:
    with served({}) as provider:
        outcome = asked(f"{provider.url}/x", headers={"bad": object()})
    assert isinstance(outcome, TypeError)


class _Chunks(Handler):
    """A body in chunks: whole, compressed, cut off, or a byte now and then."""

    def serve(self) -> None:
        body = BODY
        self.send_response(200)
        if self.path == "/compressed":
            body = gzip.compress(body)
            self.send_header("content-encoding", "gzip")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        if self.path == "/slow":
            with suppress(OSError):
                for _ in range(20):
                    self._chunk(b" ")
                    time.sleep(0.1)
            return
        for start in range(0, len(body), 1000):
            self._chunk(body[start : start + 1000])
        if self.path == "/cut":
            self.close_connection = True
        else:
            self._chunk(b"")

    def _chunk(self, part: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.flush()


BODY = b'{"a": [' + b"1, " * 5000 + b"1]}"


@pytest.mark.parametrize("path", ["/whole", "/compressed"])
def test_a_body_in_chunks_is_read_to_its_end(path: str) -> None:
    with serving(_Chunks) as url:
        reply = asked(url + path)
    assert isinstance(reply, HttpReply)
    assert reply.body == BODY


def test_a_body_that_is_cut_off_is_no_answer() -> None:
    with serving(_Chunks) as url:
        failure = asked(f"{url}/cut")
    assert isinstance(failure, Failure)
    assert (failure.state, failure.code, failure.attempts) == (State.ERROR, "ProtocolError", 3)


def test_a_server_that_sends_a_byte_now_and_then_is_a_failure_in_time() -> None:
    with serving(_Chunks) as url:
        failure = asked(f"{url}/slow", seconds=0.4)
    # Read to its end, the body would be cut off: another code.
    assert isinstance(failure, Failure)
    assert failure.code == "Timeout"
