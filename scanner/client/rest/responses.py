"""What a server said: JSON of the declared form, or why it is none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.client.failures import Failure
from scanner.client.lists import count_at
from scanner.model.answers import State
from scanner.model.rest_operations import RestOperation

_NOTHING: Final = frozenset({"NO_RESULTS_ON_PAGE"})
"""Codes of warnings that take nothing from an answer: Compute Engine has one for each zone without resources."""

_DENIED: Final = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES", "NOT_FOUND", "UNAUTHENTICATED"})
"""Types of GraphQL errors by which GitHub refuses; what is not shown to a token is not found by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """One HTTP response, read to its end."""

    status: int
    headers: Mapping[str, str]
    """By name, in any case."""
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return _decode(self.body.decode(json.detect_encoding(self.body), "surrogatepass"))
        except (ValueError, RecursionError):
            return None


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


_decode: Final = json.JSONDecoder(parse_constant=_refuse).decode
"""Made once: `json.loads` with an argument makes a decoder for every body."""


def data_of(operation: RestOperation, reply: HttpReply) -> dict[str, Any] | Failure:
    """The answer of a reply that says success."""
    data = reply.json
    if operation.root and isinstance(data, list):
        data = {operation.root: data}
    elif operation.root or not isinstance(data, dict):
        form = (
            "whole JSON" if data is None else f"of the declared form: it is {type(data).__name__}"
        )
        return Failure(
            state=State.ERROR,
            code="UnexpectedBody",
            message=f"the answer is not {form}",
            attempts=3,
        )
    if b"null" in reply.body or b"\\u" in reply.body:
        data = _plain(data)
    if operation.graphql and data.get("errors"):
        return _unanswered(data["errors"])
    lacking = [
        path for path in operation.always if None in ([*_at(data, path.split("."))] or [None])
    ]
    if lacking:
        message = f"the answer lacks {', '.join(lacking)}, which it always has"
        return Failure(state=State.ERROR, code="UnexpectedBody", message=message, attempts=3)
    found: dict[str, Any] = data
    return found


def _unanswered(errors: Any) -> Failure:
    """What GraphQL says inside an answer of success; what came beside it is not taken: nobody says what it lacks."""
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code, message = (
        str(first.get("type") or "GraphQLError"),
        " ".join(str(first.get("message") or "").split()),
    )
    if code == "RATE_LIMITED":
        return Failure(state=State.THROTTLED, code=code, message=message, attempts=0)
    state = State.DENIED if code in _DENIED else State.ERROR
    return Failure(state=state, code=code, message=message, attempts=1 if first.get("type") else 3)


def _plain(value: Any) -> Any:
    """Without members that are null, which is no value, and without halves of characters, which nothing can write."""
    if isinstance(value, dict):
        return {_text(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value if item is not None]
    return _text(value) if isinstance(value, str) else value


def _text(value: str) -> str:
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def lack(operation: RestOperation, data: Mapping[str, Any]) -> Failure | None:
    """What an answer itself says that it lacks."""
    for path in operation.partial:
        for value in _at(data, path.split(".")):
            if value and not (isinstance(value, dict) and value.get("code") in _NOTHING):
                message = f"{path}: {json.dumps(value)}"
                return Failure(state=State.PARTIAL, code=path.rpartition(".")[2], message=message)
    return None


def short(
    operation: RestOperation, data: Mapping[str, Any], last: Mapping[str, Any], items: Iterable[str]
) -> Failure | None:
    """What all pages together lack by their own count, or by what the last one says."""
    if operation.total:
        came, said = sum(count_at(data, path) for path in items), data.get(operation.total)
        if came != said:
            message = f"{operation.total} is {json.dumps(said)}, {came} came"
            return Failure(state=State.PARTIAL, code=operation.total, message=message)
    if operation.truncated and last.get(operation.truncated) != "false":
        message = (
            f"{operation.truncated} is {json.dumps(last.get(operation.truncated))} on the last page"
        )
        return Failure(state=State.PARTIAL, code=operation.truncated, message=message)
    return None


def _at(data: Any, steps: list[str]) -> Iterator[Any]:
    """Every value at a path; `{}` goes into each value of a mapping, `[]` into each element of a list."""
    if not steps:
        yield data
        return
    if not isinstance(data, dict):
        return
    name = steps[0].rstrip("{}[]")
    found = data.get(name)
    if steps[0].endswith("{}"):
        inner = list(found.values()) if isinstance(found, dict) else []
    elif steps[0].endswith("[]"):
        inner = found if isinstance(found, list) else []
    else:
        inner = [found]
    for value in inner:
        yield from _at(value, steps[1:])
