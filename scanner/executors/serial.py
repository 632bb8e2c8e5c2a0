"""One job after another, in the order in which they were found."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from scanner.core.steps import walk
from scanner.executors import J, R, Working


class Serial:
    """The executor without threads: the same run every time."""

    def __init__(self, workers: int = 1) -> None:
        """One worker, whatever is asked for."""

    def each(
        self, work: Working[J, R], first: Iterable[J], then: Callable[[J, R], Iterable[J]]
    ) -> Iterator[J]:
        """Do the jobs and all that follow from them."""
        queue = deque(first)
        while queue:
            job = queue.popleft()
            queue.extend(then(job, walk(work.steps(job), time.sleep)))
            yield job
