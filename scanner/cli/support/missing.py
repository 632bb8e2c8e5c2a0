"""Finds the permissions that evidence shows to be missing: `tscan permissions … --missing`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from scanner.cli.support.evidence import EvidenceOptions, evidence_options
from scanner.cli.support.options import Command
from scanner.errors import EXIT_CLEAN, TscanError

if TYPE_CHECKING:
    from scanner.core.permissions import Loss
    from scanner.model.answers import Snapshot
    from scanner.model.checks import Check
    from scanner.model.library import Library


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An operation that was denied, with what it needs and what is unknown without it."""

    loss: Loss
    targets: tuple[str, ...]


def missing_options(command: Command) -> Command:
    """`--missing`, and the evidence that it is about."""
    flag = click.option(
        "--missing",
        is_flag=True,
        help="Only permissions that the newest scan, or SNAPSHOT, lacked.",
    )
    decorated: Command = flag(evidence_options(command))
    return decorated


def print_missing(
    cloud: str, library: Library, checks: Sequence[Check], evidence: EvidenceOptions
) -> int:
    """Print a line for each operation that was denied; the exit code."""
    found = refused(cloud, library, checks, evidence)
    for line in missing_lines(found):
        click.echo(line)
    if not found:
        click.echo("no call was denied", err=True)
    return EXIT_CLEAN


def check_not_named(evidence: EvidenceOptions) -> None:
    """Refuse evidence without `--missing`: the permissions of checks depend on none."""
    if evidence.snapshots or evidence.store or evidence.target:
        raise TscanError("only --missing reads evidence", "add --missing")


def refused(
    cloud: str, library: Library, checks: Sequence[Check], evidence: EvidenceOptions
) -> list[Refused]:
    """What the evidence of a cloud was denied, in order of the operation.

    TscanError where there is no evidence of this cloud.
    """
    from scanner.core.permissions import losses
    from scanner.providers import PROVIDERS

    denied: dict[str, set[str]] = defaultdict(set)
    targets: list[str] = []
    for snapshot in _snapshots(evidence, library):
        if snapshot.target.cloud != cloud:
            continue
        targets.append(str(snapshot.target))
        if snapshot.unentered:
            click.echo(f"{snapshot.target} was not entered: {snapshot.unentered}", err=True)
        for operation in _denied(snapshot):
            denied[operation].add(str(snapshot.target))
    # Without evidence nothing was refused either, which would look as if all were allowed.
    if not targets:
        raise TscanError(f"the evidence is of no target of {cloud}", "name a snapshot of one")
    found = losses(library, checks, PROVIDERS.get(cloud).permissions_of, denied)
    return [Refused(loss=loss, targets=tuple(sorted(denied[loss.operation]))) for loss in found]


def _denied(snapshot: Snapshot) -> Iterator[str]:
    from scanner.model.answers import State

    for answer in snapshot.answers.values():
        if answer.state is State.DENIED:
            yield answer.call.operation


def _snapshots(evidence: EvidenceOptions, library: Library) -> Iterator[Snapshot]:
    from scanner.cli.support.evidence import chosen_evidence, no_scan
    from scanner.cli.support.store_location import load_configuration

    config = load_configuration(evidence.config, library)
    chosen = chosen_evidence(evidence, config, library)
    if chosen is None:
        raise no_scan(evidence, config)
    return chosen.snapshots


def missing_lines(found: Iterable[Refused]) -> Iterator[str]:
    """A line for each operation: permissions, operation, targets, and checks that are unknown."""
    from scanner.rendering.sanitize import sanitized
    from scanner.words import plural

    for one in found:
        loss = one.loss
        where = ", ".join(one.targets[:3])
        if len(one.targets) > 3:
            where += f" and {len(one.targets) - 3} more"
        blind = plural(len(loss.checks), "check")
        yield sanitized(
            f"{', '.join(loss.permissions)}  {loss.operation} denied in {where}: {blind} unknown"
        )
