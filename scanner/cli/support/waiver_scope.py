"""Finds what a person means to waive in the evidence: a finding, a control or a call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.cli.support.history_options import HistoryOptions
    from scanner.content.waiver_writer import Entry
    from scanner.model.answers import Snapshot
    from scanner.model.config import Config
    from scanner.model.findings import Finding
    from scanner.model.library import Library

_CALL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*:[A-Za-z0-9][A-Za-z0-9._/-]*(@[^@]*)?")
_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanEvidence:
    """The newest scan of each target, or one snapshot, with what judges it."""

    library: Library
    config: Config
    snapshots: tuple[Snapshot, ...]

    def findings(self, checks: Sequence[str]) -> Iterator[Finding]:
        """The findings of these checks, as they are without any waiver."""
        from scanner.pipeline import judge

        assessment = judge(self.snapshots, self.library, checks=tuple(checks))
        for result in assessment.results:
            yield from result.findings

    def day(self, target: str) -> date:
        """The day of a target's scan, by which it is decided which waivers count."""
        ends = [one.finished for one in self.snapshots if str(one.target) == target]
        return datetime.fromisoformat(max(ends)).date()


def load_evidence(snapshot: Path | None, options: HistoryOptions) -> ScanEvidence:
    """The evidence of a file, or else of history; TscanError where there is none."""
    from scanner.cli.support.evidence import newest_records
    from scanner.cli.support.history_options import open_history

    if snapshot is not None and (options.store or options.target):
        raise TscanError("--snapshot is evidence by itself", "leave out --store and --target")
    if snapshot is not None:
        return _of_file(snapshot, options)
    history = open_history(options)
    found: list[Snapshot] = []
    for record in newest_records(history.ledger, history.targets):
        evidence = history.ledger.snapshot(record)
        found.append(replace(evidence, params=record.params))
    return ScanEvidence(library=history.library, config=history.config, snapshots=tuple(found))


def _of_file(path: Path, options: HistoryOptions) -> ScanEvidence:
    from scanner.cli.support.store_location import (
        configured_content,
        load_configuration,
        together,
    )
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots
    from scanner.history.snapshots.snapshot_file import read_snapshot

    checks, mappings = configured_content(options.config)
    roots = default_roots(
        checks=together(options.checks, checks), mappings=together(options.mappings, mappings)
    )
    library = load_library(roots, lazily=True)
    config = load_configuration(options.config, library)
    return ScanEvidence(library=library, config=config, snapshots=(read_snapshot(path),))


def chosen_scope(evidence: ScanEvidence, what: str, resource: str) -> Entry:
    """The key of a waiver that says what it accepts: `finding`, `control` or `gap`.

    TscanError where the evidence has no such thing to accept.
    """
    name, at, after = what.partition("@")
    if what in evidence.library.controls:
        return {"control": _control(evidence, what)}
    if name in evidence.library.checks:
        return {"finding": _finding(evidence, name, after if at else resource)}
    if _CALL.fullmatch(what):
        return {"gap": _gap(evidence, name, after, resource)}
    from scanner.cli.support.ids import no_such

    known = {*evidence.library.checks, *evidence.library.controls}
    raise no_such("check or control", name, known, evidence.library)


def _finding(evidence: ScanEvidence, check: str, resource: str) -> dict[str, str]:
    found = list(evidence.findings([check]))
    if not resource:
        names = [finding.resource.id for finding in _failing(found)]
        hint = f"it fails for {_listed(names) or 'none'}"
        raise TscanError(f"name the resource for which {check} is waived", hint)
    same = [finding for finding in found if finding.resource.id == resource]
    if not same:
        raise _no_finding(check, resource, found)
    targets = {finding.resource.target for finding in _failing(same)}
    if not targets:
        raise _not_failing(same[0])
    return {"target": _one(targets), "check": check, "resource": resource}


def _failing(findings: Iterable[Finding]) -> list[Finding]:
    from scanner.model.findings import Verdict

    return [finding for finding in findings if finding.verdict is Verdict.FAIL]


def _no_finding(check: str, resource: str, found: Sequence[Finding]) -> TscanError:
    from scanner.core.judging.waive import named_so
    from scanner.words import did_you_mean

    hint = did_you_mean(resource, [finding.resource.id for finding in found])
    named = named_so(resource, found)
    if named:
        # A waiver is for one resource, whatever else is given its name later.
        hint = f"that is a name: did you mean '{_listed(named)}'?"
    return TscanError(f"{check} has no finding for '{resource}'", hint)


def _not_failing(finding: Finding) -> TscanError:
    from scanner.model.values import OTHER

    what = f"{finding.check} is {finding.verdict.value} for '{finding.resource.id}'"
    calls = [call for call in finding.gaps if call != OTHER]
    hint = "a waiver accepts what fails"
    if calls:
        hint = f"waive the call that was not answered: tscan waive {calls[0].removesuffix('@')}"
    return TscanError(what, hint)


def _control(evidence: ScanEvidence, control: str) -> dict[str, str]:
    from scanner.model.controls import Role

    links = evidence.library.controls[control].checks
    checks = [link.id for link in links if link.role is Role.EVIDENCES]
    targets = {finding.resource.target for finding in _failing(evidence.findings(checks))}
    if not targets:
        raise TscanError(f"nothing fails in {control}", "a waiver accepts what fails")
    return {"target": _one(targets), "id": control}


def _gap(evidence: ScanEvidence, operation: str, region: str, resource: str) -> dict[str, str]:
    targets: set[str] = set()
    for snapshot in evidence.snapshots:
        for answer in snapshot.answers.values():
            call = answer.call
            named = call.operation == operation and region in ("", call.region)
            if named and not answer.state.whole:
                targets.add(str(snapshot.target))
    place = f"{operation}@{region}".removesuffix("@")
    if not targets:
        raise TscanError(
            f"no call of {place} is without an answer", "the coverage of a report names those"
        )
    found = {"target": _one(targets), "operation": operation}
    if region:
        found["region"] = region
    if resource:
        found["resource"] = resource
    return found


def _one(targets: set[str]) -> str:
    if len(targets) > 1:
        raise TscanError(
            f"{len(targets)} targets have it: {_listed(sorted(targets))}",
            "choose one with --target",
        )
    (target,) = targets
    return target


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    if len(names) > _MOST_NAMED:
        return f"{shown} and {len(names) - _MOST_NAMED} more"
    return shown
