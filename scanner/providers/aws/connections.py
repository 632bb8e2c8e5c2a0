"""Connections: opened by urllib3 as botocore would (proxy, certificates), and spoken over in plain HTTP/1.1."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
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

from scanner.providers.aws.http import Reply, receive

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 30.0
_KEPT: Final = 64
"""Idle connections to one host."""
_ROUTES: Final = 1024
"""Hosts that are remembered: each bucket is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How one host is reached."""

    url: str
    """Scheme and host, for messages."""
    host: str
    """As it is signed: without its port, where that is the usual one."""
    pool: Any
    proxy: str = ""
    tunnel: bool = False
    """The proxy is asked for a connection to the host; else it is asked for the address as a whole."""

    @property
    def before_path(self) -> str:
        """What stands before the path in a request's first line."""
        return self.url if self.proxy and not self.tunnel else ""

    @property
    def proxy_headers(self) -> Mapping[str, str]:
        """What a proxy is told with each request that it can read."""
        return self.pool.proxy_headers if self.proxy and not self.tunnel else {}


class Connections:
    """All connections of a scan; safe in threads."""

    def __init__(self, session: BotoSession) -> None:
        self._session = session
        self._context: ssl.SSLContext | None = None
        self._managers: dict[str, urllib3.PoolManager] = {}
        self._routes: dict[tuple[str, str], Route] = {}

    def route(self, url: str) -> Route:
        """The way to the host of an address, through the proxy that the environment names for it."""
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
        """Whom we trust: the bundle that the configuration names, or botocore's; read once, it takes 20 ms."""
        named = self._session.get_config_variable("ca_bundle") or os.environ.get(
            "REQUESTS_CA_BUNDLE", True
        )
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
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else str(parts.hostname)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return name if parts.port in (None, usual) else f"{name}:{parts.port}"


def exchange(route: Route, request: bytes) -> Reply:
    """Send a request and read what comes back, over a connection that is kept for the next one.

    botocore's errors for a connection that cannot be made or breaks.
    """
    connection = route.pool._get_conn()
    if connection.is_closed:
        _open(route, connection)
    kept = False
    try:
        connection.sock.sendall(request)
        reply = receive(connection.sock)
        kept = reply.kept
    except TimeoutError as error:
        raise aws.ReadTimeoutError(endpoint_url=route.url, error=error) from error
    except (OSError, HTTPException) as error:
        raise aws.ConnectionClosedError(endpoint_url=route.url, error=error) from error
    finally:
        if not kept:
            connection.close()
    route.pool._put_conn(connection)
    return reply


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
    connection.sock.settimeout(READ_SECONDS)


def _unopened(route: Route, error: Exception) -> Exception:
    found: Exception
    if isinstance(error, (ssl.SSLError, WrappedSSLError)):
        found = aws.SSLError(endpoint_url=route.url, error=error)
    elif route.proxy:
        found = aws.ProxyConnectionError(proxy_url=mask_proxy_url(route.proxy), error=error)
    elif isinstance(error, NewConnectionError):  # a kind of ConnectTimeoutError to urllib3
        found = aws.EndpointConnectionError(endpoint_url=route.url, error=error)
    elif isinstance(error, (ConnectTimeoutError, TimeoutError)):
        found = aws.ConnectTimeoutError(endpoint_url=route.url, error=error)
    else:
        found = aws.ConnectionClosedError(endpoint_url=route.url, error=error)
    return found
