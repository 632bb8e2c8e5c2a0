"""An argument of the mappings, for the tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """The `why` of one link, requirement or gap, with the place where it stands."""

    place: str
    text: str
