"""Executors: ways to spread calls. To add one, write its module and name it here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from scanner.model.answers import Answer, Call
from scanner.registry import Registry

Ask = Callable[[Call], Answer]
"""A door for calls: `Session.ask`."""
Then = Callable[[Call, Answer], Iterable[Call]]
"""What follows from an answer: further calls."""
Progress = Callable[[int, int], None]
"""Told after every answer: calls answered, calls known so far."""


class Asking(Protocol):
    """What an executor needs of a session."""

    def ask(self, call: Call) -> Answer: ...


class Executor(Protocol):
    """Asks calls until none is left; answers are handled one at a time, in the caller's thread."""

    def run(self, session: Asking, first: Iterable[Call], then: Then, progress: Progress | None = None) -> None:
        """Ask the first calls and all that follow; what `ask` or `then` raises ends the run and is raised."""
        ...


EXECUTORS = Registry[Callable[[int], Executor]](
    "scanner.executors",
    serial="scanner.executors.serial:Serial",
    threads="scanner.executors.threads:Threads",
)
"""Each is made with the number of workers."""
