"""Where each character of a YAML text stands in its file, through quotes, escapes, folds and blocks."""

from __future__ import annotations

from typing import Any, Final

Position = tuple[int, int]
"""Line and column, from 1."""
_ESCAPES: Final = {"x": 4, "u": 6, "U": 10}


def positions(text: str, node: Any) -> list[Position]:
    """The position of each character of a scalar's value, and one more for its end."""
    if node.style in ("|", ">"):
        return _block(text, node)
    return _flow(text, node)


def position_of(text: str, node: Any, line: int, column: int) -> Position:
    """The position in the file of a line and column inside a scalar's value."""
    start = 0
    value: str = node.value
    for _ in range(line - 1):
        start = value.find("\n", start) + 1
    found = positions(text, node)
    return found[min(max(start + column - 1, 0), len(found) - 1)]


def _block(text: str, node: Any) -> list[Position]:
    """A block scalar's lines follow its header, each behind the same indentation."""
    value: str = node.value
    lines = text.split("\n")
    number = node.start_mark.line + 1
    first = next((line for line in lines[number:] if line.strip()), "")
    ours = next((line for line in value.split("\n") if line.strip()), "")
    indent = len(first) - len(first.lstrip(" ")) - (len(ours) - len(ours.lstrip(" ")))
    found: list[Position] = []
    while len(found) < len(value) and number < len(lines):
        content = lines[number].rstrip("\r")[indent:]
        for offset, character in enumerate(content):
            if len(found) < len(value) and value[len(found)] == character:
                found.append((number + 1, indent + offset + 1))
        end = (number + 1, indent + len(content) + 1)
        following = lines[number + 1][indent:] if number + 1 < len(lines) else ""
        while (
            len(found) < len(value)
            and value[len(found)] in " \n"
            and not _starts(following, value, len(found))
        ):
            found.append(end)
            if node.style == "|":
                break
        number += 1
    return [*found, (found[-1][0], found[-1][1] + 1) if found else (node.start_mark.line + 1, 1)]


def _starts(line: str, value: str, at: int) -> bool:
    """Whether the value goes on with this line's own characters."""
    return bool(line.strip()) and value.startswith(line.rstrip("\r"), at)


def _flow(text: str, node: Any) -> list[Position]:
    """A plain or quoted scalar: escapes are several characters for one, a fold is many for one."""
    value: str = node.value
    quote = node.style or ""
    index = node.start_mark.index + len(quote)
    found: list[Position] = []
    cursor = _Cursor(
        text, node.start_mark.index, node.start_mark.line + 1, node.start_mark.column + 1
    )
    cursor.to(index)
    while len(found) < len(value) and cursor.index < len(text):
        if _at_fold(text, cursor.index):
            cursor.to(_fold_end(text, cursor.index, value, found, cursor))
            continue
        if quote == '"' and text.startswith(("\\\n", "\\\r\n"), cursor.index):
            cursor.to(_skip_space(text, cursor.index + 1))
            continue
        found.append((cursor.line, cursor.column))
        cursor.to(cursor.index + _width(text, cursor.index, quote))
    return [*found, (cursor.line, cursor.column)]


class _Cursor:
    """A place in a text that knows its line and column."""

    def __init__(self, text: str, index: int, line: int, column: int) -> None:
        self._text = text
        self.index, self.line, self.column = index, line, column

    def to(self, index: int) -> None:
        passed = self._text[self.index : index]
        if "\n" in passed:
            self.line += passed.count("\n")
            self.column = len(passed) - passed.rfind("\n")
        else:
            self.column += len(passed)
        self.index = index


def _width(text: str, index: int, quote: str) -> int:
    if quote == '"' and text[index] == "\\":
        return _ESCAPES.get(text[index + 1], 2)
    return 2 if quote == "'" and text.startswith("''", index) else 1


def _at_fold(text: str, index: int) -> bool:
    end = index
    while end < len(text) and text[end] in " \t\r":
        end += 1
    return end < len(text) and text[end] == "\n"


def _skip_space(text: str, index: int) -> int:
    while index < len(text) and text[index] in " \t\r\n":
        index += 1
    return index


def _fold_end(text: str, index: int, value: str, found: list[Position], cursor: _Cursor) -> int:
    """Past a fold; one break is a space of the value, n breaks are n - 1 of its lines."""
    end = _skip_space(text, index)
    breaks = text.count("\n", index, end)
    found.extend([(cursor.line, cursor.column)] * min(max(breaks - 1, 1), len(value) - len(found)))
    return end
