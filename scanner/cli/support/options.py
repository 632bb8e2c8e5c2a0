"""Options that several commands share, and what they mean for a library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.model.library import Library

F = TypeVar("F", bound=Callable[..., Any])

SEVERITIES = ("low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """How evidence is to be judged and shown."""

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


_FOLDER = click.Path(path_type=Path)
_OPTIONS = (
    click.option(
        "--checks", type=_FOLDER, multiple=True, metavar="DIR", help="A folder of your own checks."
    ),
    click.option(
        "--mappings",
        type=_FOLDER,
        multiple=True,
        metavar="DIR",
        help="A folder of your own controls.",
    ),
    click.option(
        "--select", multiple=True, metavar="ID", help="Only this check; `*` stands for anything."
    ),
    click.option(
        "--severity",
        type=click.Choice(SEVERITIES),
        default="low",
        help="Only checks this grave or more.",
    ),
    click.option(
        "--param",
        multiple=True,
        metavar="NAME=VALUE",
        help="A parameter of checks; lists with commas.",
    ),
    click.option(
        "--category", multiple=True, metavar="NAME", help="Only this category of criteria."
    ),
    click.option(
        "--waivers", type=_FOLDER, metavar="FILE", help="What is accepted by name, until a date."
    ),
    click.option(
        "--attestations",
        type=_FOLDER,
        metavar="DIR",
        help="Statements of people, one file for each.",
    ),
    click.option(
        "--format",
        multiple=True,
        metavar="NAME[=PATH]",
        help="terminal or json, on standard output or in a file.",
    ),
    click.option(
        "--fail-on",
        type=click.Choice(SEVERITIES),
        default="high",
        show_default=True,
        help="The least severity that decides the exit code.",
    ),
    click.option("--controls", is_flag=True, help="Also show the table of controls."),
    click.option(
        "--quiet", is_flag=True, help="No progress, and no report but what --format names."
    ),
)


def judging(function: F) -> F:
    """The options of `Judging`, on a command that takes them as keywords."""
    return reduce(lambda wrapped, option: option(wrapped), reversed(_OPTIONS), function)


def load(options: Judging) -> Library:
    """tscan's content with the user's folders beside it."""
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots

    return load_library(
        default_roots(checks=options.checks, mappings=options.mappings), lazily=True
    )


def selected(options: Judging, library: Library) -> tuple[str, ...] | None:
    """Ids of the chosen checks; None when nothing was chosen and all are meant."""
    if not options.select and options.severity == "low":
        return None
    chosen = matching(options.select or ("*",), library)
    least = SEVERITIES.index(options.severity)
    kept = sorted(name for name in chosen if library.checks[name].severity.rank >= least)
    if not kept:
        raise TscanError("no check is left by --select and --severity", "see 'tscan checks list'")
    return tuple(kept)


def matching(patterns: Iterable[str], library: Library) -> set[str]:
    """Ids of the checks that these patterns name; each must name one."""
    from scanner.language.errors import did_you_mean

    chosen: set[str] = set()
    for pattern in patterns:
        named = {pattern} if pattern in library.checks else library.checks
        found = {name for name in named if fnmatchcase(name, pattern)}
        if not found:
            raise TscanError(
                f"--select {pattern}: there is no such check", did_you_mean(pattern, library.checks)
            )
        chosen |= found
    return chosen


def parameters(options: Judging, library: Library) -> Mapping[str, Any]:
    """The values of --param, each of its parameter's type."""
    from scanner.content.parameters import parse_params

    return parse_params(options.param, library.parameters)


def categories(
    options: Judging, library: Library, configured: Mapping[str, tuple[str, ...]]
) -> Mapping[str, tuple[str, ...]]:
    """Categories in scope by framework: those of --category over those of the configuration."""
    if not options.category:
        return configured
    known = {
        item.category for framework in library.frameworks.values() for item in framework.criteria
    }
    for name in options.category:
        if name not in known:
            raise TscanError(
                f"--category {name}: there is no such category",
                f"there are {', '.join(sorted(known))}",
            )
    return dict.fromkeys(library.frameworks, options.category)
