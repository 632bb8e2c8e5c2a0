"""Checks: declarative conditions on one kind of resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from scanner.model.expressions import Expression

LINK: Final = "https://"
"""How a reference begins that is an address."""


class Severity(StrEnum):
    """How much a failure matters, in rising order."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class IfEmpty(StrEnum):
    """What a population that was read whole says where it is empty, or has nobody in scope."""

    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A figure or list that the entity's policy sets."""

    name: str
    meaning: str
    type: str
    default: Any = None
    has_default: bool = False
    stricter: str = ""
    """`lower`, `higher` or `subset`: which change of the default is stricter."""
    minimum: float | None = field(default=None, compare=False)
    """The least number that has a meaning; not compared, for no verdict depends on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScope:
    """Which resources are in scope, by label; unlabelled ones are unless a parameter says no."""

    tag: str
    """Name of the parameter that holds the tag's key."""
    values: str
    """Name of the parameter that holds the values that are in scope."""
    untagged: str = ""
    """Name of the boolean parameter that keeps unlabelled resources in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A small resource and what the check must say of it."""

    expect: str
    """`pass`, `fail`, `unknown`, or `not asked` where the condition `where` is false."""
    resource: Mapping[str, Any]
    unreadable: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    """Paths of lists that were cut off."""
    params: Mapping[str, Any] = field(default_factory=dict)
    now: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question about one property, with examples that are its tests."""

    id: str
    title: str
    fails: str = ""
    """What is wrong with a failing resource, with `{name}`, `{self.attribute}`, `{params.name}`."""
    severity: Severity
    kind: str
    where: Expression | None
    scope: LabelScope | None
    # Required, without a default: a population of none must not pass by accident (vacuous truth).
    if_empty: IfEmpty
    if_none_in_scope: IfEmpty
    """The same where resources are there and `where` leaves out every one of them."""
    pass_when: Expression
    why: str
    fix: str
    refs: tuple[str, ...]
    """Ids of benchmarks and links to documentation."""
    aliases: tuple[str, ...] = ()
    """Earlier ids: waivers, selections, mappings and history that have one of them mean this check.
    """
    keywords: tuple[str, ...] = ()
    """Words that people search for and that neither title nor `fails` has."""
    examples: tuple[Example, ...]
    path: str
    """As a person can open it from here."""
    line: int = 1

    @property
    def cloud(self) -> str:
        """First word of the kind's id."""
        return self.kind.partition(".")[0]

    @property
    def links(self) -> tuple[str, ...]:
        """The references that are addresses."""
        return tuple(ref for ref in self.refs if ref.startswith(LINK))

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """Its conditions."""
        if self.where is None:
            return (self.pass_when,)
        return (self.where, self.pass_when)
