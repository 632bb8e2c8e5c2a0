"""Answers that several targets need, made once: those of what stands above them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from scanner.model.answers import Answer, Call


class Shared:
    """Calls that one target has asked, or is asking, for all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[str, Future[Answer]] = {}

    def once(self, call: Call, ask: Callable[[], Answer]) -> Answer:
        """The answer, asked by whoever is first and waited for by the others."""
        with self._lock:
            mine = call.key not in self._asked
            future = self._asked.setdefault(call.key, Future())
        if mine:
            try:
                future.set_result(ask())
            except BaseException as error:
                # Else the others would wait for ever.
                future.set_exception(error)
                raise
        return future.result()
