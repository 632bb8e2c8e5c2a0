"""What records were made with: where it changes, a period falls into stretches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from scanner.core.calendar import moment
from scanner.model.history import Record
from scanner.model.period import Change, Stretch

SHORT: Final = 12
"""Characters of a digest that are shown."""
_SPLITTING: Final = frozenset({"pack", "params", "waivers", "checks", "regions"})


def dated_before(before: Record, after: Record) -> bool:
    """Whether the later of two records is of an earlier time: a clock jumped, or their scans overlapped.

    A scan that reads many targets commits when the last of them is read, and one that began meanwhile may be there.
    """
    return moment(after.finished) < moment(before.started)


def differences(before: Record, after: Record) -> tuple[Change, ...]:
    """How a record was made otherwise than the record before."""
    found: list[tuple[str, str]] = []
    if before.pack_sha256 != after.pack_sha256:
        found.append(("pack", f"{_digest(before.pack_sha256)} → {_digest(after.pack_sha256)}"))
    found.extend(("params", line) for line in _params(before.params, after.params))
    if before.waivers_sha256 != after.waivers_sha256:
        found.append(
            ("waivers", f"{_digest(before.waivers_sha256)} → {_digest(after.waivers_sha256)}")
        )
    if before.attestations_sha256 != after.attestations_sha256:
        said = f"{_digest(before.attestations_sha256)} → {_digest(after.attestations_sha256)}"
        found.append(("attestations", said))
    found.extend(("checks", line) for line in _members("check", before.checks, after.checks))
    found.extend(("regions", line) for line in _members("region", before.regions, after.regions))
    if before.version != after.version:
        found.append(("version", f"{before.version} → {after.version}"))
    if dated_before(before, after):
        found.append(("clock", f"record {after.seq} is dated before record {before.seq}"))
    return tuple(
        Change(target=after.target, seq=after.seq, ts=after.finished, what=what, detail=detail)
        for what, detail in found
    )  # fmt: skip


def _digest(text: str) -> str:
    return text[:SHORT] or "none"


def _params(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[str]:
    for name in sorted({*before, *after}):
        old, new = before.get(name, "unset"), after.get(name, "unset")
        if old != new or (name in before) != (name in after):
            yield f"{name}: {old} → {new}"


def _members(noun: str, before: Iterable[str], after: Iterable[str]) -> Iterable[str]:
    old, new = set(before), set(after)
    if old - new:
        yield f"{noun}s left out: {', '.join(sorted(old - new))}"
    if new - old:
        yield f"{noun}s added: {', '.join(sorted(new - old))}"


def stretches(records: Sequence[Record]) -> tuple[tuple[Stretch, ...], tuple[Change, ...]]:
    """Consecutive records made with the same things, and every change between records."""
    found: list[Stretch] = []
    changes: list[Change] = []
    begin = 0
    differs: tuple[str, ...] = ()
    for place in range(1, len(records)):
        here = differences(records[place - 1], records[place])
        changes.extend(here)
        splitting = tuple(
            f"{change.what}: {change.detail}" for change in here if change.what in _SPLITTING
        )
        if splitting:
            found.append(_stretch(records[begin:place], differs))
            begin, differs = place, splitting
    if records:
        found.append(_stretch(records[begin:], differs))
    return tuple(found), tuple(changes)


def _stretch(records: Sequence[Record], differs: tuple[str, ...]) -> Stretch:
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
