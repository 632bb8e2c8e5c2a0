"""Does jobs in worker threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import Final

from scanner.executors import J, R

WORKERS: Final = 16
"""Beyond 16 the client's own CPU is the bound, not the wait for responses."""


class Threads:
    """Up to `workers` jobs at once; `then` runs in the caller's thread only."""

    def __init__(self, workers: int = WORKERS) -> None:
        self.workers = workers

    def each(
        self, work: Callable[[J], R], first: Iterable[J], then: Callable[[J, R], Iterable[J]]
    ) -> Iterator[J]:
        """Do the jobs and all that follow; after an error or an interrupt no further job is begun."""
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="tscan")
        # `concurrent.futures.wait` would look through every outstanding future for each one that is done.
        done: SimpleQueue[tuple[J, Future[R]]] = SimpleQueue()

        def submit(jobs: Iterable[J]) -> int:
            count = 0
            for job in jobs:
                pool.submit(work, job).add_done_callback(partial(_report, done, job))
                count += 1
            return count

        try:
            outstanding = submit(first)
            while outstanding:
                job, future = done.get()
                outstanding += submit(then(job, future.result())) - 1
                yield job
        finally:
            # Without waiting: a job that was left may block for half a minute on a socket. The command line ends the
            # process all the same (`scanner.cli.main`).
            pool.shutdown(wait=False, cancel_futures=True)


def _report(done: SimpleQueue[tuple[J, Future[R]]], job: J, future: Future[R]) -> None:
    done.put((job, future))
