"""Renders waivers and attestations in some lines: counts, and those that no longer count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from rich.text import Text

from scanner.formats import Report
from scanner.formats.terminal.layout import clipped, folded
from scanner.formats.terminal.people import ORDER, STYLE, attestation_order, waiver_order
from scanner.formats.terminal.words import plain
from scanner.model.waivers import Standing
from scanner.rendering.sanitize import sanitized

NAMED: Final = 2
"""Waivers, and attestations, that no longer count and are named."""
_ENDED: Final = frozenset({Standing.LAPSED, Standing.EXPIRED})


def decisions(report: Report) -> Iterator[Text]:
    """A line of counts each; somebody relies on what has ended and does not know: that is named."""
    lines = [*_waivers(report), *_attestations(report)]
    yield from lines
    if lines:
        yield Text()


def _waivers(report: Report) -> Iterator[Text]:
    results = report.assessment.waivers
    if not results:
        return
    counts = Counter(result.standing for result in results)
    amounts = ", ".join(f"{counts[standing]} {standing}" for standing in ORDER if counts[standing])
    yield from folded(Text.assemble(("Waivers  ", "bold"), amounts), report.width, hanging=2)
    ended = [result for result in results if result.standing in _ENDED]
    for result in sorted(ended, key=waiver_order)[:NAMED]:
        text = f"  {sanitized(result.waiver.id)} {result.standing}: {sanitized(result.why)}"
        yield Text(clipped(text, report.width), style=STYLE[result.standing])


def _attestations(report: Report) -> Iterator[Text]:
    results = report.assessment.attestations
    if not results:
        return
    current = sum(result.current for result in results)
    yield Text.assemble(("Attestations  ", "bold"), f"{current} current of {len(results)}")
    ended = [result for result in results if not result.current]
    for result in sorted(ended, key=attestation_order)[:NAMED]:
        text = f"  {sanitized(result.attestation.control)}: {sanitized(result.why)}"
        yield plain(clipped(text, report.width), "yellow")
