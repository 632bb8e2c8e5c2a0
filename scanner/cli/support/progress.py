"""Shows the progress of a scan on standard error, if that is a terminal, with `rich.progress`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TextIO

from scanner.rendering.sanitize import plural, sanitized

if TYPE_CHECKING:
    from scanner.collect import Progress

CONNECTING: Final = "connecting …"
ShowProgress = Callable[["Progress"], None]
"""Is called with each new state of the scan."""


@contextmanager
def shown(*, quiet: bool, stream: TextIO | None = None) -> Iterator[ShowProgress]:
    """A function to call with each state; the line is removed at the end, also after an error.

    Nothing is written to a pipe or a file: a log would hold thousands of states of one line.
    """
    output = stream or sys.stderr
    if quiet or not _is_interactive(output):
        yield _ignore
        return
    with _live(output) as report:
        yield report


@contextmanager
def announced(text: str, *, quiet: bool, stream: TextIO | None = None) -> Iterator[None]:
    """Show one line while something is done that calls nothing yet, and remove it at the end."""
    output = stream or sys.stderr
    if quiet or output is None or not _is_interactive(output):
        yield
        return
    output.write(f"{text}\r")
    output.flush()
    try:
        yield
    finally:
        # An error that follows begins on an empty line.
        output.write("\r\x1b[2K")
        output.flush()


def _is_interactive(output: TextIO | None) -> bool:
    # Standard error is None where it was closed (`2>&-`); a dumb terminal cannot go back in a line.
    if output is None or os.environ.get("TERM") == "dumb":
        return False
    return output.isatty()


def _ignore(_state: Progress) -> None:
    """No progress is shown."""


@contextmanager
def _live(output: TextIO) -> Iterator[ShowProgress]:
    # At once: the imports of rich and of a provider's SDK take longer than people wait in silence.
    output.write(f"{CONNECTING}\r")
    output.flush()
    # Imported here: a scan that is piped, with `--format json`, needs no rich.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as ProgressBar

    # Console honours NO_COLOR by itself. Names of targets are no markup.
    bar = ProgressBar(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[operation]}", markup=False),
        console=Console(file=output),
        transient=True,
        # Otherwise rich would send to the terminal what a command prints into a pipe or a file.
        redirect_stdout=False,
    )
    with bar:
        task = bar.add_task(CONNECTING, total=None, operation="")

        def report(state: Progress) -> None:
            # The total grows while listings come in: the bar shows the calls known so far.
            bar.update(
                task,
                description=sanitized(_description(state)),
                completed=state.done,
                total=state.known,
                operation=sanitized(state.operation),
            )

        yield report


def _description(state: Progress) -> str:
    if state.targets == 1:
        return f"reading {state.target}"
    targets = plural(state.targets, "target")
    return f"{state.ended} of {targets} read, reading {state.target}"
