"""Answers before a server that lacks them: an operation of the table is answered from it, in the
form of its protocol.

What is told is a mapping as botocore gives it to its callers; `untrue` says where it is not of the
provider's shape."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

from botocore.model import OperationModel, Shape

from tests.estate.refusing import _SCOPE, Start, _form, _models, _named

Say = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""What is answered in a region to a request."""

_SCALARS: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "double": (float, int),
    "float": (float, int),
    "boolean": (bool,),
    "blob": (bytes,),
    "timestamp": (datetime,),
}


@dataclass(slots=True, kw_only=True)
class Told:
    """A WSGI application before another one, which is asked what no answer is written down for."""

    answers: Mapping[str, Say]
    """By operation."""
    application: Any = None
    asked: set[str] = field(default_factory=set)
    """Operations that were answered here."""

    def before(self, application: Any) -> Told:
        """The same, with what it stands before."""
        self.application = application
        return self

    def __call__(self, environ: dict[str, Any], start: Start) -> Any:
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        operation = next(_named(scope[1], environ), "") if scope else ""
        if operation not in self.answers:
            return self.application(environ, start)
        self.asked.add(operation)
        region = environ["HTTP_AUTHORIZATION"].partition("Credential=")[2].split("/")[2]
        status, headers, body = written(
            operation, self.answers[operation](region, _request(environ))
        )
        start(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]


def _request(environ: dict[str, Any]) -> Mapping[str, Any]:
    """The fields of a query request or the members of a JSON one; empty for the others."""
    form = _form(environ)
    raw = b"" if form else environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if raw:
        environ["wsgi.input"] = io.BytesIO(raw)
    if form or not raw.startswith(b"{"):
        return form
    found: Mapping[str, Any] = json.loads(raw)
    return found


@cache
def model(operation: str) -> OperationModel:
    """botocore's model of an operation."""
    service, _, name = operation.partition(":")
    return _models()[service].operation_model(name)


def written(operation: str, answer: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status, headers and body of an answer."""
    from moto.core.serialize import SERIALIZERS
    from moto.core.utils import get_service_model

    service, _, name = operation.partition(":")
    # moto's serializers take no model but one of its own classes.
    asked = get_service_model(service).operation_model(name)
    made = SERIALIZERS[model(operation).service_model.resolved_protocol](asked).serialize(answer)
    body = made["body"]
    return (
        f"{made['status_code']} OK",
        list(made["headers"].items()),
        body if isinstance(body, bytes) else body.encode(),
    )


def untrue(operation: str, answer: Mapping[str, Any]) -> Iterator[str]:
    """Where an answer is not one that the provider's model knows."""
    shape = model(operation).output_shape
    yield from (
        _untrue(operation, shape, answer) if shape is not None else [f"{operation} answers nothing"]
    )


def _untrue(path: str, shape: Shape, value: Any) -> Iterator[str]:
    match shape.type_name:
        case "structure" if isinstance(value, Mapping):
            for name, inner in value.items():
                if name in shape.members:
                    yield from _untrue(f"{path}.{name}", shape.members[name], inner)
                else:
                    yield f"{path} has no {name}"
            yield from (
                f"{path} lacks {name}" for name in shape.required_members if name not in value
            )
        case "list" if isinstance(value, list):
            for inner in value:
                yield from _untrue(f"{path}[]", shape.member, inner)
        case "map" if isinstance(value, Mapping):
            for inner in value.values():
                yield from _untrue(f"{path}.*", shape.value, inner)
        case kind if kind in _SCALARS and type(value) in _SCALARS[kind]:
            allowed = getattr(shape, "enum", None)
            if allowed and value not in allowed:
                yield f"{path}: {value} is none of {', '.join(allowed)}"
        case kind:
            yield f"{path} is {kind}, not {type(value).__name__}"
