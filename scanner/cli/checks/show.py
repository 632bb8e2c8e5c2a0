"""Shows one check with what it reads and what it evidences: `tscan checks show`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING

import click

from scanner.cli.support.completion import complete_checks
from scanner.cli.support.options import PATH, current_id

if TYPE_CHECKING:
    from scanner.model.checks import Check
    from scanner.model.kinds import Kind
    from scanner.model.library import Library

    Section = tuple[str, str]
    """A heading and the text below it."""


@click.command()
@click.argument("identity", metavar="ID", shell_complete=complete_checks)
@click.option(
    "--checks",
    type=PATH,
    multiple=True,
    metavar="DIR",
    help="Also your own checks.",
)
def show(identity: str, checks: tuple[Path, ...]) -> int:
    """One check: its question, why it is asked, the fix, what it reads and which controls it
    serves.

    \b
    Examples:
      tscan checks show aws-s3-bucket-versioned
    """
    from scanner.cli.support.ids import no_such
    from scanner.cli.support.output import show as print_text
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots

    library = load_library(default_roots(checks=checks), lazily=True)
    identity = current_id(identity, library)
    if identity not in library.checks:
        raise no_such("check", identity, library.checks, library)
    check = library.checks[identity]
    for heading, text in (*_question(check, library), *_uses(check, library)):
        print_text(f"{heading}\n{indent(text, '  ')}\n\n")
    return 0


def _question(check: Check, library: Library) -> Iterator[Section]:
    kind = library.kinds[check.kind]
    yield check.id, f"{check.title}\nseverity {check.severity.value}, of {kind.id} ({kind.title})"
    if check.fails:
        yield "When it fails", check.fails
    yield "Passes when", check.pass_when.source.strip()
    if check.where:
        yield "Asked where", check.where.source.strip()
    if check.scope:
        label = f"tag params.{check.scope.tag} with a value of params.{check.scope.values}"
        yield "Chosen by label", label
    yield "When there is none", check.if_empty.value.replace("_", " ")
    if check.where:
        yield "When none is in scope", check.if_none_in_scope.value.replace("_", " ")
    if kind.does_not_list:
        holes = [hole.sentence for hole in kind.does_not_list]
        yield "Does not list", "\n".join(holes)
    yield "Why", check.why
    yield "Fix", check.fix


def _uses(check: Check, library: Library) -> Iterator[Section]:
    """What the check reads, and which controls it evidences."""
    yield "Reads", "\n".join(_attributes(check, library.kinds[check.kind]))
    yield "Calls", "\n".join(_operations(check, library))
    params = _members(check, "params")
    if params:
        meanings = [f"{name}: {library.parameters[name].meaning}" for name in params]
        yield "Parameters", "\n".join(meanings)
    yield "Controls", "\n".join(_controls(check, library)) or "none"
    if check.links:
        yield "Links", "\n".join(check.links)
    others = [ref for ref in check.refs if ref not in check.links]
    if others:
        yield "References", "\n".join(others)
    if check.aliases:
        yield "Earlier ids", "\n".join(check.aliases)


def _members(check: Check, root: str) -> list[str]:
    """The first members below `self` or `params` that the check's conditions name."""
    names: set[str] = set()
    for expression in check.expressions:
        for path in expression.paths:
            if path[0] == root and len(path) > 1:
                names.add(path[1])
    return sorted(names)


def _attributes(check: Check, kind: Kind) -> Iterator[str]:
    """Attributes and relations that the check reads, with their meanings."""
    for name in _members(check, "self"):
        if name in kind.attributes:
            attribute = kind.attributes[name]
            yield f"{name} ({attribute.type}): {attribute.meaning}"
        elif name in kind.relations:
            relation = kind.relations[name]
            yield f"{name} (→ {relation.kind}): {relation.meaning}"
        else:
            # `id`, `name`, `region`, …: every resource has them.
            yield name


def _operations(check: Check, library: Library) -> list[str]:
    """Operations that are called when only this check is selected."""
    # Second sources of listings are left out: they belong to the kind, not to the question.
    from scanner.core.reading.read_plan import listing_requests, plan_reads

    operations: set[str] = set()
    for plan in plan_reads(library, [check]).values():
        kind = plan.kind
        requests = list(listing_requests(kind.listing))
        for name in plan.details:
            if name in kind.details:
                requests.append(kind.details[name])
            else:
                requests += listing_requests(kind.readers[name])
        operations.update(request.operation for request in requests)
    return sorted(operations)


def _controls(check: Check, library: Library) -> Iterator[str]:
    for control in sorted(library.controls.values(), key=lambda control: control.id):
        for link in control.checks:
            if link.id == check.id:
                yield f"{control.id} {control.title} ({link.role.value}): {link.why}"
