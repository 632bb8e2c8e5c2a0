"""Evaluate one finding again from its evidence, and find the answers that decide it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from scanner.core.judging.evaluate import evaluate_check, observations
from scanner.core.judging.organization import evaluate_unreachable
from scanner.core.judging.parameters import resolve_params
from scanner.core.judging.waive import TargetWaivers, apply_to_result
from scanner.core.permissions import with_permissions
from scanner.core.reading.projection import Estate, project
from scanner.core.reading.resources import Resource
from scanner.errors import TscanError
from scanner.history.ledger.evidence_refs import operations
from scanner.model.answers import Answer, Snapshot, canonical
from scanner.model.checks import Check
from scanner.model.findings import CheckResult, Finding, Observation
from scanner.model.library import Library
from scanner.providers import permissions_of, reader
from scanner.reports.reperform import Reperformed
from scanner.words import did_you_mean

_MOST: Final = 512
"""Answers that are left out one by one.

Of more answers, only listings and those that contain the resource's id or name.
"""

_FindingPlace = tuple[str, str]
"""Region and id of the resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What judges the evidence, and the record that it comes from."""

    library: Library
    ruling: TargetWaivers | None = None
    """The waivers that counted for this target."""
    record: str = ""
    """Name and digest of the record; `` for evidence from a file."""
    notes: tuple[str, ...] = ()


def reperform(
    snapshot: Snapshot,
    where: Where,
    check: str,
    resource: str,
    region: str = "",
) -> Iterator[Reperformed]:
    """Every finding of a check on the resources of this id or name, evaluated again.

    TscanError for a check that the pack does not contain.
    """
    library = where.library
    if check not in library.checks:
        hint = did_you_mean(check, library.checks)
        raise TscanError(f"the pack has no check '{check}'", hint)
    default = permissions_of(snapshot.target.cloud)
    answers = with_permissions(snapshot.answers, library, [library.checks[check]], default)
    # Named as in the scan: the reason of a denied call is the same in both.
    snapshot = replace(snapshot, answers=answers)
    evaluation = _Evaluation(snapshot, where, library.checks[check])
    for place, finding in evaluation.findings(snapshot.answers).items():
        ref = finding.resource
        if region and ref.region != region:
            continue
        if resource in (ref.id, ref.name):
            yield evaluation.reperformed(place, finding)


class _Evaluation:
    """One check over one snapshot, with any of its answers left out."""

    def __init__(self, snapshot: Snapshot, where: Where, check: Check) -> None:
        self._snapshot = snapshot
        self._where = where
        self._check = check
        self._params = resolve_params(where.library.parameters, snapshot.params)
        # The clock is the end of the scan: the same evidence gives the same finding in any year.
        self._now = datetime.fromisoformat(snapshot.finished)
        self._operations = operations(where.library, [check.id])[check.id]

    def findings(self, answers: Mapping[str, Answer]) -> dict[_FindingPlace, Finding]:
        """The findings that these answers give."""
        result, _ = self._evaluate(answers)
        findings: dict[_FindingPlace, Finding] = {}
        for finding in result.findings:
            ref = finding.resource
            findings[ref.region, ref.id] = finding
        return findings

    def reperformed(self, place: _FindingPlace, finding: Finding) -> Reperformed:
        """A finding with the answers, values and parameters that decide it."""
        answers = self._snapshot.answers
        candidates = [key for key, answer in answers.items() if self._reads(answer)]
        # Sorted: the bisection, and so the evidence that is shown, is the same each time.
        narrowed = sorted(self._narrowed(candidates, finding))
        decisive = self._decisive(place, finding, narrowed)
        library = self._where.library
        params: dict[str, Any] = {}
        for name in sorted(_parameter_names(self._check)):
            if name in self._params:
                params[name] = self._params[name]
        return Reperformed(
            snapshot=replace(self._snapshot, answers={}),
            record=self._where.record,
            recorded="",
            pack_sha256=library.sha256,
            check=self._check,
            kind=library.kinds[self._check.kind],
            finding=finding,
            observed=self._observed(finding),
            params=params,
            evidence=tuple(answers[key] for key in decisive),
            beside=len(candidates) - len(decisive),
            notes=self._where.notes,
        )

    def _evaluate(self, answers: Mapping[str, Answer]) -> tuple[CheckResult, Sequence[Resource]]:
        check = self._check
        snapshot = self._snapshot
        library = self._where.library
        # Nothing of the target was read: the one finding says why, and there are no resources.
        if snapshot.unentered:
            remaining = replace(snapshot, answers=answers)
            (result,) = evaluate_unreachable(remaining, [check], library)
            return apply_to_result(result, self._where.ruling), ()
        estate = Estate.of(snapshot, self._params)
        projection = project(answers, library, [check], reader, estate)
        resources = projection.resources[check.kind]
        result = evaluate_check(
            check,
            resources,
            projection.gaps[check.kind],
            target=snapshot.target,
            title=library.kinds[check.kind].title,
            params=self._params,
            now=self._now,
        )
        return apply_to_result(result, self._where.ruling), resources

    def _reads(self, answer: Answer) -> bool:
        """Whether the check may read an answer."""
        # Of a target that could not be connected to, every answer says why.
        return answer.call.operation in self._operations or bool(self._snapshot.unentered)

    def _observed(self, finding: Finding) -> tuple[Observation, ...]:
        """The values that decided a finding; a passing finding does not carry them itself."""
        if finding.observed:
            return finding.observed
        _, resources = self._evaluate(self._snapshot.answers)
        wanted = finding.resource
        for resource in resources:
            ref = resource.ref
            if ref.region == wanted.region and ref.id == wanted.id:
                return self._explained(resource)
        # A listing that was not read has a finding, and no resource.
        return ()

    def _explained(self, resource: Resource) -> tuple[Observation, ...]:
        scope = {
            "self": resource.value,
            "params": self._params,
            "now": self._now,
        }
        explanation = self._check.pass_when.explain(scope)
        return observations(explanation)

    def _narrowed(self, keys: Sequence[str], finding: Finding) -> Sequence[str]:
        """Fewer answers to leave out, where there are too many to try them all."""
        if len(keys) <= _MOST:
            return keys
        words = {finding.resource.id, finding.resource.name} - {"", "*"}
        answers = self._snapshot.answers
        kept: list[str] = []
        for key in keys:
            answer = answers[key]
            is_listing = not answer.call.params
            if is_listing or _contains(answer, words):
                kept.append(key)
        # None is kept where the finding is about all resources at once.
        return kept or keys

    def _decisive(self, place: _FindingPlace, finding: Finding, keys: Sequence[str]) -> list[str]:
        """The answers without which the finding differs, found by bisection."""
        if not keys or not self._differs(place, finding, keys):
            return []
        if len(keys) == 1:
            return list(keys)
        half = len(keys) // 2
        first = self._decisive(place, finding, keys[:half])
        second = self._decisive(place, finding, keys[half:])
        # If both halves are needed together and neither alone, each stands in for the other: all
        # of their answers are evidence.
        return first + second or list(keys)

    def _differs(self, place: _FindingPlace, finding: Finding, without: Collection[str]) -> bool:
        """Whether the finding is another one, or gone, without these answers."""
        # Also a finding that is gone differs: without its listing a resource does not exist.
        left_out = set(without)
        rest: dict[str, Answer] = {}
        for key, answer in self._snapshot.answers.items():
            if key not in left_out:
                rest[key] = answer
        return self.findings(rest).get(place) != finding


def _parameter_names(check: Check) -> set[str]:
    """The parameters that a check reads, in its conditions and its scope."""
    names: set[str] = set()
    for expression in check.expressions:
        names.update(_parameters_in(expression.paths))
    if check.scope is not None:
        names.update((check.scope.tag, check.scope.values, check.scope.untagged))
    names.discard("")
    return names


def _parameters_in(paths: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """`name` of every path `params.name`."""
    for root, *steps in paths:
        if root == "params" and steps:
            yield steps[0]


def _contains(answer: Answer, words: Collection[str]) -> bool:
    text = answer.call.key + canonical(answer.data)
    return any(word in text for word in words)
