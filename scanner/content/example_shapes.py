"""Whether an example speaks of its kind: names, types, times and paths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps, suggest
from scanner.content.typed_values import MistypedError, moment, typed
from scanner.language.types import DYN, Field, ListType, MapType, RecordType, Type
from scanner.model.kinds import Kind

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
    reading: DocumentReader,
    path: Steps,
    data: Mapping[str, Any],
    kind: Kind,
    kinds: Mapping[str, Kind],
    params: RecordType,
) -> None:
    """Note what an example says that its kind, or the parameters, do not have."""
    _check_record(reading, (*path, "resource"), data["resource"], kind.type)
    for key in ("unreadable", "open"):
        for index, text in enumerate(data.get(key, [])):
            _check_path(
                reading,
                (*path, key, index),
                text,
                kind.type,
                data["resource"],
                is_list=key == "open",
            )
    for name, value in data.get("params", {}).items():
        if name not in params.fields:
            hint = suggest(name, params.fields)
            reading.wrong(
                (*path, "params", name), f"there is no parameter '{name}'", hint, key=True
            )
        else:
            _check_value(reading, (*path, "params", name), value, params.fields[name])
    if "now" in data:
        try:
            moment(data["now"])
        except ValueError as error:
            reading.wrong((*path, "now"), str(error))


def _check_record(
    reading: DocumentReader, path: Steps, data: Mapping[str, Any], kind: RecordType
) -> None:
    for name, value in data.items():
        field = kind.fields.get(name)
        if field is None:
            hint = suggest(name, kind.fields)
            reading.wrong((*path, name), f"{kind.name} has no attribute '{name}'", hint, key=True)
        else:
            _check_value(reading, (*path, name), value, field)


def _check_value(reading: DocumentReader, path: Steps, value: Any, field: Field) -> None:
    kind = field.type
    if value is None:
        hint = "leave it out if it is not there, or name it in 'unreadable'"
        reading.wrong(path, f"'{path[-1]}' has no value", hint)
    elif isinstance(kind, RecordType) and isinstance(value, dict):
        _check_record(reading, path, value, kind)
    elif isinstance(kind, ListType) and isinstance(value, list):
        for index, item in enumerate(value):
            _check_value(reading, (*path, index), item, Field(kind.item))
    else:
        _check_plain(reading, path, value, kind)


def _check_plain(reading: DocumentReader, path: Steps, value: Any, kind: Type) -> None:
    try:
        typed(kind, value)
    except MistypedError as error:
        label = next(step for step in reversed(path) if isinstance(step, str))
        reading.wrong((*path, *error.path), f"'{label}' {error.message}", error.hint)


def _check_path(
    reading: DocumentReader,
    path: Steps,
    text: str,
    kind: RecordType,
    data: Mapping[str, Any],
    *,
    is_list: bool,
) -> None:
    steps = path_steps(text)
    if steps is None:
        reading.wrong(
            path, f"'{text}' is not a path", "write it as policy, rules or alarms[0].topics"
        )
        return
    here: Type = kind
    value: Any = data
    for step in steps:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                reading.wrong(
                    path, f"'{text}' leads past the lists of this example", "counting begins at 0"
                )
                return
            here, value = (here.item if isinstance(here, ListType) else DYN), value[step]
            continue
        if isinstance(here, RecordType) and step not in here.fields:
            reading.wrong(
                path, f"{here.name} has no attribute '{step}'", suggest(step, here.fields)
            )
            return
        value = value.get(step, {}) if isinstance(value, dict) else {}
        here = _below(here, step)
    if is_list and not isinstance(here, ListType) and here != DYN:
        reading.wrong(
            path, f"'{text}' is {here}; only a list can be cut off", "name it in 'unreadable'"
        )


def _below(kind: Type, step: str) -> Type:
    if isinstance(kind, RecordType):
        return kind.fields[step].type
    return kind.value if isinstance(kind, MapType) else DYN
