"""An independent matcher: whether one event matches a filter, by the rules that AWS publishes.

It shares nothing with `scanner.matching`: it splits texts at operators, and lets Python's own `re`
compare them.
"""

from __future__ import annotations

import json
import re
from typing import Any

ABSENT: Any = object()
_COMPARISON = re.compile(
    r"\$\.(?P<path>[\w.-]+)\s*(?:(?P<operator>!=|<=|>=|=|<|>)\s*(?P<value>.+)"
    r"|(?P<words>NOT\s+EXISTS|EXISTS|IS\s+(?:TRUE|FALSE|NULL)))",
    re.DOTALL,
)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_BARE = {"TRUE": True, "FALSE": False, "NULL": None}


class Open:
    """How this run reads what the documentation leaves open."""

    def __init__(self, *, missing_differs: bool, converts: bool) -> None:
        self.missing_differs = missing_differs
        self.converts = converts


def value_at(event: Any, path: str) -> Any:
    """The value of a field; ABSENT where there is none."""
    for name in path.split("."):
        if not isinstance(event, dict) or name not in event:
            return ABSENT
        event = event[name]
    return event


def matches_json(pattern: str, event: dict[str, Any], how: Open) -> bool:
    """Whether a JSON pattern of CloudWatch Logs matches an event."""
    text = pattern.strip()
    assert text.startswith("{")
    assert text.endswith("}")
    return _expression(text[1:-1], event, how)


def _expression(text: str, event: dict[str, Any], how: Open) -> bool:
    for operator, combine in (("||", any), ("&&", all)):
        parts = _split(text, operator)
        if len(parts) > 1:
            return combine([_expression(part, event, how) for part in parts])
    text = text.strip()
    if text.startswith("("):
        return _expression(text[1:-1], event, how)
    return _comparison(text, event, how)


def _split(text: str, operator: str) -> list[str]:
    """The parts of a text at an operator that is in no quotes and no parentheses."""
    parts, depth, quote, start = [], 0, "", 0
    for index, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in '"%':
            quote = letter
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif depth == 0 and text.startswith(operator, index):
            parts.append(text[start:index])
            start = index + len(operator)
    return [*parts, text[start:]]


def _comparison(text: str, event: dict[str, Any], how: Open) -> bool:
    found = _COMPARISON.fullmatch(text)
    assert found is not None, text
    value = value_at(event, found["path"])
    if found["words"]:
        words = found["words"].split()
        if words[-1] == "EXISTS":
            return (value is not ABSENT) == (len(words) == 1)
        return value is _BARE[words[1]]
    wanted = found["value"].strip()
    if found["operator"] == "!=":
        if value is ABSENT or value is None:
            return how.missing_differs
        return not _compares("=", wanted, value, how)
    return _compares(found["operator"], wanted, value, how)


def _compares(operator: str, wanted: str, value: Any, how: Open) -> bool:
    if wanted.startswith("%"):
        return _is_text(value, how) and bool(re.search(wanted[1:-1], _text(value)))
    quoted = wanted.startswith('"')
    if _NUMBER.fullmatch(wanted) and not quoted:
        if isinstance(value, str):
            return how.converts and operator == "=" and value == wanted
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        number = float(wanted)
        return {
            "=": value == number,
            "<": value < number,
            ">": value > number,
            "<=": value <= number,
            ">=": value >= number,
        }[operator]
    text = wanted[1:-1] if quoted else wanted
    expression = ".*".join(map(re.escape, text.split("*")))
    return _is_text(value, how) and bool(re.fullmatch(expression, _text(value), re.DOTALL))


def _is_text(value: Any, how: Open) -> bool:
    if isinstance(value, str):
        return True
    return how.converts and isinstance(value, bool | int | float)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value).removesuffix(".0")


def message_of(event: dict[str, Any]) -> str:
    """An event as CloudTrail sends it to a log group."""
    return json.dumps(event, separators=(",", ":"))


def matches_terms(pattern: str, message: str) -> bool:
    """Whether a pattern of terms matches a message: `term`, `-term`, `?term`, `"a phrase"`."""
    optional: list[bool] = []
    for sign, quoted, expression, word in re.findall(
        r'([?-]?)(?:"([^"]*)"|%([^%]*)%|(\w+))(?:\s+|$)', pattern.strip()
    ):
        found = bool(re.search(expression, message)) if expression else (quoted or word) in message
        if sign == "?":
            optional.append(found)
        elif found == (sign == "-"):
            return False
    return any(optional) if optional else True


def matches_delimited(pattern: str, message: str) -> bool:
    """Whether a pattern of fields between spaces matches: `...` stands for any number of fields."""
    # Texts in quotes or brackets are one field; a JSON event is one text or more.
    fields = re.findall(r"\[[^\]]*\]|\"[^\"]*\"|\S+", message)
    names = [name.strip() for name in pattern.strip()[1:-1].split(",")]
    assert all(re.fullmatch(r"\w+|\.\.\.", name) for name in names), "conditions are not followed"
    if "..." in names:
        return len(fields) >= len(names) - 1
    return len(fields) == len(names)


def matches_selectors(
    basic: list[dict[str, Any]],
    advanced: list[dict[str, Any]],
    event: dict[str, Any],
    how: Open,
) -> bool:
    """Whether a trail with these event selectors records an event."""
    if not basic and not advanced:
        # The default of a trail: management events alone.
        return event.get("eventCategory") == "Management"
    if any(_basic_records(selector, event, how) for selector in basic):
        return True
    return any(
        all(_field_selects(field, event, how) for field in selector["fields"])
        for selector in advanced
    )


def _basic_records(selector: dict[str, Any], event: dict[str, Any], how: Open) -> bool:
    read_only = value_at(event, "readOnly")
    way = selector["read_write"]
    if way != "All" and read_only is not (way == "ReadOnly"):
        return False
    category = value_at(event, "eventCategory")
    if category == "Management":
        source = value_at(event, "eventSource")
        if selector["excluded"] and source is ABSENT and not how.missing_differs:
            return False
        return selector["management"] and source not in selector["excluded"]
    if category != "Data":
        return False
    kind, arn = value_at(event, "resources.type"), value_at(event, "resources.ARN")
    for resource in selector["data"]:
        if resource["type"] != kind or not isinstance(arn, str):
            continue
        for value in resource["values"]:
            is_prefix = kind == "AWS::S3::Object" or value.count(":") == 2
            if arn == value or (is_prefix and arn.startswith(value)):
                return True
    return False


def _field_selects(field: dict[str, Any], event: dict[str, Any], how: Open) -> bool:
    value = value_at(event, field["field"])
    tests = {"equals": str.__eq__, "starts_with": str.startswith, "ends_with": str.endswith}
    if isinstance(value, bool):
        value = json.dumps(value)
    is_text = isinstance(value, str)
    selecting = [(test, wanted) for name, test in tests.items() for wanted in field.get(name, [])]
    if selecting and not any(is_text and test(value, wanted) for test, wanted in selecting):
        return False
    for name, test in tests.items():
        for unwanted in field.get(f"not_{name}", []):
            if value is ABSENT or value is None:
                # `readOnly` is never missing in an event, so a missing one is of neither way.
                if field["field"] == "readOnly" or not how.missing_differs:
                    return False
            elif (is_text and test(value, unwanted)) or (
                field["field"] == "readOnly" and not isinstance(value_at(event, "readOnly"), bool)
            ):
                return False
    return True


def alarm_notifies(
    statistic: str, operator: str, threshold: float, missing: str, series: str, events: int
) -> bool:
    """Whether each of two bursts of events brings a simulated alarm from another state to ALARM.

    Bursts and quiet periods are tried with several numbers of zeros in their other minutes.
    """
    fillers = (0, 1, 4, 10**12) if series == "ones and zeros" else (0,)
    # A log group without any event for a whole period is rare, yet one such period is enough for
    # an alarm that takes missing data for a breach.
    quiet = fillers if missing == "breaching" or len(fillers) == 1 else fillers[1:]
    for in_burst in fillers:
        for in_quiet in quiet:
            state = "OK"
            for burst in (False, True, False, True):
                value = 0 if series == "zeros" else 1
                numbers = (value, events, in_burst) if burst else (value, 0, in_quiet)
                before, state = (
                    state,
                    _state(statistic, operator, threshold, missing, numbers, state),
                )
                if burst and (before == "ALARM" or state != "ALARM"):
                    return False
    return True


def _state(
    statistic: str,
    operator: str,
    threshold: float,
    missing: str,
    numbers: tuple[int, int, int],
    state: str,
) -> str:
    value, count, zeros = numbers
    if count + zeros == 0:
        return {"breaching": "ALARM", "ignore": state}.get(missing, "OK")
    figures = {
        "Sum": value * count,
        "SampleCount": count + zeros,
        "Maximum": value if count else 0,
        "Minimum": 0 if zeros else value,
        "Average": value * count / (count + zeros),
    }
    figure = figures[statistic]
    above = figure > threshold
    if operator == "GreaterThanOrEqualToThreshold":
        above = figure >= threshold
    # Breaching data keep an alarm in ALARM where the data are missing.
    return "ALARM" if above and operator.startswith("Greater") else "OK"
