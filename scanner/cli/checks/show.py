"""`tscan checks show`: all that there is to know about one check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING

import click

from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.model.checks import Check
    from scanner.model.kinds import Kind, Listing, Request
    from scanner.model.library import Library


@click.command()
@click.argument("identity", metavar="ID")
@click.option(
    "--checks",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="DIR",
    help="Also your own checks.",
)
def show(identity: str, checks: tuple[Path, ...]) -> int:
    """One check: its question, why it is asked, the fix, what it reads and which controls it serves.

    \b
    Examples:
      tscan checks show aws-s3-bucket-versioned
    """
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots
    from scanner.language.errors import did_you_mean

    library = load_library(default_roots(checks=checks))
    if identity not in library.checks:
        raise TscanError(f"there is no check '{identity}'", did_you_mean(identity, library.checks))
    for heading, text in _parts(library.checks[identity], library):
        click.echo(f"{heading}\n{indent(text, '  ')}\n")
    return 0


def _parts(check: Check, library: Library) -> Iterator[tuple[str, str]]:
    kind = library.kinds[check.kind]
    yield check.id, f"{check.title}\nseverity {check.severity.value}, of {kind.id} ({kind.title})"
    yield "Passes when", check.pass_when.source.strip()
    if check.where:
        yield "Asked where", check.where.source.strip()
    if check.scope:
        yield (
            "Chosen by label",
            f"tag params.{check.scope.tag} with a value of params.{check.scope.values}",
        )
    yield "When there is none", check.if_empty.value.replace("_", " ")
    yield "Why", check.why
    yield "Fix", check.fix
    yield "Reads", "\n".join(_reads(check, kind))
    yield "Calls", "\n".join(_calls(check, library))
    params = sorted(
        {
            path[1]
            for item in check.expressions
            for path in item.paths
            if path[0] == "params" and path[1:]
        }
    )
    if params:
        yield (
            "Parameters",
            "\n".join(f"{name}: {library.parameters[name].meaning}" for name in params),
        )
    yield "Controls", "\n".join(_controls(check, library)) or "none"
    if check.refs:
        yield "References", "\n".join(check.refs)


def _reads(check: Check, kind: Kind) -> Iterator[str]:
    """First steps of the paths below `self`, with their meanings."""
    names = sorted(
        {
            path[1]
            for item in check.expressions
            for path in item.paths
            if path[0] == "self" and path[1:]
        }
    )
    for name in names:
        if name in kind.attributes:
            yield f"{name} ({kind.attributes[name].type}): {kind.attributes[name].meaning}"
        elif name in kind.relations:
            relation = kind.relations[name]
            yield f"{name} (→ {relation.kind}): {relation.meaning}"
        else:
            yield name


def _calls(check: Check, library: Library) -> list[str]:
    """Operations that are made when only this check is selected."""
    from scanner.core.reading.read_plan import plan_reads

    operations: set[str] = set()
    for need in plan_reads(library, [check]).values():
        kind = need.kind
        operations |= set(_listing(kind.listing))
        for name in need.details:
            operations |= set(
                _request(kind.details[name])
                if name in kind.details
                else _listing(kind.readers[name])
            )
    return sorted(operations)


def _listing(listing: Listing | None) -> Iterator[str]:
    if listing is None:
        return
    if listing.request is not None:
        yield from _request(listing.request)
    for request in listing.reads:
        yield from _request(request)


def _request(request: Request) -> Iterator[str]:
    yield request.operation


def _controls(check: Check, library: Library) -> Iterator[str]:
    for control in sorted(library.controls.values(), key=lambda item: item.id):
        for link in control.checks:
            if link.id == check.id:
                yield f"{control.id} {control.title} ({link.role.value}): {link.why}"
