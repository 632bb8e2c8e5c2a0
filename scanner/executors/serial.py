"""Does jobs one after the other, in an order that is the same every time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from scanner.executors import J, R


class Serial:
    """The executor without threads."""

    workers: Final = 1

    def __init__(self, workers: int = 1) -> None:
        """One worker, whatever number is given."""

    def each(
        self, work: Callable[[J], R], first: Iterable[J], then: Callable[[J, R], Iterable[J]]
    ) -> Iterator[J]:
        """Do the jobs and all that follow from them."""
        queue = deque(first)
        while queue:
            job = queue.popleft()
            queue.extend(then(job, work(job)))
            yield job
