"""A finding made again from its evidence, with the answers that it really stands on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from scanner.core.judging.evaluate import evaluate_check
from scanner.core.judging.organization import unentered
from scanner.core.judging.parameters import resolve_params
from scanner.core.judging.waive import Ruling, waive
from scanner.core.reading.projection import Estate, project
from scanner.core.reading.resources import Resource
from scanner.errors import TscanError
from scanner.history.ledger.evidence_refs import operations
from scanner.language.errors import did_you_mean
from scanner.model.answers import Answer, Snapshot, canonical
from scanner.model.checks import Check
from scanner.model.findings import CheckResult, Finding, Observation
from scanner.model.library import Library
from scanner.providers import reader
from scanner.reports.reperform import Reperformed

_MOST: Final = 512
"""Answers that are left out one by one; of more, only those that name the resource, and listings."""

Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What judged, and where the evidence lay."""

    library: Library
    ruling: Ruling | None = None
    """Which waivers counted for this target."""
    record: str = ""
    notes: tuple[str, ...] = ()


def reperform(
    snapshot: Snapshot, where: Where, check: str, resource: str, region: str = ""
) -> Iterator[Reperformed]:
    """Every finding of a check on a resource of this id or name; TscanError for a check that the pack lacks."""
    library = where.library
    if check not in library.checks:
        raise TscanError(
            f"the pack that judges has no check '{check}'", did_you_mean(check, library.checks)
        )
    again = _Again(snapshot, where, library.checks[check])
    for place, finding in again.findings(snapshot.answers).items():
        ref = finding.resource
        if resource in (ref.id, ref.name) and (not region or ref.region == region):
            yield again.reperformed(place, finding)


class _Again:
    """One check over one snapshot, with any of its answers left out."""

    def __init__(self, snapshot: Snapshot, where: Where, check: Check) -> None:
        self._snapshot = snapshot
        self._where = where
        self._check = check
        self._params = resolve_params(where.library.parameters, snapshot.params)
        self._now = datetime.fromisoformat(snapshot.finished)
        self._reads = operations(where.library, [check.id])[check.id]

    def _resources(self, answers: Mapping[str, Answer]) -> tuple[CheckResult, Sequence[Resource]]:
        check, snapshot = self._check, self._snapshot
        if snapshot.unentered:
            (result,) = unentered(replace(snapshot, answers=answers), [check], self._where.library)
            return waive(result, self._where.ruling), ()
        estate = Estate.of(snapshot, self._params)
        projection = project(answers, self._where.library, [check], reader, estate)
        resources = projection.resources[check.kind]
        result = evaluate_check(
            check,
            resources,
            projection.gaps[check.kind],
            target=snapshot.target,
            params=self._params,
            now=self._now,
        )
        return waive(result, self._where.ruling), resources

    def findings(self, answers: Mapping[str, Answer]) -> dict[Place, Finding]:
        """By region and resource."""
        result, _ = self._resources(answers)
        return {(one.resource.region, one.resource.id): one for one in result.findings}

    def reperformed(self, place: Place, finding: Finding) -> Reperformed:
        asked = [key for key, one in self._snapshot.answers.items() if self._asked(one)]
        decisive = self._decisive(place, finding, sorted(self._narrowed(asked, finding)))
        names = {
            path[1]
            for one in self._check.expressions
            for path in one.paths
            if path[0] == "params" and path[1:]
        }
        if self._check.scope is not None:
            names |= {
                self._check.scope.tag,
                self._check.scope.values,
                self._check.scope.untagged,
            } - {""}
        return Reperformed(
            snapshot=replace(self._snapshot, answers={}),
            record=self._where.record,
            recorded="",
            pack_sha256=self._where.library.sha256,
            check=self._check,
            kind=self._where.library.kinds[self._check.kind],
            finding=finding,
            observed=self._observed(finding),
            params={name: self._params[name] for name in sorted(names) if name in self._params},
            evidence=tuple(self._snapshot.answers[key] for key in decisive),
            beside=len(asked) - len(decisive),
            notes=self._where.notes,
        )

    def _asked(self, answer: Answer) -> bool:
        return answer.call.operation in self._reads or bool(self._snapshot.unentered)

    def _observed(self, finding: Finding) -> tuple[Observation, ...]:
        """The values that decided it; for a pass too, which the finding itself does not carry."""
        if finding.observed:
            return finding.observed
        _, resources = self._resources(self._snapshot.answers)
        for resource in resources:
            if (resource.ref.region, resource.ref.id) == (
                finding.resource.region,
                finding.resource.id,
            ):
                scope: dict[str, Any] = {
                    "self": resource.value,
                    "params": self._params,
                    "now": self._now,
                }
                explained = self._check.pass_when.explain(scope)
                return tuple(Observation(leaf.path, leaf.value) for leaf in explained.observed)
        return ()

    def _narrowed(self, keys: Sequence[str], finding: Finding) -> Sequence[str]:
        if len(keys) <= _MOST:
            return keys
        words = {finding.resource.id, finding.resource.name} - {"", "*"}
        answers = self._snapshot.answers
        kept = [key for key in keys if _names(answers[key], words) or not answers[key].call.params]
        return kept or keys

    def _decisive(self, place: Place, finding: Finding, keys: Sequence[str]) -> list[str]:
        """The answers without which the finding is another: halves are left out, and those that matter halved on.

        Where a whole matters and neither half does alone, each stands in for the other, and both are evidence.
        """
        if not keys or not self._matters(place, finding, keys):
            return []
        if len(keys) == 1:
            return list(keys)
        half = len(keys) // 2
        found = self._decisive(place, finding, keys[:half]) + self._decisive(
            place, finding, keys[half:]
        )
        return found or list(keys)

    def _matters(self, place: Place, finding: Finding, without: Collection[str]) -> bool:
        left_out = set(without)
        rest = {
            key: answer for key, answer in self._snapshot.answers.items() if key not in left_out
        }
        return self.findings(rest).get(place) != finding


def _names(answer: Answer, words: Collection[str]) -> bool:
    text = answer.call.key + canonical(answer.data)
    return any(word in text for word in words)
