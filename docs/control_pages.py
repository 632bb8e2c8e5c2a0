"""Write `docs/checks/controls.md`: every control and manual control with all that is declared."""

from __future__ import annotations

from collections.abc import Iterator

from check_pages import prose

from scanner.model.controls import Control, ManualControl, Requirement
from scanner.model.library import Library


def control_page(library: Library) -> str:
    """The page of controls and manual controls, which `tscan` reports by id."""
    return "\n".join(_lines(library)) + "\n"


def _lines(library: Library) -> Iterator[str]:
    yield "# Controls and manual controls\n"
    yield "Made by `make docs` from `mappings/`. [All checks](README.md)\n"
    yield f"- [Controls](#controls): {len(library.controls)}, judged from checks and attestations"
    yield (
        f"- [Manual controls](#manual-controls): {len(library.manual)},"
        " shown by [attestations](../attestations.md)\n"
    )
    yield "## Controls"
    serving = _criteria_by_control(library)
    for identity in sorted(library.controls):
        yield from _control(library.controls[identity], serving.get(identity, []))
    yield "\n## Manual controls"
    for identity in sorted(library.manual):
        yield from _manual(library.manual[identity])


def _criteria_by_control(library: Library) -> dict[str, list[str]]:
    """The criteria that each control serves, in the order of the frameworks."""
    found: dict[str, list[str]] = {}
    for framework in library.frameworks.values():
        for criterion in framework.criteria:
            for link in criterion.controls:
                found.setdefault(link.control, []).append(criterion.id)
    return found


def _control(control: Control, criteria: list[str]) -> Iterator[str]:
    yield f"\n### {control.id}\n"
    yield f"**{prose(control.title)}.** {prose(control.statement)}\n"
    yield f"{prose(control.why)}\n"
    yield from _clauses(control)
    yield f"- Category: {prose(control.category)}. Nature: {prose(control.nature)}."
    yield f"- Operates: {', '.join(control.modes)}; {prose(control.frequency)}."
    yield f"- Population: {prose(control.population)}"
    yield f"- Deviation: {prose(control.deviation)}"
    yield f"- Grace: {prose(control.grace or 'none')}"
    yield _when_empty(control)
    yield f"- Criteria: {', '.join(criteria) or 'none'}"
    if control.does_not_prove:
        yield f"- What it cannot prove: {prose(control.does_not_prove)}"
    yield from _evidence(control)


def _clauses(control: Control) -> Iterator[str]:
    if not control.clauses:
        return
    yield "Parts of the statement, each with its evidence:\n"
    for clause in control.clauses:
        evidence = [f"`{name}`" for name in clause.checks]
        evidence += [f"[{name}](#{name.lower()})" for name in clause.attestations]
        yield f"- {prose(clause.says)} {', '.join(evidence)}".rstrip()
        for other in clause.elsewhere:
            where = "a cloud without such a check" if other.cloud == "any" else other.cloud
            links = ", ".join(f"[{name}](#{name.lower()})" for name in other.attestations)
            yield f"  - In {where}: {links or 'cannot be shown'}. {prose(other.why)}"
    yield ""


def _when_empty(control: Control) -> str:
    text = f"- With nothing to evaluate, the status is `{control.when_empty.value}`"
    if control.when_empty_why:
        text += f": {prose(control.when_empty_why)}"
    if control.when_none_in_scope is not control.when_empty:
        text += f" With none in scope, it is `{control.when_none_in_scope.value}`."
    return text


def _evidence(control: Control) -> Iterator[str]:
    """What evidences the control, what it must have, and what the pack cannot collect yet."""
    if control.checks:
        yield "\nChecks:\n"
    for link in control.checks:
        yield f"- `{link.id}` ({link.role.value}): {prose(link.why)}"
        if link.deviation:
            yield f"  Its failure: {prose(link.deviation)}"
    if control.attestations:
        links = (f"[{name}](#{name.lower()})" for name in control.attestations)
        yield f"\nAttested by a person: {', '.join(links)}"
    if control.must_have:
        yield "\nNot shown without one of each:\n"
    for requirement in control.must_have:
        yield f"- {_sources(requirement)}: {prose(requirement.why)}"
    if control.lacking:
        yield "\nNot collected yet:\n"
    for lacking in control.lacking:
        where = "every cloud" if lacking.cloud == "any" else lacking.cloud
        yield f"- `{lacking.id}` ({where}, {lacking.role.value}): {prose(lacking.why)}"


def _sources(requirement: Requirement) -> str:
    checks = [f"`{name}`" for name in requirement.checks]
    attestations = list(requirement.attestations)
    params = [f"`params.{name}`" for name in requirement.params]
    return " or ".join([*checks, *attestations, *params])


def _manual(manual: ManualControl) -> Iterator[str]:
    yield f"\n### {manual.id}\n"
    yield f"**{prose(manual.control)}.**\n"
    yield f"- Evidence: {prose(manual.evidence)}"
    yield f"- Frequency: {prose(manual.frequency)}. Owner: {prose(manual.owner)}."
    if manual.policy:
        yield f"- Policy: {prose(manual.policy)}"
    if manual.criteria:
        yield f"- Criteria: {', '.join(manual.criteria)}"
    for name, text in manual.detail.items():
        yield f"- {prose(name.replace('_', ' ').capitalize())}: {prose(text)}"
