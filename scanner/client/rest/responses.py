"""Parses HTTP responses of REST clouds: JSON of the declared form, or the failure that it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.client.failures import Failure
from scanner.client.lists import count_at
from scanner.model.answers import State
from scanner.model.rest_operations import RestOperation
from scanner.words import described

_HARMLESS_WARNINGS: Final = frozenset({"NO_RESULTS_ON_PAGE"})
"""Codes of warnings that take nothing from an answer: Compute Engine has one for each zone without
resources.
"""

_GRAPHQL_DENIED: Final = frozenset(
    {"FORBIDDEN", "INSUFFICIENT_SCOPES", "NOT_FOUND", "UNAUTHENTICATED"}
)
"""Types of GraphQL errors by which GitHub refuses; `NOT_FOUND` also hides what a token may not see.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """One HTTP response, read to its end."""

    status: int
    headers: Mapping[str, str]
    """By name, in any case."""
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; None where it is not JSON."""
        try:
            text = self.body.decode(json.detect_encoding(self.body), "surrogatepass")
            return _decode(text)
        except (ValueError, RecursionError):
            return None


def _finite(text: str) -> float:
    number = float(text)
    # Python reads 1e999 as infinity, which JSON cannot write again.
    if number - number != 0.0:
        raise ValueError("a number is out of range")
    return number


def _refuse_constant(word: str) -> None:
    # Python reads NaN and Infinity, which are not JSON (RFC 8259) and which no snapshot could hold.
    raise ValueError(f"{word} is not JSON")


# Made once: `json.loads` with an argument makes a decoder for every body.
_decode: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite).decode


def parse_body(operation: RestOperation, reply: HttpReply) -> dict[str, Any] | Failure:
    """The data of a response with status 200; a `Failure` where its body is not what the operation
    declares.
    """
    data = _object_in(operation, reply.json)
    if isinstance(data, Failure):
        return data
    # Most bodies have neither, and need not be walked.
    if b"null" in reply.body or b"\\u" in reply.body:
        written, data = data, _without_nulls(data)
        if written and not data:
            return unexpected("all members of the response are null")
    if operation.graphql and data.get("errors"):
        return _graphql_failure(data["errors"])
    return _whole(operation, data)


def _whole(operation: RestOperation, data: dict[str, Any]) -> dict[str, Any] | Failure:
    """The data, or what it lacks."""
    missing = [path for path in operation.always if not _has_value(data, path)]
    if missing:
        # An empty object, which a proxy may send, must not pass for an empty list.
        return unexpected(f"the response lacks {', '.join(missing)}")
    return data


def _object_in(operation: RestOperation, data: object) -> dict[str, Any] | Failure:
    """The JSON object of a response; a list is put under the member that the operation declares."""
    if operation.root:
        if isinstance(data, list):
            return {operation.root: data}
        return _wrong_form(data)
    if isinstance(data, dict):
        return data
    return _wrong_form(data)


def _wrong_form(data: object) -> Failure:
    if data is None:
        return unexpected("the response is not complete JSON")
    return unexpected(f"the response is {described(data)}, not of the declared form")


def unexpected(message: str) -> Failure:
    """A body that a proxy or a server in trouble may have sent: it is worth asking again."""
    return Failure(state=State.ERROR, code="UnexpectedBody", message=message, attempts=3)


def _has_value(data: Mapping[str, Any], path: str) -> bool:
    """Whether a member is there, in every record if the path goes into lists."""
    values = list(_values_at(data, path.split(".")))
    # No record at all is no value: a list that is missing must not pass for one whose records are
    # whole.
    return bool(values) and None not in values


def _graphql_failure(errors: object) -> Failure:
    """The failure that GraphQL reports inside a response of status 200.

    Data beside the errors is not used: nothing reports what is missing from it.
    """
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        first = {}
    code = str(first.get("type") or "GraphQLError")
    message = " ".join(str(first.get("message") or "").split())
    if code == "RATE_LIMITED":
        return Failure(state=State.THROTTLED, code=code, message=message, attempts=0)
    if code in _GRAPHQL_DENIED:
        return Failure(state=State.DENIED, code=code, message=message)
    # An error without a type is one of the server itself, which may pass.
    attempts = 1 if first.get("type") else 3
    return Failure(state=State.ERROR, code=code, message=message, attempts=attempts)


def _without_nulls(value: Any) -> Any:
    """Without members that are null, which is no value, and without lone surrogates, which UTF-8
    cannot write.
    """
    if isinstance(value, dict):
        return {
            _encodable(key): _without_nulls(item) for key, item in value.items() if item is not None
        }
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    if isinstance(value, str):
        return _encodable(value)
    return value


def _encodable(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()


def declared_gap(operation: RestOperation, data: Mapping[str, Any]) -> Failure | None:
    """The gap that an answer itself reports, such as `unreachable` locations; None: it reports
    none.
    """
    for path in operation.partial:
        for value in _values_at(data, path.split(".")):
            if not value or _is_harmless(value):
                continue
            message = f"{path}: {json.dumps(value)}"
            return Failure(state=State.PARTIAL, code=path.rpartition(".")[2], message=message)
    return None


def _is_harmless(warning: object) -> bool:
    return isinstance(warning, dict) and warning.get("code") in _HARMLESS_WARNINGS


def count_gap(
    operation: RestOperation, data: Mapping[str, Any], last: Mapping[str, Any], items: Iterable[str]
) -> Failure | None:
    """The gap between what all pages hold and what they announce: a total, or a note that rows were
    cut off.
    """
    if operation.total:
        received = sum(count_at(data, path) for path in items)
        announced = data.get(operation.total)
        if received != announced:
            message = f"{operation.total} is {json.dumps(announced)}, but {received} were received"
            return Failure(state=State.PARTIAL, code=operation.total, message=message)
    if operation.truncated:
        flag = last.get(operation.truncated)
        # A flag that is missing is no promise that nothing was cut off.
        if flag != "false":
            message = f"{operation.truncated} is {json.dumps(flag)} on the last page"
            return Failure(state=State.PARTIAL, code=operation.truncated, message=message)
    return None


def _values_at(data: object, steps: list[str]) -> Iterator[Any]:
    """Every value at a path; `{}` goes into each value of a mapping, `[]` into each element of a
    list.
    """
    if not steps:
        yield data
        return
    if not isinstance(data, dict):
        return
    step = steps[0]
    below = steps[1:]
    found = data.get(step.rstrip("{}[]"))
    inner: Iterable[object] = ()
    if step.endswith("{}"):
        if isinstance(found, dict):
            inner = found.values()
    elif step.endswith("[]"):
        if isinstance(found, list):
            inner = found
    else:
        inner = (found,)
    for value in inner:
        yield from _values_at(value, below)
