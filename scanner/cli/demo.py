"""Judges a recorded account that tscan carries: `tscan demo`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scanner.cli.support.options import JudgingOptions, judging_options

if TYPE_CHECKING:
    from scanner.model.answers import Snapshot
    from scanner.model.library import Library

SNAPSHOT: Final = Path(__file__).parent / "demo.snapshot.jsonl.gz"
"""Evidence of a small made-up AWS account, recorded from a simulator by `make demo-snapshot`."""


@click.command()
@judging_options
def demo(options: JudgingOptions) -> int:
    """Evaluate a recorded account: no credentials, no network, no extra.

    It was recorded from a simulated AWS account with good and bad resources, so exit code 1 is
    expected.

    \b
    Examples:
      tscan demo
      tscan demo --controls
      tscan demo --format json=demo.json
    """
    from scanner.cli.support.judging import judge_with, load_decisions
    from scanner.cli.support.options import load
    from scanner.cli.support.output import destinations
    from scanner.history.snapshots.snapshot_file import read_snapshot
    from scanner.model.config import Config

    places = destinations(options.format, quiet=options.quiet)
    library = load(options)
    # Whoever names checks asks about these, recorded or not.
    if not options.select and not options.checks:
        library = recorded_library(library, read_snapshot(SNAPSHOT))
    decisions = load_decisions(options, library, Config())
    return judge_with([SNAPSHOT], options, library, places, decisions).exit_code


def recorded_library(library: Library, snapshot: Snapshot) -> Library:
    """The library without the checks that came after the recording.

    Its evidence cannot answer them, and their controls would read `not shown` for nothing but the
    age of the recording.
    """
    cloud = snapshot.target.cloud
    later = {
        name
        for name in library.checks
        if library.cloud(name) == cloud and name not in snapshot.checks
    }
    return library.without(later)
