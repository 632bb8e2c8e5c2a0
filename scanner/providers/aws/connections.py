"""Sends requests over connections of urllib3, and reads responses with http.client."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3
from botocore import exceptions as aws
from botocore.httpsession import ProxyConfiguration, get_cert_path, mask_proxy_url
from botocore.session import Session as BotoSession
from botocore.utils import get_environ_proxies
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.exceptions import SSLError as WrappedSSLError
from urllib3.util.proxy import connection_requires_http_tunnel
from urllib3.util.ssl_ import create_urllib3_context

from scanner.client.bounded_reading import BoundedResponse, TooLargeError
from scanner.providers.aws.errors import TooLargeAnswerError

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 30.0
_KEPT: Final = 64
"""Idle connections to one host."""
_ROUTES: Final = 1024
"""Hosts that are remembered: each bucket is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP response read to its end, with the attributes that botocore's handlers use."""

    status_code: int
    headers: urllib3.HTTPHeaderDict = field(default_factory=urllib3.HTTPHeaderDict)
    content: bytes = b""
    raw: str = "read"
    """Stands for the stream, which handlers look for and never read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How one host is reached."""

    url: str
    """Scheme and host, for messages."""
    host: str
    """As it is signed: without its port, where that is the usual one."""
    pool: Any
    """A connection pool of urllib3."""
    proxy: str = ""
    tunnel: bool = False
    """Whether the proxy opens a tunnel to the host (CONNECT); else it forwards whole addresses."""

    @property
    def before_path(self) -> str:
        """The prefix of the path in a request's first line: a forwarding proxy needs the whole
        address.
        """
        if self.proxy and not self.tunnel:
            return self.url
        return ""

    @property
    def proxy_headers(self) -> Mapping[str, str]:
        """Headers for a forwarding proxy. Not for the host behind a tunnel: they hold the proxy's
        password.
        """
        if self.proxy and not self.tunnel:
            headers: Mapping[str, str] = self.pool.proxy_headers
            return headers
        return {}


class Connections:
    """All connections of a scan; safe in threads."""

    def __init__(self, session: BotoSession) -> None:
        self._session = session
        self._context: ssl.SSLContext | None = None
        self._managers: dict[str, urllib3.PoolManager] = {}
        self._routes: dict[tuple[str, str], Route] = {}

    def route(self, url: str) -> Route:
        """The route to the host of an address, through the proxy of the environment."""
        parts = urlsplit(url)
        key = (parts.scheme, parts.netloc)
        found = self._routes.get(key)
        if found is None:
            if len(self._routes) >= _ROUTES:
                self._routes.clear()
            found = self._routes[key] = self._find(f"{parts.scheme}://{parts.netloc}")
        return found

    def _find(self, url: str) -> Route:
        proxies = ProxyConfiguration(proxies=get_environ_proxies(url))
        proxy = proxies.proxy_url_for(url) or ""
        manager = self._managers.get(proxy)
        if manager is None:
            manager = self._managers[proxy] = self._manager(proxy, proxies)
        pool = manager.connection_from_url(url)
        tunnel = bool(proxy) and connection_requires_http_tunnel(
            pool.proxy, pool.proxy_config, pool.scheme
        )
        return Route(url=url, host=host_of(url), pool=pool, proxy=proxy, tunnel=tunnel)

    def _manager(self, proxy: str, proxies: ProxyConfiguration) -> urllib3.PoolManager:
        if self._context is None:
            self._context = self._trusted()
        more: dict[str, Any] = {
            "maxsize": _KEPT,
            "timeout": CONNECT_SECONDS,
            "ssl_context": self._context,
        }
        if not proxy:
            return urllib3.PoolManager(**more)
        return urllib3.ProxyManager(proxy, proxy_headers=proxies.proxy_headers_for(proxy), **more)

    def _trusted(self) -> ssl.SSLContext:
        """The authorities that are trusted: the bundle that the configuration names, or botocore's.

        Made once: to load a bundle takes 20 ms.
        """
        named = self._session.get_config_variable("ca_bundle") or os.environ.get(
            "REQUESTS_CA_BUNDLE", True
        )
        # An empty name would be read as "no bundle", and that as the default one.
        if isinstance(named, str) and not named.strip():
            raise aws.InvalidConfigError(error_msg="the CA bundle is named by an empty text")
        context = create_urllib3_context()
        context.verify_mode = ssl.CERT_REQUIRED
        context.check_hostname = True
        try:
            context.load_verify_locations(get_cert_path(named))
        except OSError as error:
            raise aws.InvalidConfigError(
                error_msg=f"the CA bundle {named} cannot be read: {error}"
            ) from error
        return context


def host_of(url: str) -> str:
    """The host of an address as it is signed."""
    parts = urlsplit(url)
    name = str(parts.hostname)
    if ":" in name:
        name = f"[{name}]"
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    if parts.port in (None, usual):
        return name
    return f"{name}:{parts.port}"


def exchange(route: Route, request: bytes, seconds: float = READ_SECONDS) -> Reply:
    """Send a request and read its response, over a connection that is kept for the next one.

    `seconds` is the time limit for the whole response. Raises botocore's errors for a connection
    that cannot be made or breaks, and for a response that is not whole or too large.
    """
    # Private members of urllib3's pool, listed in `botocore_probe`: its request path costs 0.55 ms,
    # its connections alone 0.2 (decision 0008).
    connection = route.pool._get_conn()
    if connection.is_closed:
        _open(route, connection)
    kept = False
    try:
        connection.sock.settimeout(seconds)
        connection.sock.sendall(request)
        reply, kept = _receive(connection.sock)
    except TimeoutError as error:
        raise aws.ReadTimeoutError(endpoint_url=route.url, error=error) from error
    except TooLargeError as error:
        raise TooLargeAnswerError(form=str(error)) from error
    except (OSError, HTTPException, ValueError) as error:
        raise aws.ConnectionClosedError(endpoint_url=route.url, error=error) from error
    finally:
        # What is left of a broken response would be read as the beginning of the next one.
        if not kept:
            connection.close()
    route.pool._put_conn(connection)
    return reply


def _receive(sock: Any) -> tuple[Reply, bool]:
    """One response, and whether its connection may serve another request."""
    with closing(BoundedResponse(sock)) as response:
        response.begin()
        reply = Reply(
            status_code=response.status,
            headers=urllib3.HTTPHeaderDict(response.headers.items()),
            content=response.read(),
        )
        return reply, not response.will_close


def _open(route: Route, connection: Any) -> None:
    connection.timeout = CONNECT_SECONDS
    try:
        if route.tunnel:
            route.pool._prepare_proxy(connection)
        else:
            connection.connect()
    except (HTTPError, OSError) as error:
        connection.close()
        raise _unopened(route, error) from error


def _unopened(route: Route, error: Exception) -> Exception:
    """The exception by which botocore reports a connection that could not be made."""
    found: Exception
    if isinstance(error, (ssl.SSLError, WrappedSSLError)):
        found = aws.SSLError(endpoint_url=route.url, error=error)
    elif route.proxy:
        found = aws.ProxyConnectionError(proxy_url=mask_proxy_url(route.proxy), error=error)
    # Before the timeout, from which urllib3 derives it.
    elif isinstance(error, NewConnectionError):
        found = aws.EndpointConnectionError(endpoint_url=route.url, error=error)
    elif isinstance(error, (ConnectTimeoutError, TimeoutError)):
        found = aws.ConnectTimeoutError(endpoint_url=route.url, error=error)
    else:
        found = aws.ConnectionClosedError(endpoint_url=route.url, error=error)
    return found
