"""Declares the options that several commands share, and resolves them against the library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from scanner.cli.support.completion import complete_checks, complete_settings
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
    help="A folder or URL; default: tscan.yaml, or .tscan beside it.",
)
config_option: Final[Decorator] = click.option(
    "--config",
    type=PATH,
    metavar="FILE",
    help="Default: tscan.yaml in this folder or above it.",
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


waivers_option: Final[Decorator] = click.option(
    "--waivers", type=PATH, metavar="FILE", help="Waivers: accepted findings, gaps and controls."
)
attestations_option: Final[Decorator] = click.option(
    "--attestations",
    type=PATH,
    metavar="DIR",
    help="Attestations: dated statements, one file each.",
)


# -- options of commands that look things up -------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentOptions:
    """What to judge by, beside what tscan.yaml names."""

    checks: tuple[Path, ...]
    mappings: tuple[Path, ...]
    waivers: Path | None
    attestations: Path | None


content_options: Final[Decorator] = options_as(
    "content",
    ContentOptions,
    (checks_option, mappings_option, waivers_option, attestations_option),
)
"""The options of `ContentOptions`, on a command that takes them as `content`."""


# -- options of commands that judge ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgingOptions(ContentOptions):
    """How to judge evidence, and where the reports go."""

    select: tuple[str, ...]
    severity: str
    param: tuple[str, ...]
    category: tuple[str, ...]
    format: tuple[str, ...]
    fail_on: str
    """The least severity that decides the exit code; never empty."""
    details: bool
    controls: bool
    quiet: bool

    def __post_init__(self) -> None:
        # A selection that only asks for less than `high` could never fail otherwise.
        if not self.fail_on:
            object.__setattr__(self, "fail_on", self._least_selected())

    @property
    def selects(self) -> bool:
        """Whether checks are selected by id or severity, so that no matrix is shown."""
        return bool(self.select) or self.severity != SEVERITIES[0]

    def _least_selected(self) -> str:
        if self.selects:
            return self.severity
        return "high"


class FormatOption(click.Option):
    """`--format`: its help lists the registered formats, those of other packages among them."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        # Only now: the registry looks at every installed package, which a scan need not wait for.
        from scanner.formats import FORMATS

        *others, last = FORMATS.names
        names = f"{', '.join(others)} or {last}"
        self.help = f"{names}, on standard output or in a file."
        return super().get_help_record(ctx)


def _empty_if_none(_ctx: click.Context, _option: click.Parameter, value: str | None) -> str:
    return value or ""


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
            shell_complete=complete_checks,
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
            shell_complete=complete_settings,
            help="Set a parameter; separate list items by commas.",
        ),
        click.option(
            "--category",
            multiple=True,
            metavar="NAME",
            help="Only this category of criteria, and its checks.",
        ),
        waivers_option,
        attestations_option,
        click.option("--format", cls=FormatOption, multiple=True, metavar="NAME[=PATH]"),
        click.option(
            "--fail-on",
            type=click.Choice(SEVERITIES),
            default=None,
            callback=_empty_if_none,
            help="Exit 1 if a finding of this severity or higher fails.  "
            "[default: high, or all that is selected]",
        ),
        click.option(
            "--details", is_flag=True, help="Show every finding, gap and fix, not only one screen."
        ),
        click.option("--controls", is_flag=True, help="Also show the table of controls."),
        click.option(
            "--quiet", is_flag=True, help="No progress; print one line instead of the report."
        ),
    ),
)
"""The options of `JudgingOptions`, on a command that takes them as `options`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineOptions:
    """Whether only new failures decide the exit code, and since when a failure is new."""

    new_only: bool
    baseline: Path | None

    @property
    def given(self) -> bool:
        """Whether anything is compared; a baseline is given for nothing else."""
        return self.new_only or self.baseline is not None


baseline_options: Final[Decorator] = options_as(
    "compare",
    BaselineOptions,
    (
        click.option(
            "--new-only",
            is_flag=True,
            help="Exit 1 only for failures that the newest comparable scan in history lacks.",
        ),
        click.option(
            "--baseline",
            type=PATH,
            metavar="FILE",
            help="Compare with this JSON result or snapshot, not with history; implies --new-only.",
        ),
    ),
)
"""The options of `BaselineOptions`, on a command that takes them as `compare`."""


# -- what they mean for a library ------------------------------------------------------------------


def load(options: ContentOptions) -> Library:
    """tscan's content with the user's folders beside it."""
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots

    roots = default_roots(checks=options.checks, mappings=options.mappings)
    return load_library(roots, lazily=True)


def selected(options: JudgingOptions, library: Library) -> tuple[str, ...] | None:
    """Ids of the selected checks; None where nothing was selected, which means all.

    The two differ: a selection is judged by itself, and everything else that was not run is missed
    (decision 0042).
    """
    controls = selected_controls(options, library)
    if controls is None and not options.selects:
        return None
    kept = matching(options.select or ("*",), library)
    if controls is not None:
        from scanner.core.judging.selection import serving_checks

        kept &= serving_checks(library, controls)
    lowest = SEVERITIES.index(options.severity)
    # The lowest severity keeps all, whatever it is.
    if lowest:
        kept = {name for name in kept if _rank(name, library) >= lowest}
    # A category may rest on people alone; a selection of checks that is empty is a mistake.
    if options.selects and not kept:
        raise TscanError(
            "no check is left by --select, --severity and --category", "see 'tscan checks list'"
        )
    return tuple(sorted(kept))


def selected_controls(options: JudgingOptions, library: Library) -> frozenset[str] | None:
    """The controls that serve the categories of `--category`; None without it, which means all."""
    if not options.category:
        return None
    from scanner.core.judging.selection import serving_controls

    return serving_controls(library, categories(options, library, {}))


def _rank(check: str, library: Library) -> int:
    severity = library.outline(check).severity
    return SEVERITIES.index(severity or "low")


def matching(patterns: Iterable[str], library: Library) -> set[str]:
    """Ids of the checks that the patterns match; TscanError for a pattern that matches none."""
    from scanner.words import did_you_mean

    matched: set[str] = set()
    for pattern in patterns:
        if pattern in library.checks:
            matched.add(pattern)
            continue
        found = {name for name in library.checks if fnmatchcase(name, pattern)}
        earlier = [name for name in library.aliases if fnmatchcase(name, pattern)]
        found |= {current_id(name, library) for name in earlier}
        # A misspelt pattern must not select nothing in silence: fewer checks have fewer failures.
        if not found:
            raise TscanError(
                f"--select {pattern}: there is no such check", did_you_mean(pattern, library.checks)
            )
        matched |= found
    return matched


def current_id(name: str, library: Library) -> str:
    """The id of the check that has this id or had it; for an earlier id, with a note on stderr."""
    found = library.current_id(name)
    if found != name:
        click.echo(f"note: check {name} is called {found} now", err=True)
    return found


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
    from scanner.words import did_you_mean

    known: set[str] = set()
    for framework in library.frameworks.values():
        known.update(criterion.category for criterion in framework.criteria)
    for name in options.category:
        if name not in known:
            raise TscanError(
                f"--category {name}: there is no such category", did_you_mean(name, known)
            )
    return dict.fromkeys(library.frameworks, options.category)
