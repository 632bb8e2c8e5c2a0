"""Declares the protocols of a compiled expression, which `scanner.language` implements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from scanner.model.values import Wanted


class Observed(Protocol):
    """A leaf value that decided an outcome, at its concrete path."""

    @property
    def path(self) -> str: ...
    @property
    def value(self) -> object: ...
    @property
    def label(self) -> str: ...
    @property
    def wanted(self) -> Sequence[Wanted]: ...


class Explained(Protocol):
    """An outcome with its reason and the values that decided it."""

    @property
    def outcome(self) -> object: ...
    @property
    def reason(self) -> str: ...
    @property
    def observed(self) -> Sequence[Observed]: ...


class Expression(Protocol):
    """A compiled expression: a pure function of its scope."""

    @property
    def source(self) -> str: ...
    @property
    def paths(self) -> frozenset[tuple[str, ...]]: ...
    def evaluate(self, scope: Mapping[str, object]) -> object:
        """The value, `ABSENT`, or an `Unreadable`."""
        ...

    def explain(self, scope: Mapping[str, object]) -> Explained: ...
