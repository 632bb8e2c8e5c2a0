"""Holds the JSON of a plan to the form that is read of it, and drops what is null.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.errors import TscanError
from scanner.words import described

_DEEPEST: Final = 200
"""Steps into a plan; values of providers and modules inside each other take far fewer."""
_ANY: Final = object()
_INDEX: Final = (str, int)


@dataclass(frozen=True, slots=True)
class _Members:
    """A mapping with known members; others are not looked at."""

    shapes: Mapping[str, Any]
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Map:
    """A mapping whose values all have one shape."""

    shape: Any


@dataclass(frozen=True, slots=True)
class _List:
    """A list whose items all have one shape."""

    shape: Any


@dataclass(frozen=True, slots=True)
class _Named:
    """A shape that contains itself, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class _Expression:
    """An expression, a block of expressions, or a list of such blocks."""


_RESOURCE: Final = {"address": str, "mode": str, "type": str, "name": str, "index": _INDEX}
_NEEDED: Final = ("address", "mode", "type", "name")
_CHANGE: Final = _Members(
    {
        "actions": _List(str),
        "before": dict,
        "after": dict,
    },
    ("actions",),
)
_CHANGES: Final = _List(
    _Members(
        {**_RESOURCE, "module_address": str, "change": _CHANGE, "deposed": str},
        (*_NEEDED, "change"),
    )
)
_STATE: Final = _Members({"values": _Members({"root_module": _Named("state module")})})
_BLOCK: Final = _Members(
    {"address": str, "type": str, "provider_config_key": str, "expressions": _Map(_Expression())},
    ("address", "type"),
)
_CALL: Final = _Members({"expressions": _Map(_Expression()), "module": _Named("module")})
_SHAPES: Final[Mapping[str, Any]] = {
    "module": _Members(
        {
            "resources": _List(_BLOCK),
            "outputs": _Map(_Members({"expression": _Expression()})),
            "module_calls": _Map(_CALL),
        }
    ),
    "state module": _Members(
        {
            "address": str,
            "resources": _List(_Members({**_RESOURCE, "values": dict}, _NEEDED)),
            "child_modules": _List(_Named("state module")),
        }
    ),
}
_PLAN: Final = _Members(
    {
        "format_version": str,
        "terraform_version": str,
        "resource_changes": _CHANGES,
        "resource_drift": _CHANGES,
        "values": _Members({"root_module": _Named("state module")}),
        "prior_state": _STATE,
        "variables": _Map(_Members({})),
        "configuration": _Members(
            {
                "root_module": _Named("module"),
                "provider_config": _Map(_Members({"expressions": _Map(_Expression())})),
            }
        ),
    }
)


def check_shape(plan: dict[str, Any], name: str) -> None:
    """TscanError where a part of a plan has another form than Terraform writes."""
    for path, value, wanted in _wrong(plan, _PLAN, ()):
        place = ".".join(map(str, path)) or "the plan"
        message = f"{name}: {place} should be {wanted}, and is {described(value)}"
        raise TscanError(message, "give what terraform show -json wrote, unchanged")
    _refuse_twice(plan, name)


_Path = tuple[str | int, ...]
_Wrong = Iterator[tuple[_Path, object, str]]
_WORDS: Final = {str: "a string", dict: "a mapping", _INDEX: "a string or a number"}


def _wrong(value: Any, shape: Any, path: _Path) -> _Wrong:
    if len(path) > _DEEPEST:
        yield path[:3], value, f"less than {_DEEPEST} levels deep"
        return
    match shape:
        case _Named():
            yield from _wrong(value, _SHAPES[shape.name], path)
        case _Members():
            yield from _wrong_members(value, shape, path)
        case _Map():
            yield from _wrong_map(value, shape, path)
        case _List():
            yield from _wrong_list(value, shape, path)
        case _Expression():
            yield from _wrong_expression(value, path)
        case _:
            # true is a number in Python, and no index.
            if not isinstance(value, shape) or isinstance(value, bool):
                yield path, value, _WORDS[shape]


def _wrong_members(value: Any, shape: _Members, path: _Path) -> _Wrong:
    if not isinstance(value, dict):
        yield path, value, "a mapping"
        return
    for name, inner in shape.shapes.items():
        if value.get(name) is None:
            if name in shape.required:
                yield (*path, name), None, "there"
            if name not in ("before", "after", "index"):
                value.pop(name, None)
            continue
        yield from _wrong(value[name], inner, (*path, name))


def _wrong_map(value: Any, shape: _Map, path: _Path) -> _Wrong:
    if not isinstance(value, dict):
        yield path, value, "a mapping"
        return
    for name, inner in value.items():
        yield from _wrong(inner, shape.shape, (*path, name))


def _wrong_list(value: Any, shape: _List, path: _Path) -> _Wrong:
    if not isinstance(value, list):
        yield path, value, "a list"
        return
    for at, inner in enumerate(value):
        yield from _wrong(inner, shape.shape, (*path, at))


def _wrong_expression(value: Any, path: _Path) -> _Wrong:
    """Nested blocks are mappings and lists of expressions; the rest of one is not looked at."""
    if len(path) > _DEEPEST:
        yield path[:3], value, f"less than {_DEEPEST} levels deep"
    elif isinstance(value, dict) and "references" in value:
        yield from _wrong(value["references"], _List(str), (*path, "references"))
    elif isinstance(value, dict) and "constant_value" not in value:
        for name, inner in value.items():
            yield from _wrong_expression(inner, (*path, name))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _wrong_expression(inner, (*path, at))


def check_depth(tree: Any, name: str) -> None:
    """TscanError where values are nested deeper than any provider's."""
    level = [tree]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                below.extend(one.values())
            elif isinstance(one, list):
                below.extend(one)
        if not below:
            return
        level = below
    raise nested_too_deeply(name)


def nested_too_deeply(name: str) -> TscanError:
    """The error for a plan whose values are nested deeper than any provider's."""
    hint = "give what terraform show -json wrote, unchanged"
    return TscanError(f"{name} is nested too deeply", hint)


def _refuse_twice(plan: Mapping[str, Any], name: str) -> None:
    """TscanError where two resources have one address: which one is meant is not known."""
    for part in ("resource_changes", "resource_drift"):
        seen: set[str] = set()
        for change in plan.get(part, ()):
            address = change["address"]
            if address in seen and "deposed" not in change:
                message = f"{name}: two resources have the address {address}"
                raise TscanError(message, "give what terraform show -json wrote, unchanged")
            if "deposed" not in change:
                seen.add(address)
