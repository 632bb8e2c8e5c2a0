"""Joins the pages of one call and builds the answer from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from scanner.client.failures import Failure
from scanner.client.lists import NotAListError, count_at, join
from scanner.client.redaction import Redactor
from scanner.model.answers import Answer, Call, State

MAX_PAGES: Final = 10_000
_UNUSABLE: Final = ("NotAList", "UnexpectedValue")
"""Codes of failures after which not even the pages before them can be trusted."""


@dataclass(slots=True)
class PageReader:
    """The pages of one call that were read so far, joined."""

    data: dict[str, Any] | None = None
    failure: Failure | None = None
    """Why no further page is read."""
    pages: int = 0
    request_ids: list[str] = field(default_factory=list)
    _tokens: set[str] = field(default_factory=set)

    def add(
        self,
        data: dict[str, Any],
        request_id: str,
        lists: Iterable[str],
    ) -> None:
        """Add a page; NotAListError where one of the lists is something else in it."""
        self.pages += 1
        self.request_ids.append(request_id)
        if self.data is None:
            self.data = data
        else:
            join(self.data, data, lists)

    def cannot_follow(self, call: Call, token: str) -> Failure | None:
        """Why the next page is not requested, if it is not."""
        # A provider that repeats a token would be read for ever, and its rows would count twice.
        if token in self._tokens:
            message = "the same page token was returned twice"
            return Failure(state=State.PARTIAL, code="RepeatedPageToken", message=message)
        self._tokens.add(token)
        # Pages can be joined only where the call names its lists; the first alone would look
        # complete.
        if not call.items:
            return Failure(
                state=State.PARTIAL,
                code="MorePages",
                message="more pages exist, but no items are declared",
            )
        if self.pages >= MAX_PAGES:
            return Failure(
                state=State.PARTIAL, code="TooManyPages", message=f"more than {MAX_PAGES} pages"
            )
        return None

    def answer(
        self,
        call: Call,
        redactor: Redactor,
        *,
        retries: int,
        started: str,
        finished: str,
    ) -> Answer:
        """The answer, classified and redacted; `started` and `finished` are stamps of the clock."""
        data, redacted = redactor.clean(call.operation, self.data)
        count, failure = self._count(call)
        request_ids = list(self.request_ids)
        code = message = ""
        if failure is not None:
            request_ids.append(failure.request_id)
            code = redactor.code(_encodable(failure.code))
            message = redactor.text(_encodable(failure.message))
        return Answer(
            call=call,
            state=self._state(call, failure, count),
            data=data,
            code=code,
            message=message,
            started=started,
            finished=finished,
            request_ids=tuple(redactor.code(_encodable(one)) for one in request_ids if one),
            pages=self.pages,
            count=count,
            retries=retries,
            redacted=redacted,
        )

    def _count(self, call: Call) -> tuple[int, Failure | None]:
        """Items read; and the failure, which may be that a declared list is something else."""
        if self.data is None:
            return 0, self.failure
        if not call.items:
            return 1, self.failure
        try:
            return sum(count_at(self.data, path) for path in call.items), self.failure
        except NotAListError as error:
            # A list that is none would count as no items, and that reads as "nothing there".
            return 0, Failure(state=State.ERROR, code="NotAList", message=str(error))

    def _state(
        self,
        call: Call,
        failure: Failure | None,
        count: int,
    ) -> State:
        if failure is None:
            return State.EMPTY if call.items and count == 0 else State.OK
        # A code that means absence says so only before any page: later it is a page that is
        # lacking.
        if self.data is None:
            return State.ABSENT if failure.code in call.absent_on else failure.state
        if failure.state is State.ERROR and failure.code in _UNUSABLE:
            return State.ERROR
        return State.PARTIAL


def _encodable(text: str) -> str:
    """A text that can be written as UTF-8: a provider's message may hold lone surrogates."""
    return text.encode("utf-8", "replace").decode()
