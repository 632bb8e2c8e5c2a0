"""Executors: ways to spread work. To add one, write its module and name it here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from scanner.registry import Registry

J = TypeVar("J")
"""A job: a call, or a call of one target among many."""
R = TypeVar("R")
"""The result of a job."""


class Executor(Protocol):
    """Does jobs until none is left; results are handled one at a time, in the caller's thread."""

    @property
    def workers(self) -> int:
        """How many jobs are done at the same time."""
        ...

    def each(
        self, work: Callable[[J], R], first: Iterable[J], then: Callable[[J, R], Iterable[J]]
    ) -> Iterator[J]:
        """Do the first jobs and all that follow, and yield each after `then` has handled its result.

        `work` may block, and must be safe in threads. What `work` or `then` raises ends the run and is raised; leaving
        the iterator ends it too.
        """
        ...


def run(
    executor: Executor,
    work: Callable[[J], R],
    first: Iterable[J],
    then: Callable[[J, R], Iterable[J]],
) -> None:
    """Do all jobs to the end."""
    for _ in executor.each(work, first, then):
        pass


EXECUTORS = Registry[Callable[[int], Executor]](
    "scanner.executors",
    serial="scanner.executors.serial:Serial",
    threads="scanner.executors.threads:Threads",
)
"""Each is made with the number of workers."""
