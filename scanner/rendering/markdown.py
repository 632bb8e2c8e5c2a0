"""Writes text in GitHub-flavored Markdown in which nothing acts: no link, markup or mention."""

from __future__ import annotations

import re
from typing import Final

from scanner.rendering.sanitize import sanitized

# As entities, which Markdown reads after its structure: a backslash in front would not do in a
# table, where parsers differ on what `\\|` ends.
_ACTIVE: Final = re.compile(
    r"[\\`*\[\]<>&|!~$]"
    # An underscore inside a word is no emphasis, and most addresses have some.
    r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"
    # What GitHub makes a link of without any markup: a scheme, and a host that begins with www.
    r"|:(?=//?)|(?<=[wW]{3})\."
)
_REFERENCE: Final = re.compile(r"([@#])")
"""Signs of mentions, of issues and of addresses of mail: they are looked for in finished text."""


def markdown_text(text: str) -> str:
    """Text on one line that reads in Markdown as it is written; not for the start of a line."""
    escaped = _ACTIVE.sub(lambda found: f"&#{ord(found[0])};", sanitized(text))
    # The comment splits the text. Not in an entity, whose sign is the same.
    return _REFERENCE.sub(r"\1<!-- -->", escaped.replace("&#", "\0")).replace("\0", "&#")


def markdown_code(text: str) -> str:
    """The same in the type of code."""
    return f"<code>{markdown_text(text)}</code>"
