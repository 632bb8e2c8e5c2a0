"""The one door through which a kind's program asks: answers that are known, and a list of those that are wanted."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from scanner.core.reading import ReadContext, Reader
from scanner.model.answers import Answer, Call, State
from scanner.model.kinds import Request
from scanner.model.values import ABSENT, OpenList, Unreadable


class Door:
    """Known answers by key; a call that has none is noted as wanted.

    The same kind program runs in front of it while collecting (wanted calls are then made) and while judging
    (wanted calls were never answered, and their readers get `Unreadable`).
    """

    __slots__ = ("answers", "settled", "wanted")

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = answers
        self.wanted: dict[str, Call] = {}
        self.settled: set[str] = set()
        """Keys of errors that the kinds declare to be knowledge."""

    def ask(self, call: Call) -> Answer | None:
        """The answer if it is known."""
        key = call.key
        answer = self.answers.get(key)
        if answer is None:
            self.wanted[key] = call
        return answer

    def read(self, call: Call, request: Request) -> Any:
        """The raw data of a call, as the request declares its errors: data, `ABSENT`, or `Unreadable`."""
        answer = self.ask(call)
        if answer is None:
            return _unasked(call)
        raw = raw_data(answer, request)
        if raw is ABSENT:
            self.settled.add(call.key)
        return raw

    def run(self, reader: Reader, context: ReadContext) -> Any:
        """What a reader returns, or `Unreadable` while one of its calls has no answer."""
        program: Generator[Call, Answer, Any] = reader(context)
        try:
            call = next(program)
            while True:
                answer = self.ask(call)
                if answer is None:
                    program.close()
                    return _unasked(call)
                call = program.send(answer)
        except StopIteration as stop:
            return stop.value


def raw_data(answer: Answer, request: Request) -> Any:
    """An answer as knowledge: its data, `ABSENT` where the request says that the code means so, else `Unreadable`."""
    if answer.state in (State.OK, State.EMPTY):
        return answer.data
    if answer.state is State.ABSENT or (answer.code and answer.code in request.absent_on):
        return ABSENT
    if answer.state is State.DISABLED and request.disabled_is == "empty":
        return ABSENT
    if answer.state is State.PARTIAL:
        return _opened(answer.data, request.items, answer.unread)
    return answer.unread


def _unasked(call: Call) -> Unreadable:
    return Unreadable(f"{call.operation} was not asked", gaps=frozenset((call.place,)))


def _opened(data: Any, items: tuple[str, ...], rest: Unreadable) -> Any:
    """The data of a cut-off answer: its paged lists are open, everything else stays as the first page gave it."""
    if not items or not isinstance(data, dict):
        return rest
    opened = dict(data)
    for path in items:
        first, _, below = path.partition("[]")[0].partition(".")
        found = opened.get(first, {} if below else [])
        if below:
            opened[first] = _opened(found, (below,), rest)
        else:
            opened[first] = OpenList(found, rest.reason, rest.gaps) if isinstance(found, list) else rest
    return opened


def items_at(data: Any, path: str) -> list[Any] | Unreadable:
    """The list at a dotted path; `[]` goes into each element (`Reservations[].Instances`)."""
    if data is ABSENT:
        return []
    if isinstance(data, Unreadable):
        return data
    found: Any = data
    head, _, tail = path.partition("[].")
    for step in head.split(".") if head else []:
        if not isinstance(found, dict):
            return Unreadable(f"{path}: expected an object")
        if step not in found:
            return []
        found = found[step]
    if not isinstance(found, list):
        return Unreadable(f"{path}: expected a list, the answer has {type(found).__name__}")
    if not tail:
        return found
    return _flattened(found, tail)


def _flattened(found: list[Any], tail: str) -> list[Any] | Unreadable:
    inner: list[Any] = []
    rest = found.rest if isinstance(found, OpenList) else None
    for element in found:
        below = items_at(element, tail)
        if isinstance(below, Unreadable):
            return below
        if isinstance(below, OpenList):
            rest = rest or below.rest
        inner.extend(below)
    return OpenList(inner, rest.reason, rest.gaps) if rest else inner
