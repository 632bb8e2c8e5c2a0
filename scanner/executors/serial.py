"""One call after another, in the order in which they were found."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from scanner.executors import Asking, Progress, Then
from scanner.model.answers import Call


class Serial:
    """The executor without threads: the same run every time."""

    def __init__(self, workers: int = 1) -> None:
        """One worker, whatever is asked for."""

    def run(self, session: Asking, first: Iterable[Call], then: Then, progress: Progress | None = None) -> None:
        """Ask the calls and all that follow from them."""
        queue = deque(first)
        done = 0
        while queue:
            call = queue.popleft()
            queue.extend(then(call, session.ask(call)))
            done += 1
            if progress:
                progress(done, done + len(queue))
