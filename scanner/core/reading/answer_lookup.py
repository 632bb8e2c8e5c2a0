"""The one door through which a kind's program asks: answers that are known, and a list of those that are wanted."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from scanner.core.reading.context import ReadContext, Reader
from scanner.model.answers import Answer, Call, State
from scanner.model.kinds import Request
from scanner.model.values import ABSENT, OpenList, Unreadable


class AnswerLookup:
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
    if answer.state is State.PARTIAL:
        # Whatever its code is elsewhere: something was there, and a later page failed.
        return _opened(answer.data, request.items, answer.unread)
    if answer.state is State.ABSENT or (answer.code and answer.code in request.absent_on):
        return ABSENT
    if answer.state is State.DISABLED and request.disabled_is == "empty":
        return ABSENT
    return answer.unread


def _unasked(call: Call) -> Unreadable:
    return Unreadable(f"{call.operation} was not asked", gaps=frozenset((call.place,)))


@dataclass(frozen=True, slots=True)
class OpenMapping(Unreadable):
    """The part of a mapping of lists that was read. What else it holds is open, so that it is no value by itself."""

    known: Mapping[str, Any] = field(default_factory=dict)


def _opened(data: Any, items: tuple[str, ...], rest: Unreadable) -> Any:
    """The data of a cut-off answer: its paged lists are open, everything else stays as the first page gave it."""
    if not items or not isinstance(data, dict):
        return rest
    opened = dict(data)
    for path in items:
        first, _, below = paged(path).partition(".")
        found = opened.get(first.removesuffix("{}"), {} if below or first.endswith("{}") else [])
        opened[first.removesuffix("{}")] = _opened_member(found, first, below, rest)
    return opened


def paged(path: str) -> str:
    """A path of items down to what pages add to: the first list, or the first mapping of lists."""
    head, walk, _ = path.partition("{}")
    return head.partition("[]")[0] + (walk if "[]" not in head else "")


def _opened_member(found: Any, name: str, below: str, rest: Unreadable) -> Any:
    if below:
        return _opened(found, (below,), rest)
    if name.endswith("{}"):
        return (
            OpenMapping(rest.reason, gaps=rest.gaps, known=found)
            if isinstance(found, dict)
            else rest
        )
    return OpenList(found, rest.reason, rest.gaps) if isinstance(found, list) else rest


def items_at(data: Any, path: str) -> list[Any] | Unreadable:
    """The items at a dotted path: `[]` goes into each element of a list (`Reservations[].Instances`), `{}` into each
    value of a mapping (`items{}.instances`)."""
    if data is ABSENT:
        return []
    if isinstance(data, Unreadable):
        return data
    walk = _WALK.search(path)
    head, sign, tail = (
        (path[: walk.start()], walk[1], path[walk.end() :]) if walk else (path, "", "")
    )
    found = _member(data, head, path)
    if found is ABSENT:
        return []
    if sign == "{}":
        return _in_mapping(found, path, tail)
    if not isinstance(found, list):
        return found if isinstance(found, Unreadable) else _unlike(path, "a list", found)
    return _flattened(found, tail) if tail else found


_WALK: Final = re.compile(r"(\[\]|\{\})(?:\.|$)")


def _member(data: Any, head: str, path: str) -> Any:
    """The value at a path of plain members; `ABSENT` where one is missing."""
    found = data
    for step in head.split(".") if head else []:
        if not isinstance(found, dict):
            return (
                found
                if isinstance(found, Unreadable)
                else Unreadable(f"{path}: expected an object")
            )
        if step not in found:
            return ABSENT
        found = found[step]
    return found


def _unlike(path: str, wanted: str, found: Any) -> Unreadable:
    return Unreadable(f"{path}: expected {wanted}, the answer has {type(found).__name__}")


def _in_mapping(found: Any, path: str, tail: str) -> list[Any] | Unreadable:
    """The items below each value of a mapping, in the order of its keys."""
    known = found.known if isinstance(found, OpenMapping) else found
    if not isinstance(known, dict):
        return found if isinstance(found, Unreadable) else _unlike(path, "a mapping", found)
    values = [known[key] for key in sorted(known)]
    listed = (
        OpenList(values, found.reason, found.gaps) if isinstance(found, OpenMapping) else values
    )
    return _flattened(listed, tail) if tail else listed


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
