"""The parameters that a scan is judged by, and which of them are looser than documented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scanner.model.checks import Parameter
from scanner.model.values import Unreadable


def resolve_params(
    parameters: Mapping[str, Parameter], overrides: Mapping[str, Any]
) -> dict[str, Any]:
    """The value of each parameter; one that nobody set and that has no default is unreadable."""
    return {name: _value(parameter, overrides) for name, parameter in parameters.items()}


def _value(parameter: Parameter, overrides: Mapping[str, Any]) -> Any:
    if parameter.name in overrides:
        return overrides[parameter.name]
    return (
        parameter.default if parameter.has_default else Unreadable(f"set params.{parameter.name}")
    )


def loosened(parameters: Mapping[str, Parameter], overrides: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the parameters that are set looser than their documented default, in order.

    A value that cannot be compared with the default counts as looser: it is shown rather than passed over.
    """
    return tuple(
        name
        for name, value in sorted(overrides.items())
        if name in parameters and parameters[name].has_default and _looser(parameters[name], value)
    )


def _looser(parameter: Parameter, value: Any) -> bool:
    if parameter.stricter == "":
        return False
    default = parameter.default
    if parameter.stricter == "subset":
        comparable = isinstance(value, (list, tuple)) and isinstance(default, (list, tuple))
        return not (comparable and all(item in default for item in value))
    if (
        type(value) is bool
        or not isinstance(value, (int, float))
        or not isinstance(default, (int, float))
    ):
        return not _ordered(parameter.stricter, value, default)
    return not (value <= default if parameter.stricter == "lower" else value >= default)


def _ordered(stricter: str, value: Any, default: Any) -> bool:
    """The same for durations and other values of one type; False where they have no order."""
    if type(value) is not type(default):
        return False
    try:
        return bool(value <= default if stricter == "lower" else value >= default)
    except TypeError:
        return False
