"""Connections: what is sent and read over a socket, by which proxy, trusting whom, and how each
failure is named."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from botocore import exceptions as aws
from botocore.session import Session

from scanner.providers.aws.connections import Connections, Reply, exchange
from tests.helpers.scripted_bytes import Wire, certificate, serving

REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")


@pytest.fixture(autouse=True)
def _no_own_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXIES, "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def ask(url: str, times: int = 1) -> Reply:
    made = Connections(Session())
    for _ in range(times):
        reply = exchange(made.route(url), REQUEST)
    return reply


def answered(raw: bytes, *, close: bool = True) -> Reply:
    with serving(Wire([raw], close=close)) as wire:
        return ask(wire.url)


@pytest.mark.parametrize(
    ("raw", "status", "content"),
    [
        (OK, 200, b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"ok"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.1 403\r\ncontent-LENGTH:  3 \r\n\r\nno!", 403, b"no!"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n",
            200,
            b"abc0123456789",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nz\r\n0\r\nTrailer: t\r\n\r\n",
            200,
            b"z",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000,
            200,
            b"x" * 300_000,
        ),
    ],
)
def test_an_answer_is_read_whole(raw: bytes, status: int, content: bytes) -> None:
    reply = answered(raw)
    assert (reply.status_code, reply.content) == (status, content)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n0123456789",
        b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nok",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\nz\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 20x OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 400_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"<html>Log in</html>\r\n\r\n",
    ],
)
def test_an_answer_that_is_cut_off_or_malformed_is_none(raw: bytes) -> None:
    with pytest.raises(aws.ConnectionClosedError):
        answered(raw)


def test_headers_are_found_in_any_case_and_joined() -> None:
    headers = answered(
        b"HTTP/1.1 200 OK\r\nX-Amzn-RequestId: r\r\nVary: a\r\nVARY: b\r\nContent-Length: 0\r\n\r\n"
    ).headers
    assert headers["x-amzn-requestid"] == headers.get("X-AMZN-REQUESTID") == "r"
    assert headers["Vary"] == "a, b"
    assert "VARY" in headers
    assert "other" not in headers


def test_a_connection_serves_one_request_after_the_other() -> None:
    with serving(Wire([OK])) as wire:
        ask(wire.url, times=5)
    assert (wire.connections, len(wire.got)) == (1, 5)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_a_connection_that_ends_serves_no_other(raw: bytes) -> None:
    with serving(Wire([raw])) as wire:
        ask(wire.url, times=3)
    assert wire.connections == 3


@pytest.mark.parametrize(
    "surplus",
    [b"surplus", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", b"x" * 100_000],
)
def test_what_follows_a_response_is_never_part_of_another(surplus: bytes) -> None:
    with serving(Wire([OK + surplus])) as wire:
        made = Connections(Session())
        for _ in range(3):
            assert exchange(made.route(wire.url), REQUEST).content == b"ok"


def test_a_kept_connection_that_was_closed_is_made_anew() -> None:
    with serving(Wire([OK], close=True)) as wire:
        made = Connections(Session())
        for _ in range(3):
            assert exchange(made.route(wire.url), REQUEST).content == b"ok"
            wire.closed.acquire()
    assert wire.connections == 3


def test_silence_is_a_timeout() -> None:
    with serving(Wire([b"HTTP/1.1 200 OK\r\n"])) as wire, pytest.raises(aws.ReadTimeoutError):
        exchange(Connections(Session()).route(wire.url), REQUEST, 0.05)


def test_nobody_listens() -> None:
    with pytest.raises(aws.EndpointConnectionError, match=r"http://127\.0\.0\.1:9"):
        ask("http://127.0.0.1:9")


# -- trust -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_the_named_authority_is_trusted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    context, public = certificate(tmp_path)
    monkeypatch.setenv(variable, str(public))
    with serving(Wire([OK], context)) as wire:
        assert ask(wire.url).content == b"ok"


def test_an_authority_that_nobody_named_is_not_trusted(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    with serving(Wire([OK], context)) as wire, pytest.raises(aws.SSLError):
        ask(wire.url)
    assert wire.got == []


def test_a_certificate_is_for_its_host_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    context, public = certificate(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(public))
    with serving(Wire([OK], context)) as wire, pytest.raises(aws.SSLError):
        ask(wire.url.replace("127.0.0.1", "localhost"))
    assert wire.got == []


@pytest.mark.parametrize("named", ["  ", "/nowhere/bundle.pem"])
def test_a_bundle_that_cannot_be_read_is_refused(
    monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", named)
    with pytest.raises(aws.InvalidConfigError, match="CA bundle"):
        ask("https://127.0.0.1:9")


# -- proxies ---------------------------------------------------------------------------------------


def test_a_proxy_is_asked_for_the_whole_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Wire([OK])) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("//", "//us%40er:pass@"))
        route = Connections(Session()).route("http://somewhere.example:81/path")
        assert route.before_path == "http://somewhere.example:81"
        assert route.proxy_headers == {"Proxy-Authorization": "Basic dXNAZXI6cGFzcw=="}
        assert exchange(route, REQUEST).content == b"ok"


def test_a_tunnel_is_asked_for_and_the_host_is_verified_behind_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    context, public = certificate(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(public))
    with ExitStack() as stack:
        server = stack.enter_context(serving(Wire([OK], context)))
        port = int(server.url.rpartition(":")[2])
        proxy = stack.enter_context(serving(Wire([OK], proxy_for=port)))
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//user:pass@"))
        made = Connections(Session())
        route = made.route(server.url)
        assert (route.before_path, dict(route.proxy_headers)) == ("", {})
        assert [exchange(route, REQUEST).content for _ in range(2)] == [b"ok", b"ok"]
    assert proxy.connections == 1
    assert proxy.got[0].startswith(f"CONNECT 127.0.0.1:{port} HTTP/1.".encode())
    assert b"Proxy-Authorization: Basic dXNlcjpwYXNz" in proxy.got[0]
    assert server.got == [REQUEST, REQUEST]


def test_hosts_that_need_no_proxy_are_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Wire([OK])) as server:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert ask(server.url).content == b"ok"
        assert (
            Connections(Session()).route("http://elsewhere.example").proxy == "http://127.0.0.1:9"
        )


@pytest.mark.parametrize(
    "answer",
    [None, b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", b"HTTP/1.1 502 Bad\r\n\r\n"],
)
def test_a_proxy_that_fails_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, answer: bytes | None
) -> None:
    with serving(Wire([answer or b""], close=True)) as proxy:
        url = proxy.url if answer else "http://127.0.0.1:9"
        monkeypatch.setenv("HTTPS_PROXY", url.replace("//", "//user:hunter2@"))
        with pytest.raises(aws.ProxyConnectionError) as caught:
            ask("https://somewhere.example")
    assert "hunter2" not in str(caught.value)
    assert "somewhere.example" not in str(caught.value)
