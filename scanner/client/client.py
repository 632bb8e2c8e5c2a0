"""Makes a declared call at a provider: paced, retried, paged, classified and redacted.

One class serves every cloud. What differs between clouds is a `Transport`, which prepares a call
and fetches its pages.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, Generic, Protocol, TypeVar

from scanner.client.boundary import guarded
from scanner.client.clock import Clock, Skew
from scanner.client.failures import Failure
from scanner.client.interfaces import Rules
from scanner.client.lists import NotAListError
from scanner.client.page_reader import TOO_DEEP, PageReader, too_deep
from scanner.client.redaction import Redactor
from scanner.client.retry import RateLimiter, Retry
from scanner.model.answers import Answer, Call, State

_LOG: Final = logging.getLogger(__name__)
Cursor = TypeVar("Cursor")
"""What a transport needs in order to fetch a further page: arguments, or a whole request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Cursor]):
    """One page of a response, as JSON values."""

    data: dict[str, Any]
    """Without the members that only lead to the next page: they are no evidence."""
    next: Cursor | Failure | None = None
    """What `PageFetcher.fetch` takes for the page after this one; None: this is the last one.

    A `Failure`: there is a further page, and it cannot be requested.
    """
    token: str = ""
    """Identifies the next page: a token that comes twice is a loop."""
    request_id: str = ""
    date: str = ""
    """The response's Date header."""
    size: int = 0
    """Bytes of the response."""
    incomplete: Failure | None = None
    """What the page itself reports as left out of it."""


class PageFetcher(Protocol[Cursor]):
    """A call that is ready to be sent."""

    @property
    def lists(self) -> tuple[str, ...]:
        """Dotted paths of the lists that later pages continue."""
        ...

    def fetch(self, cursor: Cursor | None, deadline: float) -> Page[Cursor] | Failure:
        """Request one page, once; None: the first. Blocks, and never raises for what a provider
        does.

        `deadline` is on the monotonic clock.
        """
        ...

    def shortfall(self, data: dict[str, Any], last: Page[Cursor]) -> Failure | None:
        """What all pages together lack, by the provider's own count."""
        ...


class Transport(Protocol):
    """How calls of one cloud are sent on behalf of one target; safe in threads."""

    def rate_limit_key(self, call: Call) -> Hashable:
        """What is throttled together: a service in a region, or a host.

        OperationNotListedError for an operation that is not on the reviewed list.
        """
        ...

    def prepare(self, call: Call) -> PageFetcher[Any] | Failure:
        """The call, validated and ready to be sent; or why it cannot be sent at all."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanContext:
    """What all clients of one configured target share."""

    rules: Rules
    clock: Clock
    redactor: Redactor
    deadline: float
    """Of the scan, on the monotonic clock."""

    @classmethod
    def begin(cls, rules: Rules, clock: Clock) -> ScanContext:
        """The context of a scan that begins now."""
        return cls(
            rules=rules,
            clock=clock,
            redactor=Redactor(rules),
            deadline=clock.monotonic() + rules.scan_deadline,
        )

    def call_deadline(self, wait: float = 0.0) -> float:
        """When a call that begins now, after a wait of so many seconds, must have ended."""
        return min(self.clock.monotonic() + self.rules.call_deadline + wait, self.deadline)


class ProviderClient:
    """Makes the calls of one target; safe in threads. A call blocks its thread, waits included."""

    def __init__(self, transport: Transport, context: ScanContext) -> None:
        self.transport = transport
        self.context = context
        self.skew = Skew(context.clock)
        self._limiters: dict[Hashable, RateLimiter] = {}
        self._lock = threading.Lock()

    def request(self, call: Call) -> Answer:
        """The answer to a call, all pages of it; a refusal or failure is an answer too.

        OperationNotListedError for an operation that is not on the reviewed list.
        """
        # First of all: an operation that is not reviewed must not reach the transport.
        limiter = self._limiter(self.transport.rate_limit_key(call))
        clock = self.context.clock
        started = clock.stamp()
        retry = Retry(limiter, clock, self.context.call_deadline(call.wait))
        reader = PageReader()
        # A call that waits for a report to be generated has that much longer; the scan has not.
        if retry.wait(call.wait):
            reader.failure = guarded(call.place, partial(self._read, call, retry, reader))
        else:
            reader.failure = Failure(
                state=State.ERROR, code="Deadline", message="the scan's deadline has passed"
            )
        reader.close()
        build = partial(
            PageReader.answer,
            call=call,
            redactor=self.context.redactor,
            retries=retry.retries,
            started=started,
            finished=clock.stamp(),
        )
        answer = guarded(call.place, partial(build, reader))
        if isinstance(answer, Failure):
            answer = build(PageReader(failure=answer))
        if _LOG.isEnabledFor(logging.DEBUG):
            _LOG.debug("call", extra={"event": _call_event(answer)})
        return answer

    def _limiter(self, key: Hashable) -> RateLimiter:
        with self._lock:
            return self._limiters.setdefault(key, RateLimiter(self.context.clock))

    def _read(
        self,
        call: Call,
        retry: Retry,
        reader: PageReader,
    ) -> Failure | None:
        """Read the pages into `reader`, to the last one; why not, where one fails."""
        fetcher = self.transport.prepare(call)
        if isinstance(fetcher, Failure):
            return fetcher
        try:
            return self._read_pages(call, fetcher, retry, reader)
        except NotAListError as error:
            return Failure(state=State.ERROR, code="NotAList", message=str(error))

    def _read_pages(
        self,
        call: Call,
        fetcher: PageFetcher[Any],
        retry: Retry,
        reader: PageReader,
    ) -> Failure | None:
        cursor: Any = None
        incomplete: Failure | None = None
        while True:
            page = retry.run(partial(self._fetch, call, fetcher, cursor, retry.deadline))
            if isinstance(page, Failure):
                return page
            too_much = reader.make_room(page.size, retry.left)
            if too_much is not None:
                return too_much
            reader.add(page.data, page.request_id, fetcher.lists)
            # The pages after it are read all the same, and a gap of the first is one of the whole.
            incomplete = incomplete or page.incomplete
            if page.next is None:
                # Only now can the provider's own total be compared with what all pages held.
                return incomplete or fetcher.shortfall(reader.data or {}, page)
            if isinstance(page.next, Failure):
                return page.next
            not_followed = reader.cannot_follow(call, page.token)
            if not_followed is not None:
                return not_followed
            cursor = page.next

    def _fetch(
        self, call: Call, fetcher: PageFetcher[Any], cursor: Any, deadline: float
    ) -> Page[Any] | Failure:
        outcome = fetcher.fetch(cursor, deadline)
        if outcome.date:
            self.skew.note(outcome.date)
        if isinstance(outcome, Page) and too_deep(outcome.data):
            outcome = Failure(state=State.ERROR, code="TooDeep", message=TOO_DEEP)
        if isinstance(outcome, Failure) and _LOG.isEnabledFor(logging.DEBUG):
            code = self.context.redactor.code(outcome.code)
            _LOG.debug("attempt failed", extra={"event": _failure_event(call, outcome, code)})
        return outcome


# Events for `--verbose`. The message of a provider is left out unless it was redacted.


def _call_event(answer: Answer) -> dict[str, Any]:
    begun = datetime.fromisoformat(answer.started)
    ended = datetime.fromisoformat(answer.finished)
    return {
        "operation": answer.call.operation,
        "region": answer.call.region,
        "params": answer.call.params,
        "state": answer.state.value,
        "code": answer.code,
        "message": answer.message,
        "pages": answer.pages,
        "items": answer.count,
        "retries": answer.retries,
        "seconds": round((ended - begun).total_seconds(), 3),
    }


def _failure_event(call: Call, failure: Failure, code: str) -> dict[str, Any]:
    return {
        "operation": call.operation,
        "region": call.region,
        "params": call.params,
        "state": failure.state.value,
        "code": code,
        "wait": failure.after,
    }
