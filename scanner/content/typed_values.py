"""Types in their notation, and values that people write, made into values of a type."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps, suggest
from scanner.core.policies import POLICY_TYPE, TRUST_POLICY_TYPE
from scanner.language.functions import to_duration, to_timestamp
from scanner.language.types import (
    DOUBLE,
    DURATION,
    DYN,
    INT,
    TIMESTAMP,
    Field,
    ListType,
    MapType,
    RecordType,
    Type,
    parse_type,
)

POLICIES: Final = {"policy": POLICY_TYPE, "trust_policy": TRUST_POLICY_TYPE}
RECORDS: Final = "list(record)"
_PYTHON: Final[dict[str, type]] = {"bool": bool, "int": int, "string": str}
_WORDS: Final = {
    "bool": "true or false",
    "int": "a whole number",
    "double": "a number",
    "string": "a text",
    "timestamp": "a time such as 2026-01-31T12:00:00Z",
    "duration": "a duration such as 36h",
}


class MistypedError(Exception):
    """A value that is not of its type: where below it, and why."""

    def __init__(self, path: Steps, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.path, self.message, self.hint = path, message, hint


def attribute_field(reading: DocumentReader, path: Steps, name: str, data: dict[str, Any]) -> Field:
    """The field that an attribute's `type` and `each` declare."""
    notation = data["type"].strip()
    core = notation.removesuffix("?").strip()
    each = data.get("each")
    if (core == RECORDS) != (each is not None):
        if each is None:
            reading.wrong((*path, "type"), "a list(record) declares its fields", "add 'each:'")
        else:
            reading.wrong(
                (*path, "each"), f"'each' belongs to list(record), the type is {core}", key=True
            )
    if core == RECORDS:
        return Field(_records(reading, (*path, "each"), name, data), notation.endswith("?"))
    try:
        return Field(POLICIES.get(core) or parse_type(core), notation.endswith("?"))
    except ValueError:
        hint = suggest(core, [*_WORDS, "list(string)", "map(string)", *POLICIES, RECORDS])
        reading.wrong((*path, "type"), f"'{core}' is not a type", hint)
        return Field(DYN, notation.endswith("?"))


def _records(reading: DocumentReader, path: Steps, name: str, data: dict[str, Any]) -> Type:
    each: dict[str, Any] = data.get("each") or {}
    fields = {
        key: attribute_field(reading, (*path, key), key, value) for key, value in each.items()
    }
    if data.get("ordered", False):
        if "position" in fields:
            reading.wrong(
                (*path, "position"),
                "an ordered list gives each record its 'position'",
                "rename it",
                key=True,
            )
        fields["position"] = Field(INT)
    return ListType(RecordType(name, fields), ordered=data.get("ordered", False))


def typed(kind: Type, value: Any, path: Steps = ()) -> Any:
    """The value that YAML data stands for in a type; MistypedError when it stands for none."""
    if isinstance(kind, ListType):
        if not isinstance(value, list):
            raise MistypedError(path, f"must be a list, not {described(value)}")
        return [typed(kind.item, item, (*path, index)) for index, item in enumerate(value)]
    if isinstance(kind, MapType | RecordType):
        if not isinstance(value, dict):
            raise MistypedError(path, f"must be a mapping, not {described(value)}")
        if isinstance(kind, RecordType):
            return _record(kind, value, path)
        return {key: typed(kind.value, item, (*path, key)) for key, item in value.items()}
    return value if kind == DYN else _scalar(kind, value, path)


def _record(kind: RecordType, value: dict[str, Any], path: Steps) -> dict[str, Any]:
    for key in value:
        if key not in kind.fields:
            raise MistypedError(
                (*path, key), f"{kind.name} has no field '{key}'", suggest(key, kind.fields)
            )
    for key, field in kind.fields.items():
        if key not in value and not field.optional:
            raise MistypedError(path, f"'{key}' of {kind.name} is missing")
    return {key: typed(kind.fields[key].type, item, (*path, key)) for key, item in value.items()}


def _scalar(kind: Type, value: Any, path: Steps) -> Any:
    if kind in (TIMESTAMP, DURATION) and isinstance(value, str):
        try:
            return moment(value) if kind == TIMESTAMP else to_duration(value)
        except (ValueError, OverflowError):
            raise MistypedError(path, f"must be {_WORDS[str(kind)]}, not '{value}'") from None
    if kind == DOUBLE and type(value) in (int, float):
        return float(value)
    if type(value) is not _PYTHON.get(str(kind)):
        hint = (
            "put it in quotes"
            if str(kind) == "string" and isinstance(value, bool | int | float)
            else ""
        )
        raise MistypedError(path, f"must be {_WORDS[str(kind)]}, not {described(value)}", hint)
    return value


def moment(text: str) -> datetime:
    """The UTC moment that an ISO 8601 text or a date names; ValueError when it names none."""
    return to_timestamp(f"{text}T00:00:00Z" if len(text) == 10 else text)


def described(value: Any) -> str:
    """A YAML value in words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    return f"'{value}'" if isinstance(value, str) else str(value)
