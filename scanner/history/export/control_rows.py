"""Make the rows of the IPE sheets `controls` and `links`: statements, their evidence and limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scanner.model.controls import Clause, Control, Role
from scanner.rendering.csv_cells import CellValue


def control_rows(pack: str, control: Control) -> Iterator[tuple[str, Mapping[str, CellValue]]]:
    """A row of `controls` for each clause, and a row of `links` for each check."""
    for clause in control.clauses or (_whole(control),):
        yield "controls", _clause_row(pack, control, clause)
    for link in control.checks:
        yield (
            "links",
            {
                "pack_sha256": pack,
                "control": control.id,
                "check": link.id,
                "role": link.role.value,
                "why": link.why,
                "deviation": link.deviation or control.deviation,
            },
        )


def _whole(control: Control) -> Clause:
    """The statement as its only clause."""
    deciding = (link.id for link in control.checks if link.role is Role.EVIDENCES)
    return Clause(says=control.statement, checks=tuple(deciding), attestations=control.attestations)


def _clause_row(pack: str, control: Control, clause: Clause) -> Mapping[str, CellValue]:
    elsewhere = [
        f"{one.cloud}: {', '.join(one.attestations) or 'cannot be shown'}"
        for one in clause.elsewhere
    ]
    return {
        "pack_sha256": pack,
        "control": control.id,
        "clause": clause.says,
        "checks": clause.checks,
        "attestations": clause.attestations,
        "elsewhere": elsewhere,
        "population": control.population,
        "when_empty": control.when_empty.value,
        "when_empty_why": control.when_empty_why,
        "does_not_prove": control.does_not_prove,
    }
