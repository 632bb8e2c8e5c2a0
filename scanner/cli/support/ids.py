"""Says what an id is that a command cannot take: of another type, misspelt, or empty."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scanner.errors import TscanError
from scanner.words import did_you_mean

if TYPE_CHECKING:
    from scanner.model.library import Library

_FILTERS: Final = ("check", "control", "criterion")
"""Types of ids that `tscan findings` has an option for."""
_LISTED: Final = ("severity", "verdict")
"""Options of few values, which people write one behind the other."""


def no_such(noun: str, name: str, known: Collection[str], library: Library) -> TscanError:
    """The error for an id that is none of the known ones: `CC6.1 is a criterion, not a check`."""
    article = "an" if noun[0] in "aeiou" else "a"
    if not name.strip():
        return TscanError(f"the id of {article} {noun} is empty", "'tscan explain ID' explains any")
    for kind, identity in _others(name, library):
        if identity not in known:
            return TscanError(
                f"{identity} is a {kind}, not {article} {noun}", f"see: tscan explain {identity}"
            )
    return TscanError(f"there is no {noun} '{name}'", did_you_mean(name, known))


def check_are_files(paths: Sequence[Path], library: Library) -> None:
    """TscanError for a word in the place of a snapshot that is an id or a value of an option."""
    for path in paths:
        if os.path.lexists(path):
            continue
        word = str(path)
        _check_is_no_value(word)
        for kind, identity in _others(word, library):
            raise TscanError(
                f"{identity} is a {kind}, and a snapshot is to be named here",
                f"see: {_command_for(kind, identity)}",
            )


def _others(name: str, library: Library) -> Iterator[tuple[str, str]]:
    """What else has this id, in whatever case it is written: its type, and the id itself."""
    from scanner.core.judging.links import Links

    by_type: dict[str, Collection[str]] = {
        "check": library.checks,
        "control": library.controls,
        "manual control": library.manual,
        "parameter": library.parameters,
        "criterion": [criterion.id for _, criterion in Links(library).criteria()],
    }
    for kind, known in by_type.items():
        for identity in known:
            if identity.casefold() == name.casefold():
                yield kind, identity


def _check_is_no_value(word: str) -> None:
    from scanner.model.checks import Severity
    from scanner.model.findings import Verdict

    params = click.get_current_context().params
    for option, values in zip(_LISTED, (Severity, Verdict), strict=True):
        given = params.get(option)
        # Of `--severity critical high` the second value is no longer the option's.
        if isinstance(given, tuple) and given and word in list(values):
            joined = ",".join([*given, word])
            raise TscanError(
                f"'{word}' is a {option}, and a snapshot is to be named here",
                f"write several with commas: --{option} {joined}",
            )


def _command_for(kind: str, identity: str) -> str:
    given = click.get_current_context().params.get(kind)
    if kind in _FILTERS and isinstance(given, tuple):
        joined = ",".join([*given, identity])
        return f"tscan findings --{kind} {joined}"
    return f"tscan explain {identity}"
