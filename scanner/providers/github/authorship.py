"""Finds out who wrote what a commit of a release branch brings in: GitHub's own commits (merge,
squash, rebase) are traced to the commits that the pull request proposed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from scanner.model.values import OpenList, Unreadable
from scanner.providers.github.connections import Known, all_of, flag, nodes, same, text

_GITHUB: Final = "web-flow"
"""The account that GitHub itself commits with."""
_BOT: Final = "[bot]"

Commit = Mapping[str, Any]


@dataclass(slots=True)
class Writers:
    """Who wrote a change, and what is not known of it."""

    known: set[str] = field(default_factory=set)
    possible: dict[str, Unreadable] = field(default_factory=dict)
    """People who may have written a part, with the reason of the doubt."""
    unread: list[Unreadable] = field(default_factory=list)
    """Why anybody may be a writer."""

    def wrote(self, login: str | Unreadable) -> Known:
        """Whether the person wrote a part of the change."""
        if isinstance(login, Unreadable):
            return login
        if login in self.known:
            return True
        if login in self.possible:
            return self.possible[login]
        if self.unread:
            return self.unread[0]
        return False


def writers(commit: Commit, request: Mapping[str, Any]) -> Writers:
    """Who wrote what a commit brings in by a pull request; whoever opened the request is among
    them.
    """
    found = _Trace(app=_app(request))
    found.opened_by(request)
    proposed = _proposed(request)
    own = [one for one in proposed if same(one.get("oid"), commit.get("oid")) is True]
    if own:
        found.committed(own[0])
        if not _pressed(own[0]):
            found.authors(commit)
    elif _is_merge(commit) is False:
        _squashed_or_rebased(commit, proposed, found)
    else:
        _merged(commit, request, found)
    return found.writers


def _squashed_or_rebased(commit: Commit, proposed: list[Commit], found: _Trace) -> None:
    for source in _copied(commit, proposed) or proposed:
        found.committed(source)
    if isinstance(proposed, OpenList):
        found.writers.unread.append(proposed.rest)
    # Its committer is GitHub, or whoever pressed the button: usually the reviewer. The message of
    # a squash names everybody whose commits went into it.
    found.authors(commit)


def _merged(commit: Commit, request: Mapping[str, Any], found: _Trace) -> None:
    """Note who wrote a part of a merge commit.

    Its author is whoever pressed the button, usually the reviewer. GitHub merges without anybody's
    edits; by hand, anything can be put into a merge (evil merge).
    """
    is_result = same(text(request, "mergeCommit", "oid"), text(commit, "oid"))
    is_its_merge = all_of((_is_merge(commit), is_result))
    if is_its_merge is True and _signed_by_github(commit):
        return
    found.co_authors(commit)
    # Not of `is_its_merge`: what may be a squash or a rebase has the writers of its sources.
    unread = [one for one in (_is_merge(commit), is_result) if isinstance(one, Unreadable)]
    if unread:
        found.writers.unread.extend(unread)
    elif is_result is True and _is_github(commit.get("committer")):
        reason = "GitHub has not signed the merge commit, which may have been made by hand"
        found.doubted(commit, Unreadable(reason))
    else:
        found.committed(commit)


def _is_merge(commit: Commit) -> Known:
    """Whether the commit is a merge."""
    parents = commit.get("parents")
    count = parents.get("totalCount") if isinstance(parents, Mapping) else None
    if type(count) is not int:
        return Unreadable("GitHub returned no number of parents")
    return count > 1


def _proposed(request: Mapping[str, Any]) -> list[Commit]:
    """The commits of the request; an open list where not all are known."""
    rows = nodes(request, "commits")
    found: list[Commit] = []
    unread = rows.rest if isinstance(rows, OpenList) else None
    for row in rows:
        commit = row.get("commit") if isinstance(row, Mapping) else None
        if isinstance(commit, Mapping):
            found.append(commit)
        else:
            unread = unread or Unreadable("GitHub returned no commit")
    if unread is None:
        return found
    return OpenList(found, unread.reason)


def _copied(commit: Commit, proposed: Sequence[Commit]) -> list[Commit]:
    """The proposed commits that a rebase made this one of: it keeps who wrote it, and when.

    A squash has a date of its own, and is of all of them: so is what no commit surely became.
    """
    written = text(commit, "authoredDate")
    copied: list[Commit] = []
    sure = False
    for one in proposed:
        is_copied = same(text(one, "authoredDate"), written)
        sure = sure or is_copied is True
        if is_copied is not False:
            copied.append(one)
    return copied if sure else []


def _pressed(commit: Commit) -> bool:
    """Whether somebody merged the base into the request's branch by GitHub's button."""
    headline = commit.get("messageHeadline")
    merges = isinstance(headline, str) and headline.startswith("Merge ")
    return merges and _is_github(commit.get("committer")) and _signed_by_github(commit)


def _signed_by_github(commit: Commit) -> bool:
    signature = commit.get("signature")
    conditions = (flag(signature, "isValid"), flag(signature, "wasSignedByGitHub"))
    return all_of(conditions) is True


def _is_github(actor: object) -> bool:
    return text(actor, "user", "login") == _GITHUB


def _app(request: Mapping[str, Any]) -> str:
    """The app that opened the request; empty: none did."""
    author = request.get("author")
    login = text(author, "login")
    if text(author, "__typename") != "Bot" or isinstance(login, Unreadable):
        return ""
    return login.removesuffix(_BOT) + _BOT


@dataclass(slots=True, kw_only=True)
class _Trace:
    """Collects writers from the actors of commits."""

    app: str
    writers: Writers = field(default_factory=Writers)

    def opened_by(self, request: Mapping[str, Any]) -> None:
        """Note who opened the request; an app is nobody who could approve."""
        if self.app:
            return
        login = text(request, "author", "login")
        if isinstance(login, str):
            self.writers.known.add(login)
        else:
            reason = "the account that opened the pull request is not known"
            self.writers.unread.append(Unreadable(reason))

    def committed(self, commit: Commit) -> None:
        """Note author and committer: whoever changes a commit of another is its committer."""
        if _pressed(commit):
            # In GitHub's editor conflicts are solved by hand, and nothing tells whether it was.
            reason = "merged the base branch on GitHub, where conflicts can be solved by hand"
            self.doubted(commit, Unreadable(f"the reviewer {reason}"))
            return
        self._actor(commit, commit.get("author"))
        self._actor(commit, commit.get("committer"))

    def authors(self, commit: Commit) -> None:
        """Note the author and co-authors of a landed commit."""
        self._actor(commit, commit.get("author"))
        self.co_authors(commit)

    def co_authors(self, commit: Commit) -> None:
        """Note those whom the message names beside the author, who comes first in the list."""
        rows = nodes(commit, "authors")
        author = commit.get("author")
        for actor in rows:
            if actor != author:
                self._actor(commit, actor)
        if isinstance(rows, OpenList):
            self.writers.unread.append(rows.rest)

    def doubted(self, commit: Commit, reason: Unreadable) -> None:
        """Note that the author may have written a part."""
        login = text(commit, "author", "user", "login")
        if isinstance(login, str):
            self.writers.possible.setdefault(login, reason)
        else:
            self.writers.unread.append(reason)

    def _actor(self, commit: Commit, actor: object) -> None:
        login = text(actor, "user", "login")
        if isinstance(login, str):
            self.writers.known.add(login)
        elif not self._is_app(commit, actor):
            reason = "the address of a commit's author or committer belongs to no GitHub account"
            self.writers.unread.append(Unreadable(reason))

    def _is_app(self, commit: Commit, actor: object) -> bool:
        """Whether an actor without account is an app: anybody can write such a name, so that
        GitHub must have signed it, or the same app opened the request.
        """
        name = text(actor, "name")
        if isinstance(name, Unreadable) or not name.endswith(_BOT):
            return False
        return name == self.app or _signed_by_github(commit)
