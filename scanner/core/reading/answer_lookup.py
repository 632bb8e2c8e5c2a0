"""Looks up the answers that reading a kind needs, and notes the calls that have none yet."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Final

from scanner.core.reading.answer_items import with_open_lists
from scanner.core.reading.context import ReadContext, Reader
from scanner.model.answers import Answer, Call, State
from scanner.model.kinds import Request
from scanner.model.redacted import with_unread_marks
from scanner.model.values import ABSENT, RawValue, Unreadable

_UNKNOWN_FORMAT: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a reader raises that meets a value of another type than it expects."""


class AnswerLookup:
    """Answers by call key; a call without an answer is noted in `wanted`.

    A `KindReader` reads through a lookup in two phases. Collecting makes the wanted calls and reads
    again until none is wanted. Judging makes no calls: what a wanted call would have returned is
    `Unreadable`. See docs/decisions/0001.
    """

    __slots__ = ("answers", "keys", "known_absent", "missing_calls")

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = answers
        self.missing_calls: dict[str, Call] = {}
        """Calls without an answer, by key."""
        self.known_absent: set[str] = set()
        """Keys of answers whose error codes the kinds declare to mean absence."""
        self.keys: set[str] = set()
        """Keys of all calls that were looked up."""

    def ask(self, call: Call) -> Answer | None:
        """The answer of a call; None notes the call as wanted."""
        self.keys.add(call.key)
        answer = self.answers.get(call.key)
        if answer is None:
            self.missing_calls[call.key] = call
        return answer

    def read(self, call: Call, request: Request) -> RawValue:
        """The data of a call's answer, `ABSENT` by the request's error codes, or `Unreadable`."""
        answer = self.ask(call)
        if answer is None:
            return _no_answer(call)
        data = raw_data(answer, request)
        if data is ABSENT:
            self.known_absent.add(call.key)
        return data

    def run(self, reader: Reader, context: ReadContext) -> RawValue:
        """The result of a reader, or `Unreadable` once one of its calls has no answer, or an
        answer has a form that the reader stumbles over.
        """
        program: Generator[Call, Answer, RawValue] = reader(context)
        asked = ""
        try:
            call = next(program)
            while True:
                asked = call.operation
                answer = self.ask(call)
                if answer is None:
                    # It is run again from the start when the answer is there: readers are pure.
                    program.close()
                    return _no_answer(call)
                call = program.send(_as_read(answer))
        except StopIteration as stop:
            result: RawValue = stop.value
            return result
        except _UNKNOWN_FORMAT as error:
            # One strange answer leaves what the reader makes of it unread, and nothing else.
            return Unreadable(f"{asked} returned an unknown format ({type(error).__name__})")


def _as_read(answer: Answer) -> Answer:
    """What a reader sees of an answer: a redacted value is no text that it could compare."""
    return replace(answer, data=read_data(answer)) if answer.redacted else answer


def raw_data(answer: Answer, request: Request) -> RawValue:
    """The data of an answer; `ABSENT` where its error code means absence; else `Unreadable`."""
    data = read_data(answer)
    if answer.state in (State.OK, State.EMPTY):
        return data
    if answer.state is State.PARTIAL:
        # Comes before `absent_on`: the first page had something, so that the error code of a later
        # page never means absence.
        return with_open_lists(data, request.items, answer.unread)
    if answer.state is State.ABSENT:
        return ABSENT
    if answer.code and answer.code in request.absent_on:
        return ABSENT
    if answer.state is State.DISABLED and request.disabled_is == "empty":
        return ABSENT
    return answer.unread


def read_data(answer: Answer) -> RawValue:
    """The data of an answer, in which a redacted value is `Unreadable`."""
    data: RawValue = answer.data
    # Only where something was redacted: a walk over all evidence would take longer than judging it.
    return with_unread_marks(data) if answer.redacted else data


def _no_answer(call: Call) -> Unreadable:
    reason = f"{call.operation} was not called"
    return Unreadable(reason, gaps=frozenset((call.place,)))
