"""Parse the notation of types, and convert YAML values to the types that they are declared with."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps
from scanner.core.policies import POLICY_TYPE, TRUST_POLICY_TYPE
from scanner.language.functions import to_duration, to_timestamp
from scanner.language.types import (
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Field,
    ListType,
    MapType,
    RecordType,
    Type,
    parse_type,
)
from scanner.words import did_you_mean

POLICIES: Final = {"policy": POLICY_TYPE, "trust_policy": TRUST_POLICY_TYPE}
RECORDS: Final = "list(record)"
_PYTHON: Final[dict[str, type]] = {"bool": bool, "int": int, "string": str}
_WORDS: Final = {
    "bool": "true or false",
    "int": "a whole number",
    "double": "a number",
    "string": "a string",
    "timestamp": "a time such as 2026-01-31T12:00:00Z",
    "duration": "a duration such as 36h",
}


class MistypedError(Exception):
    """A value that is not of its type: at which path below it, and why."""

    def __init__(
        self,
        path: Steps,
        message: str,
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.hint = hint


def attribute_field(
    reader: DocumentReader,
    path: Steps,
    name: str,
    data: dict[str, Any],
) -> Field:
    """The field that an attribute's `type` and `each` declare."""
    notation = data["type"].strip()
    core = notation.removesuffix("?").strip()
    optional = notation.endswith("?")
    if core == RECORDS and "each" not in data:
        reader.wrong((*path, "type"), "a list(record) declares its fields", "add 'each:'")
    elif core != RECORDS and "each" in data:
        message = f"'each' belongs to list(record), the type is {core}"
        reader.wrong((*path, "each"), message, key=True)
    if core == RECORDS:
        return Field(_records(reader, (*path, "each"), name, data), optional)
    if core in POLICIES:
        return Field(POLICIES[core], optional)
    try:
        return Field(parse_type(core), optional)
    except ValueError:
        hint = did_you_mean(core, [*_WORDS, "list(string)", "map(string)", *POLICIES, RECORDS])
        reader.wrong((*path, "type"), f"'{core}' is not a type", hint)
        return Field(DYN, optional)


def _records(
    reader: DocumentReader,
    path: Steps,
    name: str,
    data: dict[str, Any],
) -> Type:
    fields: dict[str, Field] = {}
    for key, value in data.get("each", {}).items():
        fields[key] = attribute_field(reader, (*path, key), key, value)
    ordered = data.get("ordered", False)
    if ordered:
        if "position" in fields:
            message = "an ordered list gives each record its 'position'"
            reader.wrong((*path, "position"), message, "rename it", key=True)
        fields["position"] = Field(INT)
    return ListType(RecordType(name, fields), ordered=ordered)


def typed(kind: Type, value: Any, path: Steps = ()) -> Any:
    """The value that YAML data stands for in a type; MistypedError when it stands for none."""
    if kind == DYN:
        return value
    if isinstance(kind, ListType):
        if not isinstance(value, list):
            raise MistypedError(path, f"must be a list, not {described(value)}")
        return [typed(kind.item, item, (*path, index)) for index, item in enumerate(value)]
    if not isinstance(kind, MapType | RecordType):
        return _scalar(kind, value, path)
    if not isinstance(value, dict):
        raise MistypedError(path, f"must be a mapping, not {described(value)}")
    if isinstance(kind, RecordType):
        return _record(kind, value, path)
    return {key: typed(kind.value, item, (*path, key)) for key, item in value.items()}


def _record(kind: RecordType, value: dict[str, Any], path: Steps) -> dict[str, Any]:
    for key in value:
        if key not in kind.fields:
            hint = did_you_mean(key, kind.fields)
            raise MistypedError((*path, key), f"{kind.name} has no field '{key}'", hint)
    # A record that lacks a field would be read as if the field were absent.
    for key, field in kind.fields.items():
        if key not in value and not field.optional:
            raise MistypedError(path, f"'{key}' of {kind.name} is missing")
    return {key: typed(kind.fields[key].type, item, (*path, key)) for key, item in value.items()}


def _scalar(kind: Type, value: Any, path: Steps) -> Any:
    if isinstance(value, str):
        if kind in (TIMESTAMP, DURATION):
            return _time(kind, value, path)
    # A bool is an int to Python: `isinstance` would take true for the number 1.
    elif kind == DOUBLE and type(value) in (int, float):
        return float(value)
    if type(value) is _PYTHON.get(str(kind)):
        return value
    hint = ""
    if kind == STRING and isinstance(value, bool | int | float):
        hint = "put it in quotes"
    raise MistypedError(path, f"must be {_WORDS[str(kind)]}, not {described(value)}", hint)


def _time(kind: Type, text: str, path: Steps) -> object:
    try:
        if kind == TIMESTAMP:
            return moment(text)
        return to_duration(text)
    except (ValueError, OverflowError):
        raise MistypedError(path, f"must be {_WORDS[str(kind)]}, not '{text}'") from None


def moment(text: str) -> datetime:
    """The UTC moment of an ISO 8601 text or a date; ValueError for another text."""
    # A day alone means its first moment in UTC, on every machine.
    if len(text) == len("2026-01-31"):
        text = f"{text}T00:00:00Z"
    return to_timestamp(text)


def described(value: object) -> str:
    """A YAML value in words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, str):
        return f"'{value}'"
    return str(value)
