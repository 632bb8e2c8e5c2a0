"""Resolves the parameters that a scan is judged by, and finds those that were loosened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scanner.model.checks import Parameter
from scanner.model.values import Unreadable


def resolve_params(
    parameters: Mapping[str, Parameter], overrides: Mapping[str, Any]
) -> dict[str, Any]:
    """The value of each parameter; without an override and a default it is `Unreadable`."""
    values: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if parameter.name in overrides:
            values[name] = overrides[parameter.name]
        elif parameter.has_default:
            values[name] = parameter.default
        else:
            values[name] = Unreadable(f"params.{parameter.name} is not set")
    return values


def loosened(parameters: Mapping[str, Parameter], overrides: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the parameters that are set looser than their documented default, in order.

    A value that cannot be compared with its default counts as looser: it is reported, not ignored.
    """
    names: list[str] = []
    for name, value in sorted(overrides.items()):
        parameter = parameters.get(name)
        if parameter is None or not parameter.has_default:
            continue
        if _is_looser(parameter, value):
            names.append(name)
    return tuple(names)


def _is_looser(parameter: Parameter, value: object) -> bool:
    if parameter.stricter == "":
        return False
    if parameter.stricter == "subset":
        return not _is_subset(value, parameter.default)
    return not _is_as_strict(parameter.stricter, value, parameter.default)


def _is_subset(value: object, default: object) -> bool:
    if not isinstance(value, list | tuple):
        return False
    if not isinstance(default, list | tuple):
        return False
    return all(item in default for item in value)


def _is_as_strict(
    stricter: str,
    value: Any,
    default: Any,
) -> bool:
    """Whether a value is at least as strict as the default; False where they have no order."""
    # A boolean is a number for Python, and orders with none here.
    numbers = _is_number(value) and isinstance(default, int | float)
    if not numbers and type(value) is not type(default):
        return False
    try:
        if stricter == "lower":
            return bool(value <= default)
        return bool(value >= default)
    except TypeError:
        return False


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
