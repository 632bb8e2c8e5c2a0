"""Declares `--verbose` and `--log-file`, which every command takes before its name."""

from __future__ import annotations

from typing import TypeVar

import click

Command = TypeVar("Command")


def log_options(command: Command) -> Command:
    """Add the two options; the command's function does not get their values."""
    options = [
        click.option(
            "--verbose",
            is_flag=True,
            expose_value=False,
            callback=_verbose,
            help="Show each call, its retries and its duration on standard error.",
        ),
        click.option(
            "--log-file",
            type=click.Path(),
            metavar="FILE",
            expose_value=False,
            callback=_log_file,
            help="Append the same to a file, as JSON lines.",
        ),
    ]
    # On a function the last decorator is the first that --help shows.
    if not isinstance(command, click.Command):
        options.reverse()
    for option in options:
        command = option(command)  # type: ignore[type-var]
    return command


# The log itself is imported where it is asked for: `--help` needs none, nor `pathlib`.


def _verbose(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        from scanner.cli.support.log import show_calls

        show_calls(ctx)


def _log_file(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        from pathlib import Path

        from scanner.cli.support.log import keep_calls

        keep_calls(ctx, Path(value))
