"""Does jobs in worker threads."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import Final

from scanner.executors import WORKER, J, R

WORKERS: Final = 16
"""Beyond 16 the client's own CPU is the bound, not the wait for responses."""
_M_ARENA_MAX: Final = -8
"""`mallopt` of glibc: how many heaps there are (mallopt(3))."""


class Threads:
    """Up to `workers` jobs at once; `then` runs in the caller's thread only."""

    def __init__(self, workers: int = WORKERS) -> None:
        self.workers = workers

    def each(
        self,
        work: Callable[[J], R],
        first: Iterable[J],
        then: Callable[[J, R], Iterable[J]],
    ) -> Iterator[J]:
        """Do the jobs and all that follow; after an error or interrupt no further one is begun."""
        _share_heaps()
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix=WORKER)
        # `concurrent.futures.wait` would look through every outstanding future for each one that is
        # done.
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
        except BaseException:
            # Without waiting: a job may block for half a minute on a socket. Python would wait for
            # it at its end; the command line ends the process without (`scanner.cli.main`).
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()


def _share_heaps() -> None:
    """Make worker threads share two heaps.

    glibc gives each thread a heap of its own, and what one thread freed another cannot use: a scan
    held 112 MB instead of 96 (decision 0024). Elsewhere there is no such function, and no need.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 2)


def _report(
    done: SimpleQueue[tuple[J, Future[R]]],
    job: J,
    future: Future[R],
) -> None:
    done.put((job, future))
