"""Renders the matrix of the first screen: criteria by category, with the controls that decide.

Criteria that only people can evidence are one line; of more rows than fit, the worst stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.text import Text

from scanner.core.judging.criteria import evidence_state
from scanner.formats import Report
from scanner.formats.terminal.criteria import Row, frameworks
from scanner.formats.terminal.layout import GAP, clipped, padded
from scanner.formats.terminal.words import plain, status
from scanner.formats.totals import criterion_counts
from scanner.model.findings import Status
from scanner.rendering.sanitize import sanitized

ROWS: Final = 14
"""Criteria that have a line of their own, over all frameworks."""
_ORDER: Final = tuple(Status)
_NAMES: Final = 9
"""Columns that the names of controls have at least: `ENC-01 +4`."""
_NARROW: Final = 12
"""Columns that titles have at least beside names of controls."""
_EVIDENCE: Final = "incomplete"
_DEVIATE: Final = "controls deviate"


_Key = tuple[str, str]
"""A framework and a criterion of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """The cells of a criterion."""

    id: str
    title: str
    share: str
    """`5 of 7`: primary controls that deviate."""
    deviates: bool
    controls: tuple[str, ...]
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Widths:
    """The columns that all categories share, so that they are in line."""

    id: int
    title: int
    share: int
    names: int


def overview(report: Report) -> Iterator[Text]:
    """Each framework with its categories and the rows that are shown of them."""
    found = list(frameworks(report))
    rows: list[Row] = []
    for _, categories in found:
        for _, inside in categories:
            rows += inside
    shown = {_key(row): _line(row) for row in _shown(rows)}
    widths = _widths(list(shown.values()), report.width)
    for title, categories in found:
        yield _heading(title, widths, report.width)
        yield from _framework(categories, shown, widths)
        yield Text()


def _framework(
    categories: Sequence[tuple[str, list[Row]]], shown: Mapping[_Key, _Line], widths: _Widths
) -> Iterator[Text]:
    left: list[Row] = []
    for category, rows in categories:
        lines = [shown[_key(row)] for row in rows if _key(row) in shown]
        left += [row for row in rows if _key(row) not in shown]
        if lines:
            yield plain(category, "bold")
        for line in lines:
            yield _render(line, widths)
    yield from _left(left)


def _key(row: Row) -> _Key:
    return (row.result.framework, row.result.id)


def _shown(rows: Sequence[Row]) -> list[Row]:
    """The rows with a line of their own: not those of people alone, and the worst of the others."""
    speaking = [row for row in rows if not row.is_manual]
    return sorted(speaking, key=_badness)[:ROWS]


def _badness(row: Row) -> tuple[int, int, int]:
    """The worst status first; of one status, that with the most findings behind it."""
    return (_ORDER.index(row.result.status), -row.tally.failing, -row.tally.unread)


def _line(row: Row) -> _Line:
    result = row.result
    return _Line(
        id=sanitized(result.id),
        title=sanitized(row.criterion.title),
        share=row.share,
        deviates=bool(row.deviating),
        # Who has to act: on what deviates first, else on what is missing.
        controls=tuple(map(sanitized, row.deviating or row.open)),
        evidence=evidence_state(result),
    )


def _widths(lines: Sequence[_Line], width: int) -> _Widths:
    """Titles first get what they need, names of controls the rest."""
    id_ = max((len(line.id) for line in lines), default=0)
    share = max((len(line.share) for line in lines), default=0)
    if lines:
        share = max(share, len(_DEVIATE))
    longest = max((len(line.title) for line in lines), default=0)
    rest = width - 2 - id_ - share - len(_EVIDENCE) - 3 * GAP
    names = rest - GAP - longest
    if names < _NAMES:
        names = _NAMES
    title = rest - GAP - names
    # Where both do not fit, a title says more than the first control.
    if title < _NARROW:
        title, names = rest, 0
    return _Widths(id=id_, title=title, share=share, names=names)


def _heading(title: str, widths: _Widths, width: int) -> Text:
    before = 2 + widths.id + GAP + widths.title + GAP
    room = before - GAP
    # The headings of columns belong to a table; a framework without rows has none.
    if widths.share == 0:
        return plain(title, "bold underline")
    columns = padded(Text(_DEVIATE, style="dim"), widths.share)
    columns = padded(columns, width - before - len(_EVIDENCE))
    name = padded(plain(clipped(sanitized(title), room), "bold underline"), before)
    return Text.assemble(name, columns, ("evidence", "dim"))


def _render(line: _Line, widths: _Widths) -> Text:
    cells = [
        padded(Text(f"  {line.id}"), widths.id + 2),
        padded(Text(clipped(line.title, widths.title)), widths.title),
        padded(Text(line.share, style="bold red" if line.deviates else "dim"), widths.share),
    ]
    if widths.names:
        cells.append(padded(Text(names(line.controls, widths.names)), widths.names))
    evidence = Text(line.evidence)
    if line.evidence == _EVIDENCE:
        evidence.stylize("yellow")
    cells.append(evidence)
    return Text(" " * GAP).join(cells)


def names(found: Sequence[str], width: int) -> str:
    """As many names as fit, and how many more there are: `ENC-01 ACC-02 +3`."""
    for count in range(len(found), 0, -1):
        text = " ".join(found[:count])
        if count < len(found):
            text += f" +{len(found) - count}"
        if len(text) <= width:
            return text
    if not found:
        return ""
    return f"+{len(found)}"


def _left(rows: Sequence[Row]) -> Iterator[Text]:
    """What has no line of its own, counted by status."""
    manual = [row for row in rows if row.is_manual]
    others = [row.result for row in rows if not row.is_manual]
    if others:
        more = "1 more criterion"
        if len(others) > 1:
            more = f"{len(others)} more criteria"
        yield Text(f"  … and {more}: {criterion_counts(others)}", style="dim")
    if manual:
        count = f"  {len(manual)} that only people's evidence can show"
        yield Text.assemble("  ", status(Status.NEEDS_EVIDENCE), count)
