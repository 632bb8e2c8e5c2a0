"""Cross-check examples with their kind: attribute names, types, times and paths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps
from scanner.content.typed_values import MistypedError, moment, typed
from scanner.language.types import DYN, Field, ListType, MapType, RecordType, Type
from scanner.model.kinds import Kind
from scanner.words import did_you_mean

_STEP: Final = re.compile(r"([A-Za-z0-9_-]+)((?:\[[0-9]+\])*)")
PathSteps = tuple[str | int, ...]


def path_steps(text: str) -> PathSteps | None:
    """The steps of a path such as `alarms[0].topics`; None when it is not a path."""
    steps: list[str | int] = []
    for part in text.split("."):
        match = _STEP.fullmatch(part)
        if match is None:
            return None
        steps.append(match[1])
        steps.extend(int(number) for number in re.findall(r"[0-9]+", match[2]))
    return tuple(steps)


def check_example(
    reader: DocumentReader,
    path: Steps,
    data: Mapping[str, Any],
    kind: Kind,
    params: RecordType,
) -> None:
    """Note names, types, times and paths of an example that its kind or the parameters lack."""
    resource = data["resource"]
    _check_record(reader, (*path, "resource"), resource, kind.type)
    for index, text in enumerate(data.get("unreadable", [])):
        _check_path(reader, (*path, "unreadable", index), text, kind.type, resource)
    # Only a list can be read in part: anything else is read or unread.
    for index, text in enumerate(data.get("open", [])):
        here = (*path, "open", index)
        leaf = _check_path(reader, here, text, kind.type, resource)
        if leaf is not None and not isinstance(leaf, ListType) and leaf != DYN:
            message = f"'{text}' is {leaf}; only a list can be cut off"
            reader.wrong(here, message, "name it in 'unreadable'")
    for name, value in data.get("params", {}).items():
        here = (*path, "params", name)
        if name in params.fields:
            _check_value(reader, here, value, params.fields[name])
        else:
            hint = did_you_mean(name, params.fields)
            reader.wrong(here, f"there is no parameter '{name}'", hint, key=True)
    if "now" in data:
        try:
            moment(data["now"])
        except ValueError as error:
            reader.wrong((*path, "now"), str(error))


def _check_record(
    reader: DocumentReader,
    path: Steps,
    data: Mapping[str, Any],
    kind: RecordType,
) -> None:
    for name, value in data.items():
        field = kind.fields.get(name)
        if field is None:
            hint = did_you_mean(name, kind.fields)
            reader.wrong((*path, name), f"{kind.name} has no attribute '{name}'", hint, key=True)
        else:
            _check_value(reader, (*path, name), value, field)


def _check_value(
    reader: DocumentReader,
    path: Steps,
    value: Any,
    field: Field,
) -> None:
    kind = field.type
    if value is None:
        # `owner:` could mean "absent" or "not read", which conditions tell apart.
        hint = "leave it out if it is not there, or name it in 'unreadable'"
        reader.wrong(path, f"'{path[-1]}' has no value", hint)
    elif isinstance(kind, RecordType) and isinstance(value, dict):
        _check_record(reader, path, value, kind)
    elif isinstance(kind, ListType) and isinstance(value, list):
        for index, item in enumerate(value):
            _check_value(reader, (*path, index), item, Field(kind.item))
    else:
        _check_plain(reader, path, value, kind)


def _check_plain(
    reader: DocumentReader,
    path: Steps,
    value: Any,
    kind: Type,
) -> None:
    try:
        typed(kind, value)
    except MistypedError as error:
        label = next(step for step in reversed(path) if isinstance(step, str))
        reader.wrong((*path, *error.path), f"'{label}' {error.message}", error.hint)


def _check_path(
    reader: DocumentReader,
    path: Steps,
    text: str,
    kind: RecordType,
    data: Mapping[str, Any],
) -> Type | None:
    """The type at a path of an example; None where it leads nowhere, which is noted.

    A mark that matches nothing would leave the value readable, and the example would test less
    than it says.
    """
    steps = path_steps(text)
    if steps is None:
        hint = "write it as policy, rules or alarms[0].topics"
        reader.wrong(path, f"'{text}' is not a path", hint)
        return None
    here: Type = kind
    value: Any = data
    for step in steps:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                message = f"'{text}' is outside the lists of this example"
                reader.wrong(path, message, "the first item has index 0")
                return None
            value = value[step]
        else:
            if isinstance(here, RecordType) and step not in here.fields:
                hint = did_you_mean(step, here.fields)
                reader.wrong(path, f"{here.name} has no attribute '{step}'", hint)
                return None
            value = value.get(step, {}) if isinstance(value, dict) else {}
        here = _below(here, step)
    return here


def _below(kind: Type, step: str | int) -> Type:
    if isinstance(step, int):
        return kind.item if isinstance(kind, ListType) else DYN
    if isinstance(kind, RecordType):
        return kind.fields[step].type
    if isinstance(kind, MapType):
        return kind.value
    return DYN
