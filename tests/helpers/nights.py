"""A history in memory: nights are committed as a ledger would, by the difference to the night
before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from scanner.core.calendar import format_time
from scanner.model.controls import Control
from scanner.model.history import Cause, Record, Transition
from scanner.model.library import Library
from tests.helpers.small_library import make_library

HERE = "aws:111122223333"
FIRST = datetime(2026, 1, 1, 2, 0, tzinfo=UTC)
Findings = Mapping[tuple[str, str, str], str]
"""Verdicts by check, region and resource; `*` for a listing that was not read."""


class Nights:
    """`History` in memory."""

    def __init__(self) -> None:
        self._records: dict[str, list[Record]] = {}
        self._rows: dict[str, list[Transition]] = {}
        self._state: dict[str, dict[tuple[str, str, str], Transition]] = {}

    def commit(
        self, when: datetime, findings: Findings, *, target: str = HERE, causes: Mapping[Any, Cause] | None = None,
        cause: Cause = Cause.EVIDENCE, **more: Any,
    ) -> Record:  # fmt: skip
        records = self._records.setdefault(target, [])
        finished = format_time(when + timedelta(minutes=10))
        defaults: dict[str, Any] = {
            "checks": tuple(sorted({key[0] for key in findings})), "params": {}, "waivers_sha256": "",
            "regions": ("eu-west-1",), "controls": {}, "gaps": (), "pack_sha256": "0", "callers": ("arn:role/audit",),
        }  # fmt: skip
        record = Record(
            seq=len(records) + 1, target=target, scan=f"s{len(records) + 1}", started=format_time(when), finished=finished,
            version="1", previous_sha256=records[-1].sha256 if records else "", counts=dict(Counter(findings.values())),
            sha256=f"{len(records) + 1:064d}", **{**defaults, **more},
        )  # fmt: skip
        records.append(record)
        self._diff(record, findings, causes or {}, cause)
        return record

    def _diff(
        self, record: Record, findings: Findings, causes: Mapping[Any, Cause], cause: Cause
    ) -> None:
        state = self._state.setdefault(record.target, {})
        rows = self._rows.setdefault(record.target, [])
        for key in sorted({*state, *findings}):
            before = state[key].verdict if key in state else ""
            after = findings.get(key, "")
            if before == after:
                continue
            row = Transition(
                seq=record.seq, ts=record.finished, check=key[0], target=record.target, region=key[1],
                resource=key[2], previous=before, verdict=after, cause=causes.get(key, cause), reason=f"is {after}",
            )  # fmt: skip
            rows.append(row)
            if after:
                state[key] = row
            else:
                del state[key]

    def targets(self) -> Sequence[str]:
        return sorted(self._records)

    def records(self, target: str, *, since: str = "", until: str = "") -> Sequence[Record]:
        return [one for one in self._records.get(target, []) if _within(one.finished, since, until)]

    def transitions(self, target: str, *, since: str = "", until: str = "") -> Iterator[Transition]:
        return (row for row in self._rows.get(target, []) if _within(row.ts, since, until))

    def state_before(self, target: str, moment: str) -> Mapping[tuple[str, str, str], Transition]:
        found: dict[tuple[str, str, str], Transition] = {}
        for row in self._rows.get(target, []):
            if row.ts < moment:
                found[row.check, row.region, row.resource] = row
        return {key: row for key, row in found.items() if row.verdict}


def _within(ts: str, since: str, until: str) -> bool:
    return (not since or ts >= since) and (not until or ts < until)


def night(number: int) -> datetime:
    """When the scan of a night starts; the first is night 0."""
    return FIRST + timedelta(days=number)


@dataclass(frozen=True)
class Natured:
    """All of a kind that a period asks for."""

    nature: str


def library_of(
    *controls: Control, checks: Sequence[Any] = (), kinds: Mapping[str, Any] | None = None
) -> Library:
    known = dict.fromkeys((check.kind for check in checks), Natured("state")) | dict(kinds or {})
    return replace(
        make_library(*checks), controls={control.id: control for control in controls}, kinds=known
    )
