"""Builds the next record of a chain from a scan, with the segments that it adds to the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from scanner.core.periods.clocks import clock_doubt
from scanner.core.periods.renames import rename_state, renamed_checks
from scanner.core.reading.exclusions import exclusions
from scanner.history.ledger.chain import Chain
from scanner.history.ledger.changes import (
    JudgingBasis,
    apply,
    basis_of,
    transitions,
    verdicts_after,
    verdicts_by_key,
)
from scanner.history.ledger.evidence_refs import EvidenceRefs, operations, parameters_lookup
from scanner.history.records.segments import Made, make_file, make_table, make_transitions
from scanner.history.snapshots.archived_inputs import attestations_text, waivers_text
from scanner.history.snapshots.documents import (
    RecordedAnswer,
    SnapshotParts,
    make_answers,
    make_evidence,
)
from scanner.model.answers import Snapshot
from scanner.model.attestations import Attestation
from scanner.model.findings import Assessment, CheckResult, Verdict
from scanner.model.history import Record, Segment, Transition
from scanner.model.library import Library
from scanner.model.waivers import Waiver

_MIN_RECORDS: Final = 32
"""Records between two checkpoints, at least."""
_MAX_RECORDS: Final = 200
"""Records between two checkpoints, at most."""
_CHANGED_PART: Final = 4
"""A checkpoint between the two is due when a quarter as many transitions as findings were written
since.
"""


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class ScanToCommit:
    """One snapshot, the assessment of it, and the inputs of that assessment."""

    snapshot: Snapshot
    assessment: Assessment
    library: Library
    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    pack: Callable[[], bytes] = bytes
    """Makes the archive of the pack, for verification; empty: not kept.

    Called only for a pack that the chain lacks.
    """
    together: tuple[str, ...] = ()
    """Ids of the snapshots that were judged together, where they are several."""

    @property
    def results(self) -> tuple[CheckResult, ...]:
        """The results of this target."""
        target = self.snapshot.target
        return tuple(result for result in self.assessment.results if result.target == target)

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters that were set, without defaults."""
        # Each target may have its own. An assessment that lists none used those of the snapshot.
        params_by_target = self.assessment.params.get("set", {})
        chosen = params_by_target.get(self.snapshot.target)
        if chosen is None:
            return self.snapshot.params
        return dict(chosen)

    @property
    def gaps(self) -> tuple[str, ...]:
        """Calls of this target without a complete answer, as `operation@region`."""
        found: list[str] = []
        for row in self.assessment.coverage:
            if row.target != self.snapshot.target:
                continue
            if row.unanswered or not row.state.whole:
                found.append(f"{row.operation}@{row.region}")
        return tuple(sorted(found))

    @property
    def facts(self) -> dict[str, Any]:
        """Members of its record that evidence, pack and parameters determine.

        Verification computes them again.
        """
        snapshot, results = self.snapshot, self.results
        counts: dict[str, int] = {}
        for verdict in Verdict:
            counts[verdict.value] = sum(result.count(verdict) for result in results)
        return {
            "target": snapshot.target,
            "scan": snapshot.id,
            "started": snapshot.started,
            "finished": snapshot.finished,
            "scope": snapshot.scope,
            "checks": tuple(sorted({result.check for result in results})),
            "callers": tuple(dict.fromkeys(caller.id for caller in snapshot.callers)),
            "regions": tuple(sorted(snapshot.regions)),
            "counts": counts,
            "controls": {control.id: control.status.value for control in self.assessment.controls},
            "gaps": self.gaps,
            "exclusions": exclusions(snapshot),
        }


class RecordBuilder:
    """Builds one record behind the newest record of a chain."""

    def __init__(
        self,
        scan: ScanToCommit,
        parts: SnapshotParts,
        chain: Chain,
    ) -> None:
        self._scan = scan
        self._parts = parts
        self._chain = chain
        self._head = chain.records[-1] if chain.records else None
        self._seq = len(chain.records) + 1
        self._new_files: list[Made] = []
        self._origin = {"day": scan.snapshot.finished[:10], "scan": scan.snapshot.id}
        """Becomes part of the path of a segment."""

    def make(self) -> tuple[Record, list[Made]]:
        """The record, and the files that must be in the store before it."""
        record = self._record()
        rows = self._transitions(record)
        self._new_files.append(make_transitions("transitions", rows, **self._origin))
        self._add_evidence()
        if self._checkpoint_is_due(len(rows)):
            self._add_checkpoint(record, rows)
        new = tuple(file.segment for file in self._new_files)
        kept = tuple(segment for segment in record.segments if segment not in new)
        return replace(record, segments=kept + new), self._new_files

    def _record(self) -> Record:
        scan = self._scan
        waivers = self._archive("waivers", waivers_text(scan.waivers), len(scan.waivers))
        attestations = self._archive(
            "attestations", attestations_text(scan.attestations), len(scan.attestations)
        )
        pack = self._archived_pack()
        if not pack:
            pack = self._add_once(make_file("pack", scan.pack(), ending="tar.gz", rows=1))
        facts = scan.facts
        record = Record(
            **facts,
            seq=self._seq,
            version=scan.assessment.version,
            pack_sha256=scan.library.sha256,
            previous_sha256=self._head.sha256 if self._head else "",
            params=scan.params,
            waivers_sha256=waivers[0].sha256 if waivers else "",
            segments=(*waivers, *attestations, *pack),
            together=tuple(sorted(scan.together)),
            renamed=renamed_checks(self._chain.records, facts["checks"], scan.library),
        )
        return replace(record, clock=clock_doubt(self._head, record))

    def _archived_pack(self) -> list[Segment]:
        """The archive of this pack, if the chain has it."""
        for record in reversed(self._chain.records):
            if record.pack_sha256 == self._scan.library.sha256:
                return [segment for segment in record.segments if segment.kind == "pack"]
        return []

    def _archive(
        self,
        kind: str,
        text: bytes,
        rows: int,
    ) -> list[Segment]:
        return self._add_once(make_file(kind, text, ending="json", rows=rows))

    def _add_once(self, file: Made) -> list[Segment]:
        """Name a file, and add it unless a record of the chain names it already.

        An empty file is not kept.
        """
        if not file.content:
            return []
        if not any(file.segment in record.segments for record in self._chain.records):
            self._new_files.append(file)
        return [file.segment]

    def _transitions(self, record: Record) -> list[Transition]:
        library = self._scan.library
        answers_before: list[RecordedAnswer] = []
        basis_before: JudgingBasis | None = None
        if self._head is not None:
            _, answers_before = self._chain.answers(self._head)
            basis_before = basis_of(self._head, names=record.renamed)
        evidence = EvidenceRefs(
            self._scan.snapshot,
            self._parts.answers,
            answers_before,
            operations(library, record.checks),
        )
        basis = basis_of(record, evidence.changed, parameters_lookup(library))
        state = rename_state(self._chain.state(), record.renamed)
        found = verdicts_by_key(self._scan.results)
        return list(
            transitions(
                state,
                verdicts_after(state, found, basis),
                seq=record.seq,
                ts=record.finished,
                target=record.target,
                was=basis_before,
                ground=basis,
                evidence=evidence.document,
            )
        )

    def _add_evidence(self) -> None:
        """Add the documents that the chain does not hold, and the list of all answers."""
        index = self._chain.index()
        new = {
            digest: document
            for digest, document in self._parts.documents.items()
            if digest not in index
        }
        if new:
            self._new_files.append(make_evidence(new, **self._origin))
        answers = make_answers(
            self._parts, lambda digest: index.get(digest, self._seq), **self._origin
        )
        self._new_files.append(answers)

    def _checkpoint_is_due(self, rows: int) -> bool:
        """Whether a checkpoint costs less than reading the chain from the last one.

        `rows` is the number of transitions of the new record.
        """
        records = 1
        for record in reversed(self._chain.records):
            if any(segment.kind == "state" for segment in record.segments):
                break
            records += 1
            for segment in record.segments:
                if segment.kind == "transitions":
                    rows += segment.rows
        if records >= _MAX_RECORDS:
            return True
        return records >= _MIN_RECORDS and rows * _CHANGED_PART >= len(self._chain.state())

    def _add_checkpoint(self, record: Record, rows: list[Transition]) -> None:
        """Add the state after this record and the index of all documents.

        Readers need no record before this one.
        """
        state = rename_state(self._chain.state(), record.renamed)
        apply(state, rows)
        index = dict(self._chain.index())
        for digest in self._parts.documents:
            index.setdefault(digest, record.seq)
        digests = sorted(index)
        numbers = [index[digest] for digest in digests]
        self._new_files.append(make_transitions("state", state.values(), **self._origin))
        self._new_files.append(make_table("index", (digests, numbers), **self._origin))
