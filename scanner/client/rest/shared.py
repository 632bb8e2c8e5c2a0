"""Answers that several targets need, made once: those of what stands above them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from scanner.core.steps import Pending, Steps
from scanner.model.answers import Answer, Call


class Shared:
    """Calls that one target has asked, or is asking, for all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[str, Pending] = {}

    def once(self, call: Call, ask: Callable[[], Steps[Answer]]) -> Steps[Answer]:
        """The answer, asked by whoever is first and waited for by the others."""
        with self._lock:
            mine = call.key not in self._asked
            pending = self._asked.setdefault(call.key, Pending())
        if mine:
            pending.bring((yield from ask()))
        elif pending.outcome is None:
            yield pending
        answer: Answer = pending.outcome
        return answer
