"""Lines folded for a terminal, so that what goes on stands below what it belongs to."""

from __future__ import annotations

import re
import textwrap
from typing import Final

_LABEL: Final = re.compile(r" *\S+(?: \S+)* {2,}")
"""A label and the room behind it: `  grace        `."""
_STEP: Final = 2


def wrapped(text: str, width: int) -> str:
    """The text with no line longer than `width` columns, but for words that are; a name is never cut."""
    return "".join(f"{part}\n" for line in text.splitlines() for part in _parts(line, width))


def _parts(line: str, width: int) -> list[str]:
    label, bare = _LABEL.match(line), line.lstrip()
    begin = len(line) - len(bare)
    indent = len(label[0]) if label else begin + _STEP
    fill = textwrap.TextWrapper(
        width=width,
        initial_indent=" " * begin,
        subsequent_indent=" " * (indent if indent <= width // 2 else _STEP),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return fill.wrap(bare) or [""]
