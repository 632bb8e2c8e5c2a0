"""Calls spread over threads; beyond 16 the client's own work is the bound, not the wait."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from scanner.executors import Asking, Progress, Then
from scanner.model.answers import Answer, Call

WORKERS: Final = 16


@dataclass(frozen=True, slots=True)
class _Outcome:
    call: Call
    answer: Answer | None
    error: BaseException | None = None


class Threads:
    """Up to `workers` calls at once; `then` runs in the caller's thread only."""

    def __init__(self, workers: int = WORKERS) -> None:
        self._workers = workers

    def run(self, session: Asking, first: Iterable[Call], then: Then, progress: Progress | None = None) -> None:
        """Ask the calls and all that follow; after an error or an interrupt no further call is begun."""
        crew = _Crew(session)
        try:
            known = crew.add(first, self._workers)
            done = 0
            while done < known:
                outcome = crew.results.get()
                if outcome.error is not None or outcome.answer is None:
                    raise outcome.error or RuntimeError("a call ended without an answer")
                done += 1
                known += crew.add(then(outcome.call, outcome.answer), self._workers)
                if progress:
                    progress(done, known)
        finally:
            crew.stop()


class _Crew:
    """The threads, made as they are needed, with what they have to do and what they brought."""

    def __init__(self, session: Asking) -> None:
        self._session = session
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._stopped = threading.Event()
        self.results: queue.SimpleQueue[_Outcome] = queue.SimpleQueue()

    def add(self, calls: Iterable[Call], limit: int) -> int:
        """Hand out calls; returns how many."""
        count = 0
        for call in calls:
            count += 1
            self._calls.put(call)
            if len(self._threads) < limit:
                # Daemons: an interrupt must not wait for an answer that may take half a minute.
                thread = threading.Thread(target=self._work, name=f"tscan-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
        return count

    def stop(self) -> None:
        """Let every thread end after the call that it is in."""
        self._stopped.set()
        for _ in self._threads:
            self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None and not self._stopped.is_set():
            try:
                self.results.put(_Outcome(call, self._session.ask(call)))
            except BaseException as error:  # noqa: BLE001 - handed to the caller's thread and raised there
                self.results.put(_Outcome(call, None, error))
                return
