"""Scenarios collected by the real clients and judged: what was read, what was found, and what a
refusal changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from scanner import pipeline
from scanner.core.judging.parameters import resolve_params
from scanner.core.reading.projection import Estate, Projection, project
from scanner.model.answers import Caller, Snapshot
from scanner.model.config import Config, TargetConfig
from scanner.model.findings import Assessment, Verdict
from scanner.model.library import Library
from scanner.providers import reader
from tests.helpers.small_library import improves
from tests.recordings.replay import Opening, Replay, replayed
from tests.recordings.store import Recording, Scenario

SUBSCRIPTION = "ea42f556-5106-4743-99b0-c129bfa71a47"
"""The subscription of every recording of Azure."""
PRINCIPAL = "aaaaaaaa-0000-4000-8000-000000000001"
"""Whoever asks Azure."""
READER = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One scenario, read and judged."""

    snapshot: Snapshot
    assessment: Assessment
    replay: Replay

    def verdicts(self, check: str) -> Counter[Verdict]:
        """How often each verdict of a check was given."""
        results = [result for result in self.assessment.results if result.check == check]
        return Counter(finding.verdict for result in results for finding in result.findings)


Pointed = tuple[TargetConfig, tuple[Opening, ...]]
"""A target, and the authored responses by which it is opened."""


def gcp_project(name: str = "cloud-custodian", number: str = "123456789012") -> Pointed:
    """A project, and the authored response by which it is opened."""
    row = {"projectId": name, "name": f"projects/{number}", "displayName": name, "state": "ACTIVE"}
    row["parent"] = "organizations/111111111111"
    opening = Opening(path=f"/v3/projects/{name}", body=row)
    return TargetConfig(cloud="gcp", settings={"project": name}), (opening,)


def azure_subscription() -> Pointed:
    """The recorded subscription, and the authored responses by which it is opened and shown to be
    read whole.
    """
    config, opening = azure_subscription_of_nobody()
    return config, (*opening, *reader_of(SUBSCRIPTION))


def azure_subscription_of_nobody() -> Pointed:
    """The recorded subscription, of which nothing says what the caller may read."""
    row = {
        "subscriptionId": SUBSCRIPTION,
        "displayName": "recorded",
        "state": "Enabled",
        "tenantId": "t",
    }
    opening = Opening(path=f"/subscriptions/{SUBSCRIPTION}", body=row)
    return TargetConfig(cloud="azure", settings={"subscription": SUBSCRIPTION}), (opening,)


def reader_of(subscription: str) -> tuple[Opening, ...]:
    """What shows that the caller reads a whole subscription: Reader on it, and nothing that denies."""
    scope = f"/subscriptions/{subscription}"
    given = {"id": "a", "name": "a", "properties": {"roleDefinitionId": READER, "scope": scope}}
    above = f"{scope}/providers/Microsoft.Authorization"
    mine = ("$filter", f"assignedTo('{PRINCIPAL}')")
    return (
        Opening(path=f"{above}/roleAssignments", body={"value": [given]}, query=mine),
        Opening(path=f"{above}/denyAssignments", body={"value": []}),
    )


def known_as(principal: str) -> Any:
    """Whoever asks Azure; a server of this machine gets no token, which would say so."""
    detail = {"principal": principal} if principal else {}
    caller = Caller(id="tscan", account="t", detail=detail)
    return patch("scanner.providers.azure.connect.callers", lambda _: (caller,))


def read(
    scenario: Scenario,
    library: Library,
    checks: Sequence[str],
    target: Pointed,
    *,
    ignore: frozenset[str] = frozenset(),
    refuse: Callable[[Recording], bool] = lambda _: False,
    principal: str = PRINCIPAL,
) -> Read:
    """The scenario collected through the real client, and judged; `principal` is who asks Azure."""
    config, opening = target
    with known_as(principal), replayed(scenario, opening, ignore=ignore, refuse=refuse) as replay:
        pointed = replace(config, settings={**config.settings, "endpoint": replay.url})
        (snapshot,) = pipeline.scan(Config(targets=(pointed,)), library, checks=tuple(checks))
    return Read(snapshot=snapshot, assessment=pipeline.judge([snapshot], library), replay=replay)


def resources(found: Read, library: Library) -> Projection:
    """The resources of what was read, with every attribute that the checks need."""
    values = resolve_params(library.parameters, found.snapshot.params)
    chosen = [library.checks[name] for name in found.snapshot.checks]
    return project(
        found.snapshot.answers, library, chosen, reader, Estate.of(found.snapshot, values)
    )


def improvements(
    scenario: Scenario,
    library: Library,
    checks: Sequence[str],
    target: Pointed,
    *,
    ignore: frozenset[str] = frozenset(),
) -> Iterator[str]:
    """What became better because one recorded request was denied: there must be nothing.

    Also names a request whose refusal makes nothing unknown, unless nothing depended on it before.
    """
    whole = read(scenario, library, checks, target, ignore=ignore)
    before = _statuses(whole)
    for file in dict.fromkeys(whole.replay.asked):
        less = read(
            scenario,
            library,
            checks,
            target,
            ignore=ignore,
            refuse=lambda one, file=file: one.file == file,
        )
        after = _statuses(less)
        for name, value in before.items():
            if name in after and improves(value, after[name]):
                yield f"{scenario.name}: {name} became {after[name]} from {value} by refusing {file}"
        gone = [name for name in before if name not in after and not _is_listed(name, less)]
        yield from (
            f"{scenario.name}: {name} is gone in silence by refusing {file}" for name in gone
        )


def misshapen(snapshot: Snapshot, library: Library, checks: Sequence[str]) -> Iterator[str]:
    """What passes because a list of an answer came as an empty mapping, each in turn: there must be
    nothing.
    """
    before = _passing(pipeline.judge([snapshot], library, checks=checks))
    answers = snapshot.answers
    for operation, path in sorted(
        {(one.call.operation, path) for one in answers.values() for path in _lists(one.data)}
    ):
        spoiled = {
            key: replace(one, data=_mapping_at(one.data, path))
            if one.call.operation == operation
            else one
            for key, one in answers.items()
        }
        after = pipeline.judge([replace(snapshot, answers=spoiled)], library, checks=checks)
        yield from (f"{name} by {operation} {'.'.join(path)}" for name in _passing(after) - before)


def _lists(data: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The places of lists in an answer; `[]` is every item."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _lists(value, (*path, key))
    elif isinstance(data, list):
        yield path
        for value in data:
            yield from _lists(value, (*path, "[]"))


def _mapping_at(data: Any, path: tuple[str, ...]) -> Any:
    if not path:
        return {} if isinstance(data, list) else data
    if path[0] == "[]":
        return [_mapping_at(value, path[1:]) for value in data] if isinstance(data, list) else data
    if isinstance(data, dict) and path[0] in data:
        return {**data, path[0]: _mapping_at(data[path[0]], path[1:])}
    return data


def _passing(assessment: Assessment) -> set[tuple[str, str]]:
    return {
        (one.check, one.resource.id) for one in assessment.findings if one.verdict is Verdict.PASS
    }


def _statuses(found: Read) -> dict[tuple[str, str], object]:
    findings = {
        (finding.check, finding.resource.id): finding.verdict
        for result in found.assessment.results
        for finding in result.findings
    }
    return {
        **findings,
        **{("control", control.id): control.status for control in found.assessment.controls},
    }


def _is_listed(name: tuple[str, str], found: Read) -> bool:
    """Whether a finding that is no more has one beside it that says that not everything was read."""
    return any(
        finding.verdict is Verdict.UNKNOWN
        for result in found.assessment.results
        if result.check == name[0]
        for finding in result.findings
    )
