"""The next record of a chain: what a scan adds to what is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, Final

from scanner.history.ledger.chain import Chain
from scanner.history.ledger.changes import (
    apply,
    findings_by_place,
    ground_of,
    now_seen,
    transitions,
)
from scanner.history.ledger.evidence_refs import EvidenceRefs, operations, parameters
from scanner.history.records.segments import Made, make_file, make_moves, make_table
from scanner.history.snapshots.archived_inputs import attestations_text, waivers_text
from scanner.history.snapshots.documents import Parts, make_answers, make_evidence
from scanner.model.answers import Snapshot
from scanner.model.attestations import Attestation
from scanner.model.findings import Assessment, CheckResult, Verdict
from scanner.model.history import Record, Segment, Transition
from scanner.model.library import Library
from scanner.model.waivers import Waiver

_OFTEN: Final = 32
"""Records after which the state is written again, if enough of it changed."""
_RARELY: Final = 200
"""Records after which it is written again in any case."""
_PART: Final = 4
"""How many times the transitions since must be, to be as many as the findings: what a reader would read twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanToCommit:
    """What is committed: one snapshot, what was judged of it, and by what."""

    snapshot: Snapshot
    assessment: Assessment
    library: Library
    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    pack: Callable[[], bytes] = bytes
    """Makes the archive of the pack, so that it can judge again; empty: not kept. Asked only for a pack that is new."""
    together: tuple[str, ...] = ()
    """Ids of the snapshots that were judged as one, where they are several."""

    @property
    def results(self) -> tuple[CheckResult, ...]:
        """What the checks say of this target."""
        return tuple(
            result for result in self.assessment.results if result.target == self.snapshot.target
        )

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters that judged, without defaults."""
        chosen = self.assessment.params.get("set", {}).get(self.snapshot.target)
        return self.snapshot.params if chosen is None else dict(chosen)

    @property
    def gaps(self) -> tuple[str, ...]:
        """Calls of this target that were not answered, as `operation@region`."""
        rows = (row for row in self.assessment.coverage if row.target == self.snapshot.target)
        return tuple(
            sorted(
                f"{row.operation}@{row.region}"
                for row in rows
                if row.unanswered or not row.state.whole
            )
        )

    @property
    def facts(self) -> dict[str, Any]:
        """The members of its record that its evidence gives, whoever judges it by the same pack and parameters."""
        snapshot = self.snapshot
        return {
            "target": snapshot.target,
            "scan": snapshot.id,
            "started": snapshot.started,
            "finished": snapshot.finished,
            "checks": tuple(sorted({result.check for result in self.results})),
            "callers": tuple(dict.fromkeys(caller.id for caller in snapshot.callers)),
            "regions": tuple(sorted(snapshot.regions)),
            "counts": {
                verdict.value: sum(one.count(verdict) for one in self.results)
                for verdict in Verdict
            },
            "controls": {control.id: control.status.value for control in self.assessment.controls},
            "gaps": self.gaps,
        }


class RecordBuilder:
    """One scan held against one head of a chain."""

    def __init__(self, scan: ScanToCommit, parts: Parts, chain: Chain) -> None:
        self._scan = scan
        self._parts = parts
        self._chain = chain
        self._head = chain.records[-1] if chain.records else None
        self._made: list[Made] = []
        self._where = {"day": scan.snapshot.finished[:10], "scan": scan.snapshot.id}

    def make(self) -> tuple[Record, list[Made]]:
        """The record, and the segments that must lie in the store before it does."""
        record = self._record()
        moves = self._moves(record)
        self._made.append(make_moves("transitions", moves, **self._where))
        self._evidence()
        if self._due(len(moves)):
            self._checkpoint(record, moves)
        named = tuple(one.segment for one in self._made)
        again = tuple(one for one in record.segments if one not in named)
        return replace(record, segments=again + named), self._made

    def _record(self) -> Record:
        scan = self._scan
        kept = [
            *self._keep_said("waivers", waivers_text(scan.waivers), len(scan.waivers)),
            *self._keep_said(
                "attestations", attestations_text(scan.attestations), len(scan.attestations)
            ),
            *(
                self._kept_pack()
                or self._keep(make_file("pack", scan.pack(), ending="tar.gz", rows=1))
            ),
        ]
        return Record(
            **scan.facts,
            seq=len(self._chain.records) + 1,
            version=scan.assessment.version,
            pack_sha256=scan.library.sha256,
            previous_sha256=self._head.sha256 if self._head else "",
            params=scan.params,
            waivers_sha256=next((one.sha256 for one in kept if one.kind == "waivers"), ""),
            segments=tuple(kept),
            together=tuple(sorted(scan.together)),
        )

    def _kept_pack(self) -> list[Segment]:
        """The archive of this pack as the chain holds it."""
        for record in reversed(self._chain.records):
            if record.pack_sha256 == self._scan.library.sha256:
                return [segment for segment in record.segments if segment.kind == "pack"]
        return []

    def _keep_said(self, kind: str, text: bytes, rows: int) -> list[Segment]:
        return self._keep(make_file(kind, text, ending="json", rows=rows))

    def _keep(self, made: Made) -> list[Segment]:
        """A file that is stored once: named again where the chain holds it; an empty one is not kept."""
        if not made.content:
            return []
        if not any(made.segment in record.segments for record in self._chain.records):
            self._made.append(made)
        return [made.segment]

    def _moves(self, record: Record) -> list[Transition]:
        answers, before = (
            self._parts.answers,
            self._chain.answers(self._head)[1] if self._head else [],
        )
        reads = operations(self._scan.library, record.checks)
        grounds = EvidenceRefs(self._scan.snapshot, answers, before, reads)
        ground = ground_of(record, grounds.changed, cache(partial(parameters, self._scan.library)))
        state = self._chain.state()
        return list(
            transitions(
                state,
                now_seen(state, findings_by_place(self._scan.results), ground),
                seq=record.seq,
                ts=record.finished,
                target=record.target,
                was=ground_of(self._head) if self._head else None,
                ground=ground,
                evidence=grounds.document,
            )
        )

    def _evidence(self) -> None:
        index, seq = self._chain.index(), len(self._chain.records) + 1
        new = {
            digest: document
            for digest, document in self._parts.documents.items()
            if digest not in index
        }
        if new:
            self._made.append(make_evidence(new, **self._where))
        self._made.append(
            make_answers(self._parts, lambda digest: index.get(digest, seq), **self._where)
        )

    def _due(self, moves: int) -> bool:
        """Whether reading the chain from its last checkpoint would cost more than writing another."""
        since = 0
        for record in reversed(self._chain.records):
            if any(segment.kind == "state" for segment in record.segments):
                break
            since += 1
            moves += sum(
                segment.rows for segment in record.segments if segment.kind == "transitions"
            )
        return since + 1 >= _RARELY or (
            since + 1 >= _OFTEN and moves * _PART >= len(self._chain.state())
        )

    def _checkpoint(self, record: Record, moves: list[Transition]) -> None:
        """The whole state and the place of every document, so that nobody needs the records before this one."""
        state = dict(self._chain.state())
        apply(state, moves)
        index = {**self._chain.index()}
        for digest in self._parts.documents:
            index.setdefault(digest, record.seq)
        self._made.append(make_moves("state", state.values(), **self._where))
        ordered = sorted(index)
        self._made.append(
            make_table("index", (ordered, [index[one] for one in ordered]), **self._where)
        )
