"""One call while it is read, page by page, and the answer that becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from scanner.client.clock import Clock
from scanner.client.failures import Failure
from scanner.client.lists import NotAListError, count_at
from scanner.client.redaction import Redactor
from scanner.model.answers import Answer, Call, State

MAX_PAGES: Final = 10_000


@dataclass(slots=True)
class PageReader:
    """What was read so far for one call."""

    data: dict[str, Any] | None = None
    failure: Failure | None = None
    pages: int = 0
    request_ids: list[str] = field(default_factory=list)


def finished(
    call: Call, reading: PageReader, redactor: Redactor, *, retries: int, started: str, clock: Clock
) -> Answer:
    """The answer, classified and redacted."""
    failure = reading.failure
    data, redacted = redactor.clean(call.operation, reading.data)
    count, failure = _count(call, reading.data, failure)
    ids = [*reading.request_ids, *([failure.request_id] if failure and failure.request_id else [])]
    return Answer(
        call=call,
        state=_state(call, reading, failure, count),
        data=data,
        code=_written(failure.code) if failure else "",
        message=redactor.text(_written(failure.message)) if failure else "",
        started=started,
        finished=clock.stamp(),
        request_ids=tuple(request for request in ids if request),
        pages=reading.pages,
        count=count,
        retries=retries,
        redacted=redacted,
    )


def cannot_follow(
    call: Call, following: Mapping[str, Any], seen: set[str], pages: int
) -> Failure | None:
    """Why the next page is not asked for, if it is not."""
    token = repr(sorted(following.items()))
    if token in seen:
        return Failure(
            state=State.PARTIAL, code="RepeatedPageToken", message="a page token came twice"
        )
    seen.add(token)
    if not call.items:
        return Failure(
            state=State.PARTIAL,
            code="MorePages",
            message="more pages exist, but no items are declared",
        )
    if pages >= MAX_PAGES:
        return Failure(
            state=State.PARTIAL, code="TooManyPages", message=f"more than {MAX_PAGES} pages"
        )
    return None


def _written(text: str) -> str:
    """A text that can be written as UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _count(
    call: Call, data: dict[str, Any] | None, failure: Failure | None
) -> tuple[int, Failure | None]:
    """Items read, and the failure that a declared list of another type is."""
    if data is None or not call.items:
        return (0, failure) if data is None else (1, failure)
    try:
        return sum(count_at(data, path) for path in call.items), failure
    except NotAListError as error:
        return 0, Failure(state=State.ERROR, code="NotAList", message=str(error))


def _state(call: Call, reading: PageReader, failure: Failure | None, count: int) -> State:
    if failure is None:
        return State.EMPTY if call.items and count == 0 else State.OK
    if reading.data is not None and failure.state is not State.ERROR:
        return State.PARTIAL
    if reading.data is not None:
        return State.ERROR if failure.code in ("NotAList", "UnexpectedValue") else State.PARTIAL
    return State.ABSENT if failure.code in call.absent_on else failure.state
