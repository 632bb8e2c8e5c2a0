"""Output formats. To add one, write `<format>.py` with a `Format` and name it here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanner.model.checks import Severity
from scanner.registry import Registry

if TYPE_CHECKING:
    from scanner.model.findings import Assessment
    from scanner.model.library import Library


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a format renders: the assessment, the library that gives the words, and how it is to be shown."""

    assessment: Assessment
    library: Library
    fail_on: Severity = Severity.HIGH
    matrix_only: bool = False
    controls: bool = False
    """Also the table of controls."""
    width: int = 80
    """Columns; only for people's formats."""
    color: bool = False

    @property
    def exit_code(self) -> int:
        """0, 1 or 3."""
        # Also commands that judge nothing import this package, to write safely: they need no assessment.
        from scanner.core.judging.exit_codes import exit_code

        return exit_code(self.assessment, self.library, self.fail_on)


Format = Callable[[Report], str]
"""A pure function; machine-readable formats do not depend on width and colour."""

FORMATS = Registry[Format](
    "scanner.formats",
    json="scanner.formats.json:render",
    terminal="scanner.formats.terminal:render",
)
