"""Splits the records of a period where checks, parameters, waivers or scope changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from scanner.core.periods.clocks import clock_doubt
from scanner.model.history import Record
from scanner.model.period import Change, Stretch

SHORT: Final = 12
"""Characters of a digest that are shown."""
_SPLITTING: Final = frozenset({"pack", "params", "waivers", "checks", "regions"})
"""Changes that begin a new stretch; the others are listed only."""


def differences(before: Record, after: Record) -> tuple[Change, ...]:
    """What a record was made with that the record before it was not."""
    return tuple(
        Change(
            target=after.target,
            seq=after.seq,
            ts=after.finished,
            what=what,
            detail=detail,
        )
        for what, detail in _differences(before, after)
    )


def _differences(
    before: Record,
    after: Record,
) -> Iterator[tuple[str, str]]:
    """The kind of each change, and its detail."""
    yield from _changed_digest("pack", before.pack_sha256, after.pack_sha256)
    for line in _changed_params(before.params, after.params):
        yield "params", line
    yield from _changed_digest("waivers", before.waivers_sha256, after.waivers_sha256)
    yield from _changed_digest(
        "attestations", before.attestations_sha256, after.attestations_sha256
    )
    for line in _changed_members("check", before.checks, after.checks):
        yield "checks", line
    for old, new in sorted(after.renamed.items()):
        yield "renamed", f"{old} → {new}"
    for line in _changed_members("region", before.regions, after.regions):
        yield "regions", line
    if before.version != after.version:
        yield "version", f"{before.version} → {after.version}"
    doubt = clock_doubt(before, after)
    if doubt:
        yield "clock", doubt


def _changed_digest(
    what: str,
    old: str,
    new: str,
) -> Iterator[tuple[str, str]]:
    if old != new:
        yield what, f"{_short(old)} → {_short(new)}"


def _short(digest: str) -> str:
    return digest[:SHORT] or "none"


def _changed_params(
    before: Mapping[str, object],
    after: Mapping[str, object],
) -> Iterator[str]:
    for name in sorted({*before, *after}):
        old, new = before.get(name, "unset"), after.get(name, "unset")
        # A parameter that is set to the text "unset" still differs from one that is not set.
        if old != new or (name in before) != (name in after):
            yield f"{name}: {old} → {new}"


def _changed_members(
    noun: str,
    before: Iterable[str],
    after: Iterable[str],
) -> Iterator[str]:
    old, new = set(before), set(after)
    if old - new:
        yield f"{noun}s left out: {', '.join(sorted(old - new))}"
    if new - old:
        yield f"{noun}s added: {', '.join(sorted(new - old))}"


def stretches(records: Sequence[Record]) -> tuple[tuple[Stretch, ...], tuple[Change, ...]]:
    """Stretches of consecutive records, and every change between two of them.

    Records are ordered by number.
    """
    found: list[Stretch] = []
    changes: list[Change] = []
    # Attestations, versions and clocks change nothing that a scan judges, and split nothing.
    begin = 0
    differs: tuple[str, ...] = ()
    for position in range(1, len(records)):
        here = differences(records[position - 1], records[position])
        changes.extend(here)
        splitting = tuple(
            f"{change.what}: {change.detail}" for change in here if change.what in _SPLITTING
        )
        if splitting:
            found.append(_stretch(records[begin:position], differs))
            begin, differs = position, splitting
    if records:
        found.append(_stretch(records[begin:], differs))
    return tuple(found), tuple(changes)


def _stretch(
    records: Sequence[Record],
    differs: tuple[str, ...],
) -> Stretch:
    first, last = records[0], records[-1]
    return Stretch(
        target=first.target,
        first=first.seq,
        last=last.seq,
        start=first.finished,
        end=last.finished,
        pack_sha256=first.pack_sha256,
        differs=differs,
    )
