"""Lets every option be set by an environment variable: `TSCAN_SCAN_REGION` for `scan --region`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import click

from scanner.errors import TscanError


def bind_variables(command: click.Command, path: str) -> None:
    """Name the variable of each option of the command at a path such as `tscan checks list`.

    TscanError for a variable that can only be meant for this command and names none of its options.
    """
    known: list[str] = []
    for option in _options(command):
        option.envvar = variable_of(option, path)
        known.append(option.envvar)
    # A group's variables would begin like those of its commands.
    if not isinstance(command, click.Group):
        _check_misspelt(_prefix(path), known, path)


def variable_of(option: click.Option, path: str) -> str:
    """The variable of an option: after its long form, which is what people know it by."""
    longest = max(option.opts, key=len)
    return _prefix(path) + longest.lstrip("-").replace("-", "_").upper()


def _prefix(path: str) -> str:
    return path.replace(" ", "_").replace("-", "_").upper() + "_"


def _options(command: click.Command) -> Iterator[click.Option]:
    for option in command.params:
        # `--version` in the environment would end every command with exit code 0, and nothing
        # scanned. (`--help` is not among these.)
        if isinstance(option, click.Option) and not option.is_eager:
            yield option


def _check_misspelt(
    prefix: str, known: list[str], path: str, environment: Mapping[str, str] | None = None
) -> None:
    given = os.environ if environment is None else environment
    for name in sorted(given):
        if not name.startswith(prefix) or name in known or not given[name]:
            continue
        # Ignored, it would leave a scan wider or a gate weaker than somebody set it to be.
        from scanner.language.errors import did_you_mean

        raise TscanError(f"{name} sets no option of '{path}'", did_you_mean(name, known))
