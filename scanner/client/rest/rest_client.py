"""One target of a REST cloud: the door through which every call goes."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from scanner.client.clock import Clock, Skew
from scanner.client.failures import Failure, OperationNotListedError
from scanner.client.interfaces import Rules
from scanner.client.lists import NotAListError, join
from scanner.client.page_reader import PageReader, cannot_follow, finished
from scanner.client.redaction import Redactor
from scanner.client.rest.provider_profile import ProviderProfile, request_id
from scanner.client.rest.request import (
    Endpoint,
    PreparedRequest,
    next_request,
    prepare_request,
    value_at,
)
from scanner.client.rest.responses import HttpReply, count_gap, declared_gap, parse_body
from scanner.client.rest.shared import Shared
from scanner.client.rest.tokens import Token, Tokens
from scanner.client.rest.transport import Net, Outgoing
from scanner.client.retry import RateLimiter, Retry
from scanner.core.steps import Pending, Prompt, Steps, walk
from scanner.model.answers import Answer, Call, State
from scanner.model.rest_operations import RestOperation, RestOperations

DECLARED_HOST: Final = "X-Tscan-Host"
"""Says, at an endpoint that stands for several hosts, which of them is meant."""
_REQUEST: Final = 30.0
"""Seconds for one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the doors of all targets of one configured target share."""

    dialect: ProviderProfile
    operations: RestOperations
    net: Net
    tokens: Tokens | None
    """None: nobody is asked who we are (an endpoint of this machine, over plain HTTP)."""
    rules: Rules
    clock: Clock
    redactor: Redactor
    endpoint: str
    graphql: str = ""
    """What stands before the path of GraphQL, where that is not the endpoint; empty: it is."""
    deadline: float
    """Of the scan, on the monotonic clock."""
    shared: Shared = field(default_factory=Shared)

    def until(self, more: float = 0.0) -> float:
        """By when a call that begins now must have ended."""
        return min(self.clock.monotonic() + self.rules.call_deadline + more, self.deadline)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """One page, with the header that may name the next one."""

    data: dict[str, Any]
    link: str
    request_id: str


class RestClient:
    """Makes declared calls for one target: paced, retried, paged, classified, redacted."""

    def __init__(self, tools: Tools, own: frozenset[str]) -> None:
        self.tools = tools
        self.skew = Skew(tools.clock)
        self._own = own
        """The target's names, by which a cloud says whose service is off."""
        self._limiters: dict[str, RateLimiter] = {}
        self._lock = threading.Lock()
        self._date = ""

    def ask(self, call: Call) -> Answer:
        """The outcome of one call, waited for."""
        return walk(self.steps(call), self.tools.clock.sleep)

    def steps(self, call: Call) -> Steps[Answer]:
        """The outcome of one call; OperationNotListedError for one that is not reviewed."""
        operation = self.tools.operations.get(call.operation)
        if operation is None:
            raise OperationNotListedError(call.operation)
        if operation.shared:
            return Prompt(self.tools.shared.once(call, lambda: self._steps(call, operation)))
        return Prompt(self._steps(call, operation))

    def _steps(self, call: Call, operation: RestOperation) -> Steps[Answer]:
        clock = self.tools.clock
        started = clock.stamp()
        attempts = Retry(self._limiter(operation.host), clock, self.tools.until(call.wait))
        reading = PageReader()
        if (yield from attempts.wait(call.wait)):
            yield from self._read(call, operation, attempts, reading)
        else:
            reading.failure = Failure(
                state=State.ERROR, code="Deadline", message="the scan's deadline has passed"
            )
        return finished(
            call,
            reading,
            self.tools.redactor,
            retries=attempts.retries,
            started=started,
            clock=clock,
        )

    def _limiter(self, host: str) -> RateLimiter:
        with self._lock:
            return self._limiters.setdefault(host, RateLimiter(self.tools.clock))

    def _read(
        self, call: Call, operation: RestOperation, attempts: Retry, reading: PageReader
    ) -> Steps[None]:
        """Read every page into `reading`, or until one fails."""
        wire = prepare_request(operation, call.params, self.tools.dialect.query(operation))
        if isinstance(wire, Failure):
            reading.failure = wire
            return
        try:
            yield from self._pages(call, operation, wire, attempts, reading)
        except NotAListError as error:
            reading.failure = Failure(state=State.ERROR, code="NotAList", message=str(error))

    def _pages(
        self,
        call: Call,
        operation: RestOperation,
        wire: PreparedRequest,
        attempts: Retry,
        reading: PageReader,
    ) -> Steps[None]:
        beside = self.tools.graphql if operation.graphql else ""
        place = Endpoint(host=operation.host, endpoint=beside or self.tools.endpoint)
        seen: set[str] = set()
        lacking: Failure | None = None
        while reading.failure is None:
            page = yield from attempts.over(
                partial(self._request, operation, place, wire, attempts.deadline)
            )
            if isinstance(page, Failure):
                reading.failure = page
                return
            further = next_request(operation.page, wire, place, page.data, page.link)
            lacking = lacking or declared_gap(operation, page.data)
            _add(call, operation, reading, page)
            if further is None:
                reading.failure = lacking or count_gap(
                    operation, reading.data or {}, page.data, call.items
                )
                return
            if isinstance(further, Failure):
                reading.failure = further
                return
            reading.failure = cannot_follow(
                call, {"page": further.target, "body": further.body}, seen, reading.pages
            )
            wire = further

    # -- one request
    # ----------------------------------------------------------------------------------------------

    def _request(
        self, operation: RestOperation, place: Endpoint, wire: PreparedRequest, deadline: float
    ) -> Steps[_Page | Failure]:
        """One page; asked once more where the token had just run out."""
        for last in (False, True):
            token = yield from self._token(operation)
            if isinstance(token, Failure):
                return token
            pending = self.tools.net.send(self._outgoing(operation, place, wire, token, deadline))
            yield pending
            reply = _brought(pending)
            if isinstance(reply, Failure):
                return reply
            self._note(reply)
            if (
                reply.status == 401
                and token is not None
                and self.tools.tokens is not None
                and not last
            ):
                self.tools.tokens.forget(self._audience(operation), token)
                continue
            return self._page(operation, reply)
        raise AssertionError("the second request returns")

    def _audience(self, operation: RestOperation) -> str:
        return operation.audience or self.tools.dialect.audience

    def _token(self, operation: RestOperation) -> Steps[Token | Failure | None]:
        if self.tools.tokens is None:
            return None
        return (yield from self.tools.tokens.get(self._audience(operation)))

    def _outgoing(
        self,
        operation: RestOperation,
        place: Endpoint,
        wire: PreparedRequest,
        token: Token | None,
        deadline: float,
    ) -> Outgoing:
        headers = dict(self.tools.dialect.headers(operation))
        if token is not None:
            headers |= {"Authorization": f"Bearer {token.value}", **token.headers}
        if place.endpoint:
            headers[DECLARED_HOST] = place.host.removeprefix("https://")
        if wire.body is not None:
            headers["Content-Type"] = "application/json"
        seconds = max(0.1, min(_REQUEST, deadline - self.tools.clock.monotonic()))
        return Outgoing(
            post=wire.post,
            url=place.base + wire.target,
            headers=headers,
            body=wire.content,
            seconds=seconds,
        )

    def _note(self, reply: HttpReply) -> None:
        date = reply.headers.get("date", "")
        if date and date != self._date:
            self._date = date
            self.skew.note(date)

    def _page(self, operation: RestOperation, reply: HttpReply) -> _Page | Failure:
        identity = request_id(self.tools.dialect, reply)
        if reply.status != 200:
            return replace(self.tools.dialect.failure(reply, self._own), request_id=identity)
        data = parse_body(operation, reply)
        if isinstance(data, Failure):
            return replace(data, request_id=identity)
        return _Page(data=data, link=reply.headers.get("link", ""), request_id=identity)


def _brought(pending: Pending) -> HttpReply | Failure:
    outcome: HttpReply | Failure | BaseException = pending.outcome
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def _add(call: Call, operation: RestOperation, reading: PageReader, page: _Page) -> None:
    """Add a page to what was read; where the next one is, is no evidence."""
    reading.pages += 1
    reading.request_ids.append(page.request_id)
    for *above, name in operation.page.members if operation.page else ():
        inner = value_at(page.data, above)
        if isinstance(inner, dict):
            inner.pop(name, None)
    if reading.data is None:
        reading.data = page.data
    else:
        join(reading.data, page.data, call.items)
