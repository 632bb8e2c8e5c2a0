"""Threads that send requests and wait for answers, and do nothing else: what is computed is computed elsewhere."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from scanner.core.steps import Pending, Steps
from scanner.providers.aws.connections import Route, exchange

_IDLE: Final = 2.0
"""Seconds after which a thread that has nothing to do ends."""


class IoPool:
    """Up to `limit` requests at a time, over all accounts; the threads are made as they are needed."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._queue: queue.SimpleQueue[tuple[Callable[[], Any], Pending]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = 0

    def send(self, route: Route, request: bytes) -> Steps[Any]:
        """The reply to a request; what `exchange` raises is raised."""
        return self.run(partial(exchange, route, request))

    def run(self, function: Callable[[], Any]) -> Steps[Any]:
        """What a function that blocks returns or raises."""
        pending = Pending()
        self._queue.put((function, pending))
        with self._lock:
            if not self._idle and self._threads < self._limit:
                self._threads += 1
                # Daemons: an interrupt must not wait for an answer that may take half a minute.
                threading.Thread(
                    target=self._serve, name=f"tscan-aws-{self._threads}", daemon=True
                ).start()
        yield pending
        result, error = pending.outcome
        if error is not None:
            raise error
        return result

    def _serve(self) -> None:
        while (task := self._next()) is not None:
            function, pending = task
            outcome: tuple[Any, BaseException | None]
            try:
                outcome = function(), None
            except BaseException as error:  # noqa: BLE001 - brought to who waits, and raised there
                outcome = None, error
            pending.bring(outcome)

    def _next(self) -> tuple[Callable[[], Any], Pending] | None:
        """What is to be done; None when nothing was for a while, and the thread ends."""
        with self._lock:
            self._idle += 1
        while True:
            try:
                task = self._queue.get(timeout=_IDLE)
            except queue.Empty:
                task = None
            with self._lock:
                if task is None and not self._queue.empty():
                    continue  # it came between the two: whoever put it there counted on this thread
                self._idle -= 1
                self._threads -= task is None
                return task
