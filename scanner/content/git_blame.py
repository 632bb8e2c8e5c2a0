"""Who wrote the lines of a file, and when they were committed, as git tells; where it cannot tell, nobody knows."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

_SECONDS: Final = 60
_COMMITTED_BY_NOBODY: Final = "0" * 40
_DIGITS: Final = 11
"""Of a time that a calendar has."""
_OF_ANOTHER: Final = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
)
"""Set while a hook runs, and stronger than the folder that is named."""
_BLAME: Final = ("blame", "--line-porcelain", "-w", "-M", "--no-textconv", "--ignore-revs-file=")
"""Moved and indented lines keep the commit that wrote them. Filters that a repository configures are not run, and no
commit is passed over because a repository asks for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The commit that a line comes from."""

    commit: str
    name: str
    mail: str
    when: int
    """When it was committed, in seconds of the epoch."""
    written: tuple[str, ...] = ()
    """Name and address as the commit has them, which a .mailmap may call otherwise."""

    def by(self, person: str) -> bool:
        """Whether a name or an address is that of its author, as it is called or as it was written."""
        return person.casefold() in {
            one.casefold() for one in (self.name, self.mail, *self.written)
        }

    @property
    def day(self) -> date:
        """The day on which it was committed, in UTC."""
        return datetime.fromtimestamp(self.when, UTC).date()


def blame(path: Path) -> Sequence[Line | None]:
    """The commit of each line of a file, None for a line that is in none; empty where git does not know the file.

    Of a shallow clone nothing is known: its oldest commit would be named for all that is older.
    """
    place = path.resolve()
    if _git(place, "rev-parse", "--is-shallow-repository").strip() != "false":
        return ()
    lines = _lines(_git(place, *_BLAME, "--", place.name))
    written = _written(place, {line.commit for line in lines if line is not None})
    # A commit whose author is not known as it was written is one of which nothing is known.
    return [
        replace(line, written=written[line.commit]) if line and line.commit in written else None
        for line in lines
    ]


def _written(place: Path, commits: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Name and address of the authors of commits, whatever a .mailmap makes of them: that may lie here uncommitted."""
    if not commits:
        return {}
    rows = _git(
        place, "log", "--no-walk", "--format=%H%x00%an%x00%ae", *sorted(commits), "--"
    ).split("\n")
    return {commit: tuple(names) for commit, *names in (row.split("\0") for row in rows if row)}


def _git(place: Path, *arguments: str) -> str:
    """What git says, or nothing where it fails, is missing or hangs."""
    own = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER}
    environment = {
        **own,
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-c", "core.fsmonitor=false", "-C", str(place.parent), *arguments],  # noqa: S607
            env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _lines(porcelain: str) -> list[Line | None]:
    found: list[Line | None] = []
    commit, header = "", dict[str, str]()
    # Only line feeds end a line of git's: contents may hold other separators.
    for row in porcelain.split("\n"):
        if row.startswith("\t"):
            found.append(_line(commit, header))
            commit, header = "", {}
        elif not commit:
            commit = row.partition(" ")[0]
        else:
            name, _, value = row.partition(" ")
            header[name] = value
    return found


def _line(commit: str, header: Mapping[str, str]) -> Line | None:
    when = header.get("committer-time", "")
    if commit == _COMMITTED_BY_NOBODY or not when.isdecimal() or len(when) > _DIGITS:
        return None
    mail = header.get("author-mail", "").strip("<>")
    return Line(commit=commit, name=header.get("author", ""), mail=mail, when=int(when))
