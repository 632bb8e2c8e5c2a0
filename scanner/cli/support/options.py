"""Declares the options that several commands share, and resolves them against the library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.model.library import Library

Command = Callable[..., int]
"""A command's function: it takes its options by keyword and returns the exit code."""
Decorator = Callable[[Command], Command]

SEVERITIES: Final = ("low", "medium", "high", "critical")
PATH: Final = click.Path(path_type=Path)


def options_as(parameter: str, group: type, options: Sequence[Decorator]) -> Decorator:
    """A decorator that adds click options to a command, which takes them as one dataclass.

    `group` is that dataclass, with a field for each option, and `parameter` the keyword for it.
    """
    names = [field.name for field in fields(group)]

    def decorate(command: Command) -> Command:
        @wraps(command)
        def with_group(**values: Any) -> int:
            chosen = {name: values.pop(name) for name in names}
            values[parameter] = group(**chosen)
            return command(**values)

        decorated: Command = with_group
        # The last decorator is the first that --help shows, as if they stood above the command.
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


# -- options that stand alone ----------------------------------------------------------------------

store_option: Final[Decorator] = click.option(
    "--store",
    default="",
    metavar="PLACE",
    help="A folder or URL; default: tscan.yaml, or .tscan.",
)
config_option: Final[Decorator] = click.option(
    "--config", type=PATH, metavar="FILE", help="Default: tscan.yaml in this folder."
)
target_option: Final[Decorator] = click.option(
    "--target", default="", metavar="ID", help="Only this target, such as aws:111122223333."
)
checks_option: Final[Decorator] = click.option(
    "--checks", type=PATH, multiple=True, metavar="DIR", help="A folder of your own checks."
)
mappings_option: Final[Decorator] = click.option(
    "--mappings", type=PATH, multiple=True, metavar="DIR", help="A folder of your own controls."
)
from_option: Final[Decorator] = click.option(
    "--from", "first", required=True, metavar="DAY", help="The first day."
)
to_option: Final[Decorator] = click.option(
    "--to", "last", required=True, metavar="DAY", help="The last day, included."
)
report_format_option: Final[Decorator] = click.option(
    "--format", type=click.Choice(("terminal", "json")), default="terminal", show_default=True
)
snapshots_argument: Final[Decorator] = click.argument(
    "snapshots", nargs=-1, required=True, type=PATH, metavar="SNAPSHOT..."
)


# -- options of commands that judge ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgingOptions:
    """How to judge evidence, and where the reports go."""

    checks: tuple[Path, ...]
    mappings: tuple[Path, ...]
    select: tuple[str, ...]
    severity: str
    param: tuple[str, ...]
    category: tuple[str, ...]
    waivers: Path | None
    attestations: Path | None
    format: tuple[str, ...]
    fail_on: str
    controls: bool
    quiet: bool


class FormatOption(click.Option):
    """`--format`: its help lists the registered formats, those of other packages among them."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        # Only now: the registry looks at every installed package, which a scan need not wait for.
        from scanner.formats import FORMATS

        *others, last = FORMATS.names
        names = f"{', '.join(others)} or {last}"
        self.help = f"{names}, on standard output or in a file."
        return super().get_help_record(ctx)


judging_options: Final[Decorator] = options_as(
    "options",
    JudgingOptions,
    (
        checks_option,
        mappings_option,
        click.option(
            "--select",
            multiple=True,
            metavar="ID",
            help="Only checks with this id; `*` matches any text.",
        ),
        click.option(
            "--severity",
            type=click.Choice(SEVERITIES),
            default="low",
            help="Only checks of this severity or higher.",
        ),
        click.option(
            "--param",
            multiple=True,
            metavar="NAME=VALUE",
            help="Set a parameter; separate list items by commas.",
        ),
        click.option(
            "--category", multiple=True, metavar="NAME", help="Only this category of criteria."
        ),
        click.option(
            "--waivers",
            type=PATH,
            metavar="FILE",
            help="Waivers: accepted findings, gaps and controls.",
        ),
        click.option(
            "--attestations",
            type=PATH,
            metavar="DIR",
            help="Attestations: dated statements, one file each.",
        ),
        click.option("--format", cls=FormatOption, multiple=True, metavar="NAME[=PATH]"),
        click.option(
            "--fail-on",
            type=click.Choice(SEVERITIES),
            default="high",
            show_default=True,
            help="Exit 1 if a finding of this severity or higher fails.",
        ),
        click.option("--controls", is_flag=True, help="Also show the table of controls."),
        click.option(
            "--quiet", is_flag=True, help="No progress, and no report but what --format names."
        ),
    ),
)
"""The options of `JudgingOptions`, on a command that takes them as `options`."""


# -- what they mean for a library ------------------------------------------------------------------


def load(options: JudgingOptions) -> Library:
    """tscan's content with the user's folders beside it."""
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots

    roots = default_roots(checks=options.checks, mappings=options.mappings)
    return load_library(roots, lazily=True)


def selected(options: JudgingOptions, library: Library) -> tuple[str, ...] | None:
    """Ids of the selected checks; None where nothing was selected, which means all.

    The two differ: a selection is never reported as clean (decision 0007).
    """
    if not options.select and options.severity == "low":
        return None
    matched = matching(options.select or ("*",), library)
    lowest = SEVERITIES.index(options.severity)
    kept = sorted(name for name in matched if library.checks[name].severity.rank >= lowest)
    if not kept:
        raise TscanError("no check is left by --select and --severity", "see 'tscan checks list'")
    return tuple(kept)


def matching(patterns: Iterable[str], library: Library) -> set[str]:
    """Ids of the checks that the patterns match; TscanError for a pattern that matches none."""
    from scanner.language.errors import did_you_mean

    matched: set[str] = set()
    for pattern in patterns:
        if pattern in library.checks:
            matched.add(pattern)
            continue
        found = {name for name in library.checks if fnmatchcase(name, pattern)}
        # A misspelt pattern must not select nothing in silence: fewer checks have fewer failures.
        if not found:
            raise TscanError(
                f"--select {pattern}: there is no such check", did_you_mean(pattern, library.checks)
            )
        matched |= found
    return matched


def parameters(options: JudgingOptions, library: Library) -> Mapping[str, Any]:
    """The values of `--param`, each of its parameter's type."""
    from scanner.content.parameters import parse_params

    return parse_params(options.param, library.parameters)


def categories(
    options: JudgingOptions, library: Library, configured: Mapping[str, tuple[str, ...]]
) -> Mapping[str, tuple[str, ...]]:
    """Categories in scope by framework: those of `--category`, or else the configured ones."""
    if not options.category:
        return configured
    known: set[str] = set()
    for framework in library.frameworks.values():
        known.update(criterion.category for criterion in framework.criteria)
    for name in options.category:
        if name not in known:
            raise TscanError(
                f"--category {name}: there is no such category",
                f"there are {', '.join(sorted(known))}",
            )
    return dict.fromkeys(library.frameworks, options.category)
