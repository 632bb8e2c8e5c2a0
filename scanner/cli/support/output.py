"""Writes reports: all are rendered before the first is written."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import click

from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.formats import Report
    from scanner.formats.plans import PlanView
    from scanner.registry import Registry

NARROWEST: Final = 60
"""Columns: the tables need them, also on a terminal that has fewer."""


View = TypeVar("View", "Report", "PlanView")
"""What a format renders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination(Generic[View]):
    """A format and the file that it goes to; `path` is None for standard output."""

    render: Callable[[View], str]
    path: Path | None


def destinations(specs: Sequence[str], *, quiet: bool) -> tuple[Destination[Report], ...]:
    """The destinations that `--format` names for an assessment: see `destinations_of`.

    If `quiet` is set and no format goes to standard output, one line goes there.
    """
    from scanner.formats import FORMATS

    return destinations_of(specs, FORMATS, quietly=_one_line if quiet else None)


def destinations_of(
    specs: Sequence[str],
    formats: Registry[Callable[[View], str]],
    *,
    quietly: Callable[[View], str] | None = None,
) -> tuple[Destination[View], ...]:
    """The destinations that `--format` names, each as `NAME` or `NAME=PATH`.

    The terminal format goes to standard output unless another one does; in its place, `quietly`.
    TscanError for what cannot be written: before a long scan, not after it.
    """
    found = [_destination(spec, formats) for spec in specs]
    _check_distinct(found)
    # Python sets it to None where the shell closed it: `tscan demo >&-`.
    is_closed = sys.stdout is None
    has_screen = any(destination.path is None for destination in found)
    if not has_screen and not (quietly and is_closed):
        found.append(Destination(render=quietly or _format("terminal", formats), path=None))
        has_screen = True
    if has_screen and is_closed:
        raise TscanError(
            "standard output is closed", "name a file, --format json=FILE, and say --quiet"
        )
    return tuple(found)


def _one_line(report: Report) -> str:
    # Imported here: a wrong option is refused before any format is loaded.
    from scanner.formats.totals import one_line

    return one_line(report)


def _destination(spec: str, formats: Registry[Callable[[View], str]]) -> Destination[View]:
    name, separator, file = spec.partition("=")
    if separator and not file:
        raise TscanError(
            f"--format {spec}: the file's name is missing", f"write --format {name}=FILE"
        )
    render = _format(name, formats)
    if not file:
        return Destination(render=render, path=None)
    path = Path(file)
    _check_writable(path)
    return Destination(render=render, path=path)


def _format(name: str, formats: Registry[Callable[[View], str]]) -> Callable[[View], str]:
    try:
        return formats.get(name)
    except TscanError as error:
        # A known format may need a package that is missing: that error names the package.
        if name in formats.names:
            raise
        raise TscanError(f"--format: {error.message}", error.hint) from None


def _check_distinct(found: Iterable[Destination[View]]) -> None:
    # Resolved: `out` and `./out` are one file, and the second report would replace the first.
    found = list(found)
    files = [destination.path.resolve() for destination in found if destination.path]
    if len(found) - len(files) > 1:
        raise TscanError(
            "two formats cannot share standard output",
            "give one of them a file: --format json=FILE",
        )
    if len(set(files)) < len(files):
        raise TscanError("two formats cannot share a file", "give each of them its own")


def _check_writable(path: Path) -> None:
    if path.is_dir():
        raise TscanError(f"{path} is a folder", "name a file")
    if not path.parent.is_dir():
        raise TscanError(f"{path}: there is no folder {path.parent}", "make it first")
    if not os.access(path.parent, os.W_OK):
        raise TscanError(
            f"{path}: the folder {path.parent} cannot be written to", "name another place"
        )


def write(report: View, places: Sequence[Destination[View]]) -> None:
    """Render the report for every destination, then write: files first, standard output last."""
    files: list[tuple[Path, str]] = []
    screen: list[str] = []
    for place in places:
        if place.path is None:
            screen.append(place.render(_for_screen(report)))
        else:
            files.append((place.path, place.render(report)))
    for path, text in files:
        _write_file(path, text)
    for text in screen:
        _write_screen(text)


def _for_screen(report: View) -> View:
    """The report with the width and color of the terminal, or of the pipe."""
    return replace(report, width=_columns(report.width), color=_has_color())


def _has_color() -> bool:
    # https://no-color.org and https://force-color.org: any value but an empty one. Who asks for no
    # color gets none, also where something else forces it.
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _columns(default: int = 80) -> int:
    """`COLUMNS` if it is set, else what the terminal has; in a pipe `default`."""
    columns = default
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdecimal():
        # It looks at COLUMNS first.
        columns = shutil.get_terminal_size((default, 24)).columns
    return max(NARROWEST, columns)


def screen_width() -> int | None:
    """The columns of the terminal; None where standard output is none: a tool reads whole lines."""
    if not sys.stdout.isatty():
        return None
    return _columns()


def show(text: str) -> None:
    """Print text for people; wrapped on a terminal only, for a tool reads whole lines."""
    from scanner.rendering.wrap import wrapped

    if sys.stdout.isatty():
        text = wrapped(text, _columns())
    click.echo(text, nl=False)


def _write_screen(text: str) -> None:
    # A terminal that cannot show a symbol gets its escape, not a crash after the scan is done.
    encoding = sys.stdout.encoding or "utf-8"
    shown = text.encode(encoding, "backslashreplace").decode(encoding)
    # Whether there is color was decided already: click would take it out of what goes to a pipe.
    click.echo(shown, nl=False, color=True)


def _write_file(path: Path, text: str) -> None:
    """Write a file completely or not at all."""
    from scanner.history.stores.atomic_write import atomic_write, write_hint

    if not path.exists() or path.is_file():
        # Resolved: a link is followed, for `latest.json` must stay a link.
        with atomic_write(path.resolve()) as file:
            file.write(text.encode())
        return
    # A device or a pipe is written to: a rename would replace /dev/null by a file.
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise TscanError(message, write_hint(path, error)) from error
