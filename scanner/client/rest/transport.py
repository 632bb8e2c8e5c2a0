"""Fetches pages of declared operations: prepares requests, classifies responses, and follows their
links.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from scanner.client.client import Page
from scanner.client.clock import Clock, seconds_left
from scanner.client.failures import Failure, OperationNotListedError
from scanner.client.repeated import REPEATED, repeated
from scanner.client.rest.http_client import HttpClient, HttpRequest
from scanner.client.rest.provider_profile import ProviderProfile, request_id
from scanner.client.rest.request import (
    Endpoint,
    PreparedRequest,
    next_request,
    prepare_request,
    value_at,
)
from scanner.client.rest.response_members import unlike_model
from scanner.client.rest.responses import HttpReply, count_gap, declared_gap, parse_body, unexpected
from scanner.client.rest.tokens import Token, Tokens
from scanner.model.answers import Call
from scanner.model.rest_operations import RestOperation, RestOperations

DECLARED_HOST: Final = "X-Tscan-Host"
"""Request header that names the declared host at a configured endpoint, which may stand for
several.
"""
REQUEST_TIMEOUT: Final = 30.0


class RequestSender(Protocol):
    """Sends prepared requests; safe in threads."""

    def send(
        self,
        operation: RestOperation,
        endpoint: Endpoint,
        request: PreparedRequest,
        deadline: float,
    ) -> HttpReply | Failure:
        """The response of the provider. Blocks; `deadline` is on the monotonic clock."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RestTransport:
    """Prepares the declared calls of one target."""

    profile: ProviderProfile
    operations: RestOperations
    sender: RequestSender
    own: frozenset[str]
    """Ids of the target, by which an error names the project or subscription whose service is off.
    """
    endpoint: str = ""
    """A configured address in place of the declared hosts; empty: none."""
    graphql_endpoint: str = ""
    """The same for GraphQL, where it lies elsewhere; empty: `endpoint`."""

    def operation(self, call: Call) -> RestOperation:
        """The operation of a call; OperationNotListedError where it is not on the list."""
        operation = self.operations.get(call.operation)
        if operation is None:
            raise OperationNotListedError(call.operation)
        return operation

    def rate_limit_key(self, call: Call) -> str:
        """The declared host."""
        # Quotas are those of an API. A configured endpoint may stand for several of them.
        return self.operation(call).host

    def prepare(self, call: Call) -> RestCall | Failure:
        """The call with its first request; a `Failure` where its arguments cannot be sent."""
        operation = self.operation(call)
        request = prepare_request(operation, call.params, self.profile.query(operation))
        if isinstance(request, Failure):
            return request
        endpoint = self.endpoint
        if operation.graphql and self.graphql_endpoint:
            endpoint = self.graphql_endpoint
        return RestCall(
            transport=self,
            operation=operation,
            endpoint=Endpoint(host=operation.host, endpoint=endpoint),
            first=request,
            lists=call.items,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RestCall:
    """A declared call whose pages can be fetched."""

    transport: RestTransport
    operation: RestOperation
    endpoint: Endpoint
    first: PreparedRequest
    lists: tuple[str, ...]

    def fetch(
        self, cursor: PreparedRequest | None, deadline: float
    ) -> Page[PreparedRequest] | Failure:
        """One page; `cursor` is the request of a further one."""
        request = cursor or self.first
        reply = self.transport.sender.send(self.operation, self.endpoint, request, deadline)
        if isinstance(reply, Failure):
            return reply
        data = self._data(reply)
        identity = request_id(self.transport.profile, reply)
        date = reply.headers.get("date", "")
        if isinstance(data, Failure):
            return replace(data, request_id=identity, date=date)
        link_header = reply.headers.get("link", "")
        # Read before the members are dropped that say where the next page is.
        following = next_request(self.operation.page, request, self.endpoint, data, link_header)
        incomplete = declared_gap(self.operation, data)
        self._drop_page_members(data)
        return Page(
            data=data,
            next=following,
            token=_token(following),
            request_id=identity,
            date=date,
            size=len(reply.body),
            incomplete=incomplete,
        )

    def shortfall(self, data: dict[str, Any], last: Page[PreparedRequest]) -> Failure | None:
        """The gap between what all pages hold and what they announce."""
        return count_gap(self.operation, data, last.data, self.lists)

    def _data(self, reply: HttpReply) -> dict[str, Any] | Failure:
        # No declared operation answers by another status: 204 and 206 are no whole answers.
        if reply.status != 200:
            return self.transport.profile.failure(reply, self.transport.own)
        data = parse_body(self.operation, reply)
        if isinstance(data, Failure):
            return data
        unlike = unlike_model(
            self.transport.profile.cloud, self.operation, data, lists=bool(self.lists)
        )
        return unexpected(unlike) if unlike else data

    def _drop_page_members(self, data: dict[str, Any]) -> None:
        """Where the next page is, is no evidence, and differs from scan to scan."""
        if self.operation.page is None:
            return
        for *above, name in self.operation.page.members:
            inner = value_at(data, above)
            if isinstance(inner, dict):
                inner.pop(name, None)


def _token(following: PreparedRequest | Failure | None) -> str:
    # The whole request, because a link that comes twice is a loop as much as a token that does.
    if isinstance(following, PreparedRequest):
        return repr((following.target, following.body))
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSender:
    """Sends requests with a token of the audience that an operation declares."""

    profile: ProviderProfile
    http: HttpClient
    tokens: Tokens | None
    """None: requests go without a token (an endpoint of this machine, over plain HTTP)."""
    clock: Clock

    def send(
        self,
        operation: RestOperation,
        endpoint: Endpoint,
        request: PreparedRequest,
        deadline: float,
    ) -> HttpReply | Failure:
        """The response; the request is repeated once where its token had just expired."""
        if self.tokens is None:
            return self.http.send(self._request(operation, endpoint, request, None, deadline))
        audience = operation.audience or self.profile.audience
        # A 401 is a refusal only of a fresh token: one that was made an hour ago may just have
        # expired.
        for is_last in (False, True):
            token = self.tokens.get(audience)
            if isinstance(token, Failure):
                return token
            reply = self.http.send(self._request(operation, endpoint, request, token, deadline))
            if isinstance(reply, HttpReply) and repeated(
                token.value, reply.headers.values(), reply.body
            ):
                return REPEATED
            if is_last or isinstance(reply, Failure) or reply.status != 401:
                return reply
            self.tokens.forget(audience, token)
        raise AssertionError("the second response is returned")

    def _request(
        self,
        operation: RestOperation,
        endpoint: Endpoint,
        request: PreparedRequest,
        token: Token | None,
        deadline: float,
    ) -> HttpRequest:
        headers = dict(self.profile.headers(operation))
        if token is not None:
            headers["Authorization"] = f"Bearer {token.value}"
            headers.update(token.headers)
        # An emulator, or the server that replays recordings, stands for all hosts of a cloud.
        if endpoint.endpoint:
            headers[DECLARED_HOST] = endpoint.host.removeprefix("https://")
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        return HttpRequest(
            post=request.post,
            url=endpoint.base + request.target,
            headers=headers,
            body=request.content,
            seconds=seconds_left(self.clock, deadline, REQUEST_TIMEOUT),
        )
