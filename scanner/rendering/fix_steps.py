"""Splits the fix of a check into steps, so that a command in it stands on a line of its own."""

from __future__ import annotations

import re
from typing import Final

COMMAND: Final = "CLI:"
"""How a step begins that is a command: broken over two lines it could not be copied."""
_LABEL: Final = re.compile(r"(?<!\S)(?=(?:Console|CLI|Terraform): )")


def fix_steps(fix: str) -> tuple[str, ...]:
    """The steps, each on one line: what to do, then `Console: …`, `CLI: …` and `Terraform: …`.

    In the file lines are wrapped, also within a command: a blank line or a label ends a step.
    """
    steps: list[str] = []
    for paragraph in re.split(r"\n\s*\n", fix):
        joined = " ".join(paragraph.split())
        steps += [step.strip() for step in _LABEL.split(joined)]
    return tuple(step for step in steps if step)
