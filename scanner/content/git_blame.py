"""Ask git who wrote the lines of a file and when they were committed; unknown where git fails."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

_SECONDS: Final = 60
_NOT_COMMITTED: Final = "0" * 40
_DIGITS: Final = 11
"""Of the longest time that a calendar can hold, in seconds of the epoch."""
_HOOK_VARIABLES: Final = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
)
"""Set while a hook runs; they override the folder that is named."""
_BLAME: Final = ("blame", "--line-porcelain", "-w", "-M", "--no-textconv", "--ignore-revs-file=")
"""Moved and indented lines keep the commit that wrote them. Filters that a repository configures
do not run, and no commit is skipped because a repository asks for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The commit that a line comes from."""

    commit: str
    name: str
    mail: str
    when: int
    """When it was committed, in seconds of the epoch."""
    written: tuple[str, ...] = ()
    """Name and address as the commit has them; a .mailmap may replace them in `name` and `mail`."""

    def by(self, person: str) -> bool:
        """Whether a name or an address is its author's, before or after a .mailmap."""
        names = (self.name, self.mail, *self.written)
        return person.casefold() in {name.casefold() for name in names}

    @property
    def day(self) -> date:
        """The day on which it was committed, in UTC."""
        return datetime.fromtimestamp(self.when, UTC).date()


def blame(path: Path) -> Sequence[Line | None]:
    """The commit of each line of a file, None for a line that is not committed.

    Empty where git does not know the file, and in a shallow clone: its oldest commit would be
    blamed for every older line.
    """
    place = path.resolve()
    if _git(place, "rev-parse", "--is-shallow-repository").strip() != "false":
        return ()
    lines = _lines(_git(place, *_BLAME, "--", place.name))
    written = _written(place, {line.commit for line in lines if line is not None})
    return [_with_author(line, written) for line in lines]


def own_address(path: Path) -> str:
    """The address that a commit of this file would have now; empty where git does not say."""
    return _git(path.resolve(), "config", "user.email").strip()


def _with_author(line: Line | None, written: Mapping[str, tuple[str, ...]]) -> Line | None:
    # A .mailmap can hide the author: a commit whose own author is not known proves nothing.
    if line is None or line.commit not in written:
        return None
    return replace(line, written=written[line.commit])


def _written(place: Path, commits: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Name and address of the authors of commits, as committed.

    A .mailmap, which may lie here uncommitted, does not change them.
    """
    if not commits:
        return {}
    form = "--format=%H%x00%an%x00%ae"
    output = _git(place, "log", "--no-walk", form, *sorted(commits), "--")
    found: dict[str, tuple[str, ...]] = {}
    for row in output.split("\n"):
        if row:
            commit, *names = row.split("\0")
            found[commit] = tuple(names)
    return found


def _git(place: Path, *arguments: str) -> str:
    """The output of git, empty where it fails, is missing or hangs."""
    kept = {name: value for name, value in os.environ.items() if name not in _HOOK_VARIABLES}
    environment = {
        **kept,
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        # A replace object would show another author for a commit.
        "GIT_NO_REPLACE_OBJECTS": "1",
    }
    # fsmonitor is a program that a repository's configuration names: it must not run.
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(place.parent), *arguments]
    try:
        done = subprocess.run(  # noqa: S603
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if done.returncode != 0:
        return ""
    return done.stdout.decode("utf-8", "replace")


def _lines(porcelain: str) -> list[Line | None]:
    found: list[Line | None] = []
    commit = ""
    header: dict[str, str] = {}
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
    # A commit may carry any number as its time: a year of 10 digits has no calendar day.
    if commit == _NOT_COMMITTED or not when.isdecimal() or len(when) > _DIGITS:
        return None
    mail = header.get("author-mail", "").strip("<>")
    return Line(
        commit=commit,
        name=header.get("author", ""),
        mail=mail,
        when=int(when),
    )
