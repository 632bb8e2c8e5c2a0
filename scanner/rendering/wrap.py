"""Wraps lines for a terminal: a continuation line stands below the text that it continues."""

from __future__ import annotations

import re
import textwrap
from typing import Final

_LABEL: Final = re.compile(r" *\S+(?: \S+)* {2,}")
"""A label and the spaces behind it: `  grace        `."""
_HANGING_INDENT: Final = 2


def wrapped(text: str, width: int) -> str:
    """The text in lines of at most `width` columns; a longer word, such as an ARN, stays whole."""
    lines: list[str] = []
    for line in text.splitlines():
        lines += _wrapped_line(line, width)
    return "".join(f"{line}\n" for line in lines)


def _wrapped_line(line: str, width: int) -> list[str]:
    content = line.lstrip()
    indent = len(line) - len(content)
    label = _LABEL.match(line)
    continuation = len(label[0]) if label else indent + _HANGING_INDENT
    # A label that takes half of the line would leave no room for the text beside it.
    if continuation > width // 2:
        continuation = _HANGING_INDENT
    wrapper = textwrap.TextWrapper(
        width=width,
        initial_indent=" " * indent,
        subsequent_indent=" " * continuation,
        # A name that is broken in two cannot be copied.
        break_long_words=False,
        break_on_hyphens=False,
    )
    # TextWrapper drops an empty line.
    return wrapper.wrap(content) or [""]
