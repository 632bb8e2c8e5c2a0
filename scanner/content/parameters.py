"""Parameters: their declaration, and the values that an entity sets in a file or on the command line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps, suggest
from scanner.content.typed_values import MistypedError, typed
from scanner.errors import TscanError
from scanner.language.functions import to_double, to_int
from scanner.language.types import (
    BOOL,
    DOUBLE,
    INT,
    STRING,
    Field,
    ListType,
    MapType,
    RecordType,
    Type,
    parse_type,
)
from scanner.model.checks import Parameter

_ORDERED: Final = ("int", "double")
_SCALARS: Final = (BOOL, INT, DOUBLE, STRING)


def read_parameters(reading: DocumentReader) -> dict[str, Parameter]:
    """The parameters that a file declares."""
    found: dict[str, Parameter] = {}
    for name, data in reading.data["parameters"].items():
        path: Steps = ("parameters", name)
        kind = _type(reading, (*path, "type"), data["type"])
        default = None
        if kind is not None and "default" in data:
            default = _value(reading, (*path, "default"), kind, data["default"])
        if kind is not None:
            _check_stricter(reading, path, data)
        found[name] = Parameter(
            name=name,
            meaning=data["meaning"],
            type=data["type"].strip() if kind is not None else "dyn",
            default=default,
            has_default="default" in data,
            stricter=data.get("stricter", ""),
        )
    return found


def _type(reading: DocumentReader, path: Steps, notation: str) -> Type | None:
    try:
        kind = parse_type(notation)
    except ValueError:
        hint = suggest(notation, ["bool", "int", "double", "string", "list(string)", "map(string)"])
        reading.wrong(path, f"'{notation}' is not a type", hint)
        return None
    leaf = kind
    while isinstance(leaf, ListType | MapType):
        leaf = leaf.item if isinstance(leaf, ListType) else leaf.value
    if leaf not in _SCALARS:
        # Parameters are kept in snapshots as JSON; a time or a duration would come back as a text.
        reading.wrong(path, f"a parameter cannot hold a {leaf}", "count days or hours in an int")
        return None
    return kind


def _value(reading: DocumentReader, path: Steps, kind: Type, data: Any) -> Any:
    try:
        return typed(kind, data)
    except MistypedError as error:
        reading.wrong((*path, *error.path), f"'{path[-1]}' {error.message}", error.hint)
        return None


def _check_stricter(reading: DocumentReader, path: Steps, data: Mapping[str, Any]) -> None:
    stricter = data.get("stricter")
    if stricter is None:
        return
    fits = data["type"].startswith("list(") if stricter == "subset" else data["type"] in _ORDERED
    if not fits:
        hint = "lower and higher are for numbers, subset is for lists"
        reading.wrong((*path, "stricter"), f"'{stricter}' has no meaning for {data['type']}", hint)


def params_type(parameters: Mapping[str, Parameter]) -> RecordType:
    """The type of `params` in a condition."""
    return RecordType(
        "params", {name: Field(parse_type(known.type)) for name, known in parameters.items()}
    )


def read_params(
    reading: DocumentReader, path: Steps, parameters: Mapping[str, Parameter]
) -> dict[str, Any]:
    """The values that a mapping in a file sets, each of its parameter's type."""
    data: Any = reading.data
    for step in path:
        data = data[step]
    found: dict[str, Any] = {}
    for name, value in data.items():
        if name not in parameters:
            reading.wrong(
                (*path, name),
                f"there is no parameter '{name}'",
                suggest(name, parameters),
                key=True,
            )
            continue
        found[name] = _value(reading, (*path, name), parse_type(parameters[name].type), value)
    return found


def parse_params(assignments: Iterable[str], parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """The values of `name=value` options; lists are written with commas."""
    found: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = name.strip()
        if not equals:
            raise TscanError(
                f"--param {assignment}: a value is missing", "write --param name=value"
            )
        if name not in parameters:
            raise TscanError(
                f"--param {name}: there is no such parameter", suggest(name, parameters)
            )
        if name in found:
            raise TscanError(
                f"--param {name} is given twice", "a list is written with commas: name=a,b"
            )
        found[name] = _parsed(name, text, parse_type(parameters[name].type))
    return found


def _parsed(name: str, text: str, kind: Type) -> Any:
    try:
        return typed(kind, _data(text.strip(), kind))
    except MistypedError as error:
        raise TscanError(f"--param {name} {error.message}", f"{name} is {kind}") from None


def _data(text: str, kind: Type) -> Any:
    """The YAML data that a text of the command line stands for."""
    if isinstance(kind, MapType):
        raise MistypedError((), "is a mapping, which only tscan.yaml can hold")
    if isinstance(kind, ListType):
        return [_data(part.strip(), kind.item) for part in text.split(",") if part.strip()]
    if kind == BOOL:
        return {"true": True, "false": False}.get(text, text)
    try:
        number = to_int(text) if kind == INT else to_double(text) if kind == DOUBLE else text
    except (ValueError, OverflowError):
        return text
    return text if number == math.inf or number == -math.inf else number
