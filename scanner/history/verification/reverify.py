"""Deep verification: every verdict made again from evidence, pack, parameters, waivers and attestations of its day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.errors import TscanError
from scanner.history.ledger.changes import (
    FindingKey,
    Seen,
    State,
    apply,
    findings_by_place,
    ground_of,
    now_seen,
    transitions,
)
from scanner.history.ledger.ledger import Ledger
from scanner.history.ledger.record_builder import ScanToCommit
from scanner.history.records.segments import stored
from scanner.history.records.statements import record_key, stream_of
from scanner.history.snapshots.archived_inputs import ArchivedInputs
from scanner.history.snapshots.content_archive import load_pack
from scanner.history.verification.verify import Damage, Verified
from scanner.model.answers import Snapshot
from scanner.model.attestations import Attestation
from scanner.model.findings import Assessment
from scanner.model.history import Cause, Record, Transition
from scanner.model.library import Library
from scanner.model.waivers import Waiver
from scanner.rendering.sanitize import shortened

Judge = Callable[
    [Sequence[Snapshot], Library, tuple[Waiver, ...], tuple[Attestation, ...], tuple[str, ...]],
    Assessment,
]
"""Snapshots of one scan, with the parameters that judged; the pack; what people said; the checks that were run."""

_SHOWN: Final = 3
"""Verdicts of one record that are named one by one."""
_TIME: Final = (Cause.EVIDENCE, Cause.CLOCK)
"""Which of these it was depends on what a check is known to read, and is not held against a later tscan."""


class _NotAgainError(Exception):
    """Why a record could not be judged again, where that is no damage."""


@dataclass(slots=True)
class _Group:
    """Scans that were judged as one, and who still asks for them."""

    scans: Mapping[str, ScanToCommit]
    """By target: as they would be committed now."""
    waiting: int


class Reverifier:
    """One deep verification of a store that was verified already."""

    def __init__(self, ledger: Ledger, judge: Judge, current: Library) -> None:
        self._ledger = ledger
        self._judge = judge
        self._said = ArchivedInputs(ledger.store)
        self._libraries: dict[str, Library | str] = {current.sha256: current}
        """By digest: the pack, or why it cannot judge."""
        self._groups: dict[tuple[str, ...], _Group] = {}
        self._by_scan: dict[str, Record] = {}
        self._last: dict[str, Record] = {}
        """By target: the record before."""

    def run(self, seen: Verified) -> None:
        """Add to what was seen: what comes out otherwise, and records that could not be judged again."""
        damaged = {damage.record.rpartition("/")[0] for damage in seen.damages} - {""}
        for name in sorted(damaged):
            seen.notes.append(
                f"{name}: the chain is damaged, and none of its verdicts was made again"
            )
        records = [
            one for name, chain in seen.records.items() if name not in damaged for one in chain
        ]
        self._by_scan = {record.scan: record for record in records}
        states: dict[str, dict[FindingKey, Transition]] = defaultdict(dict)
        # Side by side through all chains, so that what was judged as one is held only until each has asked for it.
        for record in sorted(records, key=lambda one: (one.seq, one.target)):
            try:
                self._record(record, states[record.target], seen)
            except _NotAgainError as error:
                seen.notes.append(f"record {_name(record)}: not judged again: {error}")
                seen.open += 1
            except (TscanError, ValueError) as error:
                message = error.message if isinstance(error, TscanError) else str(error)
                _damage(seen, record, "cannot be judged again", message.partition("\n")[0])
                seen.open += 1
            self._last[record.target] = record
        made = len(records) - seen.open
        seen.notes.append(
            f"every verdict of {made} of {len(records)} records was made again from its evidence"
        )
        seen.damages.sort()

    def _record(self, record: Record, state: dict[FindingKey, Transition], seen: Verified) -> None:
        """Hold a record against what judging again gives, and bring the state behind it."""
        before = dict(state)
        moves = list(self._ledger.changes(record))
        apply(state, moves)
        if (written := self._ledger.checkpoint(record)) is not None and written != state:
            _damage(
                seen,
                record,
                "state",
                "what it says of every finding is not what its transitions add up to",
            )
        group = self._group(record)
        scan = group.scans.get(record.target)
        if scan is None:
            raise TscanError("its evidence is of another target")
        found = now_seen(before, findings_by_place(scan.results), ground_of(record))
        if not self._verdicts(record, found, state, seen):
            self._moves(record, transitions(before, found, **self._stands(record)), moves, seen)
        self._facts(record, scan.facts, seen)

    def _verdicts(
        self, record: Record, found: Mapping[FindingKey, Seen], state: State, seen: Verified
    ) -> bool:
        """Whether a verdict is another; each is named."""
        again = {place: one.verdict for place, one in found.items()}
        was = {place: one.verdict for place, one in state.items()}
        wrong = sorted(place for place in {*again, *was} if again.get(place) != was.get(place))
        details = [
            f"{place[0]} {place[2]}: recorded {was.get(place, 'gone')}, the evidence says {again.get(place, 'gone')}"
            for place in wrong
        ]
        _damages(seen, record, "verdict", details)
        return bool(wrong)

    def _stands(self, record: Record) -> dict[str, Any]:
        last = self._last.get(record.target)
        return {
            "seq": record.seq,
            "ts": record.finished,
            "target": record.target,
            "was": ground_of(last) if last else None,
            "ground": ground_of(record),
        }

    def _moves(
        self, record: Record, again: Iterable[Transition], was: list[Transition], seen: Verified
    ) -> None:
        """Hold each transition against the one that leads from the record before to the same verdicts."""
        expected, recorded = Counter(map(_said, again)), Counter(map(_said, was))
        strange = {one[:3] for one in (expected - recorded) + (recorded - expected)}
        details = [
            f"{check} {resource}: not the one that its verdicts give"
            for check, _, resource in sorted(strange)
        ]
        _damages(seen, record, "transition", details)

    def _facts(self, record: Record, facts: Mapping[str, Any], seen: Verified) -> None:
        """Hold every other member against what judging again gives; of controls each status."""
        for name, now in facts.items():
            was = getattr(record, name)
            if was == now:
                continue
            if name != "controls":
                old, new = (shortened(one) for one in _apart(was, now))
                _damage(seen, record, name, f"recorded {old}, the evidence says {new}")
                continue
            for control in sorted({*was, *now}):
                old, new = was.get(control, "gone"), now.get(control, "gone")
                if old != new:
                    _damage(
                        seen,
                        record,
                        "control",
                        f"{control}: recorded {old}, the evidence says {new}",
                    )

    def _group(self, record: Record) -> _Group:
        """What the scan of this record says, with all that was judged together with it."""
        scans = record.together or (record.scan,)
        key = (*scans, record.pack_sha256, record.waivers_sha256, record.attestations_sha256)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = self._judged(record, scans)
        group.waiting -= 1
        if group.waiting <= 0:
            del self._groups[key]
        return group

    def _judged(self, record: Record, scans: tuple[str, ...]) -> _Group:
        library = self._library(record)
        records = [self._by_scan[scan] for scan in scans if scan in self._by_scan]
        if len(records) < len(scans):
            raise _NotAgainError(
                "it was judged together with scans that are not in this store, or are damaged"
            )
        snapshots = [replace(self._ledger.snapshot(one), params=one.params) for one in records]
        checks = tuple(sorted({check for one in records for check in one.checks}))
        said = self._said
        assessment = self._judge(
            snapshots, library, said.waivers(record), said.attestations(record), checks
        )
        found = {
            one.target: ScanToCommit(snapshot=snapshot, assessment=assessment, library=library)
            for one, snapshot in zip(records, snapshots, strict=True)
        }
        return _Group(scans=found, waiting=len(scans))

    def _library(self, record: Record) -> Library:
        """The pack of the day: this tscan's own where it is the same, else the one that the store keeps."""
        found = self._libraries.get(record.pack_sha256)
        if found is None:
            found = self._libraries[record.pack_sha256] = self._kept(record)
        if isinstance(found, str):
            raise _NotAgainError(found)
        return found

    def _kept(self, record: Record) -> Library | str:
        what = f"pack {record.pack_sha256[:16]} of tscan {record.version}"
        for segment in record.segments:
            if segment.kind == "pack":
                content = stored(self._ledger.store.get(segment.path), segment)
                try:
                    return load_pack(content, record.pack_sha256)
                except TscanError as error:
                    return f"{what} cannot be read by this tscan: {error.message.splitlines()[0]}"
        return f"it was judged by {what}, which the store does not keep"


def _name(record: Record) -> str:
    return f"{stream_of(record.target)}/{record.seq}"


def _apart(was: Any, now: Any) -> tuple[Any, Any]:
    """Two values, of lists only what the other one lacks."""
    if not isinstance(was, tuple):
        return was, now
    return [one for one in was if one not in now], [one for one in now if one not in was]


def _said(move: Transition) -> tuple[Any, ...]:
    """What of a transition is held against another one; the wording of its reason is not."""
    cause = Cause.EVIDENCE if move.cause in _TIME else move.cause
    return (
        move.check,
        move.region,
        move.resource,
        move.previous,
        move.verdict,
        cause,
        move.seq,
        move.ts,
        move.target,
    )


def _damage(seen: Verified, record: Record, kind: str, detail: str) -> None:
    seen.damages.append(
        Damage(_name(record), record_key(stream_of(record.target), record.seq), kind, detail)
    )


def _damages(seen: Verified, record: Record, kind: str, details: Sequence[str]) -> None:
    """The first of many, and how many more there are."""
    for detail in details[:_SHOWN]:
        _damage(seen, record, kind, detail)
    if len(details) > _SHOWN:
        _damage(seen, record, kind, f"and {len(details) - _SHOWN} {kind}s more")
