"""Repeats the options of the running command, for the commands that its report suggests."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

CONTENT: Final = ("config", "checks", "mappings", "waivers", "attestations")
"""What evidence is judged by: a suggestion without them could not find what this report shows."""
EVIDENCE: Final = ("store", "target")
"""Which scans of history are meant."""
MISSING: Final = ("config", "checks")
"""What `tscan permissions aws --missing` takes of these."""
JUDGING: Final = (
    *("select", "severity", "param", "category"),
    *("fail_on", "baseline", "controls"),
)
"""What the same report also needs."""
_BY_A_PERSON: Final = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


def given(names: Collection[str], *, absolute: bool = False) -> str:
    """The options of these names that were given, as they can be copied; empty outside a command.

    `absolute` is for a command that is run in another folder.
    """
    return shlex.join(_words(names, absolute))


def _words(names: Collection[str], absolute: bool) -> Iterator[str]:
    context = click.get_current_context(silent=True)
    if context is None:
        return
    for option in context.command.params:
        name = option.name or ""
        source = context.get_parameter_source(name)
        if name not in names or source not in _BY_A_PERSON or not isinstance(option, click.Option):
            continue
        value = context.params[name]
        if option.is_flag:
            yield max(option.opts, key=len)
            continue
        for one in value if option.multiple else (value,):
            yield from (max(option.opts, key=len), _text(one, absolute))


def _text(value: Any, absolute: bool) -> str:
    if absolute and isinstance(value, Path):
        return str(value.absolute())
    return str(value)
