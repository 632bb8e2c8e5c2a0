"""Small worlds for the algebra: checks whose conditions read two switches, controls, and what
improves means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scanner.core.reading.resources import Gap, Resource
from scanner.model.answers import Target
from scanner.model.checks import Check, IfEmpty, LabelScope, Severity
from scanner.model.controls import CheckLink, Control, MissingCheck, Requirement, Role, WhenEmpty
from scanner.model.findings import CheckResult, Finding, Observation, ResourceRef, Status, Verdict
from scanner.model.library import Library
from scanner.model.values import ABSENT, Unreadable

HERE = Target("aws:111122223333")
THERE = Target("aws:444455556666")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
UNREAD = Unreadable("aws:Call denied in here")
GOOD_VERDICTS = frozenset({Verdict.PASS, Verdict.WAIVED})
GOOD_STATUSES = frozenset(
    {Status.PASS, Status.ACCEPTED, Status.NO_OCCURRENCE, Status.NOT_APPLICABLE}
)


def improves(before: object, after: object) -> bool:
    """Whether a verdict, a status or an exit code became one that people are glad of."""
    if before == after:
        return False
    return (
        after in GOOD_VERDICTS
        if isinstance(after, Verdict)
        else after in GOOD_STATUSES or after == 0
    )


@dataclass(frozen=True)
class Explained:
    outcome: object
    reason: str = ""
    observed: tuple[Observation, ...] = ()


class Condition:
    """An expression that reads one member of `self`, and counts how often it had to explain itself."""

    def __init__(self, member: str, *, otherwise: Callable[[object], object] | None = None) -> None:
        self.source = f"self.{member}"
        self.paths: frozenset[tuple[str, ...]] = frozenset({("self", member)})
        self.explanations = 0
        self._member, self._otherwise = member, otherwise

    def evaluate(self, scope: Mapping[str, Any]) -> object:
        return scope["self"].get(self._member, Unreadable(f"{self._member} is missing"))

    def explain(self, scope: Mapping[str, Any]) -> Explained:
        self.explanations += 1
        outcome = self.evaluate(scope)
        reason = outcome.reason if isinstance(outcome, Unreadable) else ""
        if self._otherwise is not None:
            outcome = self._otherwise(outcome)
        return Explained(outcome, reason, (Observation(self.source, outcome),))


def make_check(
    name: str = "a", *, if_empty: IfEmpty = IfEmpty.NOT_APPLICABLE, where: bool = True, scope: bool = False,
    severity: Severity = Severity.HIGH, cloud: str = "aws", pass_when: Condition | None = None,
    if_none_in_scope: IfEmpty | None = None,
) -> Check:  # fmt: skip
    return Check(
        id=name, title=name, severity=severity, kind=f"{cloud}.thing", where=Condition("where") if where else None,
        scope=LabelScope(tag="tag", values="values", untagged="untagged") if scope else None, if_empty=if_empty,
        if_none_in_scope=if_none_in_scope or if_empty, pass_when=pass_when or Condition("good"), why="w", fix="f", refs=(), examples=(), path="x.yaml",
    )  # fmt: skip


def make_control(
    *checks: tuple[str, Role], attestations: tuple[str, ...] = (), must_have: tuple[Requirement, ...] = (),
    lacking: tuple[MissingCheck, ...] = (), when_empty: WhenEmpty = WhenEmpty.NOT_APPLICABLE,
    modes: tuple[str, ...] = ("setting",), name: str = "C", when_none_in_scope: WhenEmpty | None = None,
) -> Control:  # fmt: skip
    return Control(
        id=name, title="t", statement="s", category="c", nature="n", frequency="f", modes=modes,
        checks=tuple(CheckLink(id=check, role=role, why="w") for check, role in checks), attestations=attestations,
        must_have=must_have, lacking=lacking, when_empty=when_empty, when_empty_why="",
        when_none_in_scope=when_none_in_scope or when_empty, population="", deviation="",
        grace="", does_not_prove="", why="w", path="C.yaml",
    )  # fmt: skip


def make_library(*checks: Check) -> Library:
    return Library(
        kinds={}, checks={check.id: check for check in checks}, parameters={}, controls={}, manual={}, frameworks={},
        sha256="0",
    )  # fmt: skip


def make_ref(name: str, target: Target = HERE) -> ResourceRef:
    return ResourceRef(kind="aws.thing", id=name, name=name, target=target, region="")


def make_resource(name: str, **value: object) -> Resource:
    return Resource(ref=make_ref(name), value={"where": True, "tags": ABSENT, **value})


def make_gap(reason: str = "aws:List denied") -> Gap:
    return Gap(ref=make_ref("*"), unread=Unreadable(reason))


def make_finding(verdict: Verdict, name: str, check: str = "a", target: Target = HERE) -> Finding:
    return Finding(
        check=check, verdict=verdict, severity=Severity.HIGH, resource=make_ref(name, target)
    )


def make_result(
    *verdicts: Verdict, check: str = "a", gap: bool = False, empty: bool = False, scoped_out: int = 0,
    target: Target = HERE, none_in_scope: bool = False,
) -> CheckResult:  # fmt: skip
    findings = tuple(
        make_finding(verdict, f"r{place}", check, target) for place, verdict in enumerate(verdicts)
    )
    gaps = (make_finding(Verdict.UNKNOWN, "*", check, target),) if gap else ()
    return CheckResult(
        check=check,
        target=target,
        findings=findings + gaps,
        empty=empty,
        scoped_out=scoped_out,
        none_in_scope=none_in_scope,
    )
