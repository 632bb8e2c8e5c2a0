"""Builds HTTP requests out of declared operations: fills paths, encodes queries, follows pages on
the same host.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit

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
        body = {
            "query": operation.graphql,
            "variables": arguments,
        }
    return PreparedRequest(
        post=True,
        path=path,
        query=tuple(extra_query.items()),
        body=body,
        variables=bool(operation.graphql),
    )


def _encoded_pair(name: str, value: str) -> str:
    encoded_name = quote(name, safe=_SAFE_IN_QUERY)
    encoded_value = quote(value, safe=_SAFE_IN_QUERY)
    return f"{encoded_name}={encoded_value}"


def _path(operation: RestOperation, params: Mapping[str, Any]) -> str:
    def fill(match: re.Match[str]) -> str:
        several_segments, name = match.groups()
        if several_segments:
            return _path_segments(name, params.get(name))
        return _path_segment(name, params.get(name))

    path = PLACEHOLDER.sub(fill, operation.path)
    if not path.startswith("/") or "//" in path:
        raise _BadArgumentError(f"the arguments do not fit the path {operation.path}")
    return path


def _path_segment(name: str, value: object) -> str:
    text = _path_text(name, value)
    if text in (".", ".."):
        raise _BadArgumentError(f"'{name}' would change the path")
    return quote(text, safe="")


def _path_segments(name: str, value: object) -> str:
    """An argument of several segments (`folders/123`), such as the parent of a listing."""
    text = _path_text(name, value)
    # A resource name comes out of an earlier answer. It must not climb out of its path, nor begin a
    # query or a fragment: the request would then read something that nobody reviewed.
    segments = text.split("/")
    climbs = "." in segments or ".." in segments
    if climbs or re.search(r"[?#]|//", text):
        raise _BadArgumentError(f"'{name}' would change the path")
    return quote(text, safe=_SAFE_IN_PATH)


def _path_text(name: str, value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value:
        return value
    raise _BadArgumentError(f"'{name}' is not a string that can stand in a path")


def _kql_query(operation: RestOperation, params: Mapping[str, Any]) -> str:
    """The KQL query with its lists of texts filled in, each text in quotes."""

    def fill(match: re.Match[str]) -> str:
        name = match[2]
        texts = params.get(name)
        if not isinstance(texts, list | tuple) or not texts:
            raise _BadArgumentError(f"'{name}' is not a list of strings")
        # KQL has no bound parameters, so that only words without any quote are let in (injection).
        for text in texts:
            if not isinstance(text, str) or not _KQL_WORD.fullmatch(text):
                raise _BadArgumentError(f"'{name}' holds a value that cannot stand in a query")
        return ", ".join(f"'{text}'" for text in texts)

    return PLACEHOLDER.sub(fill, operation.kql)


def _query_pairs(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in arguments.items():
        if isinstance(value, list | tuple):
            # A list is a parameter that is repeated: `names=a&names=b`.
            for item in value:
                yield name, _query_text(name, item)
        else:
            yield name, _query_text(name, value)


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
        if _origin(address) not in (_origin(host), _origin(base)):
            return None
        # White space and control characters would split the request line in two.
        if re.search(r"[\s\x00-\x1f]", link):
            return None
        path = address.path
        if self.endpoint and address.netloc == base.netloc:
            path = path.removeprefix(base.path)
        if not path:
            path = "/"
        if not address.query:
            return path
        return f"{path}?{address.query}"


def _origin(address: SplitResult) -> tuple[str, str]:
    return address.scheme, address.netloc.lower()


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
        has_more = not page.more or value_at(data, page.more.split(".")) is True
        if not has_more:
            return None
        token = value_at(data, page.next.split("."))
        return _request_with_token(page, request, token)
    link: object = _next_link(link_header)
    if page.link:
        link = data.get(page.link)
    if link is None or link == "":
        return None
    address: str | None = None
    if isinstance(link, str):
        address = endpoint.own_target(link, request.target)
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
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _request_with_token(
    page: Page, request: PreparedRequest, token: object
) -> PreparedRequest | Failure | None:
    if token in (None, "") and not page.more:
        return None
    # A token of another type would be sent in a form that nobody declared, and could end the list
    # early.
    if not isinstance(token, str) or not token:
        message = f"{page.next} is not a string"
        return Failure(state=State.PARTIAL, code="UnexpectedPageToken", message=message)
    body = request.body or {}
    if request.variables:
        variables = {**body["variables"], page.send: token}
        return replace(request, body={**body, "variables": variables})
    if request.post:
        return replace(request, body=_with_member(body, page.send.split("."), token))
    query = [pair for pair in request.query if pair[0] != page.send]
    query.append((page.send, token))
    return replace(request, query=tuple(query))


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
