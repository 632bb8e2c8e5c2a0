"""Prepares one operation at one endpoint, so that a call looks nothing up.

botocore serializes, resolves endpoints, parses, and has its own handlers for what its models do
not
say; its client, which would look all of that up again for each call, is not called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from botocore.awsrequest import prepare_request_dict
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError
from botocore.model import OperationModel
from botocore.parsers import ResponseParserFactory

from scanner.client.repeated import repeated
from scanner.providers.aws.connections import READ_SECONDS, Reply, Route, exchange, host_of
from scanner.providers.aws.credentials import Identity
from scanner.providers.aws.endpoints import Endpoint, Endpoints, SigningScope
from scanner.providers.aws.errors import CredentialRepeatedError
from scanner.providers.aws.response_checks import check_body
from scanner.providers.aws.signing import Signer, Unsigned
from scanner.providers.aws.times import moment

NOT_CALLED: Final = frozenset({"release_retry_quota"})
"""Handlers of what the provider client does: retries, and the rate of calls."""
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

    def __init__(
        self,
        client: Any,
        operation: str,
        endpoints: Endpoints,
    ) -> None:
        self.model = client.meta.service_model.operation_model(operation)
        self._client = client
        self._endpoints = endpoints
        self._agent = client._user_agent_creator.to_string()
        self._context = _context(client, self.model)
        self._before_build = handlers(client, "before-parameter-build", operation)
        self._before_parse = handlers(client, "before-parse", operation)
        self._after_call = handlers(client, "after-call", operation)
        self._parser = _PARSERS.create_parser(self.model.service_model.resolved_protocol)
        self._signers: dict[SigningScope, Signer] = {}

    def send(
        self, arguments: Mapping[str, Any], identity: Identity, seconds: float = READ_SECONDS
    ) -> dict[str, Any]:
        """The parsed response; raises what `request`, `read` and `exchange` raise."""
        key = identity.key()
        signed = self.request(arguments, key, identity.now())
        reply = exchange(signed.route, signed.content, seconds)
        if repeated(key.token or "", reply.headers.values(), reply.content):
            raise CredentialRepeatedError()
        return self.read(reply, signed)

    def request(
        self,
        arguments: Mapping[str, Any],
        credentials: ReadOnlyCredentials,
        now: datetime,
    ) -> SignedRequest:
        """The request with these arguments, signed; raises what botocore raises for arguments that
        it refuses.
        """
        params, context = dict(arguments), dict(self._context)
        for handler in self._before_build:
            handler(params=params, model=self.model, context=context)
        endpoint = self._endpoints.of(self.model, params, context)
        unsigned = self._serialize(params, endpoint)
        self._signer(endpoint, context).sign(unsigned, credentials, now)
        # Added after the signature, which covers what the provider receives.
        unsigned.headers.update(endpoint.route.proxy_headers)
        return SignedRequest(
            route=endpoint.route, content=_bytes(unsigned, endpoint.route), context=context
        )

    def _serialize(self, params: dict[str, Any], endpoint: Endpoint) -> Unsigned:
        request = self._client._serializer.serialize_to_request(params, self.model)
        if not self._client.meta.config.inject_host_prefix:
            request.pop("host_prefix", None)
        request["headers"].update(endpoint.headers)
        prepare_request_dict(request, endpoint_url=endpoint.url, user_agent=self._agent, context={})
        method = request["method"]
        body = _encode_body(request["body"])
        host, path, query = _split_url(request["url"], endpoint.route)
        headers = {"Host": host, "Accept-Encoding": "identity"}
        for name, value in request["headers"].items():
            headers[name] = value.decode() if isinstance(value, bytes) else str(value)
        if body or method not in ("GET", "HEAD"):
            headers["Content-Length"] = str(len(body))
        return Unsigned(method=method, path=path, query=query, headers=headers, body=body)

    def _signer(self, endpoint: Endpoint, context: Mapping[str, Any]) -> Signer:
        scope = endpoint.signing
        found = self._signers.get(scope)
        if found is None:
            choice = {
                **context,
                "auth_type": scope.auth_type,
                "signing": endpoint.signing_context,
            }
            version = self._client._request_signer._choose_signer(
                self.model.name, "standard", choice
            )
            found = self._signers[scope] = Signer(version, scope.service, scope.region)
        return found

    def read(self, reply: Reply, signed: SignedRequest) -> dict[str, Any]:
        """The parsed response to a request; ClientError for a refusal."""
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
            handler(http_response=reply, parsed=parsed, model=model, context=signed.context)
        # Of the dictionary and not of the reply: S3 reports errors with status 200, and a handler
        # corrects it.
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


def handlers(
    client: Any,
    event: str,
    operation: str,
) -> tuple[Callable[..., Any], ...]:
    """botocore's handlers of an event of an operation, in its order."""
    emitter = client.meta.events
    service = client.meta.service_model.service_id.hyphenize()
    # `emit` finds them by the same search; there is no public way to list them.
    found = emitter._emitter._handlers.prefix_search(
        emitter._alias_event_name(f"{event}.{service}.{operation}")
    )
    return tuple(handler for handler in found if getattr(handler, "__name__", "") not in NOT_CALLED)


def _encode_body(body: Any) -> bytes:
    """A serialized body as bytes; the query protocols give it as a form."""
    if isinstance(body, dict):
        return urlencode(body, doseq=True).encode()
    if isinstance(body, str):
        return body.encode()
    return bytes(body or b"")


def _split_url(url: str, route: Route) -> tuple[str, str, str]:
    """Host, path and query of an address."""
    # Nearly every address is of its route's host, which was parsed before.
    length = len(route.url)
    if url.startswith(route.url) and url[length : length + 1] in ("/", "?", ""):
        path, _, query = url[length:].partition("#")[0].partition("?")
        return route.host, path or "/", query
    parts = urlsplit(url)
    return host_of(url), parts.path or "/", parts.query


def _bytes(request: Unsigned, route: Route) -> bytes:
    """The request as it is sent; ValueError where a value would make a line of its own."""
    target = route.before_path + request.path
    if request.query:
        target += f"?{request.query}"
    if _IN_FIRST_LINE.search(target):
        raise ValueError("the address has a character that cannot be sent")
    lines = [f"{request.method} {target} HTTP/1.1"]
    for name, value in request.headers.items():
        # An argument with a line break could add a header of its own.
        if _BREAKS.search(value):
            raise ValueError("a header has a line break")
        lines.append(f"{name}: {value}")
    head = "\r\n".join([*lines, "", ""])
    return head.encode() + request.body
