"""What people accepted and stated: waivers and attestations, those that do not count among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from scanner.formats import Report
from scanner.formats.terminal.words import plain, plural
from scanner.model.attestations import AttestationResult
from scanner.model.waivers import ControlScope, Standing, WaiverResult

NAMED: Final = 20
"""Waivers, and attestations, that are named; all are in the JSON result."""
_ORDER: Final = (Standing.LAPSED, Standing.EXPIRED, Standing.IN_FORCE, Standing.NOT_BEGUN, Standing.NOT_HERE)
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
    table = _table("waiver", "accepts", "standing", "until", "approved by")
    for one in sorted(found, key=lambda one: (_ORDER.index(one.standing), one.waiver.expires, one.waiver.id))[:NAMED]:
        waiver = one.waiver
        author = f"written by {waiver.author}" if waiver.author else "author not known"
        table.add_row(
            plain(waiver.id),
            Text.assemble(plain(str(waiver.scope)), "\n", plain(f"{waiver.target}: {_effect(one)}", "dim")),
            Text.assemble(plain(one.standing.value, _STYLE.get(one.standing, "")), *_because(one.why)),
            plain(str(waiver.expires)),
            Text.assemble(plain(waiver.approver), "\n", plain(author, "dim")),
        )
    yield table
    yield from _more(len(found))


def _effect(one: WaiverResult) -> str:
    if one.standing is not Standing.IN_FORCE:
        return "accepts nothing"
    here = " in this control" if isinstance(one.waiver.scope, ControlScope) else ""
    return f"accepts {plural(one.accepts, 'finding')}{here}" if one.accepts else "there is nothing to accept"


def _attestations(found: tuple[AttestationResult, ...]) -> Iterator[RenderableType]:
    if not found:
        return
    current = sum(one.current for one in found)
    yield Text(f"Attestations: {current} current of {len(found)}", style="bold")
    table = _table("control", "stated by", "dated", "until", "")
    for one in sorted(found, key=lambda one: (one.current, one.attestation.control, one.attestation.id))[:NAMED]:
        said = one.attestation
        state = plain("current", "green") if one.current else plain(one.why, "yellow")
        table.add_row(
            plain(said.control), plain(said.by), plain(str(said.dated)), plain(str(said.valid_until)), state
        )  # fmt: skip
    yield table
    yield from _more(len(found))


def _because(why: str) -> tuple[str | Text, ...]:
    return ("\n", plain(why, "dim")) if why else ()


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _more(count: int) -> Iterator[RenderableType]:
    if count > NAMED:
        yield Text(f"… and {count - NAMED} more, all in the JSON result", style="dim")
    yield Text()
