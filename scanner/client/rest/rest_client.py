"""One target of a REST cloud: the door through which every call goes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

from scanner.client.client import Page, ProviderClient, ScanContext
from scanner.client.clock import Clock
from scanner.client.failures import Failure, OperationNotListedError
from scanner.client.interfaces import Rules
from scanner.client.redaction import Redactor
from scanner.client.rest.provider_profile import ProviderProfile, request_id
from scanner.client.rest.request import Endpoint, PreparedRequest, following, made, member_at
from scanner.client.rest.responses import HttpReply, data_of, lack, short
from scanner.client.rest.shared import Shared
from scanner.client.rest.tokens import Token, Tokens
from scanner.client.rest.transport import Net, Outgoing
from scanner.model.answers import Answer, Call
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

    @property
    def context(self) -> ScanContext:
        """What clients of every cloud share."""
        return ScanContext(
            rules=self.rules, clock=self.clock, redactor=self.redactor, deadline=self.deadline
        )


class RestTransport:
    """Sends declared calls for one target of a REST cloud."""

    def __init__(self, tools: Tools, own: frozenset[str]) -> None:
        self.tools = tools
        self.own = own
        """The target's names, by which a cloud says whose service is off."""

    def operation(self, call: Call) -> RestOperation:
        """The declared operation; OperationNotListedError for one that is not reviewed."""
        found = self.tools.operations.get(call.operation)
        if found is None:
            raise OperationNotListedError(call.operation)
        return found

    def rate_limit_key(self, call: Call) -> str:
        """The host."""
        return self.operation(call).host

    def prepare(self, call: Call) -> RestCall | Failure:
        """The first request of a call."""
        operation = self.operation(call)
        first = made(operation, call.params, self.tools.dialect.query(operation))
        if isinstance(first, Failure):
            return first
        beside = self.tools.graphql if operation.graphql else ""
        place = Endpoint(host=operation.host, endpoint=beside or self.tools.endpoint)
        return RestCall(self, call, operation, place, first)


class RestCall:
    """One declared call, prepared: its pages are fetched by request."""

    def __init__(
        self,
        transport: RestTransport,
        call: Call,
        operation: RestOperation,
        place: Endpoint,
        first: PreparedRequest,
    ) -> None:
        self.tools = transport.tools
        self.lists = call.items
        self._own = transport.own
        self._operation = operation
        self._place = place
        self._first = first

    def fetch(
        self, cursor: PreparedRequest | None, deadline: float
    ) -> Page[PreparedRequest] | Failure:
        """One page; requested once more where the token had just run out."""
        wire = self._first if cursor is None else cursor
        reply = self._request(wire, deadline)
        if isinstance(reply, Failure):
            return reply
        identity = request_id(self.tools.dialect, reply)
        date = reply.headers.get("date", "")
        if reply.status != 200:
            failure = self.tools.dialect.failure(reply, self._own)
            return replace(failure, request_id=identity, date=date)
        data = data_of(self._operation, reply)
        if isinstance(data, Failure):
            return replace(data, request_id=identity, date=date)
        link = reply.headers.get("link", "")
        further = following(self._operation.page, wire, self._place, data, link)
        incomplete = lack(self._operation, data)
        _drop_tokens(self._operation, data)
        token = ""
        if isinstance(further, PreparedRequest):
            token = repr((further.target, further.body))
        return Page(
            data=data,
            next=further,
            token=token,
            request_id=identity,
            date=date,
            incomplete=incomplete,
        )

    def shortfall(self, data: dict[str, Any], last: Page[PreparedRequest]) -> Failure | None:
        """What all pages together lack by their own count, or by what the last one says."""
        return short(self._operation, data, last.data, self.lists)

    # -- one request ----------------------------------------------------------------------------------------------

    def _request(self, wire: PreparedRequest, deadline: float) -> HttpReply | Failure:
        for last in (False, True):
            token = self._token()
            if isinstance(token, Failure):
                return token
            reply = self.tools.net.send(self._outgoing(wire, token, deadline)).result()
            if isinstance(reply, Failure):
                return reply
            if (
                reply.status == 401
                and token is not None
                and self.tools.tokens is not None
                and not last
            ):
                self.tools.tokens.forget(self._audience, token)
                continue
            return reply
        raise AssertionError("the second request returns")

    @property
    def _audience(self) -> str:
        return self._operation.audience or self.tools.dialect.audience

    def _token(self) -> Token | Failure | None:
        if self.tools.tokens is None:
            return None
        return self.tools.tokens.get(self._audience)

    def _outgoing(self, wire: PreparedRequest, token: Token | None, deadline: float) -> Outgoing:
        headers = dict(self.tools.dialect.headers(self._operation))
        if token is not None:
            headers |= {"Authorization": f"Bearer {token.value}", **token.headers}
        if self._place.endpoint:
            headers[DECLARED_HOST] = self._place.host.removeprefix("https://")
        if wire.body is not None:
            headers["Content-Type"] = "application/json"
        seconds = max(0.1, min(_REQUEST, deadline - self.tools.clock.monotonic()))
        return Outgoing(
            post=wire.post,
            url=self._place.base + wire.target,
            headers=headers,
            body=wire.content,
            seconds=seconds,
        )


def _drop_tokens(operation: RestOperation, data: dict[str, Any]) -> None:
    """Where the next page is, is no evidence."""
    for *above, name in operation.page.members if operation.page else ():
        inner = member_at(data, above)
        if isinstance(inner, dict):
            inner.pop(name, None)


class RestClient(ProviderClient):
    """Makes declared calls for one target."""

    def __init__(self, tools: Tools, own: frozenset[str]) -> None:
        self._rest = RestTransport(tools, own)
        super().__init__(self._rest, tools.context)
        self.tools = tools

    def request(self, call: Call) -> Answer:
        """The answer to one call; OperationNotListedError for one that is not reviewed."""
        if self._rest.operation(call).shared:
            return self.tools.shared.once(call, lambda: super(RestClient, self).request(call))
        return super().request(call)

    def ask(self, call: Call) -> Answer:
        """The same."""
        return self.request(call)
