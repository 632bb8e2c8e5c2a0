"""Says click's errors as tscan says its own: what is wrong in one line, and a hint below it."""

from __future__ import annotations

import re
from typing import Final

import click
from click.core import ParameterSource
from click.exceptions import MissingParameter, NoSuchOption

from scanner.errors import TscanError
from scanner.words import closest, did_you_mean

_FORMATS: Final = ("form", "format")
"""What the option `--format` is called in code."""
_CLICK_NUMBER: Final = re.compile("valid integer( range)?")


def as_tscan_error(error: click.ClickException) -> TscanError:
    """The error with a hint: a near name, the known values, or which page of help to read."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if isinstance(error, NoSuchOption):
        return _no_such_option(error)
    if isinstance(error, click.BadParameter) and not isinstance(error, MissingParameter):
        return _bad_value(error)
    message = error.format_message().rstrip(".")
    # "Did you mean 'scan'?" is the second sentence of click's message.
    message, _, near = message.partition(". ")
    hint = near[:1].lower() + near[1:]
    return TscanError(message[:1].lower() + message[1:], hint or _see_help(context))


def _no_such_option(error: NoSuchOption) -> TscanError:
    message = f"no such option '{error.option_name}'"
    context = error.ctx
    if context is None:
        return TscanError(message)
    root = context.find_root()
    # `tscan demo --verbose`: it is one of tscan's, whatever option of demo resembles it.
    for option in root.command.params:
        if error.option_name in option.opts:
            words = [root.info_name, error.option_name, option.metavar]
            words.append(context.command_path.partition(" ")[2])
            command = " ".join(word for word in words if word)
            return TscanError(message, f"write it before the command: {command}")
    near = closest(error.option_name, _names(context.command))
    if near:
        return TscanError(message, f"did you mean '{near}'?")
    return TscanError(message, _see_help(context))


def _names(command: click.Command) -> list[str]:
    names: list[str] = []
    for parameter in command.params:
        names += parameter.opts
    return [name for name in names if name.startswith("--")]


def _bad_value(error: click.BadParameter) -> TscanError:
    option, message = error.param, error.message.rstrip(".")
    name = _place(error)
    if option is not None and isinstance(option.type, click.Choice):
        value = message.rpartition(" is not one of ")[0].strip("'\"")
        noun = "value"
        if option.name in _FORMATS:
            noun = "format"
        known = [str(choice) for choice in option.type.choices]
        return TscanError(f"{name}: unknown {noun} '{value}'", did_you_mean(value, known))
    message = _CLICK_NUMBER.sub("whole number", message[:1].lower() + message[1:])
    return TscanError(f"{name}: {message}", _see_help(error.ctx))


def _place(error: click.BadParameter) -> str:
    """The option, argument or variable that the value was given by."""
    option, context = error.param, error.ctx
    if option is None:
        return str(error.param_hint or "value")
    source = None
    if context is not None:
        source = context.get_parameter_source(option.name or "")
    # Nobody looks for a mistake in an option that was not written.
    if source is ParameterSource.ENVIRONMENT:
        return str(option.envvar)
    if isinstance(option, click.Argument):
        return (option.metavar or option.human_readable_name).strip("[].")
    return max(option.opts, key=len)


def _see_help(context: click.Context | None) -> str:
    # click names no command where an option lacks its value.
    if context is None:
        return "see 'tscan --help'"
    return f"see '{context.command_path} --help'"
