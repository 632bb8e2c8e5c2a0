"""Explains a subject by the library alone: its text, what it rests on, and what rests on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.core.judging.links import Links
from scanner.core.reading.inventory import all_inventory_types, with_inventory
from scanner.core.reading.read_plan import (
    attribute_paths,
    listing_requests,
    plan_reads,
    plan_requests,
    request_paths,
)
from scanner.model.checks import Check, Parameter
from scanner.model.controls import Control, Criterion, Framework, Role
from scanner.model.findings import Finding, Verdict
from scanner.model.kinds import Kind
from scanner.model.library import Library
from scanner.rendering.sanitize import shortened
from scanner.reports.explain.model import Explanation, Fact, Link
from scanner.reports.explain.subjects import (
    NamedCriterion,
    NamedOperation,
    NamedResource,
    PermissionsOf,
    Subject,
    criterion_type,
)

_KINDS: Final = 3
"""Kinds that a title names."""
_VALUE: Final = 400
"""Characters of a parameter's value."""
VERDICTS: Final = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED, Verdict.PASS)
"""From the worst to the best."""
_EVIDENCE: Final = {"partly": "partly automated"}
"""How far a scan can evidence a criterion, where the word alone does not say it."""
_STRICTER: Final = {
    "lower": "a lower value",
    "higher": "a higher value",
    "subset": "a part of the list",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What an explanation is made from before there is a result."""

    library: Library
    links: Links
    permissions_of: PermissionsOf
    params: Mapping[tuple[str, str], Any]
    """Parameters that the configuration sets, by name and target; no target: for all of them."""


def explain_content(subject: Subject, content: Content) -> Explanation:
    """The explanation of a subject without a result."""
    match subject:
        case NamedCriterion():
            return _criterion(subject, content)
        case NamedOperation():
            return _operation(subject, content)
        case NamedResource():
            return _resource(subject, content)
    if subject.type == "check":
        return _check(content.library.checks[subject.id], content)
    if subject.type == "control":
        return _control(content.library.controls[subject.id], content)
    if subject.type == "parameter":
        return _parameter(content.library.parameters[subject.id], content)
    return _manual(subject.id, content)


def _facts(*pairs: tuple[str, str]) -> tuple[Fact, ...]:
    """Facts of headings and texts; one without a text is left out."""
    found: list[Fact] = []
    for heading, text in pairs:
        lines = tuple(line.rstrip() for line in text.strip().splitlines() if line.strip())
        if lines:
            found.append(Fact(heading=heading, lines=lines))
    return tuple(found)


# -- checks ----------------------------------------------------------------------------------------


def _check(check: Check, content: Content) -> Explanation:
    kind = content.library.kinds[check.kind]
    where = none_in_scope = ""
    if check.where is not None:
        where = check.where.source
        none_in_scope = check.if_none_in_scope.value.replace("_", " ")
    return Explanation(
        type="check",
        id=check.id,
        title=check.title,
        facts=_facts(
            ("severity", check.severity.value),
            ("resources", f"{kind.title} ({kind.id})"),
            ("why", check.why),
            ("fix", check.fix),
            ("fails", check.fails),
            ("passes when", check.pass_when.source),
            ("asked where", where),
            ("if there is none", check.if_empty.value.replace("_", " ")),
            ("if none is in scope", none_in_scope),
            ("earlier ids", ", ".join(check.aliases)),
            ("links", "\n".join(check.refs)),
            ("does not list", _not_listed([kind])),
        ),
        rests_on=(*_operations_of(check, content), *_parameters_of(check, content)),
        used_by=(*_controls_of(check.id, content), *_criteria_of(check.id, content)),
    )


def _operations_of(check: Check, content: Content) -> Iterator[Link]:
    """The calls that the check needs, with their permissions."""
    found: dict[str, set[str]] = {}
    for plan in plan_reads(content.library, [check]).values():
        for request in plan_requests(plan):
            needed = request.permission or content.permissions_of(check.cloud, request.operation)
            found.setdefault(request.operation, set()).update(needed)
    for name, permissions in sorted(found.items()):
        yield Link(type="operation", id=name, note=f"permission {', '.join(sorted(permissions))}")


def _parameters_of(check: Check, content: Content) -> Iterator[Link]:
    for name in sorted(parameters_read(check, content.library)):
        parameter = content.library.parameters[name]
        yield Link(
            type="parameter", id=name, title=parameter.meaning, note=_value(parameter, content)
        )


def parameters_read(check: Check, library: Library) -> set[str]:
    """The parameters that may decide a check: those that it, or what it reads, names."""
    found = {path[1] for path in _paths(check, library) if path[0] == "params" and path[1:]}
    if check.scope is not None:
        found.update((check.scope.tag, check.scope.values, check.scope.untagged))
    return found & library.parameters.keys()


def _paths(check: Check, library: Library) -> Iterator[tuple[str, ...]]:
    """Every path in the conditions of a check, and in the attributes and requests under it."""
    for expression in check.expressions:
        yield from expression.paths
    for plan in plan_reads(library, [check]).values():
        for attribute in plan.attributes:
            yield from attribute_paths(attribute)
        for request in plan_requests(plan):
            yield from request_paths(request)
        for name in plan.relations:
            for expression in plan.kind.relations[name].on.values():
                yield from expression.paths


def _controls_of(check: str, content: Content) -> Iterator[Link]:
    for name in content.links.controls_of(check):
        control = content.library.controls[name]
        for link in control.checks:
            if link.id == check:
                note = f"{link.role.value}: {link.why}"
                yield Link(type="control", id=name, title=control.title, note=note)


def _criteria_of(check: str, content: Content) -> Iterator[Link]:
    names = content.links.criteria_of(check)
    for framework, criterion in content.links.criteria():
        if criterion.id in names:
            yield Link(type=criterion_type(framework), id=criterion.id, title=criterion.title)


# -- controls and criteria -------------------------------------------------------------------------


def _control(control: Control, content: Content) -> Explanation:
    return Explanation(
        type="control",
        id=control.id,
        title=control.title,
        facts=_facts(
            ("statement", control.statement),
            ("clauses", "\n".join(_clauses(control))),
            ("why", control.why),
            ("does not prove", control.does_not_prove),
            ("nature", f"{control.nature}; {control.frequency}"),
            ("population", control.population),
            ("deviation", control.deviation),
            ("if there is none", control.if_empty),
            ("if none is in scope", control.when_none_in_scope.value),
        ),
        rests_on=tuple(_evidence_of(control, content)),
        used_by=tuple(_served_criteria(control.id, content)),
    )


def _clauses(control: Control) -> Iterator[str]:
    """Each part of the statement with its evidence, and with what shows it in other clouds."""
    for clause in control.clauses:
        evidence = ", ".join((*clause.checks, *clause.attestations))
        yield f"{clause.says} Evidence: {evidence or 'none that is read'}"
        for other in clause.elsewhere:
            shown = ", ".join(other.attestations) or "cannot be shown"
            yield f"  {other.cloud}: {shown}. {other.why}"


def _evidence_of(control: Control, content: Content) -> Iterator[Link]:
    """Checks that decide, then those that support, then what people show."""
    for link in sorted(control.checks, key=lambda link: link.role is not Role.EVIDENCES):
        title = ""
        if link.id in content.library.checks:
            title = content.library.checks[link.id].title
        note = f"{link.role.value}: {link.why}"
        if link.deviation:
            note += f" If it fails: {link.deviation}"
        yield Link(type="check", id=link.id, title=title, note=note)
    manual = content.library.manual
    for name in control.manual:
        title = manual[name].control if name in manual else ""
        yield Link(type="manual control", id=name, title=title, note="shown by an attestation")
    for requirement in control.must_have:
        for name in requirement.params:
            yield Link(type="parameter", id=name, note=f"must be set: {requirement.why}")
    for lack in control.lacking:
        note = f"cannot be collected yet: {lack.why}"
        yield Link(type="missing evidence", id=lack.id, note=note)


def _served_criteria(control: str, content: Content) -> Iterator[Link]:
    for framework, criterion in content.links.criteria():
        for link in criterion.controls:
            if link.control == control:
                yield Link(
                    type=criterion_type(framework),
                    id=criterion.id,
                    title=criterion.title,
                    note=f"{_role(link.primary)}: {link.why}",
                )


def _role(primary: bool) -> str:
    if primary:
        return "primary"
    return "supporting"


def _criterion(subject: NamedCriterion, content: Content) -> Explanation:
    framework, criterion = subject.framework, subject.criterion
    return Explanation(
        type=criterion_type(framework),
        id=criterion.id,
        title=criterion.title,
        facts=_facts(
            ("framework", framework.title),
            ("category", criterion.category),
            ("evidence", _EVIDENCE.get(criterion.evidence, criterion.evidence)),
            ("does not prove", criterion.does_not_prove),
            ("same evidence as", ", ".join(same_evidence(framework, criterion))),
        ),
        rests_on=tuple(_controls_under(criterion, content)),
    )


def same_evidence(framework: Framework, criterion: Criterion) -> Iterator[str]:
    """The other criteria with the same primary controls: one statement of theirs moves them all."""
    mine = {link.control for link in criterion.controls if link.primary}
    for other in framework.criteria:
        primary = {link.control for link in other.controls if link.primary}
        if other.id != criterion.id and primary == mine:
            yield other.id


def _controls_under(criterion: Criterion, content: Content) -> Iterator[Link]:
    """Primary controls, which decide the status, before supporting ones; then what people show."""
    for link in sorted(criterion.controls, key=lambda link: not link.primary):
        control = content.library.controls.get(link.control)
        title = control.title if control is not None else ""
        note = f"{_role(link.primary)}: {link.why}"
        yield Link(type="control", id=link.control, title=title, note=note)
    for name, manual in sorted(content.library.manual.items()):
        if criterion.id in manual.criteria:
            yield Link(type="manual control", id=name, title=manual.control)


def _manual(name: str, content: Content) -> Explanation:
    manual = content.library.manual[name]
    controls: list[Link] = []
    for control in sorted(content.library.controls.values(), key=lambda control: control.id):
        if name in control.manual:
            controls.append(Link(type="control", id=control.id, title=control.title))
    for framework, criterion in content.links.criteria():
        if criterion.id in manual.criteria:
            kind = criterion_type(framework)
            controls.append(Link(type=kind, id=criterion.id, title=criterion.title))
    return Explanation(
        type="manual control",
        id=name,
        title=manual.control,
        facts=_facts(
            ("evidence", manual.evidence),
            ("frequency", manual.frequency),
            ("owner", manual.owner),
            ("policy", manual.policy),
        ),
        used_by=tuple(controls),
    )


# -- parameters and operations ---------------------------------------------------------------------


def _parameter(parameter: Parameter, content: Content) -> Explanation:
    checks: list[Link] = []
    for name in content.library.checks_that_may_read(parameter.name):
        check = content.library.checks[name]
        if parameter.name in parameters_read(check, content.library):
            checks.append(Link(type="check", id=check.id, title=check.title))
    for control in sorted(content.library.controls.values(), key=lambda control: control.id):
        for requirement in control.must_have:
            if parameter.name in requirement.params:
                note = f"must be set: {requirement.why}"
                link = Link(type="control", id=control.id, title=control.title, note=note)
                checks.append(link)
    return Explanation(
        type="parameter",
        id=parameter.name,
        title=parameter.meaning,
        facts=_facts(
            ("type", _type(parameter)),
            ("default", default_text(parameter)),
            ("set", "\n".join(_set(parameter.name, content.params))),
            ("stricter", _STRICTER.get(parameter.stricter, "")),
            ("how to set it", _how_to_set(parameter)),
        ),
        used_by=tuple(checks),
    )


def _type(parameter: Parameter) -> str:
    if parameter.minimum is None:
        return parameter.type
    return f"{parameter.type}, at least {parameter.minimum}"


def default_text(parameter: Parameter) -> str:
    """The default of a parameter, or what its checks say without one."""
    if parameter.has_default:
        return shortened(parameter.default, _VALUE)
    return "none: its checks are unknown until it is set"


def _set(name: str, params: Mapping[tuple[str, str], Any]) -> Iterator[str]:
    for (known, target), value in params.items():
        if known == name:
            where = f" for {target}" if target else ""
            yield f"{shortened(value, _VALUE)}{where}"


def _value(parameter: Parameter, content: Content) -> str:
    values = list(_set(parameter.name, content.params))
    if values:
        return f"set to {'; '.join(values)}"
    return f"default {default_text(parameter)}"


def _how_to_set(parameter: Parameter) -> str:
    example = {"bool": "true", "int": "30", "double": "0.5", "string": "text"}
    value = example.get(parameter.type, "[a, b]")
    if parameter.type.startswith("map("):
        value = "{key: value}"
    return f"params: {{{parameter.name}: {value}}}   in tscan.yaml"


def _operation(subject: NamedOperation, content: Content) -> Explanation:
    kinds = [content.library.kinds[name] for name in subject.kinds]
    title = f"Reads {_kind_titles(kinds)}"
    fact = ("permission", ", ".join(subject.permissions))
    if subject.operations != (subject.id,):
        title = f"Permission of {', '.join(subject.operations)}"
        fact = ("operations", ", ".join(subject.operations))
    links = [_kind_link(kind, subject.operations) for kind in kinds]
    return Explanation(
        type="operation",
        id=subject.id,
        title=title,
        facts=_facts(
            ("cloud", ", ".join(sorted({kind.cloud for kind in kinds}))),
            fact,
            ("does not list", _not_listed(_listed_by(kinds, subject.operations))),
        ),
        used_by=(*links, *_checks_reading(subject.operations, kinds, content)),
    )


def _kind_titles(kinds: list[Kind]) -> str:
    if len(kinds) > _KINDS:
        return f"{len(kinds)} kinds of resources"
    return ", ".join(kind.title for kind in kinds)


def _listed_by(kinds: list[Kind], operations: tuple[str, ...]) -> list[Kind]:
    """The kinds whose resources one of the operations lists."""
    found: list[Kind] = []
    for kind in kinds:
        listed = {request.operation for request in listing_requests(kind.listing)}
        if listed.intersection(operations):
            found.append(kind)
    return found


def _not_listed(kinds: list[Kind]) -> str:
    """What of their services the kinds leave out of their populations, a line each."""
    holes: list[str] = []
    for kind in kinds:
        holes += [hole.sentence for hole in kind.does_not_list]
    return "\n".join(holes)


def _kind_link(kind: Kind, operations: tuple[str, ...]) -> Link:
    note = "details of each"
    if _listed_by([kind], operations):
        note = "lists them"
    return Link(type="kind", id=kind.id, title=kind.title, note=note)


def _checks_reading(
    operations: tuple[str, ...], kinds: list[Kind], content: Content
) -> Iterator[Link]:
    """The checks that would be unknown without these operations."""
    library = content.library
    # Which of the two ways a scan takes is not known here: call by call, or from an inventory.
    inventory = library
    if any(kind.bulk is not None for kind in kinds):
        inventory = with_inventory(library, all_inventory_types(library))
    for name in _candidates(operations, kinds, library):
        check = library.checks[name]
        if _reads(check, operations, library) or _reads(check, operations, inventory):
            yield Link(type="check", id=name, title=check.title)


def _candidates(operations: tuple[str, ...], kinds: list[Kind], library: Library) -> Iterator[str]:
    """The checks that may read one of the operations; of the others no file need be read."""
    clouds = {kind.cloud for kind in kinds}
    found: set[str] = set()
    for operation in operations:
        found.update(library.checks_that_may_read(operation))
    for name in library.checks:
        if name in found and library.cloud(name) in clouds:
            yield name


def _reads(check: Check, operations: tuple[str, ...], library: Library) -> bool:
    for plan in plan_reads(library, [check]).values():
        for request in plan_requests(plan):
            if request.operation in operations:
                return True
    return False


# -- resources -------------------------------------------------------------------------------------


def _resource(subject: NamedResource, content: Content) -> Explanation:
    found = subject.findings[0].resource
    kinds = sorted({finding.resource.kind for finding in subject.findings})
    titles = [content.library.kinds[kind].title for kind in kinds if kind in content.library.kinds]
    return Explanation(
        type="resource",
        id=subject.id,
        title=found.name or subject.id,
        facts=_facts(
            ("kind", ", ".join(titles) or ", ".join(kinds)),
            ("target", found.target),
            ("region", found.region),
        ),
        used_by=tuple(_checks_of_resource(subject, content)),
    )


def _checks_of_resource(subject: NamedResource, content: Content) -> Iterator[Link]:
    """The checks that look at it, those that fail first."""
    for finding in sorted(subject.findings, key=_worst_first):
        check = content.library.checks[finding.check]
        yield Link(
            type="check",
            id=check.id,
            title=check.title,
            note=finding.reason,
            status=finding.verdict.value,
        )


def _worst_first(finding: Finding) -> tuple[int, int, str]:
    return (VERDICTS.index(finding.verdict), -finding.severity.rank, finding.check)
