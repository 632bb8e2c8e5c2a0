"""Writes CSV for spreadsheets: no cell runs as a formula, no text acts on a terminal."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from scanner.rendering.sanitize import json_value, sanitized
from scanner.words import plural

# CSV injection (CWE-1236): a cell that begins with one of these signs, or with its full-width
# form, is run as a formula. Where semicolons separate cells, one may also begin behind each.
_FORMULA: Final = re.compile(r"(^|;)(?=\s*[-=+@\uff1d\uff0b\uff0d\uff20])")
_MAX_LENGTH: Final = 32_000
"""Characters; a spreadsheet cuts a cell at 32,767 without saying so."""

CellValue = str | int | float | bool | Collection[object] | None
"""Whatever a row holds; a mapping, or a collection of anything but texts, is written as JSON."""


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[CellValue]]) -> Iterator[bytes]:
    """The lines of a CSV file in UTF-8, heading first; one at a time, so that memory stays flat."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    yield _drained(buffer)
    for row in rows:
        writer.writerow([cell(value) for value in row])
        yield _drained(buffer)


def _drained(buffer: io.StringIO) -> bytes:
    line = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return line


def cell(value: CellValue) -> str:
    """A value as the text of a cell; an apostrophe keeps a spreadsheet from reading a formula."""
    if value is None:
        return ""
    # Before the numbers, for a bool is an int.
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return str(value)
    text = sanitized(value if isinstance(value, str) else _joined(value))
    if len(text) > _MAX_LENGTH:
        text = f"{text[:_MAX_LENGTH]}… ({plural(len(text) - _MAX_LENGTH, 'more character')})"
    return _FORMULA.sub(r"\1'", text)


def _joined(value: Collection[object]) -> str:
    if isinstance(value, Mapping):
        return _json(value)
    items = list(value)
    texts = [item for item in items if isinstance(item, str)]
    if isinstance(value, (list, tuple)) and len(texts) == len(items):
        return "; ".join(texts)
    return _json(items)


def _json(value: object) -> str:
    return json.dumps(json_value(value), ensure_ascii=False, sort_keys=True)
