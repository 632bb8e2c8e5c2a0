"""Lists the parameters of checks: defaults, what is set, and which checks wait for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scanner.core.judging.parameters import loosened
from scanner.model.library import Library
from scanner.rendering.dataclass_json import dumps
from scanner.rendering.sanitize import json_value, sanitized, shortened
from scanner.rendering.wrap import wrapped
from scanner.reports.explain.content import parameters_read
from scanner.words import plural

SCHEMA: Final = "tscan.parameters/1"
_VALUE: Final = 48
"""Characters of a value in the list; `tscan explain NAME` shows more."""
_STRICTER: Final = {
    "lower": "lower is stricter",
    "higher": "higher is stricter",
    "subset": "fewer is stricter",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetValue:
    """A value that the configuration sets."""

    target: str
    """The target that it is for; empty: every one."""
    value: Any
    looser: bool
    """Whether it is looser than the default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterRow:
    """A parameter with what is set, and who reads it."""

    name: str
    meaning: str
    type: str
    has_default: bool
    default: Any
    """Null where there is none: see `has_default`."""
    stricter: str
    settings: tuple[SetValue, ...]
    """What the configuration sets."""
    checks: tuple[str, ...]
    """Checks that read it."""
    controls: tuple[str, ...]
    """Controls that are not shown unless it is set."""

    @property
    def waiting(self) -> bool:
        """Whether its checks are unknown until it is set."""
        return not self.has_default and not self.settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterList:
    """Every parameter, by name."""

    parameters: tuple[ParameterRow, ...]


def parameter_list(library: Library, params: Mapping[tuple[str, str], Any]) -> ParameterList:
    """The parameters of a library; `params` are the configured values by name and target."""
    readers: dict[str, list[str]] = {}
    for name in sorted(library.checks):
        for read in parameters_read(library.checks[name], library):
            readers.setdefault(read, []).append(name)
    rows: list[ParameterRow] = []
    for name, parameter in sorted(library.parameters.items()):
        default: Any = None
        if parameter.has_default:
            default = json_value(parameter.default)
        rows.append(
            ParameterRow(
                name=name,
                meaning=parameter.meaning,
                type=parameter.type,
                has_default=parameter.has_default,
                default=default,
                stricter=parameter.stricter,
                settings=tuple(_set_values(name, library, params)),
                checks=tuple(readers.get(name, ())),
                controls=tuple(_controls(name, library)),
            )
        )
    return ParameterList(parameters=tuple(rows))


def _set_values(
    name: str, library: Library, params: Mapping[tuple[str, str], Any]
) -> Iterator[SetValue]:
    for (known, target), value in params.items():
        if known == name:
            looser = bool(loosened(library.parameters, {name: value}))
            yield SetValue(target=target, value=json_value(value), looser=looser)


def _controls(name: str, library: Library) -> Iterator[str]:
    for control in sorted(library.controls.values(), key=lambda control: control.id):
        if any(name in requirement.params for requirement in control.must_have):
            yield control.id


def as_json(parameters: ParameterList) -> str:
    """The list as one JSON document."""
    return dumps(SCHEMA, parameters)


def as_text(parameters: ParameterList, width: int | None = None) -> str:
    """The list for people, those first that checks wait for; wrapped where there is a width."""
    parts: list[str] = []
    for line in _lines(parameters.parameters):
        safe = sanitized(line)
        if width is None or not safe:
            parts.append(f"{safe}\n")
        else:
            parts.append(wrapped(safe, width))
    return "".join(parts)


def _lines(rows: Sequence[ParameterRow]) -> Iterator[str]:
    waiting = [row for row in rows if row.waiting]
    if waiting:
        yield "No default and not set: checks are unknown, and controls not shown, until you set it"
        for row in waiting:
            yield from _waiting(row)
        yield ""
    yield "Parameters"
    for row in rows:
        if not row.waiting:
            yield from _row(row)
    chosen = sum(bool(row.settings) for row in rows)
    yield ""
    yield f"{plural(len(rows), 'parameter')}, {chosen} set in tscan.yaml, {len(waiting)} to be set"
    yield "Set one under params: in tscan.yaml; tscan explain NAME shows how."


def _waiting(row: ParameterRow) -> Iterator[str]:
    yield f"  {row.name} ({row.type})"
    yield f"    {row.meaning}"
    if row.checks:
        yield f"    {plural(len(row.checks), 'check')}: {', '.join(row.checks)}"
    if row.controls:
        yield f"    {plural(len(row.controls), 'control')}: {', '.join(row.controls)}"


def _row(row: ParameterRow) -> Iterator[str]:
    parts = [f"default {shortened(row.default, _VALUE)}"]
    if not row.has_default:
        parts = ["no default"]
    for chosen in row.settings:
        where = f" for {chosen.target}" if chosen.target else ""
        looser = " (looser than the default)" if chosen.looser else ""
        parts.append(f"set to {shortened(chosen.value, _VALUE)}{where}{looser}")
    if row.stricter:
        parts.append(_STRICTER[row.stricter])
    parts.append(plural(len(row.checks), "check"))
    yield f"  {row.name}: {'; '.join(parts)}"
    yield f"    {row.meaning}"
