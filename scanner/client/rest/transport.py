"""The way to the network: one event loop in a thread of its own, to which requests are handed and
from which come replies. aiohttp is imported when the first request is made.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import ssl
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from scanner import __version__
from scanner.client.failures import Failure
from scanner.client.rest.responses import HttpReply
from scanner.core.steps import Pending
from scanner.model.answers import State

CONNECTIONS: Final = 128
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
LARGEST: Final = 64 << 20
"""Bytes of one body: a page that is larger is not one of the declared operations."""
_CONNECT: Final = 10.0
_CA_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Beside SSL_CERT_FILE and SSL_CERT_DIR, which OpenSSL reads by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One request, ready to be sent."""

    post: bool
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    seconds: float = 30.0


class TooLargeError(Exception):
    """A body of more than `LARGEST` bytes."""


class Net:
    """The loop, its connections, and a few threads for what can only block (making tokens)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[tuple[Outgoing, Pending]] = deque()
        self._called = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: Any = None
        self._url: Any = None
        self._timeout: Any = None
        self._proxies: dict[str, str] = {}
        self._by_host: dict[str, str | None] = {}
        self._tasks: set[asyncio.Task[HttpReply]] = set()
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="tscan-tokens")

    def send(self, outgoing: Outgoing) -> Pending:
        """Send a request: a `HttpReply` or a `Failure` is brought."""
        pending = Pending()
        loop = self._loop or self._start()
        self._queue.append((outgoing, pending))
        # One call wakes the loop for everything that is queued until it looks: waking costs as much
        # as sending.
        if not self._called:
            self._called = True
            loop.call_soon_threadsafe(self._take)
        return pending

    def run(self, function: Callable[[], Any]) -> Pending:
        """Have something done that blocks."""
        pending = Pending()
        self._threads.submit(function).add_done_callback(lambda done: pending.bring(_outcome(done)))
        return pending

    def _start(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                self._proxies = getproxies()
                thread = threading.Thread(target=loop.run_forever, name="tscan-net", daemon=True)
                thread.start()
                asyncio.run_coroutine_threadsafe(self._open(), loop).result()
                atexit.register(self._close, loop)
                self._loop = loop
            return self._loop

    async def _open(self) -> None:
        import aiohttp
        import yarl

        self._url, self._timeout = yarl.URL, aiohttp.ClientTimeout
        bundle = next((os.environ[name] for name in _CA_VARIABLES if os.environ.get(name)), None)
        context = ssl.create_default_context(cafile=bundle)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=context),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"tscan/{__version__}", "Accept": "application/json"},
        )

    def _close(self, loop: asyncio.AbstractEventLoop) -> None:
        closing: Coroutine[Any, Any, None] = self._session.close()
        try:
            asyncio.run_coroutine_threadsafe(closing, loop).result(2.0)
        except TimeoutError:  # the process ends all the same
            return
        loop.call_soon_threadsafe(loop.stop)

    def _take(self) -> None:
        """In the loop: begin everything that is queued."""
        self._called = False
        while self._queue:
            outgoing, pending = self._queue.popleft()
            task = asyncio.ensure_future(self._ask(outgoing))
            self._tasks.add(task)
            task.add_done_callback(partial(self._bring, pending))

    def _bring(self, pending: Pending, task: asyncio.Task[HttpReply]) -> None:
        self._tasks.discard(task)
        outcome = _outcome(task)
        failure = _failure(outcome) if isinstance(outcome, BaseException) else None
        pending.bring(failure or outcome)

    async def _ask(self, outgoing: Outgoing) -> HttpReply:
        request = self._session.request(
            "POST" if outgoing.post else "GET",
            self._url(outgoing.url, encoded=True),
            data=outgoing.body,
            headers=outgoing.headers,
            allow_redirects=False,
            proxy=self._proxy(outgoing.url),
            timeout=self._timeout(total=outgoing.seconds, sock_connect=_CONNECT),
        )
        async with request as response:
            return HttpReply(
                status=response.status, headers=response.headers, body=await _whole(response)
            )

    def _proxy(self, url: str) -> str | None:
        key = "/".join(url.split("/", 3)[:3])
        if key not in self._by_host:
            parts = urlsplit(key)
            found = self._proxies.get(parts.scheme) or self._proxies.get("all")
            # No proxy reaches what is open on this machine alone.
            near = parts.hostname in LOOPBACK or proxy_bypass(parts.netloc)
            self._by_host[key] = None if not found or near else found
        return self._by_host[key]


def _outcome(done: asyncio.Future[Any] | Future[Any]) -> Any:
    """What something came to: a result, or the error by which it ended, which is raised where it is
    waited for.
    """
    if done.cancelled():
        return asyncio.CancelledError()
    error = done.exception()
    return done.result() if error is None else error


async def _whole(response: Any) -> bytes:
    """The body to its end; TooLargeError where that is too far."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > LARGEST:
            raise TooLargeError(f"the answer is larger than {LARGEST >> 20} MiB")
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _failure(error: BaseException) -> Failure | None:
    """What went wrong on the way; None: that is no matter of the network."""
    import aiohttp

    once = (
        aiohttp.ClientSSLError,
        aiohttp.ClientProxyConnectionError,
        aiohttp.ClientHttpProxyError,
    )
    message = " ".join(str(error).split())
    if isinstance(error, TooLargeError):
        return Failure(state=State.ERROR, code="TooLarge", message=message)
    if isinstance(error, TimeoutError):
        return Failure(state=State.ERROR, code="Timeout", message="no answer in time", attempts=3)
    if isinstance(error, (aiohttp.InvalidURL, *once)):
        return Failure(state=State.ERROR, code=type(error).__name__, message=message)
    if isinstance(error, (aiohttp.ClientError, OSError)):
        return Failure(state=State.ERROR, code=type(error).__name__, message=message, attempts=3)
    return None
