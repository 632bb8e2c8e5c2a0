"""Compiles the patterns of `matches()` with RE2, which searches in time proportional to the text.

The language accepts a part of RE2's syntax (docs/language.md, "Patterns"). `_SyntaxCheck`
refuses the rest of it with a position; RE2 itself refuses what is malformed
(https://github.com/google/re2/wiki/Syntax).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

LONGEST_PATTERN: Final = 1_000
MOST_REPEATS: Final = 200
_DEEPEST: Final = 30
_MEMORY: Final = 1 << 20
"""Bytes that RE2 may use for one pattern; a pattern whose program does not fit is refused."""

_CLASS_ESCAPES: Final = frozenset("dDwWsS")
_CONTROL_ESCAPES: Final = frozenset("ntrfva")
_REPETITION: Final = re.compile(r"\{([0-9]{1,4})(?:,([0-9]{0,4}))?\}", re.ASCII)
_HEXADECIMAL: Final = re.compile(r"x[0-9a-fA-F]{2}", re.ASCII)


class PatternError(ValueError):
    """A pattern outside the language, and the offset (from 0) at which it leaves it."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@lru_cache(maxsize=1024)
def matcher(pattern: str) -> Callable[[str], bool]:
    """A predicate on texts: whether the pattern matches anywhere in one.

    Raises PatternError when the pattern is not in the language. The predicate raises ValueError
    on a text that is not Unicode (a lone surrogate), which the evaluators turn into an unread
    value.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise PatternError(f"the pattern is longer than {LONGEST_PATTERN} characters", 0)
    _SyntaxCheck(pattern).run()
    search = _compile(pattern)

    # Bytes, because RE2 matches UTF-8: given a str, its Python module also computes positions in
    # characters, which are not needed here and take longer than the search.
    return lambda text: search(text.encode()) is not None


def _compile(pattern: str) -> Callable[[bytes], object]:
    # Imported where a pattern is first compiled: most commands compile none.
    import re2

    options = re2.Options()
    options.max_mem = _MEMORY
    options.never_capture = True
    options.log_errors = False
    try:
        # Not `re2.Set`, which is faster: when it runs out of memory, it reports that nothing
        # matched.
        search: Callable[[bytes], object] = re2.compile(pattern.encode(), options).search
    except re2.error as error:
        raise _positioned(error, pattern) from error
    except UnicodeEncodeError as error:
        raise PatternError("the pattern is not Unicode", error.start) from error
    return search


def _positioned(error: Exception, pattern: str) -> PatternError:
    """RE2's error at the offset of the fragment that it quotes, as in `missing ]: [a`."""
    raw = error.args[0]
    message = raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw)
    fragment = message.partition(": ")[2]
    return PatternError(message, max(pattern.find(fragment), 0))


class _SyntaxCheck:
    """One pass over a pattern that finds the first construct outside the language.

    RE2 accepts more: flags, named groups, `\\b`, `\\pL`, `[[:alpha:]]`, `\\Q…\\E`, braces that
    are no repetition. A check that used one of them would mean something else to a reader who
    knows another engine, so they are refused.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._offset = 0
        self._depth = 0

    def run(self) -> None:
        """Raise PatternError at the first construct outside the language."""
        previous = ""
        while self._offset < len(self._pattern):
            current = self._take()
            if current == "\\":
                self._escape()
            elif current == "[":
                self._bracket_class()
            elif current == "(":
                self._open_group()
            elif current == ")":
                self._close_group()
            elif current == "{":
                self._repetition()
            if previous in ("^", "$") and current in ("*", "+", "?", "{"):
                raise self._fail("an anchor cannot be repeated", 1)
            previous = current
        if self._depth:
            raise self._fail("a group is not closed")

    def _fail(self, message: str, back: int = 0) -> PatternError:
        return PatternError(message, self._offset - back)

    def _peek(self, ahead: int = 0) -> str:
        position = self._offset + ahead
        return self._pattern[position : position + 1]

    def _take(self) -> str:
        character = self._peek()
        if not character:
            raise self._fail("the pattern ends too early")
        self._offset += 1
        return character

    def _open_group(self) -> None:
        if self._peek() == "?":
            if self._peek(1) != ":":
                raise self._fail(
                    "flags, names, lookaround and backreferences are not part of the language", 1
                )
            self._offset += 2
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._fail("the pattern is nested too deeply")

    def _close_group(self) -> None:
        if self._depth == 0:
            raise self._fail("unexpected ')'", 1)
        self._depth -= 1

    def _repetition(self) -> None:
        start = self._offset - 1
        match = _REPETITION.match(self._pattern, start)
        if match is None:
            raise self._fail(
                "'{' begins a repetition such as {2} or {2,5}; write \\{ for the character", 1
            )
        least = int(match[1])
        most = int(match[2] or match[1])
        if least > MOST_REPEATS or most > MOST_REPEATS or most < least:
            raise self._fail(f"a repetition counts up, to {MOST_REPEATS} at most", 1)
        self._offset = match.end()

    def _escape(self) -> bool:
        """Read what follows a backslash; whether it is a class of characters such as `\\d`."""
        character = self._take()
        if character in _CLASS_ESCAPES:
            return True
        if character == "x":
            if _HEXADECIMAL.match(self._pattern, self._offset - 1) is None:
                raise self._fail("two hexadecimal digits follow \\x")
            self._offset += 2
            return False
        is_punctuation = character.isascii() and not character.isalnum() and character != "_"
        if not is_punctuation and character not in _CONTROL_ESCAPES:
            raise self._fail(f"'\\{character}' is not part of the language", 2)
        return False

    def _bracket_class(self) -> None:
        if self._peek() == "^":
            self._offset += 1
        # A `]` that comes first is a character of the class and does not close it.
        self._class_item()
        while self._peek() != "]":
            self._class_item()
        self._offset += 1

    def _class_item(self) -> None:
        if self._peek() == "[" and self._peek(1) == ":":
            raise self._fail("named classes are not part of the language; write the ranges")
        low_is_class = self._class_character()
        if self._peek() != "-" or self._peek(1) in ("", "]"):
            return
        if low_is_class:
            raise self._fail("a range begins with one character")
        self._offset += 1
        if self._class_character():
            raise self._fail("a range ends with one later character")

    def _class_character(self) -> bool:
        """Read one character of a class; whether it is itself a class such as `\\d`."""
        return self._take() == "\\" and self._escape()
