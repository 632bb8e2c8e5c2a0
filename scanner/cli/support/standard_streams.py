"""Keeps a scan running whose standard error is closed, or whose reader has left."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, TextIO, cast


class _Lossy:
    """A stream that drops what cannot be written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text, if somebody reads it."""
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is buffered, if somebody reads it."""
        with suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def keep_standard_streams() -> None:
    """Before anything is opened or written.

    Messages are for people; what they are about, the evidence and its verdict, must not be lost
    with them. Standard output is the result: where it cannot be written, the command fails.
    """
    _occupy()
    if sys.stderr is not None:
        sys.stderr = cast(TextIO, _Lossy(sys.stderr))


def _occupy() -> None:
    """Let no file that is opened later become standard input, output or error.

    After `2>&-` the next file would be: whatever a library writes to standard error would be
    written into the evidence.
    """
    descriptor = os.open(os.devnull, os.O_RDWR)
    while descriptor <= 2:
        descriptor = os.dup(descriptor)
    os.close(descriptor)
