"""How far a scan has come, on standard error."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from scanner.collect import Progress

LIVE: Final = 0.1
"""Seconds between two states of the line that is written over."""
PLAIN: Final = 10.0
"""Seconds between two lines where nothing can be written over."""


@contextmanager
def shown(*, quiet: bool, stream: TextIO | None = None) -> Iterator[Callable[[Progress], None]]:
    """What to call with each state; the line is cleared at the end, whatever happens."""
    out = stream or sys.stderr
    if quiet:
        yield lambda _: None
        return
    live = out.isatty() and os.environ.get("TERM") != "dumb"
    try:
        yield _Line(out, live)
    finally:
        if live:
            out.write("\r\x1b[K")
            out.flush()


class _Line:
    """The newest state, written not too often."""

    def __init__(self, out: TextIO, live: bool) -> None:
        self._out = out
        self._live = live
        # The first plain line comes at once, so that a log shows that work has begun.
        self._next = 0.0

    def __call__(self, state: Progress) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (LIVE if self._live else PLAIN)
        many = f"{state.ended} of {state.targets} targets read, " if state.targets > 1 else ""
        text = (
            f"{many}reading {state.target}: {state.done} of {state.known} calls, {state.operation}"
        )
        if self._live:
            columns = shutil.get_terminal_size().columns
            self._out.write(f"\r\x1b[K{text[: columns - 1]}")
        else:
            self._out.write(text + "\n")
        self._out.flush()
