"""Says for people which values decided a failing finding, and what was wanted of them.

`http_tokens = optional, wanted required`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from scanner.language.constraints import Constraint, Scalar, constraints
from scanner.model.expressions import Expression
from scanner.model.findings import Finding, Observation, Verdict
from scanner.model.values import Absent, OpenList, Unreadable
from scanner.rendering.sanitize import plural, sanitized, shortened

LISTED: Final = 3
"""Items of a list, and wanted values, that are written out."""
_INDEX: Final = re.compile(r"\[\d+\]")
_SIZE: Final = re.compile(r"size\((.*)\)")
_HOLDS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPARED: Final = {
    "==": "wanted {}",
    "!=": "wanted anything but {}",
    "<": "wanted less than {}",
    "<=": "wanted at most {}",
    ">": "wanted more than {}",
    ">=": "wanted at least {}",
}


def observed_values(finding: Finding, condition: Expression) -> tuple[str, ...]:
    """The resource's own values that decided, each with what was wanted where that is known.

    Values of parameters are part of what was wanted; literals of the condition and the clock are
    left out. Items of a list have no name here: their values stand behind the list's name.
    """
    return tuple(text + wanted for text, wanted in _values(finding, condition))


def unmet_value(finding: Finding, condition: Expression) -> str:
    """The first value of which is known what was wanted; empty where there is none."""
    for text, wanted in _values(finding, condition):
        if wanted:
            return text + wanted
    return ""


def _values(finding: Finding, condition: Expression) -> Iterator[tuple[str, str]]:
    """`days = 5` and `, wanted at least 7`; the latter empty where it is not known."""
    wanted: dict[str, str] = {}
    if finding.verdict is Verdict.FAIL:
        wanted = _wanted(condition, finding.observed)
    values: dict[str, list[str]] = {}
    for item in finding.observed:
        if not item.path.startswith(("self.", "size(self.")):
            continue
        found = values.setdefault(_INDEX.sub("", _own_path(item)), [])
        text = _value(item)
        if text not in found:
            found.append(text)
    for member, texts in values.items():
        name = sanitized(member).removeprefix("self.")
        unmet = ""
        if member in wanted:
            unmet = f", {wanted[member]}"
        yield f"{name} = {_some(texts)}", unmet


def _own_path(item: Observation) -> str:
    sized = _SIZE.fullmatch(item.path)
    if sized:
        return sized[1]
    return item.path


def _some(values: Sequence[str]) -> str:
    shown = ", ".join(values[:LISTED])
    if len(values) > LISTED:
        shown += f" and {len(values) - LISTED} more"
    return shown


# -- values ----------------------------------------------------------------------------------------


def _value(item: Observation) -> str:
    value = item.value
    if _SIZE.fullmatch(item.path) and isinstance(value, int):
        return plural(value, "item")
    return for_people(value)


def for_people(value: object) -> str:
    """A value without the quotes and brackets of a program: `0.0.0.0/0`, `none`, `400.0 days`."""
    # An open list is a list too, and would look complete.
    if isinstance(value, Unreadable | Absent | OpenList | timedelta):
        return shortened(value)
    if isinstance(value, str) and value:
        return sanitized(value)
    if isinstance(value, list):
        return _some([for_people(part) for part in value]) or "none"
    if value == {}:
        return "none"
    return shortened(value)


# -- what was wanted -------------------------------------------------------------------------------


def _wanted(condition: Expression, observed: Sequence[Observation]) -> dict[str, str]:
    """By path: what was wanted of a value that is otherwise."""
    values = {item.path: item.value for item in observed}
    texts: dict[str, list[str]] = {}
    for constraint in constraints(condition):
        if _is_broken(constraint, values):
            texts.setdefault(constraint.path, []).extend(_sentence(constraint, values))
    return {path: " and ".join(found) for path, found in texts.items() if found}


def _is_broken(constraint: Constraint, values: Mapping[str, object]) -> bool:
    """Whether an observed value is not as wanted: one that is did not make the finding fail."""
    value = _compared_value(constraint, values)
    wanted = constraint.value
    if isinstance(wanted, tuple):
        return isinstance(value, str | int | float) and value not in wanted
    if constraint.parameter:
        wanted = _scalar(values.get(constraint.parameter))
    if wanted is None:
        return False
    if isinstance(value, Absent):
        return True
    # Values of other types are not compared here: Python would order or equate some of them.
    return _are_comparable(value, wanted) and not _HOLDS[constraint.operator](value, wanted)


def _compared_value(constraint: Constraint, values: Mapping[str, object]) -> object:
    """The observed value that a constraint is about: of a list its size, where that is meant."""
    value = values.get(constraint.path)
    if not constraint.of_size:
        return value
    # A long list is observed by its size alone.
    if isinstance(value, list):
        return len(value)
    return values.get(f"size({constraint.path})")


def _are_comparable(value: object, wanted: Scalar) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return isinstance(value, bool) and isinstance(wanted, bool)
    if isinstance(value, str) or isinstance(wanted, str):
        return isinstance(value, str) and isinstance(wanted, str)
    return isinstance(value, int | float)


def _scalar(value: object) -> Scalar | None:
    if isinstance(value, bool | int | float | str):
        return value
    return None


def _sentence(constraint: Constraint, values: Mapping[str, object]) -> Iterator[str]:
    if isinstance(constraint.value, tuple):
        # A longer list is the condition's own, which `tscan checks show` prints.
        if len(constraint.value) <= LISTED:
            yield f"wanted {' or '.join(for_people(value) for value in constraint.value)}"
        return
    # A parameter that had no part in the outcome is not among the observed values.
    value = constraint.value
    if constraint.parameter:
        value = _scalar(values.get(constraint.parameter))
    if value is None:
        return
    if constraint.of_size:
        yield _size(constraint.operator, value)
    elif (constraint.operator, value) == ("!=", ""):
        yield "wanted a value"
    else:
        yield _COMPARED[constraint.operator].format(for_people(value))


def _size(comparison: str, value: Scalar) -> str:
    if (comparison, value) in ((">", 0), (">=", 1), ("!=", 0)):
        return "wanted at least 1"
    if comparison == "==" and value == 0:
        return "wanted none"
    return _COMPARED[comparison].format(value)
