"""HTTP/1.1 as a client reads it: one answer off a socket, whole or not at all."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from http.client import HTTPException, IncompleteRead, LineTooLong
from typing import Any, Final

_LONGEST_HEAD: Final = 1 << 18
_READ: Final = 1 << 16
_MOST_HEADERS: Final = 200
_NO_BODY: Final = frozenset({204, 304})


class Headers(dict[str, str]):
    """Headers by their names in lower case; asked for in any case."""

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a header."""
        return super().get(name.lower(), default)

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer, by the names under which botocore's handlers look for its parts."""

    status_code: int
    headers: Headers = field(default_factory=Headers)
    content: bytes = b""
    raw: str = "read"
    """Stands for a stream that is read already."""
    kept: bool = False
    """Whether the connection may serve another request."""


class MalformedAnswerError(HTTPException):
    """Something else than HTTP/1 came back."""


class _Stream:
    """What a socket brings, as far as it was read."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._have = b""

    def until(self, mark: bytes) -> bytes:
        """What stands before a mark, which is passed over."""
        while mark not in self._have:
            if len(self._have) > _LONGEST_HEAD:
                raise LineTooLong("the head of the answer")
            more = self._sock.recv(_READ)
            if not more:
                raise IncompleteRead(self._have)
            self._have += more
        found, _, self._have = self._have.partition(mark)
        return found

    def exactly(self, length: int) -> bytes:
        """So many bytes."""
        parts, missing = [self._have[:length]], length - len(self._have)
        self._have = self._have[length:]
        while missing > 0:
            more = self._sock.recv(min(missing, 1 << 20))
            if not more:
                raise IncompleteRead(b"".join(parts), missing)
            parts.append(more)
            missing -= len(more)
        return b"".join(parts) if len(parts) > 1 else parts[0]

    def rest(self) -> bytes:
        """All that comes until the other side ends."""
        parts, self._have = [self._have], b""
        while more := self._sock.recv(_READ):
            parts.append(more)
        return b"".join(parts)

    @property
    def spent(self) -> bool:
        """Whether nothing was read beyond what was taken."""
        return not self._have


def receive(sock: socket.socket) -> Reply:
    """One answer; HTTPException for one that is cut off or is no HTTP, OSError for a connection that breaks."""
    stream = _Stream(sock)
    version, status, headers = _head(stream)
    while 100 <= status < 200:
        version, status, headers = _head(stream)
    options = headers.get("connection", "").lower()
    kept = "close" not in options if version == "HTTP/1.1" else "keep-alive" in options
    if status in _NO_BODY:
        content = b""
    elif "transfer-encoding" in headers:
        content = _chunks(stream, headers["transfer-encoding"])
    elif "content-length" in headers:
        content = stream.exactly(_length(headers["content-length"], 10))
    else:
        content, kept = stream.rest(), False
    return Reply(status_code=status, headers=headers, content=content, kept=kept and stream.spent)


def _head(stream: _Stream) -> tuple[str, int, Headers]:
    first, *lines = stream.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    code = rest[:3]
    if version not in ("HTTP/1.1", "HTTP/1.0") or not (
        code.isascii() and code.isdigit() and len(code) == 3
    ):
        raise MalformedAnswerError(f"no HTTP answer: {version[:40]!r}")
    if len(lines) > _MOST_HEADERS:
        raise MalformedAnswerError(f"more than {_MOST_HEADERS} headers")
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise MalformedAnswerError(f"a malformed header: {name[:40]!r}")
        key = name.lower()
        found[key] = f"{found[key]}, {value.strip()}" if key in found else value.strip()
    return version, int(code), Headers(found)


def _length(text: str, base: int) -> int:
    # int() also takes signs, spaces and underscores.
    if not text.isascii() or not text.isalnum():
        raise MalformedAnswerError(f"a malformed length: {text[:40]!r}")
    try:
        return int(text, base)
    except ValueError:
        raise MalformedAnswerError(f"a malformed length: {text[:40]!r}") from None


def _chunks(stream: _Stream, coding: str) -> bytes:
    if coding.lower() != "chunked":
        raise MalformedAnswerError(f"an unknown transfer coding: {coding[:40]!r}")
    parts: list[bytes] = []
    while length := _length(stream.until(b"\r\n").partition(b";")[0].strip().decode("latin-1"), 16):
        parts.append(stream.exactly(length))
        if stream.until(b"\r\n"):
            raise MalformedAnswerError("a chunk is longer than it says")
    while stream.until(b"\r\n"):
        pass
    return b"".join(parts)
