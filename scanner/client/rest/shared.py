"""Requests once what several targets read: answers about the folders and the organization above
them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from scanner.model.answers import Answer, Call


class SharedAnswers:
    """Answers by call, each requested by the first target that needs it; safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[str, Future[Answer]] = {}

    def once(self, call: Call, request: Callable[[], Answer]) -> Answer:
        """The answer to a call. Blocks, also while another thread requests it."""
        with self._lock:
            is_first = call.key not in self._answers
            future = self._answers.setdefault(call.key, Future())
        if is_first:
            try:
                future.set_result(request())
            except BaseException as error:
                # Without it, the other threads would wait for ever.
                future.set_exception(error)
                raise
        return future.result()
