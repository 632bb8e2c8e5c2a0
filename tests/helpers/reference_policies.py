"""An evaluator of single requests, written from the published rules of IAM's policy evaluation.

It shares no code with `scanner.core.policies`, takes documents as parsed JSON, and answers for one request at a time:
an explicit Deny wins, else an Allow is needed. (IAM User Guide: "Policy evaluation logic", "IAM JSON policy elements".)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request: who makes it, what it does to what, and its context by key in lower case."""

    action: str
    resource: str
    principals: frozenset[tuple[str, str]] = frozenset()
    """Each name by which the caller is matched, with its type; empty for the anonymous."""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def allowed(policy: Mapping[str, Any], request: Request) -> bool:
    """Whether the policy alone allows the request."""
    applying = [part for part in policy["Statement"] if applies(part, request)]
    effects = {part["Effect"] for part in applying}
    return effects == {"Allow"}


def applies(part: Mapping[str, Any], request: Request) -> bool:
    """Whether a statement speaks of the request."""
    if "Principal" in part and not _principal(part["Principal"], request):
        return False
    if "NotPrincipal" in part and _principal(part["NotPrincipal"], request):
        return False
    for element, actual, fold in (
        ("Action", request.action, True),
        ("Resource", request.resource, False),
    ):
        if element in part and not _any_glob(part[element], actual, request, fold=fold):
            return False
        if f"Not{element}" in part and _any_glob(part[f"Not{element}"], actual, request, fold=fold):
            return False
    return all(
        _condition(operator, key.lower(), values, request)
        for operator, keys in (part.get("Condition") or {}).items()
        for key, values in keys.items()
    )


def _principal(element: Any, request: Request) -> bool:
    if element == "*":
        return True
    for kind, names in element.items():
        for name in _list(names):
            if (kind, name) == ("AWS", "*") or (kind, name) in request.principals:
                return True
    return False


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _any_glob(patterns: Any, actual: str, request: Request, *, fold: bool) -> bool:
    return any(glob(_filled(pattern, request), actual, fold=fold) for pattern in _list(patterns))


def _filled(text: str, request: Request) -> str:
    def value(match: re.Match[str]) -> str:
        held = request.context.get(match[1].lower(), ())
        # A variable without a value makes the text match nothing.
        return held[0] if len(held) == 1 else "\0"

    return re.sub(r"\$\{([^}]*)\}", value, text)


def glob(pattern: str, actual: str, *, fold: bool = False) -> bool:
    """Whether `*` (any run of letters) and `?` (any one) of a pattern match the whole text."""
    expression = "".join(
        ".*" if letter == "*" else "." if letter == "?" else re.escape(letter) for letter in pattern
    )
    flags = re.DOTALL | (re.IGNORECASE if fold else 0)
    return re.fullmatch(expression, actual, flags) is not None


def _condition(name: str, key: str, values: Any, request: Request) -> bool:
    quantifier, _, operator = name.rpartition(":")
    if_exists = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    actual = request.context.get(key, ())
    wanted = [
        str(value).lower() if isinstance(value, bool) else str(value) for value in _list(values)
    ]
    if operator == "Null":
        return ("false" if actual else "true") in [value.lower() for value in wanted]
    negated = "Not" in operator
    if not actual:
        return (
            if_exists or quantifier == "ForAllValues" or (negated and quantifier != "ForAnyValue")
        )
    wanted = [_filled(value, request) for value in wanted]
    each = [_matches(operator.replace("Not", ""), wanted, one) != negated for one in actual]
    return any(each) if quantifier == "ForAnyValue" else all(each)


def _matches(operator: str, wanted: Iterable[str], actual: str) -> bool:
    compare = {
        "StringEquals": lambda value: value == actual,
        "StringEqualsIgnoreCase": lambda value: value.lower() == actual.lower(),
        "StringLike": lambda value: glob(value, actual),
        "ArnEquals": lambda value: _arn(value, actual),
        "ArnLike": lambda value: _arn(value, actual),
        "Bool": lambda value: value.lower() == actual.lower(),
        "IpAddress": lambda value: ip_address(actual) in ip_network(value),
    }[operator]
    return any(map(compare, wanted))


def _arn(pattern: str, actual: str) -> bool:
    parts, others = pattern.split(":", 5), actual.split(":", 5)
    return len(parts) == len(others) and all(glob(a, b) for a, b in zip(parts, others, strict=True))
