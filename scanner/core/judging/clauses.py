"""Decides which clauses of a control's statement have no evidence in the scanned clouds.

A control whose checks are about one half of its statement must not be shown by that half.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from scanner.model.answers import Target
from scanner.model.controls import Clause, Control, Elsewhere, Role
from scanner.model.library import Library


def unshown_clauses(
    control: Control, library: Library, targets: Collection[Target]
) -> Iterator[str]:
    """Why a clause is not shown: nothing evidences it at all, or nothing in a scanned cloud."""
    scanned = sorted({target.cloud for target in targets})
    evidenced = _clouds(library, _deciding(control))
    for clause in control.clauses:
        if not any((clause.checks, clause.attestations, clause.elsewhere)):
            yield f"nothing evidences: {clause.says}"
            continue
        for cloud in _without_check(clause, library, scanned):
            stated = clause.in_cloud(cloud)
            if stated is not None:
                yield from _cannot(cloud, clause, stated)
            elif cloud in evidenced and not clause.attestations:
                yield f"nothing in {cloud} evidences: {clause.says}"


def _cannot(cloud: str, clause: Clause, stated: Elsewhere) -> Iterator[str]:
    if not stated.attestations:
        yield f"{cloud} cannot evidence: {clause.says} ({stated.why})"


def attested_elsewhere(
    control: Control, library: Library, targets: Collection[Target]
) -> Iterator[tuple[str, str]]:
    """The manual controls that show a clause in a scanned cloud without a check, each once."""
    scanned = sorted({target.cloud for target in targets})
    seen: set[str] = set()
    for clause in control.clauses:
        for cloud in _without_check(clause, library, scanned):
            stated = clause.in_cloud(cloud)
            for name in stated.attestations if stated is not None else ():
                if name not in seen:
                    seen.add(name)
                    yield name, cloud


def _without_check(clause: Clause, library: Library, scanned: list[str]) -> Iterator[str]:
    """The scanned clouds in which no check reads the clause."""
    read = _clouds(library, clause.checks)
    for cloud in scanned:
        if cloud not in read:
            yield cloud


def _deciding(control: Control) -> tuple[str, ...]:
    return tuple(link.id for link in control.checks if link.role is Role.EVIDENCES)


def _clouds(library: Library, checks: Collection[str]) -> set[str]:
    return {library.cloud(name) for name in checks if name in library.checks}
