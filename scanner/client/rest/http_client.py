"""Sends HTTP requests over a pool of connections; urllib3 is imported on first use."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from scanner import __version__
from scanner.client.bounded_reading import LARGEST_RESPONSE, TooLargeError
from scanner.client.failures import Failure
from scanner.client.rest.responses import HttpReply
from scanner.model.answers import State

if TYPE_CHECKING:
    import urllib3

CONNECTIONS: Final = 128
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
USER_AGENT: Final = f"tscan/{__version__}"
_CONNECT_TIMEOUT: Final = 10.0
_CHUNK: Final = 64 << 10
# Beside SSL_CERT_FILE and SSL_CERT_DIR, which OpenSSL reads by itself.
_CA_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request, ready to be sent."""

    post: bool
    url: str
    """Encoded."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    seconds: float = 30.0
    """Time limit for the whole response."""


class HttpClient:
    """A pool of connections that all REST clouds share; safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._proxies = Proxies()
        self._pools: dict[str | None, urllib3.PoolManager] = {}
        # By the proxy that they go through; None: directly.

    def send(self, request: HttpRequest) -> HttpReply | Failure:
        """The response to a request; a `Failure` of state ERROR where there is none. Blocks."""
        import urllib3

        headers = {
            "User-Agent": USER_AGENT,
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            **request.headers,
        }
        try:
            response = self._pool(request.url).request(
                "POST" if request.post else "GET",
                request.url,
                body=request.body,
                headers=headers,
                # A redirect would carry the token to a host that nobody reviewed.
                redirect=False,
                # Retries are those of the provider client, which knows what an error means.
                retries=False,
                timeout=urllib3.Timeout(connect=_CONNECT_TIMEOUT, total=request.seconds),
                preload_content=False,
            )
            body = read_body(response)
        except (urllib3.exceptions.HTTPError, OSError, TooLargeError) as error:
            return _failure(error)
        return HttpReply(status=response.status, headers=response.headers, body=body)

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = self._proxies.of(url)
        pool = self._pools.get(proxy)
        if pool is None:
            with self._lock:
                pool = self._pools.setdefault(proxy, _new_pool(proxy))
        return pool


class Proxies:
    """The proxies of the environment, by host."""

    def __init__(self) -> None:
        self._configured: dict[str, str] | None = None
        self._by_host: dict[str, str | None] = {}

    def of(self, url: str) -> str | None:
        """The address of the proxy for a URL; None: it is reached directly."""
        host = "/".join(url.split("/", 3)[:3])
        if host not in self._by_host:
            self._by_host[host] = self._find(host)
        return self._by_host[host]

    def _find(self, host: str) -> str | None:
        if self._configured is None:
            self._configured = getproxies()
        parts = urlsplit(host)
        # No proxy reaches what listens on this machine alone.
        if parts.hostname in LOOPBACK or proxy_bypass(parts.netloc):
            return None
        return self._configured.get(parts.scheme) or self._configured.get("all") or None


def tls_context() -> ssl.SSLContext:
    """Verification by the system's authorities, or by those that the environment names."""
    for name in _CA_VARIABLES:
        if os.environ.get(name):
            return ssl.create_default_context(cafile=os.environ[name])
    return ssl.create_default_context()


def _new_pool(proxy: str | None) -> urllib3.PoolManager:
    import urllib3

    from scanner.client.rest.bounded_pools import bounded

    context = tls_context()
    if proxy is None:
        return bounded(urllib3.PoolManager(maxsize=CONNECTIONS, ssl_context=context))
    headers: dict[str, str] = {}
    parts = urlsplit(proxy)
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers = dict(urllib3.make_headers(proxy_basic_auth=credentials))
    return bounded(
        urllib3.ProxyManager(proxy, proxy_headers=headers, maxsize=CONNECTIONS, ssl_context=context)
    )


def read_body(response: urllib3.BaseHTTPResponse) -> bytes:
    """The body to its end, decompressed; TooLargeError where that is too far."""
    # Its connection bounds what comes over the wire, in time and in size. Decompressed, a little
    # becomes a lot.
    body = bytearray()
    while chunk := response.read1(_CHUNK):
        body += chunk
        if len(body) > LARGEST_RESPONSE:
            response.close()
            raise TooLargeError
    response.release_conn()
    return bytes(body)


def _failure(error: Exception) -> Failure:
    """Why there is no response.

    Errors of certificates, proxies and addresses do not go away by a retry.
    """
    from urllib3 import exceptions

    code = type(error).__name__
    message = " ".join(str(error).split())
    attempts = 3
    # What http.client raises, urllib3 wraps.
    inner = error.args[1] if isinstance(error, exceptions.ProtocolError) else error
    lasting = (exceptions.SSLError, exceptions.ProxyError, exceptions.LocationValueError)
    if isinstance(inner, TooLargeError):
        code, message, attempts = "TooLarge", str(inner), 1
    elif isinstance(error, exceptions.NewConnectionError):
        pass  # urllib3 counts it as a timeout, whatever the reason
    elif isinstance(error, (TimeoutError, exceptions.TimeoutError)):
        code, message = "Timeout", "no response in time"
    elif isinstance(error, lasting):
        attempts = 1
    return Failure(state=State.ERROR, code=code, message=message, attempts=attempts)
