"""Judges a recorded account that tscan carries, or writes it as a project: `tscan demo`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from click.core import ParameterSource

from scanner.cli.support.options import PATH, JudgingOptions, judging_options
from scanner.errors import TscanError
from scanner.formats import Source

if TYPE_CHECKING:
    from scanner.cli.support.judging import Decisions
    from scanner.model.answers import Snapshot
    from scanner.model.config import Config
    from scanner.model.library import Library

PROJECT: Final = Path(__file__).parent / "project"
"""The configuration of a small company, its waivers and attestations, and two recorded nights."""
NIGHTS: Final = (
    PROJECT / "snapshots/2026-11-29.snapshot.jsonl.gz",
    PROJECT / "snapshots/2026-11-30.snapshot.jsonl.gz",
)
"""Evidence of an account in a simulator, recorded by `make demo-snapshot`."""
_WITH_INTO: Final = ("into", "quiet")


@click.command()
@click.option(
    "--into",
    type=PATH,
    metavar="DIR",
    help="Write the account as a project with two scans in history, to try other commands in.",
)
@judging_options
def demo(options: JudgingOptions, into: Path | None) -> int:
    """Evaluate a recorded account: no credentials, no network, no extra.

    The account is simulated and has good and bad resources, so exit code 1 is expected. With
    --into, DIR gets a tscan.yaml, waivers, attestations and a signed history, and nothing is
    evaluated.

    \b
    Examples:
      tscan demo
      tscan demo --details
      tscan demo --format json=demo.json
      tscan demo --into acme
    """
    if into is not None:
        return _write(into, options)
    from scanner.cli.support.options import load, selected
    from scanner.cli.support.output import destinations

    # First, for they fail in a moment, and without what judges.
    places = destinations(options.format, quiet=options.quiet)
    library = load(options)
    selected(options, library)
    from scanner.cli.support.judging import Inputs, judge_files
    from scanner.history.snapshots.snapshot_file import read_snapshot

    config, decisions = project_inputs(library)
    decisions = _as_given(options, library, decisions)
    # Whoever names checks asks about these, recorded or not.
    if not options.select and not options.checks:
        library = recorded_library(library, read_snapshot(NIGHTS[-1]))
    inputs = Inputs(library=library, config=config, decisions=decisions)
    return judge_files([NIGHTS[-1]], options, inputs, places, source=demo_source()).report.exit_code


def demo_source() -> Source:
    """How the report names what it judged, and what makes a project that other commands work in."""
    from scanner.cli.support.given import CONTENT, JUDGING, MISSING, given

    return Source(
        again=f"tscan demo {given((*CONTENT, *JUDGING))}".rstrip(),
        before="tscan demo --into demo && cd demo",
        inputs=given(CONTENT, absolute=True),
        checks=given(MISSING, absolute=True),
    )


def project_inputs(library: Library) -> tuple[Config, Decisions]:
    """The configuration of the account, and what its people decided and stated."""
    from scanner.cli.support.judging import Decisions
    from scanner.content.attestations import load_attestations
    from scanner.content.config import load_config
    from scanner.content.waivers import load_waivers

    config = load_config(PROJECT / "tscan.yaml", library)
    decisions = Decisions(
        # No authors: in a checkout, git would blame who wrote the demo, and date it by the commit.
        waivers=load_waivers(config.waivers, library, authors=lambda _: ()),
        attestations=load_attestations(config.attestations, library),
    )
    return config, decisions


def _as_given(options: JudgingOptions, library: Library, decisions: Decisions) -> Decisions:
    """The decisions, with those of the options in their place."""
    from scanner.cli.support.judging import load_decisions
    from scanner.model.config import Config

    given = load_decisions(options, library, Config())
    if options.waivers is not None:
        decisions = replace(decisions, waivers=given.waivers)
    if options.attestations is not None:
        decisions = replace(decisions, attestations=given.attestations)
    return decisions


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


def _write(folder: Path, options: JudgingOptions) -> int:
    from scanner.cli.demo.project_folder import check_folder, write_project
    from scanner.cli.support.options import load

    context = click.get_current_context()
    for name in context.params:
        source = context.get_parameter_source(name)
        # Options that are ignored would mislead.
        if name not in _WITH_INTO and source is ParameterSource.COMMANDLINE:
            option = name.replace("_", "-")
            message = f"--{option} has no meaning beside --into, which judges nothing"
            raise TscanError(message, f"write the project, then 'tscan matrix --{option} …' in it")
    check_folder(folder)
    library = load(options)
    config, decisions = project_inputs(library)
    write_project(folder, library, config, decisions)
    if not options.quiet:
        _show_next(folder)
    return 0


def _show_next(folder: Path) -> None:
    from scanner.rendering.sanitize import sanitized

    click.echo(
        f"{sanitized(str(folder))}: acme-prod, a simulated AWS account, with two scans in history"
    )
    click.echo("Next, in that folder")
    for command, meaning in (
        ("tscan matrix", "criteria and controls on the newest night"),
        ("tscan drift", "what changed since the night before"),
        ("tscan findings", "which resources fail which checks"),
        ("tscan explain CC6.1", "why a criterion fails, and what to fix first"),
        ("tscan verify", "whether history is what was committed"),
    ):
        click.echo(f"  {command:<21} {meaning}")
