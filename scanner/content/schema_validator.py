"""The shape of a document: the part of JSON Schema that the formats use, with messages for people."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from scanner.content.documents import Document
from scanner.content.schemas import schema
from scanner.errors import Problem
from scanner.language.errors import did_you_mean

Steps = tuple[str | int, ...]
Report = Callable[[Steps, str, str, bool], None]
"""Takes the path, the message, the hint, and whether the key is meant instead of the value."""
Check = Callable[[Any, Steps, Report], None]

_JSON_TYPES: Final[dict[type, str]] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}
MOST_KEYS: Final = 1_000_000
"""Of a mapping whose schema does not say."""
_WORDS: Final = {
    "string": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}


def schema_problems(document: Document, format_name: str) -> list[Problem]:
    """What is wrong with the form of a document."""
    found: list[Problem] = []

    def report(path: Steps, message: str, hint: str, key: bool) -> None:
        found.append(document.problem(path, message, hint, key=key))

    if _version(document.data, report):
        _compiled(format_name)(document.data, (), report)
    return found


def _version(data: Any, report: Report) -> bool:
    """Whether the rest can be judged by the rules of version 1."""
    if not isinstance(data, dict):
        report((), f"the file must be a mapping, not {_WORDS[_JSON_TYPES[type(data)]]}", "", False)
        return False
    version = data.get("version")
    if "version" not in data:
        report((), "'version' is missing", "begin the file with 'version: 1'", False)
    elif type(version) is not int or version < 1:
        report(("version",), f"{version!r} is not a version", "write 'version: 1'", False)
    elif version > 1:
        report(
            ("version",),
            f"version {version} is newer than this tscan reads",
            "upgrade tscan",
            False,
        )
        return False
    return True


@cache
def _compiled(name: str) -> Check:
    whole = schema(name)
    resolved: dict[str, Check] = {}

    def reference(target: str) -> Check:
        def later(data: Any, path: Steps, report: Report) -> None:
            resolved[target](data, path, report)

        return later

    for key, definition in whole.get("$defs", {}).items():
        resolved[f"#/$defs/{key}"] = _compile(definition, reference)
    properties = {key: value for key, value in whole["properties"].items() if key != "version"}
    required = [key for key in whole["required"] if key != "version"]
    return _compile(
        {**whole, "properties": {"version": {}, **properties}, "required": required}, reference
    )


def _compile(rule: dict[str, Any], reference: Callable[[str], Check]) -> Check:
    if target := rule.get("$ref"):
        return reference(target)
    types = rule.get("type", [])
    allowed = frozenset([types] if isinstance(types, str) else types)
    by_type = {
        str: _text_check(rule),
        int: _number_check(rule),
        list: _list_check(rule, reference),
        dict: _mapping_check(rule, reference),
    }
    choices = rule.get("enum")

    def check(data: Any, path: Steps, report: Report) -> None:
        if choices is not None:
            _choice(data, choices, path, report)
        elif allowed and not _is_one_of(data, allowed):
            _wrong_type(data, allowed, path, report)
        elif further := by_type.get(type(data)):
            further(data, path, report)

    return check


def _is_one_of(data: Any, allowed: frozenset[str]) -> bool:
    name = _JSON_TYPES[type(data)]
    return name in allowed or (name == "integer" and "number" in allowed)


def _wrong_type(data: Any, allowed: frozenset[str], path: Steps, report: Report) -> None:
    wanted = " or ".join(_WORDS[name] for name in _WORDS if name in allowed)
    hint = (
        "put it in quotes" if "string" in allowed and isinstance(data, bool | int | float) else ""
    )
    if data is None:
        report(
            path,
            f"{_label(path)} has no value; it must be {wanted}",
            "leave the key out if there is none",
            False,
        )
    else:
        report(
            path,
            f"{_label(path)} must be {wanted}, not {_WORDS[_JSON_TYPES[type(data)]]}",
            hint,
            False,
        )


def _label(path: Steps) -> str:
    last = next((step for step in reversed(path) if isinstance(step, str)), "")
    return f"an item of '{last}'" if path and isinstance(path[-1], int) else f"'{last}'"


def _choice(data: Any, choices: list[str], path: Steps, report: Report) -> None:
    if not isinstance(data, str) or data not in choices:
        hint = did_you_mean(data, choices) if isinstance(data, str) else ""
        hint = hint if hint.startswith("did") else ""
        shown = f"'{data}'" if isinstance(data, str) else _WORDS[_JSON_TYPES[type(data)]]
        report(
            path, f"{_label(path)} is {shown}; it must be one of: {', '.join(choices)}", hint, False
        )


def _text_check(rule: dict[str, Any]) -> Check | None:
    pattern = re.compile(rule["pattern"], re.ASCII) if "pattern" in rule else None
    least, most, title = rule.get("minLength", 0), rule.get("maxLength"), rule.get("title", "")
    if pattern is None and not least and most is None:
        return None

    def check(data: str, path: Steps, report: Report) -> None:
        if least and not data.strip():
            report(path, f"{_label(path)} is empty", "", False)
        elif most is not None and len(data) > most:
            report(path, f"{_label(path)} is longer than {most} characters", "", False)
        elif pattern is not None and not pattern.fullmatch(data):
            report(path, f"'{data}' is not {title}", "", False)

    return check


def _number_check(rule: dict[str, Any]) -> Check | None:
    if "minimum" not in rule:
        return None
    low, high = rule["minimum"], rule["maximum"]

    def check(data: int, path: Steps, report: Report) -> None:
        if not low <= data <= high:
            report(path, f"{_label(path)} must be from {low} to {high}", "", False)

    return check


def _list_check(rule: dict[str, Any], reference: Callable[[str], Check]) -> Check | None:
    least = rule.get("minItems", 0)
    item_check = _compile(rule.get("items", {}), reference) if "items" in rule else None
    if item_check is None and not least:
        return None

    def check(data: list[Any], path: Steps, report: Report) -> None:
        if len(data) < least:
            report(path, f"{_label(path)} is an empty list", "", False)
        if item_check is not None:
            for index, item in enumerate(data):
                item_check(item, (*path, index), report)

    return check


def _mapping_check(rule: dict[str, Any], reference: Callable[[str], Check]) -> Check | None:
    if not rule.keys() & {"properties", "additionalProperties", "propertyNames", "minProperties"}:
        return None
    known = {key: _compile(value, reference) for key, value in rule.get("properties", {}).items()}
    rest = rule.get("additionalProperties", True)
    other = _compile(rest, reference) if isinstance(rest, dict) else None
    key_rule = rule.get("propertyNames")
    key_check = _compile(key_rule, reference) if key_rule else None
    required = tuple(rule.get("required", ()))
    least, most = rule.get("minProperties", 0), rule.get("maxProperties", MOST_KEYS)

    def check(data: dict[str, Any], path: Steps, report: Report) -> None:
        meant: set[str] = set()
        for key, value in data.items():
            if key_check is not None:
                key_check(
                    key, (*path, key), lambda at, message, hint, _: report(at, message, hint, True)
                )
            if (further := known.get(key, other)) is not None:
                further(value, (*path, key), report)
            elif rest is False:
                hint = did_you_mean(key, known)
                meant.add(hint.removeprefix("did you mean '").removesuffix("'?"))
                report((*path, key), f"unknown key '{key}'", hint, True)
        for key in required:
            if key not in data and key not in meant:
                report(path, f"'{key}' is missing", "", False)
        _size(data, least, most, path, report)

    return check


def _size(data: dict[str, Any], least: int, most: int, path: Steps, report: Report) -> None:
    if len(data) < least:
        report(path, f"{_label(path)} is empty", "", False)
    elif len(data) > most:
        report(
            path,
            f"{_label(path)} has {len(data)} keys; {most} is the most",
            "write an item for each",
            False,
        )
