"""Writes a waiver for a finding, a control or a call that is not answered: `tscan waive`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.support.completion import complete_checks_and_controls, complete_controls
from scanner.cli.support.history_options import HistoryOptions, history_options
from scanner.cli.support.options import PATH
from scanner.content.input_files import read_input
from scanner.errors import ContentError, TscanError

if TYPE_CHECKING:
    from scanner.cli.support.waiver_scope import ScanEvidence
    from scanner.content.waiver_writer import Entry
    from scanner.model.waivers import Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decision:
    """What a person decided, as the options give it."""

    reason: str
    approver: str
    expires: str
    compensating: str
    id: str


@click.command()
@click.argument("what", metavar="WHAT", shell_complete=complete_checks_and_controls)
@click.argument("resource", default="", metavar="[RESOURCE]")
@click.option("--reason", required=True, metavar="TEXT", help="Reason for the acceptance.")
@click.option(
    "--approver",
    required=True,
    metavar="MAIL",
    help="Approver; must not be the person who commits the entry.",
)
@click.option(
    "--expires",
    required=True,
    metavar="DAY",
    help="First day on which the waiver no longer counts, such as 2027-02-01.",
)
@click.option(
    "--compensating",
    default="",
    metavar="CONTROL",
    shell_complete=complete_controls,
    help="The waiver counts only while this control passes; required for a control.",
)
@click.option("--id", "identity", default="", metavar="ID", help="Default: the next W-… number.")
@click.option(
    "--waivers",
    type=PATH,
    metavar="FILE",
    help="The file to write; default: that of tscan.yaml, or waivers.yaml beside it.",
)
@click.option(
    "--snapshot",
    type=PATH,
    metavar="FILE",
    help="Evidence; default: the newest scan of each target in history.",
)
@history_options
def waive(
    what: str,
    resource: str,
    reason: str,
    approver: str,
    expires: str,
    compensating: str,
    identity: str,
    waivers: Path | None,
    snapshot: Path | None,
    options: HistoryOptions,
) -> int:
    """Write a waiver into the waivers file, to be reviewed and committed.

    WHAT is a failing finding (CHECK@RESOURCE, or CHECK and RESOURCE), a failing control, or a call
    without an answer (OPERATION@REGION). The newest scan must have it. Comments in the file are
    kept.

    \b
    Examples:
      tscan waive aws-s3-bucket-versioned@arn:aws:s3:::scratch --reason "Emptied every night." \
--approver cto@example.com --expires 2027-02-01
      tscan waive ENC-01 --compensating NET-02 --reason "Volumes are recreated." \
--approver cto@example.com --expires 2027-01-15
      tscan waive inspector2:ListCoverage@eu-central-2 --reason "Not offered there." \
--approver cto@example.com --expires 2027-02-01
    """
    from scanner.cli.support.waiver_scope import chosen_scope, load_evidence

    evidence = load_evidence(snapshot, options)
    scope = chosen_scope(evidence, what, resource)
    path = waivers or _default_path(evidence.config.waivers)
    decision = _Decision(
        reason=reason,
        approver=approver,
        expires=expires,
        compensating=compensating,
        id=identity,
    )
    _write(path, scope, decision, evidence)
    if not waivers and not evidence.config.waivers:
        click.echo(f"  no tscan.yaml names the file: add 'waivers: {path.name}' to it")
    return 0


def _default_path(configured: str) -> Path:
    from scanner.cli.support.store_location import find_configuration

    if configured:
        return Path(configured)
    # Beside tscan.yaml, where `waivers: waivers.yaml` finds it.
    return (find_configuration() or Path()).parent / "waivers.yaml"


def _write(path: Path, scope: Entry, decision: _Decision, evidence: ScanEvidence) -> None:
    """Write the entry and show it; TscanError or ContentError where a scan would refuse it."""
    from scanner.cli.support.entry_problems import named_by_option
    from scanner.cli.support.new_file import replace_file
    from scanner.content.waiver_writer import EMPTY, document_lines, entry_lines, with_entry
    from scanner.content.waivers import load_waivers, read_waivers
    from scanner.rendering.sanitize import sanitized

    library = evidence.library
    existing: tuple[Waiver, ...] = ()
    before: bytes | None = None
    if path.exists():
        existing = load_waivers(path, library)
        before = read_input(path)
    entry = _entry(scope, decision, existing)
    content, line = with_entry(before or EMPTY.encode(), path, entry)
    try:
        # By the loader of a scan, before a byte is written.
        *_, written = read_waivers(content, path, library)
    except ContentError as error:
        raise named_by_option(error, line, document_lines(entry)) from None
    _check_new(written, existing)
    _check_approver(path, written)
    replace_file(path, before, content)
    click.echo(f"{path}:{line}: {written.id} accepts {sanitized(str(written.scope))}")
    for text in entry_lines(entry):
        click.echo(f"  {sanitized(text)}")
    click.echo("  next: review it, and let somebody other than the approver commit it")
    for text in _first_day(written, evidence.day(written.target)):
        click.echo(f"  {text}")


def _first_day(written: Waiver, newest: date) -> Iterator[str]:
    """From when the entry counts, and which scan is the first to show it."""
    yield f"it counts from the day of that commit on, {written.opened} at the earliest"
    # Looked for in the scan that it was written for, it would seem not to work.
    if newest < written.opened:
        yield f"the newest scan is of {newest}, before that day: the next scan shows it first"


def _entry(scope: Entry, decision: _Decision, existing: Sequence[Waiver]) -> Entry:
    from scanner.cli.support.history_options import now

    entry = {
        "id": decision.id or _next_id(existing),
        **scope,
        "reason": decision.reason,
        "approver": decision.approver,
        "opened": str(now().date()),
        "expires": decision.expires,
    }
    if decision.compensating:
        entry["compensating"] = decision.compensating
    return entry


def _next_id(existing: Sequence[Waiver]) -> str:
    numbers = [0]
    for waiver in existing:
        prefix, _, number = waiver.id.partition("-")
        if prefix == "W" and number.isdecimal():
            numbers.append(int(number))
    return f"W-{max(numbers) + 1:03}"


def _check_new(written: Waiver, existing: Sequence[Waiver]) -> None:
    for waiver in existing:
        if waiver.scope == written.scope and waiver.expires > written.opened:
            raise TscanError(
                f"waiver {waiver.id} accepts it already, until {waiver.expires}",
                "change that entry, or write another one when it ends",
            )


def _check_approver(path: Path, written: Waiver) -> None:
    from scanner.content.git_blame import own_address

    # The loader can refuse it only once it is committed.
    if written.approver.casefold() == own_address(path).casefold():
        raise TscanError(
            f"{written.approver} is your own address in git, and an approver does not ask",
            "name the person who approves, or let somebody else write the entry",
        )
