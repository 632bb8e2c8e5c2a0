"""What people accepted and stated: waivers and attestations, those that do not count among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from scanner.formats import Report
from scanner.formats.terminal.words import plain
from scanner.model.attestations import AttestationResult
from scanner.model.waivers import ControlScope, Standing, WaiverResult
from scanner.rendering.sanitize import plural

NAMED: Final = 20
"""Waivers, and attestations, that are named; all are in the JSON result."""
_ORDER: Final = (
    Standing.LAPSED,
    Standing.EXPIRED,
    Standing.IN_FORCE,
    Standing.NOT_BEGUN,
    Standing.NOT_HERE,
)
_STYLE: Final = {Standing.LAPSED: "red", Standing.EXPIRED: "yellow", Standing.IN_FORCE: "magenta"}


def people(report: Report) -> Iterator[RenderableType]:
    """Waivers, those that no longer count first, and attestations, those that ended first."""
    yield from _waivers(report.assessment.waivers)
    yield from _attestations(report.assessment.attestations)


def _waivers(found: tuple[WaiverResult, ...]) -> Iterator[RenderableType]:
    if not found:
        return
    counts = Counter(one.standing for one in found)
    said = ", ".join(f"{counts[standing]} {standing}" for standing in _ORDER if counts[standing])
    yield Text(f"Waivers: {said}", style="bold")
    for one in sorted(
        found, key=lambda one: (_ORDER.index(one.standing), one.waiver.expires, one.waiver.id)
    )[:NAMED]:
        yield from _waiver(one)
    yield from _more(len(found))


def _waiver(one: WaiverResult) -> Iterator[RenderableType]:
    """What is accepted and how it stands; under it, where, why and by whom."""
    waiver = one.waiver
    state = (
        f"{one.standing.value} until {waiver.expires}"
        if one.standing is Standing.IN_FORCE
        else one.standing.value
    )
    heading = Table.grid(padding=(0, 2, 0, 0))
    heading.add_row(
        plain(waiver.id, "bold"), plain(state, _STYLE.get(one.standing, "")), plain(_effect(one))
    )
    yield heading
    author = f"written by {waiver.author}" if waiver.author else "author not known"
    for line in (f"{waiver.scope} of {waiver.target}", f"approved by {waiver.approver}, {author}"):
        yield Padding(plain(line, "dim"), (0, 0, 0, 4))


def _effect(one: WaiverResult) -> str:
    if one.standing is not Standing.IN_FORCE:
        return one.why
    here = " in this control" if isinstance(one.waiver.scope, ControlScope) else ""
    return (
        f"accepts {plural(one.accepts, 'finding')}{here}"
        if one.accepts
        else "there is nothing to accept"
    )


def _attestations(found: tuple[AttestationResult, ...]) -> Iterator[RenderableType]:
    if not found:
        return
    current = sum(one.current for one in found)
    yield Text(f"Attestations: {current} current of {len(found)}", style="bold")
    table = _table("control", "stated by", "dated", "until", "")
    for one in sorted(
        found, key=lambda one: (one.current, one.attestation.control, one.attestation.id)
    )[:NAMED]:
        said = one.attestation
        state = plain("current", "green") if one.current else plain(one.why, "yellow")
        table.add_row(
            plain(said.control), plain(said.by), plain(str(said.dated)), plain(str(said.valid_until)), state
        )  # fmt: skip
    yield table
    yield from _more(len(found))


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _more(count: int) -> Iterator[RenderableType]:
    if count > NAMED:
        yield Text(f"… and {count - NAMED} more, all in the JSON result", style="dim")
    yield Text()
