"""The library: everything that judges, loaded and compiled, with its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanner.model.checks import Check, Parameter
from scanner.model.controls import Control, Framework, ManualControl
from scanner.model.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Kinds, checks, parameters, controls and frameworks, by id."""

    kinds: Mapping[str, Kind]
    checks: Mapping[str, Check]
    parameters: Mapping[str, Parameter]
    controls: Mapping[str, Control]
    manual: Mapping[str, ManualControl]
    frameworks: Mapping[str, Framework]
    sha256: str
    """Digest of every file that it was read from: which pack judged."""
