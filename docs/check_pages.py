"""The pages of `docs/checks/`: one for each service, with everything that is known of its checks, and the index."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from scanner.core.permissions import need_requests
from scanner.core.reading.read_plan import plan_reads
from scanner.model.checks import Check, Labelled, Parameter
from scanner.model.controls import CheckLink, Control, ControlLink, Criterion
from scanner.model.library import Library
from scanner.providers import PERMISSIONS

SIGNS: Final = re.compile(r"([*<\[\]|])")
NONE: Final = {
    "fail": "It fails where a target was read whole and has none.",
    "unknown": "Where a target was read whole and has none, the answer is unknown.",
    "not_applicable": "A target that was read whole and has none is not asked.",
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


# -- a page -----------------------------------------------------------------------------------------------------------


def _page(service: Service, library: Library) -> Iterator[str]:
    yield f"# {service.cloud.upper()}: {service.title}\n"
    yield "Made by `make docs` from `checks/`, `mappings/` and `scanner/resources/`. [All checks](../README.md)\n"
    for check in service.checks:
        yield f"- [{check.id}](#{check.id}): {prose(check.title)}"
    for check in service.checks:
        yield from _check(check, library)
    names = {check.id for check in service.checks}
    controls = [
        control
        for control in _controls(library)
        if any(link.id in names for link in control.checks)
    ]
    if controls:
        yield "\n## Controls that these checks speak to"
    for control in controls:
        yield from _control(control, library)


def _check(check: Check, library: Library) -> Iterator[str]:
    kind = library.kinds[check.kind]
    yield f"\n## {check.id}\n"
    yield f"**{prose(check.title)}.** Severity: {check.severity.value}. [Source](../../../{check.path})\n"
    yield f"{prose(check.why)}\n"
    yield f"Asked of each `{kind.id}` ({kind.title}). {NONE[check.if_empty.value]}"
    if check.where is not None:
        yield f"\nOnly where:\n\n{fenced(check.where.source)}"
    if check.scope is not None:
        yield f"\n{_labelled(check.scope)}"
    yield f"\nPasses when:\n\n{fenced(check.pass_when.source)}"
    yield f"\nHow to fix it:\n\n{fenced(check.fix)}"
    yield from _reads(check, library)
    yield from _parameters(check, library)
    links = [
        (control, link)
        for control in _controls(library)
        for link in control.checks
        if link.id == check.id
    ]
    if links:
        yield "\nControls:\n"
    for control, link in links:
        yield f"- [{control.id}](#{control.id.lower()}) {prose(control.title)} ({link.role.value}): {prose(link.why)}"
    if check.refs:
        yield f"\nReferences: {', '.join(prose(ref) for ref in check.refs)}"


def _labelled(scope: Labelled) -> str:
    text = f"Chosen by label: the tag that `params.{scope.tag}` names, with a value of `params.{scope.values}`."
    if scope.untagged:
        text += f" `params.{scope.untagged}` says whether an unlabelled resource is in."
    return text


def _reads(check: Check, library: Library) -> Iterator[str]:
    """Attributes with their meanings, and the calls that give them."""
    found = plan_reads(library, [check])
    fields = set(_fields(check, library))
    yield "\n| what it reads | type | meaning |\n|---|---|---|"
    for name in sorted(found, key=lambda name: (name != check.kind, name)):
        kind, prefix = found[name].kind, "" if name == check.kind else f"{name}: "
        for relation in found[name].relations:
            other = kind.relations[relation]
            yield f"| {prefix}`{relation}` | → `{other.kind}` | {cell(other.meaning)} |"
        for attribute in found[name].attributes:
            yield f"| {prefix}`{attribute.name}` | `{attribute.type}` | {cell(attribute.meaning)} |"
            for field in sorted(fields & {(name, attribute.name, each) for each in attribute.each}):
                inner = attribute.each[field[2]]
                yield f"| {prefix}`{attribute.name}[].{inner.name}` | `{inner.type}` | {cell(inner.meaning)} |"
    default = PERMISSIONS.get(check.cloud)
    allowed: dict[str, set[str]] = {}
    for need in found.values():
        for request in need_requests(need):
            named = request.permission or default(request.operation)
            allowed.setdefault(request.operation, set()).update(named)
    yield "\n| call | permission |\n|---|---|"
    for operation in sorted(allowed):
        yield f"| `{cell(operation)}` | {', '.join(f'`{name}`' for name in sorted(allowed[operation])) or 'none'} |"


def _fields(check: Check, library: Library) -> Iterator[tuple[str, str, str]]:
    """The fields of records that a check reads: kind, attribute, field."""
    for expression in check.expressions:
        for path in expression.paths:
            kind, steps = library.kinds[check.kind], [step for step in path[1:] if step != "[]"]
            while steps and steps[0] in kind.relations:
                kind = library.kinds[kind.relations[steps.pop(0)].kind]
            if path[0] == "self" and len(steps) > 1:
                yield kind.id, steps[0], steps[1]


def _parameters(check: Check, library: Library) -> Iterator[str]:
    names = {
        path[1]
        for item in check.expressions
        for path in item.paths
        if path[0] == "params" and path[1:]
    }
    if check.scope is not None:
        names |= {check.scope.tag, check.scope.values, check.scope.untagged} - {""}
    if not names:
        return
    yield "\n| parameter | type | default | meaning |\n|---|---|---|---|"
    for name in sorted(names):
        parameter = library.parameters[name]
        yield f"| `{name}` | `{parameter.type}` | {_default(parameter)} | {cell(parameter.meaning)} |"


def _default(parameter: Parameter) -> str:
    if not parameter.has_default:
        return "none: unknown until it is set"
    stricter = (
        f" ({parameter.stricter} is stricter)" if parameter.stricter in ("lower", "higher") else ""
    )
    return f"`{cell(_value(parameter.default))}`{stricter}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _control(control: Control, library: Library) -> Iterator[str]:
    yield f"\n### {control.id}\n"
    yield f"**{prose(control.title)}.** {prose(control.statement)}"
    links = list(_criteria(control, library))
    if links:
        yield ""
    for criterion, link in links:
        yield f"- {criterion.id} ({'primary' if link.primary else 'supporting'}): {prose(link.why)}"
    if control.does_not_prove:
        yield f"\nWhat it cannot prove: {prose(control.does_not_prove)}"


def _controls(library: Library) -> list[Control]:
    return sorted(library.controls.values(), key=lambda control: control.id)


def _criteria(control: Control, library: Library) -> Iterator[tuple[Criterion, ControlLink]]:
    for framework in library.frameworks.values():
        for criterion in framework.criteria:
            yield from (
                (criterion, link) for link in criterion.controls if link.control == control.id
            )


# -- the index --------------------------------------------------------------------------------------------------------


def _index(services: list[Service], library: Library) -> Iterator[str]:
    pages = {check.id: service.page for service in services for check in service.checks}
    yield "# Checks\n\nMade by `make docs` from the files in `checks/` and `mappings/`."
    yield f"There are {len(pages)}, over {len({check.kind for check in library.checks.values()})} kinds of resource.\n"
    yield "- [By service](#by-service)\n- [By criterion](#by-criterion)"
    yield "- [Controls and manual controls](controls.md)\n\n## By service"
    for service in services:
        yield f"\n### {service.cloud.upper()}: [{service.title}]({service.page})\n"
        yield "| check | severity | what holds when it passes | asked of |\n|---|---|---|---|"
        for check in service.checks:
            yield f"| {_link(check.id, pages)} | {check.severity.value} | {cell(check.title)} | `{check.kind}` |"
    yield "\n## By criterion"
    for framework in library.frameworks.values():
        for criterion in framework.criteria:
            yield f"\n### {criterion.id}\n\n{prose(criterion.title)}. Evidence: {criterion.evidence}.\n"
            yield from _served(criterion, library, pages)


def _served(criterion: Criterion, library: Library, pages: dict[str, str]) -> Iterator[str]:
    for link in sorted(criterion.controls, key=lambda item: (not item.primary, item.control)):
        control = library.controls[link.control]
        role = "primary" if link.primary else "supporting"
        yield f"- {control.id} {prose(control.title)} ({role}): {prose(link.why)}"
        yield f"  Checks: {_named(control.checks, pages)}."
    if criterion.does_not_prove:
        yield f"\nWhat this cannot prove: {prose(criterion.does_not_prove)}"


def _named(links: Iterable[CheckLink], pages: dict[str, str]) -> str:
    return (
        ", ".join(_link(name, pages) for name in sorted({link.id for link in links}))
        or "none; a person attests it"
    )


def _link(name: str, pages: dict[str, str]) -> str:
    return f"[{name}]({pages[name]}#{name})" if name in pages else f"`{name}`"


# -- Markdown ---------------------------------------------------------------------------------------------------------


def prose(text: str) -> str:
    """A text on one line whose signs are not taken for Markdown, but for what is between backticks."""
    parts = " ".join(text.split()).split("`")
    return "`".join(
        part if number % 2 else SIGNS.sub(r"\\\1", part) for number, part in enumerate(parts)
    )


def cell(text: str) -> str:
    """The same for a cell of a table, whose sign may not stand between backticks either."""
    return " ".join(text.split()).replace("|", "\\|")


def fenced(text: str) -> str:
    """A text as it is written."""
    return f"```text\n{text.strip()}\n```"
