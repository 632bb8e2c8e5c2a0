"""HTTP/1.1 as a client reads it: one answer off a socket, whole or not at all."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from http.client import HTTPException, IncompleteRead, LineTooLong
from io import BufferedReader
from typing import Any, Final

_LONGEST_LINE: Final = 65536
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


def receive(sock: socket.socket) -> Reply:
    """One answer; HTTPException for one that is cut off or is no HTTP, OSError for a connection that breaks."""
    with sock.makefile("rb") as file:
        version, status = _status(file)
        while 100 <= status < 200:
            _headers(file)
            version, status = _status(file)
        headers = _headers(file)
        options = headers.get("connection", "").lower()
        kept = "close" not in options if version == b"HTTP/1.1" else "keep-alive" in options
        if status in _NO_BODY:
            content = b""
        elif "chunked" in headers.get("transfer-encoding", "").lower():
            content = _chunks(file)
        elif "content-length" in headers:
            content = _exactly(file, _length(headers["content-length"], 10))
        else:
            content, kept = file.read(), False
    return Reply(status_code=status, headers=headers, content=content, kept=kept)


def _line(file: BufferedReader) -> bytes:
    line = file.readline(_LONGEST_LINE + 1)
    if len(line) > _LONGEST_LINE:
        raise LineTooLong("a line of the answer")
    if not line.endswith(b"\n"):
        raise IncompleteRead(line)
    return line.rstrip(b"\r\n")


def _status(file: BufferedReader) -> tuple[bytes, int]:
    version, _, rest = _line(file).partition(b" ")
    code = rest[:3]
    if version not in (b"HTTP/1.1", b"HTTP/1.0") or not code.isdigit() or len(code) != 3:
        raise MalformedAnswerError(f"no HTTP answer: {version[:40]!r}")
    return version, int(code)


def _headers(file: BufferedReader) -> Headers:
    found = Headers()
    for _ in range(_MOST_HEADERS):
        line = _line(file)
        if not line:
            return found
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or name != name.strip():
            raise MalformedAnswerError(f"a malformed header: {name[:40]!r}")
        key, text = name.lower(), value.strip()
        found[key] = f"{found[key]}, {text}" if key in found else text
    raise MalformedAnswerError(f"more than {_MOST_HEADERS} headers")


def _length(text: str, base: int) -> int:
    # int() also takes signs, spaces and underscores.
    if not text.isascii() or not text.isalnum():
        raise MalformedAnswerError(f"a malformed length: {text[:40]!r}")
    try:
        return int(text, base)
    except ValueError:
        raise MalformedAnswerError(f"a malformed length: {text[:40]!r}") from None


def _exactly(file: BufferedReader, length: int) -> bytes:
    content = file.read(length)
    if len(content) != length:
        raise IncompleteRead(content, length - len(content))
    return content


def _chunks(file: BufferedReader) -> bytes:
    parts: list[bytes] = []
    while length := _length(_line(file).partition(b";")[0].strip().decode("latin-1"), 16):
        parts.append(_exactly(file, length))
        if _line(file):
            raise MalformedAnswerError("a chunk is longer than it says")
    while _line(file):
        pass
    return b"".join(parts)
