"""Declared operations as requests: paths filled, queries encoded, pages followed, and nothing that leads elsewhere."""

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

_SEGMENTS: Final = "/:@!$&'()*+,;=~"
"""What stays as it is in a path; a percent sign does not, so that nothing is decoded twice."""
_QUERY: Final = "$:@/,'()!*~"
_WORD: Final = re.compile(r"[A-Za-z0-9./_-]+", re.ASCII)
"""What may stand in a query of KQL: no quotes, and nothing that ends a text."""
_NEXT: Final = re.compile(r"<([^<>]*)>\s*;[^,<]*\brel=\"?next\"?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRequest:
    """One request without its host: what is asked, and what is sent along."""

    post: bool
    path: str
    """From the first slash on, encoded."""
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = None
    variables: bool = False
    """Whether arguments are variables of a GraphQL query."""
    address: str = ""
    """The whole of path and query as the provider wrote it, for a further page; empty: made from the two above."""

    @property
    def target(self) -> str:
        """Path and query, encoded."""
        if self.address:
            return self.address
        if not self.query:
            return self.path
        pairs = (
            f"{quote(name, safe=_QUERY)}={quote(value, safe=_QUERY)}" for name, value in self.query
        )
        return f"{self.path}?{'&'.join(pairs)}"

    @property
    def content(self) -> bytes | None:
        """The body as it is sent."""
        return None if self.body is None else json.dumps(self.body).encode()


class _BadArgumentError(Exception):
    """An argument that cannot be sent."""


def made(
    operation: RestOperation, params: Mapping[str, Any], more: Mapping[str, str]
) -> PreparedRequest | Failure:
    """The request of a call; `more` is what the cloud adds to every query."""
    try:
        path = _path(operation, params)
        rest = {name: value for name, value in params.items() if name not in operation.placeholders}
        if operation.graphql:
            body = {"query": operation.graphql, "variables": rest}
            return PreparedRequest(
                post=True, path=path, query=tuple(more.items()), body=body, variables=True
            )
        if operation.kql:
            rest = {**rest, "query": _filled_query(operation, params)}
        if operation.post:
            return PreparedRequest(post=True, path=path, query=tuple(more.items()), body=rest)
        return PreparedRequest(post=False, path=path, query=(*_pairs(rest), *more.items()))
    except _BadArgumentError as error:
        return Failure(state=State.ERROR, code="BadArgument", message=str(error))


def _path(operation: RestOperation, params: Mapping[str, Any]) -> str:
    def fill(match: re.Match[str]) -> str:
        return _filled(match[2], params.get(match[2]), several=bool(match[1]))

    path = PLACEHOLDER.sub(fill, operation.path)
    if not path.startswith("/") or "//" in path:
        raise _BadArgumentError(f"the arguments make no path of {operation.path}")
    return path


def _filled_query(operation: RestOperation, params: Mapping[str, Any]) -> str:
    """The query with its lists of texts."""

    def fill(match: re.Match[str]) -> str:
        texts = params.get(match[2])
        if not isinstance(texts, list | tuple) or not texts:
            raise _BadArgumentError(f"'{match[2]}' is no list of texts")
        if not all(isinstance(text, str) and _WORD.fullmatch(text) for text in texts):
            raise _BadArgumentError(f"'{match[2]}' holds what cannot stand in a query")
        return ", ".join(f"'{text}'" for text in texts)

    return PLACEHOLDER.sub(fill, operation.kql)


def _filled(name: str, value: Any, *, several: bool) -> str:
    """An argument in its place of the path."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text:
        raise _BadArgumentError(f"'{name}' is no text that can stand in a path")
    parts = text.split("/") if several else [text]
    if any(part in (".", "..") for part in parts) or (several and re.search(r"[?#]|//", text)):
        raise _BadArgumentError(f"'{name}' would lead elsewhere")
    return quote(text, safe=_SEGMENTS if several else "")


def _pairs(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in params.items():
        for one in value if isinstance(value, list | tuple) else (value,):
            yield name, _text(name, one)


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise _BadArgumentError(f"'{name}' cannot stand in a query")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where an operation's requests go: its declared host, or an address that the user named for it."""

    host: str
    """`https://storage.googleapis.com`."""
    endpoint: str = ""

    @property
    def base(self) -> str:
        """What stands before a path."""
        return self.endpoint or self.host

    def inside(self, link: str, path: str) -> str | None:
        """The path and query of a link, if it stays where its operation is asked; else None."""
        try:
            parts = urlsplit(urljoin(self.base + path, link))
            own = {
                (one.scheme, one.netloc.lower()) for one in map(urlsplit, (self.host, self.base))
            }
        except ValueError:  # an address that is none
            return None
        if (parts.scheme, parts.netloc.lower()) not in own or re.search(r"[\s\x00-\x1f]", link):
            return None
        prefix = urlsplit(self.endpoint).path if self.endpoint else ""
        inner = (
            parts.path.removeprefix(prefix)
            if parts.netloc == urlsplit(self.endpoint).netloc
            else parts.path
        )
        return (inner or "/") + (f"?{parts.query}" if parts.query else "")


def following(
    page: Page | None,
    wire: PreparedRequest,
    place: Endpoint,
    data: Mapping[str, Any],
    link_header: str,
) -> PreparedRequest | Failure | None:
    """The request of the next page; None: this was the last."""
    if page is None:
        return None
    if page.next:
        token = member_at(data, page.next.split("."))
        more = not page.more or member_at(data, page.more.split(".")) is True
        return _by_token(page, wire, token) if more else None
    link = data.get(page.link) if page.link else _linked(link_header)
    if link is None or link == "":
        return None
    address = place.inside(link, wire.target) if isinstance(link, str) else None
    if address is None:
        message = "the address of the next page leads to another host"
        return Failure(state=State.PARTIAL, code="ForeignLink", message=message)
    return PreparedRequest(post=False, path=wire.path, address=address)


def member_at(data: Any, steps: Iterable[str]) -> Any:
    """What stands at the end of some members (Cloud Run holds the token inside `metadata`); None for nothing."""
    for word in steps:
        data = data.get(word) if isinstance(data, Mapping) else None
    return data


def _by_token(page: Page, wire: PreparedRequest, token: Any) -> PreparedRequest | Failure | None:
    if token in (None, "") and not page.more:
        return None
    if not isinstance(token, str) or not token:
        return Failure(
            state=State.PARTIAL, code="UnexpectedPageToken", message=f"{page.next} is no text"
        )
    body = wire.body or {}
    if wire.variables:
        return replace(wire, body={**body, "variables": {**body["variables"], page.send: token}})
    if wire.post:
        return replace(wire, body=_with(body, page.send.split("."), token))
    kept = tuple(pair for pair in wire.query if pair[0] != page.send)
    return replace(wire, query=(*kept, (page.send, token)))


def _with(body: Mapping[str, Any], steps: list[str], value: Any) -> Mapping[str, Any]:
    """A body with a member, which may lie deeper (Resource Graph takes the token inside `options`)."""
    first, *below = steps
    inner = body.get(first)
    return {
        **body,
        first: _with(inner if isinstance(inner, Mapping) else {}, below, value) if below else value,
    }


def _linked(header: str) -> str | None:
    match = _NEXT.search(header)
    return match[1] if match else None
