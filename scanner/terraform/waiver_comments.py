"""Reads waivers out of comments: `# tscan:waive CHECK reason="…" until=2027-01-31`.

A comment stands on the lines above a resource or a module call, or on the first lines inside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from scanner.content.waivers import LONGEST_DAYS
from scanner.errors import ContentError, Problem
from scanner.model.library import Library
from scanner.model.waiver_comments import WaiverComment
from scanner.words import did_you_mean

_FORM: Final = 'write: # tscan:waive CHECK reason="why it is accepted" until=2027-01-31'
_PLACE: Final = (
    "put it on the line above a resource or a module call, or on the first line inside it"
)
_LONGEST_REASON: Final = 500
_MARK: Final = re.compile(r"(?:#|//|/\*)[\s#/*]*(tscan\s*:\s*(\w*))", re.IGNORECASE)
"""How a comment begins that is meant for tscan, however it is spelled."""
_START: Final = re.compile(r"(?:#|//)\s*tscan:waive(?=\s|$)")
_CHECK: Final = re.compile(r"\s+([a-z0-9]+(?:-[a-z0-9]+)+)(?=\s|$)")
_OPTION: Final = re.compile(r'\s+(\w+)=("(?:[^"\\]|\\.)*"|[^\s"]+)(?=\s|$)')
_OPTIONS: Final = ("reason", "until")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_ESCAPED: Final = re.compile(r"\\(.)")


@dataclass(slots=True)
class FileWaivers:
    """The waivers of one file by their rows, and which of them a block has taken."""

    path: str
    problems: list[Problem] = field(default_factory=list)
    by_row: dict[int, WaiverComment] = field(default_factory=dict)
    comments: set[int] = field(default_factory=set)
    """Rows on which a comment stands."""
    _taken: set[int] = field(default_factory=set)

    def read(self, root: Any, content: bytes, name: str) -> None:
        """Read those of a parsed file; `name` is its path below the source folder."""
        if b"tscan" not in content.lower():
            return
        lines = content.split(b"\n")
        for node in _comments(root):
            row, start = node.start_point
            self.comments.add(row)
            text = node.text.decode("utf-8", "replace").rstrip()
            mark = _MARK.match(text)
            if mark is None or not _is_meant(mark[1], mark[2]):
                continue
            before = lines[row][:start].decode("utf-8", "replace")
            try:
                written = _written(text, before)
            except _MistakeError as error:
                column = len(before) + error.at + 1
                problem = Problem(self.path, row + 1, column, error.message, error.hint)
                self.problems.append(problem)
                continue
            self.by_row[row] = WaiverComment(
                check=written.check,
                reason=written.reason,
                until=written.until,
                file=name,
                line=row + 1,
                column=len(before) + written.check_at + 1,
            )

    def of(self, node: Any) -> tuple[WaiverComment, ...]:
        """Those of a block: directly above it, and directly below its first line."""
        row: int = node.start_point[0]
        rows = [*_run(self.comments, row - 1, -1), *_run(self.comments, row + 1, 1)]
        found: dict[str, WaiverComment] = {}
        for one in sorted(rows):
            waiver = self.by_row.get(one)
            # Below a block of one line stand the comments of the next.
            if waiver is None or row < one >= node.end_point[0]:
                continue
            self._taken.add(one)
            if waiver.check in found:
                message = f"{waiver.check} is waived twice for one block"
                self._wrong(waiver, message, f"first at {found[waiver.check].place}")
            found[waiver.check] = waiver
        return tuple(found.values())

    def refuse_others(self) -> None:
        """Note the waivers that belong to nothing: they would be believed to be in force."""
        for row, waiver in self.by_row.items():
            if row not in self._taken:
                message = "the waiver belongs to no resource and no module call"
                self._wrong(waiver, message, _PLACE)

    def _wrong(self, waiver: WaiverComment, message: str, hint: str) -> None:
        self.problems.append(Problem(self.path, waiver.line, waiver.column, message, hint))


def _run(rows: Set[int], first: int, step: int) -> Iterator[int]:
    while first in rows:
        yield first
        first += step


def refuse_unusable(
    sources: Mapping[str, Mapping[str, Any]], library: Library, folder: Path, day: date
) -> None:
    """ContentError where a comment names no check, or a day that is more than a year away."""
    problems: set[Problem] = set()
    for facts in sources.values():
        for waiver in facts["waivers"]:
            place = (str(folder / waiver["file"]), waiver["line"], waiver["column"])
            check, until = waiver["check"], date.fromisoformat(waiver["until"])
            if library.current_id(check) not in library.checks:
                hint = did_you_mean(check, library.checks)
                problems.add(Problem(*place, f"there is no check '{check}'", hint))
            elif until - day > timedelta(days=LONGEST_DAYS):
                message = f"a waiver lasts {LONGEST_DAYS} days at most"
                problems.add(Problem(*place, message, "give an earlier day, and decide again then"))
    if problems:
        raise ContentError(list(problems))


def _is_meant(mark: str, word: str) -> bool:
    """Whether a comment is meant for tscan: `tscan: we plan nightly` is a sentence."""
    return not any(letter.isspace() for letter in mark) or word.lower().startswith("waive")


def _comments(root: Any) -> Iterator[Any]:
    left = [root]
    while left:
        node = left.pop()
        if node.type == "comment":
            yield node
        left.extend(node.children)


class _MistakeError(Exception):
    """What is wrong with a comment, and at which character of it."""

    def __init__(self, at: int, message: str, hint: str = _FORM) -> None:
        super().__init__(message)
        self.at = at
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class _Written:
    """A comment, taken apart: each text with the place where it stands."""

    check: str
    check_at: int
    reason: str
    until: date


def _written(text: str, before: str) -> _Written:
    """The waiver of a comment, `before` which the rest of its line stands."""
    if before.strip():
        raise _MistakeError(0, "a waiver stands on a line of its own", _PLACE)
    start = _START.match(text)
    if start is None:
        mark = _MARK.match(text)
        hint = did_you_mean(mark[2], ["waive"]) if mark and mark[2] != "waive" else _FORM
        raise _MistakeError(0, "not a waiver in the form that tscan reads", hint)
    check = _CHECK.match(text, start.end())
    if check is None:
        raise _MistakeError(start.end(), "no check is named")
    options = _options(text, check.end())
    for name in _OPTIONS:
        if name not in options:
            raise _MistakeError(len(text), f"'{name}' is missing")
    return _Written(
        check[1], check.start(1), _reason(*options["reason"]), _until(*options["until"])
    )


def _options(text: str, at: int) -> dict[str, tuple[int, str]]:
    """Each option by name: where its value stands, and the value."""
    options: dict[str, tuple[int, str]] = {}
    while at < len(text):
        option = _OPTION.match(text, at)
        if option is None:
            blank = len(text[at:]) - len(text[at:].lstrip())
            raise _MistakeError(at + blank, f"'{text[at:].strip()[:40]}' is not an option")
        name, place = option[1], option.start(1)
        if name not in _OPTIONS:
            message = f"there is no option '{name}'"
            raise _MistakeError(place, message, did_you_mean(name, _OPTIONS))
        if name in options:
            raise _MistakeError(place, f"'{name}' is written twice", "remove one")
        options[name] = (option.start(2), option[2])
        at = option.end()
    return options


def _reason(at: int, text: str) -> str:
    if not text.startswith('"'):
        raise _MistakeError(at, "a reason stands in quotes")
    reason = " ".join(_ESCAPED.sub(r"\1", text[1:-1]).split())
    if not reason:
        raise _MistakeError(at, "the reason is empty")
    if len(reason) > _LONGEST_REASON:
        message = f"the reason is longer than {_LONGEST_REASON} characters"
        raise _MistakeError(at, message, "shorten it, and link to the decision")
    return reason


def _until(at: int, text: str) -> date:
    day = text.strip('"')
    try:
        if _DAY.fullmatch(day) is None:
            raise ValueError(day)
        return date.fromisoformat(day)
    except ValueError as error:
        message = f"'{day[:40]}' is not a day"
        raise _MistakeError(at, message, "write it as 2027-01-31") from error
