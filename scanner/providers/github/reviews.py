"""Says of each review of a pull request whether GitHub counts it, and whether its author wrote a
part of the change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from scanner.model.values import OpenList, Unreadable
from scanner.providers.github.authorship import writers
from scanner.providers.github.connections import (
    Known,
    all_of,
    flag,
    moment,
    negated,
    nodes,
    same,
    text,
)

_NO_PEOPLE: Final = frozenset({"Bot", "EnterpriseUserAccount", "Mannequin", "Organization"})
"""Types of GraphQL's `Actor` beside `User`: GitHub counts no review of these."""

Row = dict[str, Any]


def with_reviews(commit: Mapping[str, Any]) -> Row:
    """The commit with `requests`: its pull requests, each with `approvals` and `objections`."""
    rows = nodes(commit, "associatedPullRequests")
    requests: list[Any] = []
    for row in rows:
        if isinstance(row, Mapping):
            requests.append(_request(commit, row))
        else:
            requests.append(Unreadable("GitHub returned no pull request"))
    return {**commit, "requests": _as_open(rows, requests)}


def _request(commit: Mapping[str, Any], request: Mapping[str, Any]) -> Row:
    rows = nodes(request, "reviews")
    merged = moment(request, "mergedAt")
    reviews = [_read(row, merged) for row in rows]
    rest = rows.rest if isinstance(rows, OpenList) else None
    wrote = writers(commit, request)
    approvals: list[Row] = []
    objections: list[Row] = []
    for position, review in enumerate(reviews):
        last = _is_last_word(reviews, position, rest)
        counts = all_of((review.is_person, review.can_write, review.in_time, last))
        approval = {
            "by": review.by,
            "at": review.at,
            "commit": review.commit,
            "counts": all_of((counts, same(review.state, "APPROVED"))),
            "wrote": wrote.wrote(review.by),
        }
        approvals.append(approval)
        stands = all_of((counts, same(review.state, "CHANGES_REQUESTED")))
        objections.append({"by": review.by, "stands": stands})
    return {
        **request,
        "approvals": _as_open(rows, approvals),
        "objections": _as_open(rows, objections),
    }


def _as_open(rows: list[Any], made: list[Any]) -> list[Any]:
    if isinstance(rows, OpenList):
        return OpenList(made, rows.reason)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class _Review:
    """One review as it was read."""

    by: str | Unreadable
    at: datetime | Unreadable
    state: str | Unreadable
    commit: str | Unreadable
    is_person: Known
    can_write: Known
    in_time: Known
    """Whether it was given before the merge: a later one changes nothing that the merge relied
    on."""


def _read(row: object, merged: datetime | Unreadable) -> _Review:
    at = moment(row, "submittedAt")
    in_time: Known
    if isinstance(at, datetime) and isinstance(merged, datetime):
        in_time = at <= merged
    else:
        in_time = Unreadable("when the review or the merge was is not known")
    return _Review(
        by=text(row, "author", "login"),
        at=at,
        state=text(row, "state"),
        commit=text(row, "commit", "oid"),
        is_person=_is_person(row),
        can_write=flag(row, "authorCanPushToRepository"),
        in_time=in_time,
    )


def _is_person(row: object) -> Known:
    kind = text(row, "author", "__typename")
    if isinstance(kind, Unreadable):
        return kind
    if kind in _NO_PEOPLE:
        return False
    if kind == "User":
        return True
    return Unreadable(f"GitHub has reviewers of a type that is not known: {kind}")


def _is_last_word(reviews: Sequence[_Review], position: int, rest: Unreadable | None) -> Known:
    """Whether no later review of the same person came before the merge; `rest`: why there may be
    more reviews than were read.
    """
    review = reviews[position]
    conditions: list[Known] = []
    for number, other in enumerate(reviews):
        if number != position:
            later = _is_later(other.at, review.at, after=number > position)
            superseded = all_of((same(other.by, review.by), later, other.in_time))
            conditions.append(negated(superseded))
    if rest is not None:
        conditions.append(rest)
    return all_of(conditions)


def _is_later(theirs: datetime | Unreadable, ours: datetime | Unreadable, *, after: bool) -> Known:
    """Whether another review is later; `after`: it is listed after it, which decides a tie."""
    if isinstance(theirs, Unreadable):
        return theirs
    if isinstance(ours, Unreadable):
        return ours
    if theirs == ours:
        return after
    return theirs > ours
