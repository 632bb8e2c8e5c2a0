"""Executors: ways to spread work. To add one, write its module and name it here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from scanner.core.steps import Steps
from scanner.registry import Registry

J = TypeVar("J")
"""What is to be done: a call, or a call of one target among many."""
R = TypeVar("R")
"""What came of it."""
_Job = TypeVar("_Job", contravariant=True)
_Result = TypeVar("_Result", covariant=True)


class Working(Protocol[_Job, _Result]):
    """What an executor needs of a session."""

    def steps(self, job: _Job) -> Steps[_Result]:
        """The work of one job; safe beside others."""
        ...


class Executor(Protocol):
    """Does jobs until none is left; results are handled one at a time, in the caller's thread."""

    def each(
        self, work: Working[J, R], first: Iterable[J], then: Callable[[J, R], Iterable[J]]
    ) -> Iterator[J]:
        """Do the first jobs and all that follow, and yield each after `then` has handled its result.

        What `steps` or `then` raises ends the run and is raised; so does leaving the iterator.
        """
        ...


def run(
    executor: Executor, work: Working[J, R], first: Iterable[J], then: Callable[[J, R], Iterable[J]]
) -> None:
    """Do everything, to the end."""
    for _ in executor.each(work, first, then):
        pass


EXECUTORS = Registry[Callable[[int], Executor]](
    "scanner.executors",
    serial="scanner.executors.serial:Serial",
    threads="scanner.executors.threads:Threads",
)
"""Each is made with the number of workers."""
