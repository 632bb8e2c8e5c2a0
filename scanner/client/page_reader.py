"""Joins the pages of one call and builds the answer from them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from scanner.client.boundary import UNREADABLE
from scanner.client.failures import Failure
from scanner.client.lists import NotAListError, count_at, join
from scanner.client.redaction import Redactor
from scanner.model.answers import Answer, Call, State

MAX_PAGES: Final = 10_000
LARGEST_ANSWER: Final = 64 << 20
"""Bytes of all pages of one answer."""
DEEPEST: Final = 100
"""Levels of lists and mappings in an answer; the deepest declared one has a dozen."""
TOO_DEEP: Final = f"the response has more than {DEEPEST} levels"
_SMALL: Final = 4 << 20
"""Bytes up to which answers are held without regard to others."""
_LARGE: Final = threading.BoundedSemaphore(2)
"""Held while an answer has more: sixteen that never end would not fit into memory."""
_UNUSABLE: Final = ("NotAList", "UnexpectedValue", UNREADABLE)
"""Codes of failures after which not even the pages before them can be trusted."""
_LONGEST_ID: Final = 200
_NOT_VISIBLE: Final = re.compile(r"[^!-~]")


@dataclass(slots=True)
class PageReader:
    """The pages of one call that were read so far, joined."""

    data: dict[str, Any] | None = None
    failure: Failure | None = None
    """Why no further page is read."""
    pages: int = 0
    request_ids: list[str] = field(default_factory=list)
    size: int = 0
    """Bytes of the pages."""
    _tokens: set[str] = field(default_factory=set)
    _large: bool = False

    def make_room(self, size: int, seconds: Callable[[], float]) -> Failure | None:
        """Why a page of so many bytes is one too much; blocks while other answers are large.

        `seconds` gives the seconds that are left.
        """
        self.size += size
        if self.size > LARGEST_ANSWER:
            message = f"the answer is larger than {LARGEST_ANSWER >> 20} MiB"
            return Failure(state=State.PARTIAL, code="TooLarge", message=message)
        if self.size > _SMALL and not self._large:
            self._large = _LARGE.acquire(timeout=max(0.0, seconds()))
            if not self._large:
                message = "other large answers did not end in time"
                return Failure(state=State.PARTIAL, code="Deadline", message=message)
        return None

    def close(self) -> None:
        """Let the next large answer be read."""
        if self._large:
            self._large = False
            _LARGE.release()

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
            request_ids=tuple(_request_id(one, redactor) for one in request_ids if one),
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


def too_deep(data: Any) -> bool:
    """Whether an answer has more levels than `DEEPEST`; without recursion."""
    level = [data]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for container in level:
            inner = container.values() if isinstance(container, dict) else container
            below.extend(value for value in inner if isinstance(value, dict | list))
        if not below:
            return False
        level = below
    return True


def _request_id(identity: str, redactor: Redactor) -> str:
    """A provider's id of a request without secrets: they are looked for before it is changed."""
    encodable = _encodable(identity)
    shown = redactor.code(encodable)
    is_kept = encodable.startswith(shown.removesuffix("…"))
    return _visible(shown) if is_kept else shown


def _visible(identity: str) -> str:
    """A provider's id of a request, as it may be logged and sent back: visible ASCII alone."""
    return _NOT_VISIBLE.sub("?", identity[:_LONGEST_ID])


def _encodable(text: str) -> str:
    """A text that can be written as UTF-8: a provider's message may hold lone surrogates."""
    return text.encode("utf-8", "replace").decode()
