"""Reads HTTP responses within a limit of bytes and of time, status lines, headers and trailers
included, and refuses those whose end cannot be known.

A socket's own timeout is for each wait, and http.client skips any number of `100 Continue`: a
server that sends a byte now and then would hold a worker for ever.
"""

from __future__ import annotations

import io
import re
import threading
import time
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LARGEST_RESPONSE: Final = 16 << 20
"""Bytes of one response: no declared operation has a page that is larger."""
_SMALL: Final = 1 << 20
"""Bytes up to which responses are read at the same time."""
_LARGE: Final = threading.Lock()
"""Held while more is read of a response: sixteen large ones at once would not fit into memory."""
_CHUNK_SIZE: Final = re.compile(rb"[0-9A-Fa-f]{1,16}")
_LENGTH: Final = re.compile(r"[0-9]{1,16}")


class TooLargeError(HTTPException):
    """A response of more than `LARGEST_RESPONSE` bytes."""

    def __init__(self) -> None:
        super().__init__(f"the response is larger than {LARGEST_RESPONSE >> 20} MiB")


class MalformedResponseError(HTTPException):
    """A response whose end cannot be known, or that is no HTTP/1."""


class _BoundedFile(io.RawIOBase):
    """The bytes that a socket receives, as many as may come and until they must have come."""

    def __init__(self, sock: Any, ends: float) -> None:
        self._sock = sock
        # The socket's own file keeps it open until the response is read, also where its connection
        # was closed before (`Connection: close`).
        self._file = sock.makefile("rb", buffering=0)
        self._ends = ends
        self._size = 0
        self._alone = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        try:
            self._sock.settimeout(self._seconds())
            count: int | None = self._file.readinto(buffer)
            self._take(count or 0)
        except BaseException:
            self._leave()
            raise
        return count

    def close(self) -> None:
        self._leave()
        if not self.closed:
            self._file.close()
        super().close()

    def _seconds(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the response did not end in time")
        return left

    def _take(self, count: int) -> None:
        self._size += count
        if self._size > LARGEST_RESPONSE:
            raise TooLargeError
        if self._size > _SMALL and not self._alone:
            self._alone = _LARGE.acquire(timeout=self._seconds())
            if not self._alone:
                raise TimeoutError("other large responses did not end in time")

    def _leave(self) -> None:
        if self._alone:
            self._alone = False
            _LARGE.release()


class BoundedResponse(HTTPResponse):
    """http.client's response; it must end within the timeout that its socket has at the beginning.

    Strict where http.client is lenient, and then reads less or more than the response holds.
    """

    def __init__(self, sock: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        seconds = sock.gettimeout()
        ends = time.monotonic() + (threading.TIMEOUT_MAX if seconds is None else seconds)
        self.fp = io.BufferedReader(_BoundedFile(sock, ends), 1 << 16)

    def begin(self) -> None:
        """Read the status line and the headers."""
        super().begin()
        _check_framing(self)

    def _read_next_chunk_size(self) -> int:
        # The base class passes the line to int(), which also takes signs, spaces, underscores and
        # `0x`.
        line = self.fp.readline(1 << 16)
        size = line.partition(b";")[0].strip()
        if not line.endswith(b"\n") or not _CHUNK_SIZE.fullmatch(size):
            raise MalformedResponseError(f"a malformed chunk size: {line[:40]!r}")
        return int(size, 16)


def _check_framing(response: HTTPResponse) -> None:
    if response.status < 200:
        raise MalformedResponseError(f"status {response.status} is not final")
    if response.headers.defects:
        # Among them a line without a colon: the headers after it would be lost, the length among
        # them.
        raise MalformedResponseError(f"malformed headers: {response.headers.defects[0]!r}")
    lengths = response.headers.get_all("content-length", [])
    # With a length that is no number, http.client reads until the connection ends, and calls that
    # whole.
    if len(lengths) > 1 or not all(_LENGTH.fullmatch(length.strip()) for length in lengths):
        raise MalformedResponseError(f"a malformed length: {repr(lengths)[:80]}")
    coding = response.headers.get("transfer-encoding", "chunked")
    if coding.lower() != "chunked":
        raise MalformedResponseError(f"an unknown transfer coding: {coding[:40]!r}")
