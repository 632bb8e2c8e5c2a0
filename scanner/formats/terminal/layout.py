"""Lays out lines: folds text at spaces, aligns columns, shortens without cutting a word.

Commands and identifiers are copied from a screen. A line breaks at a space, or inside a word that
is longer than the line behind `.`, `/`, `:` or `-`; what is in backticks stays whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.text import Text

GAP: Final = 2
"""Columns between two columns of a table."""
NARROW: Final = 12
"""Columns that a folding column of a table has at least."""
# Either a quoted command with what is attached to it, or a word.
_WORD: Final = re.compile(r"(?:`[^`]*`|\S)+")
_PIECE: Final = re.compile(r"[^./:\-]*[./:\-]+|[^./:\-]+")

Span = tuple[int, int]
"""Start and end of a part of a text."""


def fold(text: Text, width: int, *, first: int | None = None) -> list[Text]:
    """The text in lines of `width` columns; a word that cannot be broken is longer than that.

    `first` is the width of the first line, where it differs.
    """
    room = width if first is None else first
    lines: list[Span] = []
    for start, end in _pieces(text.plain, width):
        if lines and cell_len(text.plain[lines[-1][0] : end]) <= room:
            lines[-1] = (lines[-1][0], end)
            continue
        if not lines:
            # The spaces that a line begins with are its indent.
            start = 0
        else:
            room = width
        lines.append((start, end))
    return [text[start:end] for start, end in lines] or [Text()]


def _pieces(text: str, width: int) -> Iterator[Span]:
    """The parts between which a line may break."""
    for word in _WORD.finditer(text):
        start, end = word.span()
        if "`" in word[0] or cell_len(word[0]) <= width:
            yield start, end
            continue
        for piece in _PIECE.finditer(text, start, end):
            yield piece.span()


def folded(text: Text, width: int, *, indent: int = 0, hanging: int | None = None) -> list[Text]:
    """The same behind an indent; lines after the first stand behind `hanging` spaces."""
    after = indent if hanging is None else hanging
    lines = fold(text, width - after, first=width - indent)
    shown = [Text.assemble(" " * indent, lines[0])]
    for line in lines[1:]:
        shown.append(Text.assemble(" " * after, line))
    return shown


def clipped(text: str, width: int) -> str:
    """The text, or as many whole words of it as fit before `…`.

    Of a word that is too long itself, whole pieces.
    """
    if cell_len(text) <= width:
        return text
    kept = ""
    for start, end in _pieces(text, width - 1):
        if cell_len(text[:end]) > width - 1:
            # Nothing fits: the beginning of a name says more than nothing.
            kept = kept or text[start : start + width - 1]
            break
        kept = text[:end]
    return kept.rstrip(" ,;:") + "…"


def padded(text: Text, width: int, *, right: bool = False) -> Text:
    """The text with spaces up to `width` columns."""
    spaces = " " * (width - text.cell_len)
    # Assembled, not added: the spaces, and what follows them, do not take the text's style.
    if right:
        return Text.assemble(spaces, text)
    return Text.assemble(text, spaces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: as wide as its widest cell, unless it folds."""

    heading: str = ""
    right: bool = False
    folds: bool = False
    """Takes what the other columns leave; one column of a table does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Columns fitted to the cells of a table."""

    columns: Sequence[Column]
    widths: Sequence[int] | None
    """None where the other columns leave no room for the one that folds: cells then follow."""
    width: int

    def heading(self) -> Iterator[Text]:
        """The headings of the columns; none where the cells follow each other."""
        if self.widths is None:
            return
        yield from self.row([Text(column.heading, style="dim") for column in self.columns])

    def row(self, cells: Sequence[Text]) -> Iterator[Text]:
        """The lines of a row; one, unless a cell folds."""
        if self.widths is None:
            joined = Text("  ").join(cell for cell in cells if cell.plain)
            yield from folded(joined, self.width, hanging=4)
            return
        folds: list[list[Text]] = []
        for column, cell, size in zip(self.columns, cells, self.widths, strict=True):
            folds.append(fold(cell, size) if column.folds else [cell])
        for number in range(max(map(len, folds))):
            parts: list[Text] = []
            for column, lines, size in zip(self.columns, folds, self.widths, strict=True):
                part = lines[number] if number < len(lines) else Text()
                parts.append(padded(part, size, right=column.right))
            line = Text(" " * GAP).join(parts)
            line.rstrip()
            yield line


def fitted(columns: Sequence[Column], rows: Sequence[Sequence[Text]], width: int) -> Grid:
    """The grid in which these rows are aligned."""
    widths: list[int] = []
    for number, column in enumerate(columns):
        cells = [row[number].cell_len for row in rows]
        widths.append(max([len(column.heading), *cells]))
    taken = sum(widths) + GAP * (len(columns) - 1)
    for number, column in enumerate(columns):
        if column.folds and taken > width:
            rest = widths[number] - (taken - width)
            needed = max([NARROW, *(_longest_piece(row[number]) for row in rows)])
            if rest < needed:
                return Grid(columns=columns, widths=None, width=width)
            widths[number] = rest
    return Grid(columns=columns, widths=widths, width=width)


def _longest_piece(cell: Text) -> int:
    """Columns of the longest part of a cell that cannot be broken."""
    pieces = _pieces(cell.plain, NARROW)
    return max((cell_len(cell.plain[start:end]) for start, end in pieces), default=0)


def table(columns: Sequence[Column], rows: Sequence[Sequence[Text]], width: int) -> Iterator[Text]:
    """The rows in aligned columns, below their headings."""
    grid = fitted(columns, rows, width)
    yield from grid.heading()
    for row in rows:
        yield from grid.row(row)
