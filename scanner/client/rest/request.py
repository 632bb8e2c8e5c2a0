"""Builds HTTP requests out of declared operations: fills paths, encodes queries, follows pages on
the same host.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit

from scanner.client.failures import Failure
from scanner.model.answers import State
from scanner.model.rest_operations import PLACEHOLDER, Page, RestOperation

# A percent sign is always encoded, so that no server decodes an argument twice.
_SAFE_IN_PATH: Final = "/:@!$&'()*+,;=~"
_SAFE_IN_QUERY: Final = "$:@/,'()!*~"
_KQL_WORD: Final = re.compile(r"[A-Za-z0-9./_-]+", re.ASCII)
"""A text that may stand in a KQL query: no quotes, and nothing that ends a string literal."""
_NEXT_LINK: Final = re.compile(r"<([^<>]*)>\s*;[^,<]*\brel=\"?next\"?", re.IGNORECASE)
"""The `rel="next"` entry of a Link header (RFC 8288)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRequest:
    """One request without its host: method, path, query and body."""

    post: bool
    path: str
    """Starts with a slash, encoded."""
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = None
    variables: bool = False
    """Whether arguments are variables of a GraphQL query."""
    address: str = ""
    """Path and query of a further page as the provider wrote them; empty: built from `path` and
    `query`.
    """

    @property
    def target(self) -> str:
        """Path and query, encoded."""
        if self.address:
            return self.address
        if not self.query:
            return self.path
        pairs = [_encoded_pair(name, value) for name, value in self.query]
        return f"{self.path}?{'&'.join(pairs)}"

    @property
    def content(self) -> bytes | None:
        """The body as bytes."""
        if self.body is None:
            return None
        return json.dumps(self.body).encode()


class _BadArgumentError(Exception):
    """An argument that cannot be sent."""


def prepare_request(
    operation: RestOperation, params: Mapping[str, Any], extra_query: Mapping[str, str]
) -> PreparedRequest | Failure:
    """The request of a call; `extra_query` is what the cloud adds to every query, such as
    `api-version`.

    A `Failure` with code `BadArgument` where an argument has no safe form in the path or query.
    """
    try:
        path = _path(operation, params)
        arguments = {
            name: value for name, value in params.items() if name not in operation.placeholders
        }
        if operation.kql:
            arguments["query"] = _kql_query(operation, params)
        if not operation.post and not operation.graphql:
            query = (*_query_pairs(arguments), *extra_query.items())
            return PreparedRequest(post=False, path=path, query=query)
    except _BadArgumentError as error:
        return Failure(state=State.ERROR, code="BadArgument", message=str(error))
    body = arguments
    if operation.graphql:
        body = {"query": operation.graphql, "variables": arguments}
    return PreparedRequest(
        post=True,
        path=path,
        query=tuple(extra_query.items()),
        body=body,
        variables=bool(operation.graphql),
    )


def _encoded_pair(name: str, value: str) -> str:
    return f"{quote(name, safe=_SAFE_IN_QUERY)}={quote(value, safe=_SAFE_IN_QUERY)}"


def _path(operation: RestOperation, params: Mapping[str, Any]) -> str:
    def fill(match: re.Match[str]) -> str:
        several_segments, name = match.groups()
        if several_segments:
            return _path_segments(name, params.get(name))
        return _path_segment(name, params.get(name))

    path = PLACEHOLDER.sub(fill, operation.path)
    if not path.startswith("/") or "//" in path:
        raise _BadArgumentError(f"the arguments make no path of {operation.path}")
    return path


def _path_segment(name: str, value: object) -> str:
    text = _path_text(name, value)
    if text in (".", ".."):
        raise _BadArgumentError(f"'{name}' would lead elsewhere")
    return quote(text, safe="")


def _path_segments(name: str, value: object) -> str:
    """An argument that may fill several segments (`folders/123`), such as the parent of a listing."""
    text = _path_text(name, value)
    # A resource name comes out of an earlier answer. It must not climb out of its path, nor begin a
    # query or a fragment: the request would then read something that nobody reviewed.
    climbs = any(segment in (".", "..") for segment in text.split("/"))
    if climbs or re.search(r"[?#]|//", text):
        raise _BadArgumentError(f"'{name}' would lead elsewhere")
    return quote(text, safe=_SAFE_IN_PATH)


def _path_text(name: str, value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value:
        return value
    raise _BadArgumentError(f"'{name}' is no text that can stand in a path")


def _kql_query(operation: RestOperation, params: Mapping[str, Any]) -> str:
    """The KQL query with its lists of texts filled in, each text in quotes."""

    def fill(match: re.Match[str]) -> str:
        name = match[2]
        texts = params.get(name)
        if not isinstance(texts, list | tuple) or not texts:
            raise _BadArgumentError(f"'{name}' is no list of texts")
        # KQL has no bound parameters, so that only words without any quote are let in (injection).
        if not all(isinstance(text, str) and _KQL_WORD.fullmatch(text) for text in texts):
            raise _BadArgumentError(f"'{name}' holds what cannot stand in a query")
        return ", ".join(f"'{text}'" for text in texts)

    return PLACEHOLDER.sub(fill, operation.kql)


def _query_pairs(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in arguments.items():
        values = value if isinstance(value, list | tuple) else (value,)
        for item in values:
            yield name, _query_text(name, item)


def _query_text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise _BadArgumentError(f"'{name}' cannot stand in a query")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where an operation's requests go: its declared host, or an address that the user configured
    for it.
    """

    host: str
    """`https://storage.googleapis.com`."""
    endpoint: str = ""

    @property
    def base(self) -> str:
        """Scheme, host and prefix before a path."""
        return self.endpoint or self.host

    def own_target(self, link: str, current: str) -> str | None:
        """Path and query of a link that an answer gave, resolved against `current`; None: it leads
        elsewhere.

        A token is sent along with every page, and must reach no other host than the reviewed one.
        """
        try:
            address = urlsplit(urljoin(self.base + current, link))
            host, base = urlsplit(self.host), urlsplit(self.base)
        except ValueError:  # such as an IPv6 address without its closing bracket
            return None
        own_hosts = {(host.scheme, host.netloc.lower()), (base.scheme, base.netloc.lower())}
        if (address.scheme, address.netloc.lower()) not in own_hosts:
            return None
        # White space and control characters would split the request line in two.
        if re.search(r"[\s\x00-\x1f]", link):
            return None
        path = address.path
        if self.endpoint and address.netloc == base.netloc:
            path = path.removeprefix(base.path)
        query = f"?{address.query}" if address.query else ""
        return (path or "/") + query


def next_request(
    page: Page | None,
    request: PreparedRequest,
    endpoint: Endpoint,
    data: Mapping[str, Any],
    link_header: str,
) -> PreparedRequest | Failure | None:
    """The request of the next page; None: this was the last; a `Failure` where the next page cannot
    be fetched.
    """
    if page is None:
        return None
    if page.next:
        if page.more and value_at(data, page.more.split(".")) is not True:
            return None
        return _request_with_token(page, request, value_at(data, page.next.split(".")))
    link = data.get(page.link) if page.link else _next_link(link_header)
    if link is None or link == "":
        return None
    address = endpoint.own_target(link, request.target) if isinstance(link, str) else None
    if address is None:
        message = "the address of the next page leads to another host"
        return Failure(state=State.PARTIAL, code="ForeignLink", message=message)
    return PreparedRequest(post=False, path=request.path, address=address)


def value_at(data: object, steps: Iterable[str]) -> Any:
    """The value at a path of members (Cloud Run has the page token inside `metadata`); None: there
    is none.
    """
    value = data
    for name in steps:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _request_with_token(
    page: Page, request: PreparedRequest, token: object
) -> PreparedRequest | Failure | None:
    if token in (None, "") and not page.more:
        return None
    if not isinstance(token, str) or not token:
        message = f"{page.next} is no text"
        return Failure(state=State.PARTIAL, code="UnexpectedPageToken", message=message)
    body = request.body or {}
    if request.variables:
        variables = {**body["variables"], page.send: token}
        return replace(request, body={**body, "variables": variables})
    if request.post:
        return replace(request, body=_with_member(body, page.send.split("."), token))
    other_pairs = tuple(pair for pair in request.query if pair[0] != page.send)
    return replace(request, query=(*other_pairs, (page.send, token)))


def _with_member(body: Mapping[str, Any], steps: list[str], value: str) -> Mapping[str, Any]:
    """A body with a member set, which may lie deeper (Resource Graph takes the token inside
    `options`).
    """
    name, *below = steps
    if not below:
        return {**body, name: value}
    inner = body.get(name)
    if not isinstance(inner, Mapping):
        inner = {}
    return {**body, name: _with_member(inner, below, value)}


def _next_link(header: str) -> str | None:
    match = _NEXT_LINK.search(header)
    return match[1] if match else None
