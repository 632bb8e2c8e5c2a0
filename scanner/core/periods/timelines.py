"""Timelines: the status changes of each item of a target, in order.

A *timeline* is one item's story as a chain of records keeps it. Records hold only transitions, so
an item that passes every night for a year has one entry, and an item that failed in March and was
fixed in April has three:

    record    1      45       61
    status    pass   fail     pass
                     |<------>|        a failure interval: records 45 to 61

A *failure interval* runs from the record that first showed the failure to the record that first
showed its end. What the report calls a deviation is that interval with the clock times of its
records.

An item is identified by check, region and resource. Its timeline is in exactly one member of
`Timelines`:

- `always_passing`: it passed when it was first seen and never changed. Four items in five, so only
  their names are kept.
- `failure_intervals`: it only ever failed and passed, and no listing of its check was ever
  incomplete. Such intervals need no state machine: they are columns, one row for each interval, and
  no row becomes an object until it is looked at.
- `items`: everything else (unknown, waived, gone, or possibly hidden by an incomplete listing).
  `deviations` replays these one by one.

Why columns: a year of a million findings has 174,000 failure intervals, a report for people shows
twenty of each control, and an object for each was half of the report's CPU (docs/decisions/0019 and
0036). The replay of `deviations` stays the reference, and a property test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scanner.model.history import Transition

FindingKey = tuple[str, str, str]
"""Check, region and resource: what identifies an item of a target."""
StatusChange = tuple[int, str, str, str]
"""One transition of an item: number of the record, verdict, cause, reason."""
CountKey = tuple[str, str, int]
"""Check, region and number of a record."""

LISTING: Final = "*"
"""The resource of a transition that says whether a listing was read, and not what an item is."""
GONE: Final = ""
PASS: Final = "pass"
FAIL: Final = "fail"
UNKNOWN: Final = "unknown"
WAIVED: Final = "waived"
GRAVITY: Final = (FAIL, UNKNOWN, WAIVED, PASS)
"""Verdicts from the gravest on: that of a resource which several checks read is the first."""


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class FailureIntervals:
    """Failure intervals of one check in one region, as columns of one row each.

    Rows of an item are adjacent.

    Records are named by their numbers, which begin with 1; 0 is none.
    """

    check: str
    region: str
    first_seen: Mapping[int, int]
    """How many items these are the intervals of, by the record that saw them first."""
    resources: Sequence[str]
    passed_before: Sequence[int]
    """The record of the last change before it, to a pass; 0 where the item was not there before."""
    opened: Sequence[int]
    last_failed: Sequence[int]
    """The last record with a transition to a failure: the one that opened the interval, or a later
    one.
    """
    closed: Sequence[int]
    """The record in which it passed again; 0 while it is open."""
    causes: Sequence[str]
    reasons: Sequence[str]
    closing_causes: Sequence[str]
    """Why it passed again: the cause of that transition; of no meaning while it is open."""


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class Timelines:
    """All status changes of one target up to a record, by item."""

    items: Iterable[tuple[FindingKey, Sequence[StatusChange]]]
    """Items that need a replay; to be iterated once."""
    listings: Mapping[FindingKey, Sequence[StatusChange]]
    """Listings that were incomplete in some record; the resource of their key is `LISTING`."""
    always_passing: Mapping[CountKey, Sequence[str]]
    """Resources that passed when first seen and never changed, by check, region and record."""
    failure_intervals: Iterable[FailureIntervals] = ()
    """Of items in no other member; empty where all items are in `items`."""


def build_timelines(transitions: Iterable[Transition], last: int) -> Timelines:
    """The timelines up to the record with the number `last`.

    The transitions are ordered by record.
    """
    changes_by_key: dict[FindingKey, list[StatusChange]] = {}
    for row in transitions:
        if row.seq > last:
            break
        key = (row.check, row.region, row.resource)
        change = (
            row.seq,
            row.verdict,
            row.cause.value,
            row.reason,
        )
        changes_by_key.setdefault(key, []).append(change)

    items: list[tuple[FindingKey, Sequence[StatusChange]]] = []
    listings: dict[FindingKey, Sequence[StatusChange]] = {}
    always_passing: dict[CountKey, list[str]] = {}
    for key, changes in changes_by_key.items():
        check, region, resource = key
        first_seq, first_verdict, _, _ = changes[0]
        # A listing is not an item: counted as one, it would be an item that never passes.
        if resource == LISTING:
            listings[key] = changes
        elif len(changes) == 1 and first_verdict == PASS:
            always_passing.setdefault((check, region, first_seq), []).append(resource)
        else:
            items.append((key, changes))
    return Timelines(
        items=items,
        listings=listings,
        always_passing=always_passing,
    )
