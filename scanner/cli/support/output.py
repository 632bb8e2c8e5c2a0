"""Where reports go: rendered first, all of them, then written, so that nothing is left half-written."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.formats import Format, Report

NARROWEST: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One rendering: a format, and the file that it goes to, or standard output."""

    render: Format
    path: Path | None


def destinations(specs: Sequence[str], *, quiet: bool) -> tuple[Destination, ...]:
    """What `--format` asks for; people's format on standard output unless that is taken or quiet is wanted."""
    from scanner.formats import FORMATS

    found = []
    for spec in specs:
        name, named, path = spec.partition("=")
        if named and not path:
            raise TscanError(
                f"--format {spec}: the file's name is missing", f"write --format {name}=FILE"
            )
        found.append(
            Destination(render=FORMATS.get(name), path=_writable(Path(path)) if path else None)
        )
    files = [one.path.resolve() for one in found if one.path]
    if len(set(files)) < len(files):
        raise TscanError("two formats cannot share a file", "give each of them its own")
    on_screen = [one for one in found if one.path is None]
    if len(on_screen) > 1:
        raise TscanError(
            "two formats cannot share standard output",
            "give one of them a file: --format json=FILE",
        )
    if not on_screen and not quiet:
        found.append(Destination(render=FORMATS.get("terminal"), path=None))
    if sys.stdout is None and any(one.path is None for one in found):
        raise TscanError(
            "standard output is closed", "name a file, --format json=FILE, and say --quiet"
        )
    return tuple(found)


def _writable(path: Path) -> Path:
    """The path, refused before any work is done if nothing can be written there."""
    if path.is_dir():
        raise TscanError(f"{path} is a folder", "name a file")
    if not path.parent.is_dir():
        raise TscanError(f"{path}: there is no folder {path.parent}", "make it first")
    if not os.access(path.parent, os.W_OK):
        raise TscanError(f"{path}: the folder {path.parent} cannot be written to")
    return path


def write(report: Report, places: Sequence[Destination]) -> None:
    """Render for every destination, then write."""
    texts = [
        (place, place.render(_shown(report) if place.path is None else report)) for place in places
    ]
    for place, text in texts:
        if place.path is not None:
            _to_file(place.path, text)
    for place, text in texts:
        if place.path is None:
            _to_screen(text)


def _shown(report: Report) -> Report:
    """The report as this terminal can show it; 80 columns without colour where there is none."""
    if not sys.stdout.isatty():
        return report
    color = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return replace(report, width=max(NARROWEST, shutil.get_terminal_size().columns), color=color)


def show(text: str) -> None:
    """Text for people on standard output, folded where that is a terminal: what goes on to a tool keeps its lines."""
    from scanner.rendering.wrap import wrapped

    wide = max(NARROWEST, shutil.get_terminal_size().columns)
    click.echo(wrapped(text, wide) if sys.stdout.isatty() else text, nl=False)


def _to_screen(text: str) -> None:
    # A terminal that cannot show a symbol gets its escape, not a crash after the scan is done.
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding), nl=False)


def _to_file(path: Path, text: str) -> None:
    """Whole or not at all; a device or a pipe is written to, and a link is followed: neither is replaced."""
    from scanner.history.stores.atomic_write import atomic_write

    if not path.exists() or path.is_file():
        with atomic_write(path.resolve()) as file:
            file.write(text.encode())
        return
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise TscanError(f"{path} cannot be written: {error.strerror}") from error
