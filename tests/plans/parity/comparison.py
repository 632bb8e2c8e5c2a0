"""Compares what is said of a plan with what is said of the live account, resource by resource."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from scanner.content.plan_maps import PlanMaps
from scanner.core.plans.judging import Judged, judge_side
from scanner.core.plans.world import World
from scanner.model.answers import Snapshot
from scanner.model.findings import Verdict
from scanner.model.library import Library
from scanner.pipeline import judge
from scanner.plan import PlanQuestion, collect_plans, plan_question
from scanner.terraform.sources import read_sources
from tests.plans.parity.proof import SERVICES, Proof

EQUAL: Final = "equal"
OPEN_IN_PLAN: Final = "open in the plan"
OPEN_IN_SCAN: Final = "open in the scan"
OPEN_IN_BOTH: Final = "open in both"
CONTRADICTION: Final = "contradiction"
OUTCOMES: Final = (EQUAL, OPEN_IN_PLAN, OPEN_IN_SCAN, OPEN_IN_BOTH, CONTRADICTION)

LEFT_OUT: Final = "left out"
BEFORE_OVER: Final = "before, over the scan"
SHARE: Final = 0.9
"""Of the verdicts that the scan decided, those that the plan over it decides, at least."""

Key = tuple[str, str]
"""Check and the id of a resource in the account."""


@dataclass(frozen=True, slots=True)
class Said:
    """One verdict, and why."""

    verdict: str
    """`pass`, `fail`, `unknown`; `left out` where the check does not ask about the resource."""
    reason: str
    observed: str = ""
    address: str = ""
    """In the plan; empty: the plan does not have it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One check on one resource, by the plan and by the scan."""

    check: str
    kind: str
    resource: str
    plan: Said
    scan: Said

    @property
    def service(self) -> str:
        """The service of the kind: `s3` of `aws.s3.bucket`."""
        return self.kind.split(".")[1]

    @property
    def outcome(self) -> str:
        """What the two verdicts are to each other."""
        is_open = self.plan.verdict == "unknown", self.scan.verdict == "unknown"
        if all(is_open):
            return OPEN_IN_BOTH
        if any(is_open):
            return OPEN_IN_PLAN if is_open[0] else OPEN_IN_SCAN
        return EQUAL if self.plan.verdict == self.scan.verdict else CONTRADICTION


@dataclass(frozen=True, slots=True)
class Comparison:
    """One side of a plan beside one scan."""

    name: str
    rows: tuple[Row, ...]

    def counts(self) -> dict[str, Counter[str]]:
        """Outcomes by service."""
        found: dict[str, Counter[str]] = {}
        for row in self.rows:
            found.setdefault(row.service, Counter())[row.outcome] += 1
        return {service: found[service] for service in sorted(found)}

    def of(self, outcome: str) -> list[Row]:
        """The rows with one outcome."""
        return [row for row in self.rows if row.outcome == outcome]

    def decided(self, services: Iterable[str]) -> tuple[int, int]:
        """Of the verdicts that the scan decided, those that the plan decided, and all of them."""
        named = set(services)
        wanted = [row for row in self.rows if row.service in named]
        wanted = [row for row in wanted if row.scan.verdict in ("pass", "fail")]
        return sum(row.plan.verdict != "unknown" for row in wanted), len(wanted)


def shortfalls(compared: Iterable[Comparison]) -> list[str]:
    """Where plans say what the account does not, or leave open what a scan lets them decide."""
    found: list[str] = []
    for comparison in compared:
        for row in comparison.of(CONTRADICTION):
            where = row.plan.address or row.resource
            said = f"{row.plan.verdict} in the plan, {row.scan.verdict} in the account"
            found.append(f"{comparison.name}: {row.check} {where}: {said}")
        decided, wanted = comparison.decided(SERVICES)
        if comparison.name == BEFORE_OVER and decided < SHARE * wanted:
            found.append(f"{comparison.name}: {decided} of {wanted} are decided")
    return found


@dataclass(slots=True)
class Side:
    """What is said of one side of a plan, by ids in the account."""

    said: dict[Key, Said] = field(default_factory=dict)
    addresses: dict[tuple[str, str], str] = field(default_factory=dict)
    """By kind and id: the address of a resource that the plan has."""


def compare(proof: Proof, library: Library, maps: PlanMaps) -> list[Comparison]:
    """The sides of a plan, by itself and over the scan before it, beside the scans."""
    asked = sorted(proof.before.checks)
    before = _scanned(proof.before, library)
    after = _scanned(proof.after, library)
    later = _addresses(proof, library, maps, asked)
    found: list[Comparison] = []
    for name, over in (("alone", None), ("over the scan", proof.before)):
        question = _question(proof, proof.plan, library, maps, asked, over)
        worlds = _worlds(question, maps)
        was = judge_side(worlds[0], None, library, maps, *_arguments(question))
        will = judge_side(worlds[1], worlds[0], library, maps, *_arguments(question))
        found.append(_compared(f"before, {name}", _side(was, {}, library), before, library))
        found.append(_compared(f"after, {name}", _side(will, later, library), after, library))
    return found


def _arguments(question: PlanQuestion) -> tuple[Any, ...]:
    return question.checks, question.estate, question.live


def _worlds(question: PlanQuestion, maps: PlanMaps) -> tuple[World, World]:
    every = list(chain.from_iterable(maps.values()))
    plans = question.plans.values()
    return World(plans, "before", every), World(plans, "after", every)


def _question(
    proof: Proof,
    plan: Mapping[str, Any],
    library: Library,
    maps: PlanMaps,
    checks: Iterable[str],
    over: Snapshot | None,
) -> PlanQuestion:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        path.write_text(json.dumps(plan), encoding="utf-8")
        sources = read_sources(proof.configuration)
        snapshot = collect_plans([str(path)], maps, sources, name="parity", now=datetime.now(UTC))
    return plan_question(snapshot, library, maps, checks=list(checks), over=over)


def _addresses(
    proof: Proof, library: Library, maps: PlanMaps, checks: Iterable[str]
) -> dict[tuple[str, str], str]:
    """By kind and address: the id that a resource has once the plan is applied."""
    question = _question(proof, proof.state, library, maps, checks, None)
    (world, _) = _worlds(question, maps)
    found: dict[tuple[str, str], str] = {}
    for judged in judge_side(world, None, library, maps, *_arguments(question)).values():
        identity = judged.item.resource.value["id"]
        if isinstance(identity, str):
            found[judged.item.resource.ref.kind, judged.item.resource.ref.id] = identity
    return found


def _side(
    judged: Mapping[tuple[str, str], Judged],
    later: Mapping[tuple[str, str], str],
    library: Library,
) -> Side:
    side = Side()
    for (check, address), one in judged.items():
        kind = library.checks[check].kind
        own = one.item.resource.value.get("id")
        identity = own if isinstance(own, str) else later.get((kind, address))
        if identity is None or (one.item.is_partial and not isinstance(own, str)):
            continue
        planned = address if one.item.map is not None else ""
        if planned and not one.item.is_partial:
            side.addresses[kind, identity] = planned
        side.said[check, identity] = _said(one.finding, planned)
    return side


def _scanned(snapshot: Snapshot, library: Library) -> dict[Key, Said]:
    found: dict[Key, Said] = {}
    for result in judge([snapshot], library).results:
        for finding in result.findings:
            if finding.resource.id != "*":
                found[finding.check, finding.resource.id] = _said(finding, "")
    return found


def _said(finding: Any, address: str) -> Said:
    observed = "; ".join(f"{one.path}={one.value}" for one in finding.observed[:3])
    assert isinstance(finding.verdict, Verdict)
    return Said(finding.verdict.value, finding.reason, observed, address)


def _compared(name: str, side: Side, scanned: Mapping[Key, Said], library: Library) -> Comparison:
    return Comparison(name, tuple(_rows(side, scanned, library)))


def _rows(side: Side, scanned: Mapping[Key, Said], library: Library) -> Iterator[Row]:
    """Each check on each resource of the plan that the account has."""
    known = {(library.checks[check].kind, identity) for check, identity in scanned}
    for key in sorted(side.said.keys() | scanned.keys()):
        check, identity = key
        kind = library.checks[check].kind
        address = side.addresses.get((kind, identity), "")
        is_known = (kind, identity) in known
        if not address or not is_known:
            continue
        missing = Said(LEFT_OUT, "", address=address)
        yield Row(check, kind, identity, side.said.get(key, missing), scanned.get(key, missing))
