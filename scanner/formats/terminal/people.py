"""Lists waivers and attestations, also those that do not count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Final

from rich.text import Text

from scanner.formats import Report
from scanner.formats.terminal.layout import Column, folded, table
from scanner.formats.terminal.words import plain
from scanner.model.attestations import AttestationResult
from scanner.model.waivers import ControlScope, Standing, WaiverResult
from scanner.words import plural

NAMED: Final = 20
"""Waivers, and attestations, that are named; all are in the JSON result."""
# Those that no longer count come first: somebody relies on them and does not know.
ORDER: Final = (
    Standing.LAPSED,
    Standing.EXPIRED,
    Standing.IN_FORCE,
    Standing.NOT_BEGUN,
    Standing.NOT_HERE,
    Standing.NOT_SELECTED,
)
STYLE: Final = {Standing.LAPSED: "red", Standing.EXPIRED: "yellow", Standing.IN_FORCE: "magenta"}
_COLUMNS: Final = (
    Column(heading="control"),
    Column(heading="stated by"),
    Column(heading="dated"),
    Column(heading="until"),
    Column(folds=True),
)


def people(report: Report) -> Iterator[Text]:
    """Waivers, those that no longer count first, and attestations, those that ended first."""
    yield from _waivers(report.assessment.waivers, report.width)
    yield from _attestations(report.assessment.attestations, report.width)


def _waivers(results: tuple[WaiverResult, ...], width: int) -> Iterator[Text]:
    if not results:
        return
    counts = Counter(result.standing for result in results)
    amounts = ", ".join(f"{counts[standing]} {standing}" for standing in ORDER if counts[standing])
    yield from folded(Text(f"Waivers: {amounts}", style="bold"), width, hanging=2)
    for result in sorted(results, key=waiver_order)[:NAMED]:
        yield from _waiver(result, width)
    yield from _more(len(results))


def waiver_order(result: WaiverResult) -> tuple[int, date, str]:
    return (ORDER.index(result.standing), result.waiver.expires, result.waiver.id)


def _waiver(result: WaiverResult, width: int) -> Iterator[Text]:
    """What is accepted and whether it is in force; below it, where and by whom."""
    waiver = result.waiver
    state = result.standing.value
    if result.standing is Standing.IN_FORCE:
        state += f" until {waiver.expires}"
    heading = Text("  ").join(
        [
            plain(waiver.id, "bold"),
            plain(state, STYLE.get(result.standing, "")),
            plain(_effect(result)),
        ]
    )
    yield from folded(heading, width, hanging=4)
    author = "author not known"
    if waiver.author:
        author = f"written by {waiver.author}"
    for line in (f"{waiver.scope} of {waiver.target}", f"approved by {waiver.approver}, {author}"):
        yield from folded(plain(line, "dim"), width, indent=4, hanging=4)


def _effect(result: WaiverResult) -> str:
    if result.standing is not Standing.IN_FORCE:
        return result.why
    if not result.accepts:
        return "there is nothing to accept"
    findings = plural(result.accepts, "finding")
    # The finding still fails in every other control that it evidences.
    if isinstance(result.waiver.scope, ControlScope):
        return f"accepts {findings} in this control"
    return f"accepts {findings}"


def _attestations(results: tuple[AttestationResult, ...], width: int) -> Iterator[Text]:
    if not results:
        return
    current = sum(result.current for result in results)
    yield Text(f"Attestations: {current} current of {len(results)}", style="bold")
    rows: list[list[Text]] = []
    for result in sorted(results, key=attestation_order)[:NAMED]:
        rows.append(list(_attestation(result)))
    yield from table(_COLUMNS, rows, width)
    yield from _more(len(results))


def attestation_order(result: AttestationResult) -> tuple[bool, str, str]:
    return (result.current, result.attestation.control, result.attestation.id)


def _attestation(result: AttestationResult) -> Iterator[Text]:
    attestation = result.attestation
    yield plain(attestation.control)
    yield plain(attestation.by)
    yield plain(str(attestation.dated))
    yield plain(str(attestation.valid_until))
    if result.current:
        yield plain("current", "green")
    else:
        yield plain(result.why, "yellow")


def _more(count: int) -> Iterator[Text]:
    if count > NAMED:
        yield Text(f"… and {count - NAMED} more, all in the JSON result", style="dim")
    yield Text()
