"""Judge every record again from what judged it on the day, and report verdicts that differ.

The inputs of a record are its evidence, pack, parameters, waivers and attestations.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.core.periods.renames import rename_state, renamed_checks
from scanner.errors import TscanError
from scanner.history.ledger.changes import (
    FindingKey,
    JudgingBasis,
    Seen,
    State,
    apply,
    basis_of,
    transitions,
    verdicts_after,
    verdicts_by_key,
)
from scanner.history.ledger.evidence_refs import parameters_lookup
from scanner.history.ledger.ledger import Ledger
from scanner.history.ledger.record_builder import ScanToCommit
from scanner.history.records.statements import record_key, stream_of
from scanner.history.snapshots.archived_inputs import ArchivedInputs
from scanner.history.snapshots.content_archive import ContentArchive, PackUnavailableError
from scanner.history.verification.rejudge import name_of
from scanner.history.verification.verify import Damage, NotRejudged, Verified
from scanner.model.answers import Snapshot
from scanner.model.attestations import Attestation
from scanner.model.findings import Assessment
from scanner.model.history import Cause, Record, Transition
from scanner.model.library import Library
from scanner.model.waivers import Waiver
from scanner.rendering.sanitize import shortened
from scanner.words import plural

Judge = Callable[
    [Sequence[Snapshot], Library, tuple[Waiver, ...], tuple[Attestation, ...], tuple[str, ...]],
    Assessment,
]
"""Judges snapshots by a pack, waivers and attestations, for these checks.

The parameters are those of the snapshots.
"""

_LISTED: Final = 3
"""Differing verdicts of one record that are reported one by one."""
_BY_TIME: Final = (Cause.EVIDENCE, Cause.CLOCK)
"""Causes that count as one.

Which of the two a transition has depends on what a check is known to read, and a later tscan may
know better.
"""


class _NotRejudgedError(Exception):
    """Why a record cannot be re-evaluated, where that is no damage."""


@dataclass(slots=True)
class _Group:
    """Scans that were judged as one."""

    scans: Mapping[str, ScanToCommit]
    """By target: as they would be committed now."""
    pending: int
    """How many records still need the group."""


class Reverifier:
    """One deep verification of a store whose files were verified before."""

    def __init__(self, ledger: Ledger, judge: Judge, current: Library) -> None:
        self._ledger = ledger
        self._judge = judge
        self._inputs = ArchivedInputs(ledger.store)
        self._packs = ContentArchive(ledger.store, current)
        self._groups: dict[tuple[str, ...], _Group] = {}
        self._by_scan: dict[str, Record] = {}
        self._earlier: dict[str, list[Record]] = defaultdict(list)
        """By chain: the records before the one that is verified."""

    def run(self, result: Verified) -> None:
        """Add what differs, and the records that could not be re-evaluated, to a verification."""
        records = self._undamaged(result)
        self._by_scan = {record.scan: record for record in records}
        states: dict[str, dict[FindingKey, Transition]] = defaultdict(dict)
        # All chains advance together, so that a group is in memory only until its last record.
        for record in sorted(records, key=lambda one: (one.seq, one.chain)):
            self._verify(record, states[record.chain], result)
            self._earlier[record.chain].append(record)
        judged = len(records) - result.open
        result.notes.append(
            f"{judged} of {plural(len(records), 'record')} re-evaluated from evidence"
        )
        result.damages.sort()

    def _undamaged(self, result: Verified) -> list[Record]:
        """The records of the chains without damage: the others prove nothing about verdicts."""
        damaged = {damage.record.rpartition("/")[0] for damage in result.damages}
        damaged.discard("")
        for stream in sorted(damaged):
            result.notes.append(
                f"{stream}: the chain is damaged; its verdicts were not re-evaluated"
            )
        records: list[Record] = []
        for stream, chain in result.records.items():
            if stream not in damaged:
                records += chain
        return records

    def _verify(
        self,
        record: Record,
        state: dict[FindingKey, Transition],
        result: Verified,
    ) -> None:
        # Each record by itself: one that cannot be judged must not hide what is wrong with others.
        try:
            self._compare(record, state, result)
        except _NotRejudgedError as error:
            result.not_rejudged.append(NotRejudged(name_of(record), str(error)))
            result.open += 1
        except TscanError as error:
            reason = error.message.partition("\n")[0]
            _damage(result, record, "cannot be re-evaluated", reason)
            result.open += 1
        except ValueError as error:
            reason = str(error).partition("\n")[0]
            _damage(result, record, "cannot be re-evaluated", reason)
            result.open += 1

    def _compare(
        self,
        record: Record,
        state: dict[FindingKey, Transition],
        result: Verified,
    ) -> None:
        """Compare a record with what judging again gives; advance `state` to after the record."""
        before = rename_state(state, record.renamed)
        recorded = list(self._ledger.recorded_changes(record))
        state.clear()
        state.update(before)
        apply(state, recorded)
        checkpoint = self._ledger.checkpoint(record)
        # Readers start from a checkpoint: a wrong one would hide every transition before it.
        if checkpoint is not None and checkpoint != state:
            detail = "its checkpoint differs from the sum of its transitions"
            _damage(result, record, "state", detail)
        scan = self._group(record).scans.get(record.target)
        if scan is None:
            raise TscanError("its evidence is of another target")
        found = verdicts_after(before, verdicts_by_key(scan.results), basis_of(record))
        if _same_verdicts(record, found, state, result):
            again = transitions(before, found, **self._transition_members(record, scan.library))
            _compare_transitions(record, again, recorded, result)
        renamed = renamed_checks(self._earlier[record.target], record.checks, scan.library)
        _compare_facts(record, {**scan.facts, "renamed": renamed}, result)

    def _transition_members(self, record: Record, library: Library) -> dict[str, Any]:
        """The arguments of `transitions` that a record and the pack of its day give."""
        earlier = self._earlier[record.chain]
        was: JudgingBasis | None = None
        if earlier:
            was = basis_of(earlier[-1], names=record.renamed)
        return {
            "seq": record.seq,
            "ts": record.finished,
            "target": record.target,
            "was": was,
            # As at commit: a parameter explains only what it may decide.
            "ground": basis_of(record, parameters_of=parameters_lookup(library)),
        }

    def _group(self, record: Record) -> _Group:
        """The scan of this record, re-evaluated with all scans that were judged as one with it."""
        scans = record.together or (record.scan,)
        key = (*scans, record.pack_sha256, record.waivers_sha256, record.attestations_sha256)
        group = self._groups.get(key)
        if group is None:
            group = self._judge_group(record, scans)
            self._groups[key] = group
        # Snapshots are large. Each record of the group comes here once, and the last one frees it.
        group.pending -= 1
        if group.pending <= 0:
            del self._groups[key]
        return group

    def _judge_group(self, record: Record, scans: Sequence[str]) -> _Group:
        try:
            library = self._packs.of(record)
        except PackUnavailableError as error:
            raise _NotRejudgedError(error.message) from error
        records = [self._by_scan[scan] for scan in scans if scan in self._by_scan]
        if len(records) < len(scans):
            raise _NotRejudgedError(
                "it was judged with scans that are damaged or not in this store"
            )
        snapshots: list[Snapshot] = []
        checks: set[str] = set()
        for one in records:
            snapshots.append(replace(self._ledger.snapshot(one), params=one.params))
            checks.update(one.checks)
        assessment = self._judge(
            snapshots,
            library,
            self._inputs.waivers(record),
            self._inputs.attestations(record),
            tuple(sorted(checks)),
        )
        committed_now: dict[str, ScanToCommit] = {}
        for one, snapshot in zip(records, snapshots, strict=True):
            committed_now[one.target] = ScanToCommit(
                snapshot=snapshot,
                assessment=assessment,
                library=library,
            )
        return _Group(scans=committed_now, pending=len(scans))


def _same_verdicts(
    record: Record,
    found: Mapping[FindingKey, Seen],
    state: State,
    result: Verified,
) -> bool:
    """Whether every recorded verdict is the one that the evidence gives; each other is damage."""
    again = {key: one.verdict for key, one in found.items()}
    recorded = {key: one.verdict for key, one in state.items()}
    details: list[str] = []
    for key in sorted({*again, *recorded}):
        if recorded.get(key) != again.get(key):
            check, _, resource = key
            old = recorded.get(key, "gone")
            new = again.get(key, "gone")
            details.append(f"{check} {resource}: recorded {old}, evidence gives {new}")
    _first_damages(result, record, "verdict", details)
    return not details


def _compare_transitions(
    record: Record,
    again: Iterable[Transition],
    recorded: list[Transition],
    result: Verified,
) -> None:
    """Report recorded transitions that do not lead from the record before to its verdicts."""
    expected = Counter(map(_comparable, again))
    found = Counter(map(_comparable, recorded))
    differing = {one[:3] for one in (expected - found) + (found - expected)}
    # A forged cause or a shifted time changes no verdict, and would change every period report.
    details: list[str] = []
    for check, _, resource in sorted(differing):
        details.append(f"{check} {resource}: differs from the one that its verdicts give")
    _first_damages(result, record, "transition", details)


def _compare_facts(record: Record, facts: Mapping[str, Any], result: Verified) -> None:
    """Report members of a record that its evidence gives otherwise; of controls each status."""
    for name, now in facts.items():
        recorded = getattr(record, name)
        if recorded == now:
            continue
        if name == "controls":
            _compare_controls(record, recorded, now, result)
            continue
        old, new = _differing_part(recorded, now)
        detail = f"recorded {shortened(old)}, evidence gives {shortened(new)}"
        _damage(result, record, name, detail)


def _compare_controls(
    record: Record,
    recorded: Mapping[str, str],
    now: Mapping[str, str],
    result: Verified,
) -> None:
    for control in sorted({*recorded, *now}):
        if recorded.get(control) != now.get(control):
            old = recorded.get(control, "gone")
            new = now.get(control, "gone")
            detail = f"{control}: recorded {old}, evidence gives {new}"
            _damage(result, record, "control", detail)


def _differing_part(recorded: Any, now: Any) -> tuple[Any, Any]:
    """Two values; of two lists only the items that the other one lacks."""
    if not isinstance(recorded, tuple):
        return recorded, now
    removed = [one for one in recorded if one not in now]
    added = [one for one in now if one not in recorded]
    return removed, added


def _comparable(move: Transition) -> tuple[str | int, ...]:
    """The members of a transition that must be equal. The wording of its reason need not be."""
    cause = move.cause
    if cause in _BY_TIME:
        cause = Cause.EVIDENCE
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


def _damage(result: Verified, record: Record, kind: str, detail: str) -> None:
    file = record_key(stream_of(record.chain), record.seq)
    result.damages.append(Damage(name_of(record), file, kind, detail))


def _first_damages(result: Verified, record: Record, kind: str, details: Sequence[str]) -> None:
    """The first of many differences, and the number of the others."""
    for detail in details[:_LISTED]:
        _damage(result, record, kind, detail)
    if len(details) > _LISTED:
        _damage(result, record, kind, f"and {plural(len(details) - _LISTED, f'more {kind}')}")
