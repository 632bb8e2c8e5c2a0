"""CSV for spreadsheets: no cell is a formula, and no text from a cloud acts on a terminal."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from scanner.rendering.sanitize import json_value, sanitized

_FORMULA: Final = re.compile(r"(^|;)(?=\s*[-=+@\uff1d\uff0b\uff0d\uff20])")
"""Where a spreadsheet would begin a formula; where it parts cells by semicolons, also behind each of these."""
_LONGEST: Final = 32_000
"""Characters; a spreadsheet cuts a cell at 32,767 without saying so."""


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The lines of a sheet, its heading first."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    yield _taken(out)
    for row in rows:
        writer.writerow([cell(value) for value in row])
        yield _taken(out)


def _taken(out: io.StringIO) -> bytes:
    line = out.getvalue().encode()
    out.seek(0)
    out.truncate()
    return line


def cell(value: Any) -> str:
    """A value as the text of a cell; what a spreadsheet would take for a formula stands behind an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return str(value)
    text = sanitized(value if isinstance(value, str) else _json(value))
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}… ({len(text) - _LONGEST} characters more)"
    return _FORMULA.sub(r"\1'", text)


def _json(value: Any) -> str:
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return "; ".join(value)
    plain = value if isinstance(value, Mapping) else list(value)
    return json.dumps(json_value(plain), ensure_ascii=False, sort_keys=True)
