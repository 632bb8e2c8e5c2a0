"""Lets every option be set by an environment variable: `TSCAN_SCAN_REGION` for `scan --region`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Final

import click

from scanner.errors import TscanError

NO_OPTIONS: Final = frozenset({"TSCAN_DEBUG", "TSCAN_KEY", "TSCAN_KEY_FILE", "TSCAN_UPDATE_GOLDEN"})
"""Variables that are read otherwise; the last one is that of the tests."""
_EAGER: Final = ("_HELP", "_VERSION")
"""Ends of the variables that images of containers set, and that set nothing here."""


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


def refuse_unknown(group: click.Group, ctx: click.Context, command: click.Command) -> None:
    """TscanError for a variable of the group that no option and no command of it has.

    `command` is the one that runs. Variables of other commands are looked at when these run.
    """
    path = ctx.command_path
    prefixes = [_prefix(f"{path} {name}") for name in group.list_commands(ctx)]
    own = [variable_of(option, path) for option in _options(group)]
    for name in sorted(os.environ):
        meant = name.startswith(_prefix(path)) and os.environ[name] != ""
        if not meant or name in own or name in NO_OPTIONS or name.endswith(_EAGER):
            continue
        # Ignored, TSCAN_FAIL_ON would leave a gate weaker than somebody set it to be.
        if not name.startswith(tuple(prefixes)):
            raise TscanError(f"{name} sets no option", _nearest_variable(name, ctx, command))


def _nearest_variable(name: str, ctx: click.Context, command: click.Command) -> str:
    from scanner.words import did_you_mean

    path = f"{ctx.command_path} {command.name}"
    mine = [variable_of(option, path) for option in _options(command)]
    option = name.removeprefix(_prefix(ctx.command_path))
    for variable in mine:
        if variable.endswith(f"_{option}"):
            return f"did you mean '{variable}'?"
    return did_you_mean(name, [*NO_OPTIONS, *_all_variables(ctx.find_root())])


def _all_variables(ctx: click.Context) -> Iterator[str]:
    """The variables of every command, which are all imported for it: for a mistake alone."""
    pending = [(ctx.command_path, ctx.command)]
    while pending:
        path, command = pending.pop()
        yield from (variable_of(option, path) for option in _options(command))
        if isinstance(command, click.Group):
            for name in command.list_commands(ctx):
                below = command.get_command(ctx, name)
                if below is not None:
                    pending.append((f"{path} {name}", below))


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
        from scanner.words import did_you_mean

        raise TscanError(f"{name} sets no option of '{path}'", did_you_mean(name, known))
