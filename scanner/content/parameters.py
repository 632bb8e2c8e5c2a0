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
    minimum = data.get("minimum")
    if kind is not None:
        notation = data["type"].strip()
        # No default is a decision: until the entity sets the parameter, findings are unknown.
        if "default" in data:
            default = _value(reader, (*path, "default"), kind, data["default"], minimum)
        _check_stricter(reader, path, data)
        if minimum is not None and notation not in _NUMBERS:
            message = f"'minimum' has no meaning for {notation}"
            reader.wrong((*path, "minimum"), message, "it is for numbers")
    return Parameter(
        name=str(path[-1]),
        meaning=data["meaning"],
        type=notation,
        default=default,
        has_default="default" in data,
        stricter=data.get("stricter", ""),
        minimum=minimum,
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
    minimum: float | None = None,
) -> Any:
    try:
        return _at_least(minimum, typed(kind, data))
    except MistypedError as error:
        hint = error.hint or f"{path[-1]} is {kind}{_limit(minimum)}"
        reader.wrong((*path, *error.path), f"'{path[-1]}' {error.message}", hint)
        return None


def _at_least(minimum: float | None, value: Any) -> Any:
    """The value; MistypedError for a number below the least that has a meaning."""
    # A negative age is never reached, and a check of it would say nothing.
    if minimum is not None and isinstance(value, int | float) and value < minimum:
        raise MistypedError((), f"must be at least {minimum}, not {value}")
    return value


def _limit(minimum: float | None) -> str:
    if minimum is None:
        return ""
    return f", at least {minimum}"


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
        known = parameters[name]
        kind = parse_type(known.type)
        found[name] = _value(reader, (*path, name), kind, value, known.minimum)
    return found


def parse_params(assignments: Iterable[str], parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """The values of `name=value` options, lists with commas; TscanError for a wrong one."""
    found: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = name.strip()
        if not name or not equals:
            missing = "value" if name else "name"
            message = f"--param {assignment}: a {missing} is missing"
            raise TscanError(message, "write --param name=value")
        if name not in parameters:
            message = f"--param {name}: there is no such parameter"
            raise TscanError(message, did_you_mean(name, parameters))
        # The last one would win, and the first be believed.
        if name in found:
            message = f"--param {name} is given twice"
            raise TscanError(message, "a list is written with commas: name=a,b")
        found[name] = _parsed(parameters[name], text)
    return found


def _parsed(parameter: Parameter, text: str) -> Any:
    kind = parse_type(parameter.type)
    try:
        return _at_least(parameter.minimum, typed(kind, _data(text.strip(), kind)))
    except MistypedError as error:
        message = f"--param {parameter.name} {error.message}"
        hint = f"{parameter.name} is {parameter.type}{_limit(parameter.minimum)}"
        raise TscanError(message, hint) from None


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
