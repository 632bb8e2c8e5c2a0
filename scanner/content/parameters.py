"""Read parameters: their declarations, and the values that an entity sets in a file or option."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps
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
from scanner.words import did_you_mean

_NUMBERS: Final = ("int", "double")
_SCALARS: Final = (BOOL, INT, DOUBLE, STRING)


def read_parameters(reader: DocumentReader) -> dict[str, Parameter]:
    """The parameters that a file declares."""
    return {
        name: _parameter(reader, ("parameters", name), data)
        for name, data in reader.data["parameters"].items()
    }


def _parameter(reader: DocumentReader, path: Steps, data: dict[str, Any]) -> Parameter:
    kind = _type(reader, (*path, "type"), data["type"])
    notation = "dyn"
    default = None
    if kind is not None:
        notation = data["type"].strip()
        # No default is a decision: until the entity sets the parameter, findings are unknown.
        if "default" in data:
            default = _value(reader, (*path, "default"), kind, data["default"])
        _check_stricter(reader, path, data)
    return Parameter(
        name=str(path[-1]),
        meaning=data["meaning"],
        type=notation,
        default=default,
        has_default="default" in data,
        stricter=data.get("stricter", ""),
    )


def _type(reader: DocumentReader, path: Steps, notation: str) -> Type | None:
    try:
        kind = parse_type(notation)
    except ValueError:
        known = ["bool", "int", "double", "string", "list(string)", "map(string)"]
        hint = did_you_mean(notation, known)
        reader.wrong(path, f"'{notation}' is not a type", hint)
        return None
    leaf = kind
    while isinstance(leaf, ListType | MapType):
        leaf = leaf.item if isinstance(leaf, ListType) else leaf.value
    if leaf not in _SCALARS:
        # Snapshots keep parameters as JSON: a time or a duration would come back as a text.
        reader.wrong(path, f"a parameter cannot hold a {leaf}", "count days or hours in an int")
        return None
    return kind


def _value(
    reader: DocumentReader,
    path: Steps,
    kind: Type,
    data: Any,
) -> Any:
    try:
        return typed(kind, data)
    except MistypedError as error:
        reader.wrong((*path, *error.path), f"'{path[-1]}' {error.message}", error.hint)
        return None


def _check_stricter(reader: DocumentReader, path: Steps, data: Mapping[str, Any]) -> None:
    stricter = data.get("stricter")
    if stricter is None:
        return
    is_list = data["type"].startswith("list(")
    is_number = data["type"] in _NUMBERS
    if not (is_list if stricter == "subset" else is_number):
        message = f"'{stricter}' has no meaning for {data['type']}"
        hint = "lower and higher are for numbers, subset is for lists"
        reader.wrong((*path, "stricter"), message, hint)


def params_type(parameters: Mapping[str, Parameter]) -> RecordType:
    """The type of `params` in a condition."""
    fields = {name: Field(parse_type(known.type)) for name, known in parameters.items()}
    return RecordType("params", fields)


def read_params(
    reader: DocumentReader, path: Steps, parameters: Mapping[str, Parameter]
) -> dict[str, Any]:
    """The values that the mapping at a path sets, each of its parameter's type."""
    data: Any = reader.data
    for step in path:
        data = data[step]
    found: dict[str, Any] = {}
    for name, value in data.items():
        if name not in parameters:
            message = f"there is no parameter '{name}'"
            reader.wrong((*path, name), message, did_you_mean(name, parameters), key=True)
            continue
        found[name] = _value(reader, (*path, name), parse_type(parameters[name].type), value)
    return found


def parse_params(assignments: Iterable[str], parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """The values of `name=value` options, lists with commas; TscanError for a wrong one."""
    found: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = name.strip()
        if not equals:
            message = f"--param {assignment}: a value is missing"
            raise TscanError(message, "write --param name=value")
        if name not in parameters:
            message = f"--param {name}: there is no such parameter"
            raise TscanError(message, did_you_mean(name, parameters))
        # The last one would win, and the first be believed.
        if name in found:
            message = f"--param {name} is given twice"
            raise TscanError(message, "a list is written with commas: name=a,b")
        found[name] = _parsed(name, text, parse_type(parameters[name].type))
    return found


def _parsed(name: str, text: str, kind: Type) -> Any:
    try:
        return typed(kind, _data(text.strip(), kind))
    except MistypedError as error:
        raise TscanError(f"--param {name} {error.message}", f"{name} is {kind}") from None


def _data(text: str, kind: Type) -> Any:
    """The YAML data of a command line text; the text itself where it does not fit the type."""
    if isinstance(kind, MapType):
        raise MistypedError((), "is a mapping, which only tscan.yaml can hold")
    if isinstance(kind, ListType):
        return [_data(part.strip(), kind.item) for part in text.split(",") if part.strip()]
    if kind == BOOL:
        return {"true": True, "false": False}.get(text, text)
    if kind in (INT, DOUBLE):
        return _number(text, kind)
    return text


def _number(text: str, kind: Type) -> int | float | str:
    convert = to_int if kind == INT else to_double
    try:
        number: int | float = convert(text)
    except (ValueError, OverflowError):
        return text
    # `inf` parses as a double, and YAML has no such number: no age would ever exceed it.
    if number in (math.inf, -math.inf):
        return text
    return number
