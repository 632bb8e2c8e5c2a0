"""Deep verification: every verdict made again from evidence, pack, parameters, waivers and attestations of its day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from scanner.errors import TscanError
from scanner.history.changes import Place, State, apply, findings_by_place, ground_of, now_seen
from scanner.history.ledger import Ledger
from scanner.history.packs import load_pack
from scanner.history.said import Said
from scanner.history.segments import stored
from scanner.history.statements import record_key, stream_of
from scanner.history.verify import Damage, Verified
from scanner.model.answers import Snapshot
from scanner.model.attestations import Attestation
from scanner.model.findings import Assessment, CheckResult
from scanner.model.history import Record, Transition
from scanner.model.library import Library
from scanner.model.waivers import Waiver

Judge = Callable[
    [Sequence[Snapshot], Library, tuple[Waiver, ...], tuple[Attestation, ...], tuple[str, ...]], Assessment
]
"""Snapshots of one scan, with the parameters that judged; the pack; what people said; the checks that were run."""

_SHOWN: Final = 3
"""Verdicts of one record that are named one by one."""


class _NotAgainError(Exception):
    """Why a record could not be judged again, where that is no damage."""


@dataclass(slots=True)
class _Group:
    """Scans that were judged as one, and who still asks for them."""

    results: Mapping[str, list[CheckResult]]
    """By target."""
    controls: Mapping[str, str]
    """Statuses by control."""
    waiting: int


class DeepVerifier:
    """One deep verification of a store that was verified already."""

    def __init__(self, ledger: Ledger, judge: Judge, current: Library) -> None:
        self._ledger = ledger
        self._judge = judge
        self._said = Said(ledger.store)
        self._libraries: dict[str, Library | str] = {current.sha256: current}
        """By digest: the pack, or why it cannot judge."""
        self._groups: dict[tuple[str, ...], _Group] = {}
        self._by_scan: dict[str, Record] = {}

    def run(self, seen: Verified) -> None:
        """Add to what was seen: verdicts that come out otherwise, and records that could not be judged again."""
        damaged = {damage.record.rpartition("/")[0] for damage in seen.damages} - {""}
        for name in sorted(damaged):
            seen.notes.append(f"{name}: the chain is damaged, and none of its verdicts was made again")
        records = [one for name, chain in seen.records.items() if name not in damaged for one in chain]
        self._by_scan = {record.scan: record for record in records}
        states: dict[str, dict[Place, Transition]] = defaultdict(dict)
        made = 0
        # Side by side through all chains, so that what was judged as one is held only until each has asked for it.
        for record in sorted(records, key=lambda one: (one.seq, one.target)):
            try:
                self._record(record, states[record.target], seen)
                made += 1
            except _NotAgainError as error:
                seen.notes.append(f"record {_name(record)}: not judged again: {error}")
            apply(states[record.target], self._ledger.changes(record))
        seen.notes.append(f"every verdict of {made} of {len(records)} records was made again from its evidence")
        seen.damages.sort()

    def _record(self, record: Record, before: State, seen: Verified) -> None:
        """Hold the state after a record against what judging again gives."""
        try:
            group = self._group(record)
        except (TscanError, ValueError) as error:
            message = error.message if isinstance(error, TscanError) else str(error)
            seen.damages.append(Damage(_name(record), _file(record), "cannot be judged again", message.splitlines()[0]))
            return
        found = now_seen(before, findings_by_place(group.results.get(record.target, [])), ground_of(record))
        recorded = dict(before)
        apply(recorded, self._ledger.changes(record))
        again = {place: one.verdict for place, one in found.items()}
        was = {place: one.verdict for place, one in recorded.items()}
        wrong = sorted(place for place in {*again, *was} if again.get(place) != was.get(place))
        for check, region, resource in wrong[:_SHOWN]:
            place = (check, region, resource)
            detail = (
                f"{check} {resource}: recorded {was.get(place, 'gone')}, the evidence says {again.get(place, 'gone')}"
            )
            seen.damages.append(Damage(_name(record), _file(record), "verdict", detail))
        if len(wrong) > _SHOWN:
            detail = f"and {len(wrong) - _SHOWN} verdicts more"
            seen.damages.append(Damage(_name(record), _file(record), "verdict", detail))
        self._controls(record, group.controls, seen)

    def _controls(self, record: Record, again: Mapping[str, str], seen: Verified) -> None:
        """Hold the statuses of controls against what judging again gives."""
        for name in sorted({*record.controls, *again}):
            was, now = record.controls.get(name, "gone"), again.get(name, "gone")
            if was != now:
                detail = f"{name}: recorded {was}, the evidence says {now}"
                seen.damages.append(Damage(_name(record), _file(record), "control", detail))

    def _group(self, record: Record) -> _Group:
        """What the scan of this record says, with all that was judged together with it."""
        scans = record.together or (record.scan,)
        key = (*scans, record.waivers_sha256, record.attestations_sha256)
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
            raise _NotAgainError("it was judged together with scans that are not in this store, or are damaged")
        snapshots = [replace(self._ledger.snapshot(one), params=one.params) for one in records]
        checks = tuple(sorted({check for one in records for check in one.checks}))
        found: dict[str, list[CheckResult]] = defaultdict(list)
        said = self._said
        assessment = self._judge(snapshots, library, said.waivers(record), said.attestations(record), checks)
        for result in assessment.results:
            found[result.target].append(result)
        controls = {control.id: control.status.value for control in assessment.controls}
        return _Group(results=found, controls=controls, waiting=len(scans))

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


def _file(record: Record) -> str:
    return record_key(stream_of(record.target), record.seq)
