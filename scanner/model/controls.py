"""Controls, and the frameworks whose criteria they serve."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Role(StrEnum):
    """Whether a link can carry what it points at, or only stands beside it."""

    # Only these decide a status: many weak signs beside each other never add up to a pass.
    EVIDENCES = "evidences"
    SUPPORTS = "supports"


class WhenEmpty(StrEnum):
    """What a control reads as when all its populations were read whole and are empty."""

    NOT_SHOWN = "not shown"
    NO_OCCURRENCE = "no occurrence"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLink:
    """Why a check says something about a control."""

    id: str
    role: Role
    why: str
    deviation: str = ""
    """What a failure of the check means for the control; empty: what the control says of any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What shows a clause in a cloud in which no check reads it."""

    cloud: str
    """`any`: every cloud without such a check."""
    attestations: tuple[str, ...]
    """None: this cloud cannot evidence the clause, and the control is not shown there."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A part of a control's statement, with its evidence."""

    says: str
    checks: tuple[str, ...] = ()
    attestations: tuple[str, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()

    def in_cloud(self, cloud: str) -> Elsewhere | None:
        """What is said of a cloud in which no check reads the clause."""
        return next((one for one in self.elsewhere if one.cloud in (cloud, "any")), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """Something without which a control is not shown: met when any one of its sources is there."""

    checks: tuple[str, ...] = ()
    """Ids of checks; one whose population was read whole and is not empty meets it."""
    attestations: tuple[str, ...] = ()
    """Ids of manual controls; a current attestation meets it."""
    params: tuple[str, ...] = ()
    """Parameters; one that the entity set meets it."""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingCheck:
    """Evidence that this pack cannot collect yet: in scope, and not run."""

    id: str
    cloud: str
    """The cloud in whose scans it is missed; `any`: in every scan."""
    why: str
    role: Role = Role.EVIDENCES
    """`supports`: it would stand beside other evidence, so that missing it decides nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A statement of what the entity does, evidenced by checks and attestations."""

    id: str
    title: str
    statement: str
    category: str
    nature: str
    frequency: str
    modes: tuple[str, ...]
    """Of `setting`, `schedule`, `per event`."""
    checks: tuple[CheckLink, ...]
    attestations: tuple[str, ...]
    """Manual controls (`MC-01`) whose evidence a person gives."""
    # Guards against vacuous truth: without findings nothing fails, and nothing was shown.
    must_have: tuple[Requirement, ...]
    lacking: tuple[MissingCheck, ...]
    when_empty: WhenEmpty
    when_empty_why: str
    when_none_in_scope: WhenEmpty
    """The same where resources are there, and each check leaves out every one of them."""
    population: str
    deviation: str
    grace: str
    does_not_prove: str
    why: str
    path: str
    clauses: tuple[Clause, ...] = ()
    """The parts of the statement; none: it is one, which all of the evidence is for."""

    @property
    def if_empty(self) -> str:
        """For people: the status of an empty population, and why."""
        return f"{self.when_empty.value}: {self.when_empty_why}"

    @property
    def manual(self) -> tuple[str, ...]:
        """Every manual control that may be needed: always, instead of a check, or in some cloud."""
        names = list(self.attestations)
        for requirement in self.must_have:
            names += requirement.attestations
        for clause in self.clauses:
            for other in clause.elsewhere:
                names += other.attestations
        return tuple(dict.fromkeys(names))

    def without(self, checks: Collection[str]) -> Control:
        """The control without its links to some checks. What it must have is left as it is."""
        links = tuple(link for link in self.checks if link.id not in checks)
        return replace(self, checks=links)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLink:
    """Why a control serves a criterion or an objective, and whether it can carry it."""

    control: str
    primary: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A criterion or control objective, in our own words, with the controls that serve it."""

    id: str
    category: str
    title: str
    evidence: str
    """How far cloud configuration can evidence it: `automated`, `partly`, `manual`."""
    controls: tuple[ControlLink, ...]
    does_not_prove: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """A set of criteria."""

    id: str
    title: str
    criteria: tuple[Criterion, ...]
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualControl:
    """What a person must show because no API can."""

    id: str
    control: str
    evidence: str
    frequency: str
    owner: str
    policy: str
    criteria: tuple[str, ...] = ()
    detail: Mapping[str, str] = field(default_factory=dict)
