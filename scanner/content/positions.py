"""Map characters of a YAML scalar's value to their line and column in the file."""

from __future__ import annotations

from typing import Final

from yaml import ScalarNode

Position = tuple[int, int]
"""Line and column, from 1."""

_ESCAPES: Final = {"x": 4, "u": 6, "U": 10}
"""Characters that an escape takes, its backslash included; the others take two."""


def positions(text: str, node: ScalarNode) -> list[Position]:
    """The position of each character of a scalar's value, and one more for its end."""
    if node.style in ("|", ">"):
        return _block(text, node)
    return _flow(text, node)


def position_of(
    text: str,
    node: ScalarNode,
    line: int,
    column: int,
) -> Position:
    """The position in the file of a line and column inside a scalar's value."""
    value: str = node.value
    start = 0
    for _ in range(line - 1):
        start = value.find("\n", start) + 1
    found = positions(text, node)
    # A mistake at the end of an expression lies behind its last character.
    index = min(max(start + column - 1, 0), len(found) - 1)
    return found[index]


def _block(text: str, node: ScalarNode) -> list[Position]:
    """The positions in a block scalar: its lines follow the header, each with the same indent."""
    value: str = node.value
    lines = text.split("\n")
    number = node.start_mark.line + 1
    indent = _indent(lines[number:], value)
    found: list[Position] = []
    while len(found) < len(value) and number < len(lines):
        content = lines[number].rstrip("\r")[indent:]
        _add_characters(found, value, content, (number + 1, indent + 1))
        following = ""
        if number + 1 < len(lines):
            following = lines[number + 1][indent:]
        end = (number + 1, indent + len(content) + 1)
        _add_breaks(found, value, following, end, literal=node.style == "|")
        number += 1
    if not found:
        return [(node.start_mark.line + 1, 1)]
    last_line, last_column = found[-1]
    return [*found, (last_line, last_column + 1)]


def _indent(lines: list[str], value: str) -> int:
    """How far a block is indented: the first line's spaces, without those that are its text."""
    written = _first_with_text(lines)
    meant = _first_with_text(value.split("\n"))
    return _leading_spaces(written) - _leading_spaces(meant)


def _first_with_text(lines: list[str]) -> str:
    return next((line for line in lines if line.strip()), "")


def _leading_spaces(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _add_characters(
    found: list[Position],
    value: str,
    content: str,
    start: Position,
) -> None:
    """Add the characters of a line that the value keeps; spaces at a fold are not among them."""
    line, column = start
    for offset, character in enumerate(content):
        # A space that folding drops has no character of the value.
        if len(found) < len(value) and value[len(found)] == character:
            found.append((line, column + offset))


def _add_breaks(
    found: list[Position],
    value: str,
    following: str,
    end: Position,
    *,
    literal: bool,
) -> None:
    """Add what the end of a line stands for: a space of a fold, or line feeds."""
    while len(found) < len(value) and value[len(found)] in " \n":
        # A folded line may begin with a space of its own, which is not the fold's.
        if _continues(following, value, len(found)):
            return
        found.append(end)
        if literal:
            return


def _continues(line: str, value: str, at: int) -> bool:
    """Whether the value continues with this line's own characters."""
    return bool(line.strip()) and value.startswith(line.rstrip("\r"), at)


def _flow(text: str, node: ScalarNode) -> list[Position]:
    """The positions in a plain or quoted scalar, whose escapes and folds are several characters."""
    value: str = node.value
    quote = node.style or ""
    mark = node.start_mark
    cursor = _Cursor(text, mark.index, mark.line + 1, mark.column + 1)
    cursor.move_to(mark.index + len(quote))
    found: list[Position] = []
    while len(found) < len(value) and cursor.index < len(text):
        if _at_fold(text, cursor.index):
            _add_fold(found, value, text, cursor)
        elif quote == '"' and text.startswith(("\\\n", "\\\r\n"), cursor.index):
            # An escaped line break: neither it nor the next line's indent is part of the value.
            cursor.move_to(_skip_space(text, cursor.index + 1))
        else:
            found.append((cursor.line, cursor.column))
            cursor.move_to(cursor.index + _width(text, cursor.index, quote))
    return [*found, (cursor.line, cursor.column)]


class _Cursor:
    """A place in a text that knows its line and column."""

    def __init__(
        self,
        text: str,
        index: int,
        line: int,
        column: int,
    ) -> None:
        self._text = text
        self.index = index
        self.line = line
        self.column = column

    def move_to(self, index: int) -> None:
        """Move forward to an index of the text."""
        passed = self._text[self.index : index]
        if "\n" in passed:
            self.line += passed.count("\n")
            self.column = len(passed) - passed.rfind("\n")
        else:
            self.column += len(passed)
        self.index = index


def _width(text: str, index: int, quote: str) -> int:
    """How many characters of the file one character of the value takes."""
    if quote == '"' and text[index] == "\\":
        return _ESCAPES.get(text[index + 1], 2)
    if quote == "'" and text.startswith("''", index):
        return 2
    return 1


def _at_fold(text: str, index: int) -> bool:
    end = index
    while end < len(text) and text[end] in " \t\r":
        end += 1
    return end < len(text) and text[end] == "\n"


def _skip_space(text: str, index: int) -> int:
    while index < len(text) and text[index] in " \t\r\n":
        index += 1
    return index


def _add_fold(
    found: list[Position],
    value: str,
    text: str,
    cursor: _Cursor,
) -> None:
    """Add a fold: one line break is a space of the value, n breaks are n - 1 line feeds."""
    end = _skip_space(text, cursor.index)
    breaks = text.count("\n", cursor.index, end)
    wanted = max(breaks - 1, 1)
    room = len(value) - len(found)
    found.extend([(cursor.line, cursor.column)] * min(wanted, room))
    cursor.move_to(end)
