"""One operation at one endpoint, made ready: what botocore knows of it is looked up once and then only used.

botocore serialises, resolves endpoints, parses and has its own handlers for what its models do not say; its client,
which would look all of that up again for each call, is not called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from botocore.awsrequest import prepare_request_dict
from botocore.exceptions import ClientError
from botocore.model import OperationModel
from botocore.parsers import ResponseParserFactory

from scanner.providers.aws.connections import Route, exchange, host_of
from scanner.providers.aws.credentials import Identity
from scanner.providers.aws.endpoints import Endpoint, Endpoints
from scanner.providers.aws.http import Reply
from scanner.providers.aws.response_checks import check_body
from scanner.providers.aws.signing import Signer
from scanner.providers.aws.times import moment

NOT_CALLED: Final = frozenset({"release_retry_quota"})
"""Handlers of what tscan does itself: retries, and the pace of calls."""
_BREAKS: Final = re.compile(r"[\r\n]")
_IN_FIRST_LINE: Final = re.compile(r"[^!-~]")
_PARSERS: Final = ResponseParserFactory()
_PARSERS.set_parser_defaults(timestamp_parser=moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """A request as it is sent, and what botocore's handlers noted of it."""

    route: Route
    content: bytes
    context: dict[str, Any]


class PreparedCall:
    """One operation of one botocore client; safe in threads."""

    def __init__(self, client: Any, operation: str, places: Endpoints) -> None:
        self.model = client.meta.service_model.operation_model(operation)
        self._client = client
        self._places = places
        self._agent = client._user_agent_creator.to_string()
        self._context = _context(client, self.model)
        self._before_build = handlers(client, "before-parameter-build", operation)
        self._before_parse = handlers(client, "before-parse", operation)
        self._after_call = handlers(client, "after-call", operation)
        self._parser = _PARSERS.create_parser(self.model.service_model.resolved_protocol)
        self._signers: dict[tuple[Any, str, str], Signer] = {}

    def send(self, arguments: Mapping[str, Any], identity: Identity) -> dict[str, Any]:
        """The parsed response: what `request` and `read` raise, and what the exchange raises."""
        made = self.request(arguments, identity.key(), identity.now())
        return self.read(exchange(made.route, made.content), made)

    def request(
        self, arguments: Mapping[str, Any], credentials: Any, now: datetime
    ) -> SignedRequest:
        """The request with these arguments, signed; what botocore raises for arguments that it refuses."""
        params, context = dict(arguments), dict(self._context)
        for handler in self._before_build:
            handler(params=params, model=self.model, context=context)
        place = self._places.of(self.model, params, context)
        sign = partial(self._signer(place, context).sign, credentials=credentials, now=now)
        return SignedRequest(
            route=place.route, content=self._written(params, place, sign), context=context
        )

    # -- out ------------------------------------------------------------------------------------------------------

    def _signer(self, place: Endpoint, context: dict[str, Any]) -> Signer:
        found = self._signers.get(place.signing)
        if found is None:
            auth, name, region = place.signing
            version = self._client._request_signer._choose_signer(
                self.model.name,
                "standard",
                {**context, "auth_type": auth, "signing": place.signing_context},
            )
            found = self._signers[place.signing] = Signer(version, name, region)
        return found

    def _written(self, params: dict[str, Any], place: Endpoint, sign: Callable[..., None]) -> bytes:
        """The request as it is sent, signed."""
        request = self._client._serializer.serialize_to_request(params, self.model)
        if not self._client.meta.config.inject_host_prefix:
            request.pop("host_prefix", None)
        request["headers"].update(place.headers)
        prepare_request_dict(request, endpoint_url=place.url, user_agent=self._agent, context={})
        method, body = request["method"], _encoded(request["body"])
        host, path, query = _parts(request["url"], place.route)
        headers: dict[str, str] = {
            "Host": host,
            "Accept-Encoding": "identity",
            **{name: _text(value) for name, value in request["headers"].items()},
        }
        if body or method not in ("GET", "HEAD"):
            headers["Content-Length"] = str(len(body))
        sign(method, path, query, headers, body)
        headers.update(place.route.proxy_headers)
        target = (
            f"{place.route.before_path}{path}?{query}"
            if query
            else f"{place.route.before_path}{path}"
        )
        return _head(method, target, headers) + body

    # -- back -----------------------------------------------------------------------------------------------------

    def read(self, reply: Reply, made: SignedRequest) -> dict[str, Any]:
        """The parsed answer to a request; ClientError for one that refuses."""
        model = self.model
        response: dict[str, Any] = {
            "headers": reply.headers,
            "status_code": reply.status_code,
            "body": reply.content,
            "context": {"operation_name": model.name},
        }
        more: dict[str, Any] = {}
        for handler in self._before_parse:
            handler(operation_model=model, response_dict=response, customized_response_dict=more)
        check_body(response, model)
        parsed: dict[str, Any] = self._parser.parse(response, model.output_shape)
        parsed.update(more)
        for handler in self._after_call:
            handler(http_response=reply, parsed=parsed, model=model, context=made.context)
        if response["status_code"] >= 300:
            raise ClientError(parsed, model.name)
        return parsed


def _context(client: Any, model: OperationModel) -> dict[str, Any]:
    """What botocore's handlers may look at."""
    return {
        "client_region": client.meta.region_name,
        "client_config": client.meta.config,
        "has_streaming_input": False,
        "auth_type": model.resolved_auth_type,
        "unsigned_payload": model.unsigned_payload,
        "auth_options": model.service_model.metadata.get("auth"),
    }


def handlers(client: Any, event: str, operation: str) -> tuple[Callable[..., Any], ...]:
    """What botocore does at an event of an operation, in its order."""
    emitter = client.meta.events
    service = client.meta.service_model.service_id.hyphenize()
    # `emit` finds them by the same search; there is no public way to be told them.
    found = emitter._emitter._handlers.prefix_search(
        emitter._alias_event_name(f"{event}.{service}.{operation}")
    )
    return tuple(handler for handler in found if getattr(handler, "__name__", "") not in NOT_CALLED)


def _encoded(body: Any) -> bytes:
    """A serialised body as bytes; the query protocols give it as a form."""
    if isinstance(body, dict):
        return urlencode(body, doseq=True).encode()
    return body.encode() if isinstance(body, str) else bytes(body or b"")


def _parts(url: str, route: Route) -> tuple[str, str, str]:
    """Host, path and query of an address. Nearly every one is of its route's host, and then not taken apart again."""
    length = len(route.url)
    if url.startswith(route.url) and url[length : length + 1] in ("/", "?", ""):
        path, _, query = url[length:].partition("#")[0].partition("?")
        return route.host, path or "/", query
    parts = urlsplit(url)
    return host_of(url), parts.path or "/", parts.query


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """The lines before the body; ValueError where a value would make a line of its own."""
    if _IN_FIRST_LINE.search(target):
        raise ValueError("the address has a character that cannot be sent")
    if any(_BREAKS.search(value) for value in headers.values()):
        raise ValueError("a header has a line break")
    lines = [
        f"{method} {target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers.items()),
        "",
        "",
    ]
    return "\r\n".join(lines).encode()
