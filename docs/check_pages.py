"""Generates the pages of `docs/checks/`: one for each service, with its checks, and the index."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from scanner.core.permissions import plan_requests
from scanner.core.reading.read_plan import ReadPlan, plan_reads
from scanner.model.checks import Check, LabelScope, Parameter
from scanner.model.controls import CheckLink, Control, ControlLink, Criterion
from scanner.model.kinds import Attribute, Kind
from scanner.model.library import Library
from scanner.providers import PROVIDERS

SIGNS: Final = re.compile(r"([*<\[\]|])")
"""Characters that Markdown would take for its own."""
NONE: Final = {
    "fail": "It fails if a target was read completely and has none.",
    "unknown": "If a target was read completely and has none, the finding is unknown.",
    "not_applicable": "A target that was read completely and has none is not evaluated.",
}
NONE_IN_SCOPE: Final = {
    "fail": "It fails where there are some and none of them is in scope.",
    "unknown": "Where there are some and none of them is in scope, the answer is unknown.",
    "not_applicable": "A target in which none of them is in scope is not asked.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The checks of one folder, on one page."""

    cloud: str
    title: str
    checks: tuple[Check, ...]

    @property
    def page(self) -> str:
        """Its place below `docs/checks`: `aws/s3.md`."""
        return f"{self.cloud}/{self.title}.md"


def check_pages(library: Library) -> Iterator[tuple[str, str]]:
    """Every page below `docs/checks`, with its text."""
    services = list(_services(library))
    for service in services:
        yield service.page, "\n".join(_page(service, library)) + "\n"
    yield "README.md", "\n".join(_index(services, library)) + "\n"


def _services(library: Library) -> Iterator[Service]:
    checks = sorted(library.checks.values(), key=lambda check: check.path)
    for folder, group in groupby(checks, lambda check: check.path.rpartition("/")[0]):
        _, cloud, title = folder.split("/")
        yield Service(cloud=cloud, title=title, checks=tuple(group))


# -- a page ----------------------------------------------------------------------------------------


def _page(service: Service, library: Library) -> Iterator[str]:
    sources = "`checks/`, `mappings/` and `scanner/resources/`"
    yield f"# {service.cloud.upper()}: {service.title}\n"
    yield f"Made by `make docs` from {sources}. [All checks](../README.md)\n"
    for check in service.checks:
        yield f"- [{check.id}](#{check.id}): {prose(check.title)}"
    for check in service.checks:
        yield from _check(check, library)
    controls = _controls_with(service.checks, library)
    if controls:
        yield "\n## Controls that these checks evidence"
    for control in controls:
        yield from _control(control, library)


def _check(check: Check, library: Library) -> Iterator[str]:
    kind = library.kinds[check.kind]
    source = f"[Source](../../../{check.path})"
    yield f"\n## {check.id}\n"
    yield f"**{prose(check.title)}.** Severity: {check.severity.value}. {source}\n"
    if check.fails:
        yield f"When it fails: {prose(check.fails)}\n"
    yield f"{prose(check.why)}\n"
    yield f"Evaluated on each `{kind.id}` ({kind.title}). {NONE[check.if_empty.value]}"
    yield from _holes(kind)
    if check.where is not None:
        nobody = NONE_IN_SCOPE[check.if_none_in_scope.value]
        yield f"\nOnly where:\n\n{fenced(check.where.source)}\n{nobody}"
    if check.scope is not None:
        yield f"\n{_labelled(check.scope)}"
    yield f"\nPasses when:\n\n{fenced(check.pass_when.source)}"
    yield f"\nHow to fix it:\n\n{fenced(check.fix)}"
    plans = plan_reads(library, [check])
    yield from _reads(check, library, plans)
    yield from _calls(check, plans)
    yield from _parameters(check, library)
    yield from _links(check, library)
    yield from _references(check)


def _holes(kind: Kind) -> Iterator[str]:
    """What the population lacks: a reader must not take it for all of the service."""
    heading = "\nNot listed, and so not checked:\n"
    for hole in kind.does_not_list:
        if heading:
            yield heading
            heading = ""
        yield f"- {prose(hole.what)}: {prose(hole.why)}"


def _references(check: Check) -> Iterator[str]:
    """Documentation of the provider, ids in benchmarks, and earlier ids of the check."""
    if check.links:
        yield f"\nDocumentation: {', '.join(f'<{link}>' for link in check.links)}"
    others = [prose(ref) for ref in check.refs if ref not in check.links]
    if others:
        yield f"\nReferences: {', '.join(others)}"
    if check.aliases:
        yield f"\nEarlier ids: {', '.join(f'`{alias}`' for alias in check.aliases)}"


def _labelled(scope: LabelScope) -> str:
    values = f"with a value of `params.{scope.values}`"
    text = f"Chosen by label: the tag that `params.{scope.tag}` names, {values}."
    if scope.untagged:
        text += f" `params.{scope.untagged}` says whether an unlabeled resource is in."
    return text


def _links(check: Check, library: Library) -> Iterator[str]:
    """The controls of a check, with the reason why it speaks to each."""
    heading = "\nControls:\n"
    for control in _controls_with([check], library):
        for link in control.checks:
            if link.id != check.id:
                continue
            if heading:
                yield heading
                heading = ""
            title = f"[{control.id}](#{control.id.lower()}) {prose(control.title)}"
            yield f"- {title} ({link.role.value}): {prose(link.why)}"


# -- what a check reads ----------------------------------------------------------------------------


def _reads(check: Check, library: Library, plans: Mapping[str, ReadPlan]) -> Iterator[str]:
    """A table of the attributes and relations that a check reads, with their meanings."""
    fields = set(_fields(check, library))
    yield "\n| what it reads | type | meaning |\n|---|---|---|"
    # The check's own kind first, without its name before each attribute.
    for name in sorted(plans, key=lambda name: (name != check.kind, name)):
        prefix = ""
        if name != check.kind:
            prefix = f"{name}: "
        kind = plans[name].kind
        for relation in plans[name].relations:
            other = kind.relations[relation]
            yield f"| {prefix}`{relation}` | → `{other.kind}` | {cell(other.meaning)} |"
        for attribute in plans[name].attributes:
            yield _row(f"{prefix}`{attribute.name}`", attribute)
            for field in sorted(attribute.each):
                if (name, attribute.name, field) in fields:
                    inner = attribute.each[field]
                    yield _row(f"{prefix}`{attribute.name}[].{inner.name}`", inner)


def _row(name: str, attribute: Attribute) -> str:
    return f"| {name} | `{attribute.type}` | {cell(attribute.meaning)} |"


def _calls(check: Check, plans: Mapping[str, ReadPlan]) -> Iterator[str]:
    """A table of the calls that a check makes, with the permission that each needs."""
    default = PROVIDERS.get(check.cloud).permissions_of
    permissions: dict[str, set[str]] = {}
    for plan in plans.values():
        for request in plan_requests(plan):
            named = request.permission or default(request.operation)
            permissions.setdefault(request.operation, set()).update(named)
    yield "\n| call | permission |\n|---|---|"
    for operation in sorted(permissions):
        names = ", ".join(f"`{name}`" for name in sorted(permissions[operation]))
        yield f"| `{cell(operation)}` | {names or 'none'} |"


def _fields(check: Check, library: Library) -> Iterator[tuple[str, str, str]]:
    """The fields of records that a check reads: kind, attribute, field."""
    for path in _paths(check):
        if path[0] != "self":
            continue
        kind = library.kinds[check.kind]
        steps = [step for step in path[1:] if step != "[]"]
        # A path through relations ends at an attribute of another kind.
        while steps and steps[0] in kind.relations:
            kind = library.kinds[kind.relations[steps.pop(0)].kind]
        if len(steps) > 1:
            yield kind.id, steps[0], steps[1]


def _paths(check: Check) -> Iterator[tuple[str, ...]]:
    for expression in check.expressions:
        yield from expression.paths


def _parameters(check: Check, library: Library) -> Iterator[str]:
    names = {path[1] for path in _paths(check) if path[0] == "params" and len(path) > 1}
    if check.scope is not None:
        names |= {check.scope.tag, check.scope.values, check.scope.untagged} - {""}
    if not names:
        return
    yield "\n| parameter | type | default | meaning |\n|---|---|---|---|"
    for name in sorted(names):
        parameter = library.parameters[name]
        default = _default(parameter)
        yield f"| `{name}` | `{parameter.type}` | {default} | {cell(parameter.meaning)} |"


def _default(parameter: Parameter) -> str:
    if not parameter.has_default:
        return "none: unknown until it is set"
    default = f"`{cell(_yaml(parameter.default))}`"
    if parameter.stricter in ("lower", "higher"):
        return f"{default} ({parameter.stricter} is stricter)"
    return default


def _yaml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


# -- controls --------------------------------------------------------------------------------------


def _control(control: Control, library: Library) -> Iterator[str]:
    yield f"\n### {control.id}\n"
    yield f"**{prose(control.title)}.** {prose(control.statement)}"
    links = list(_criteria(control, library))
    if links:
        yield ""
    for criterion, link in links:
        yield f"- {criterion.id} ({_role(link)}): {prose(link.why)}"
    if control.does_not_prove:
        yield f"\nWhat it cannot prove: {prose(control.does_not_prove)}"


def _role(link: ControlLink) -> str:
    if link.primary:
        return "primary"
    return "supporting"


def _controls_with(checks: Iterable[Check], library: Library) -> list[Control]:
    """The controls that any of these checks speaks to, in order of their ids."""
    names = {check.id for check in checks}
    found = []
    for control in sorted(library.controls.values(), key=lambda control: control.id):
        if names & {link.id for link in control.checks}:
            found.append(control)
    return found


def _criteria(control: Control, library: Library) -> Iterator[tuple[Criterion, ControlLink]]:
    for framework in library.frameworks.values():
        for criterion in framework.criteria:
            for link in criterion.controls:
                if link.control == control.id:
                    yield criterion, link


# -- the index -------------------------------------------------------------------------------------


def _index(services: list[Service], library: Library) -> Iterator[str]:
    pages: dict[str, str] = {}
    for service in services:
        pages.update((check.id, service.page) for check in service.checks)
    kinds = {check.kind for check in library.checks.values()}
    yield "# Checks\n\nMade by `make docs` from the files in `checks/` and `mappings/`."
    yield f"There are {len(pages)}, over {len(kinds)} kinds of resource.\n"
    yield "- [By service](#by-service)\n- [By criterion](#by-criterion)"
    yield "- [Controls and manual controls](controls.md)\n\n## By service"
    for service in services:
        yield f"\n### {service.cloud.upper()}: [{service.title}]({service.page})\n"
        yield "| check | severity | what holds when it passes | evaluated on |\n|---|---|---|---|"
        for check in service.checks:
            columns = (check.severity.value, cell(check.title), f"`{check.kind}`")
            yield f"| {_link(check.id, pages)} | {' | '.join(columns)} |"
    yield "\n## By criterion"
    for framework in library.frameworks.values():
        for criterion in framework.criteria:
            title = f"{prose(criterion.title)}. Evidence: {criterion.evidence}."
            yield f"\n### {criterion.id}\n\n{title}\n"
            yield from _evidence(criterion, library, pages)


def _evidence(criterion: Criterion, library: Library, pages: Mapping[str, str]) -> Iterator[str]:
    """The controls of a criterion with their checks, those that can carry it first."""
    for link in sorted(criterion.controls, key=lambda link: (not link.primary, link.control)):
        control = library.controls[link.control]
        yield f"- {control.id} {prose(control.title)} ({_role(link)}): {prose(link.why)}"
        yield f"  Checks: {_named(control.checks, pages)}."
    if criterion.does_not_prove:
        yield f"\nWhat this cannot prove: {prose(criterion.does_not_prove)}"


def _named(links: Iterable[CheckLink], pages: Mapping[str, str]) -> str:
    names = sorted({link.id for link in links})
    if not names:
        return "none; a person attests it"
    return ", ".join(_link(name, pages) for name in names)


def _link(name: str, pages: Mapping[str, str]) -> str:
    if name not in pages:
        return f"`{name}`"
    return f"[{name}]({pages[name]}#{name})"


# -- Markdown --------------------------------------------------------------------------------------


def prose(text: str) -> str:
    """A text on one line in which only backticks are Markdown: `a*b` stays as it is written."""
    parts = " ".join(text.split()).split("`")
    # Every other part stands between backticks.
    parts[::2] = [SIGNS.sub(r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


def cell(text: str) -> str:
    """The same for a cell of a table, whose sign may not stand between backticks either."""
    return " ".join(text.split()).replace("|", "\\|")


def fenced(text: str) -> str:
    """A text as it is written."""
    return f"```text\n{text.strip()}\n```"
