"""Lists the checks by service: `tscan checks list`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from scanner.cli.support.options import PATH
from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.model.library import Library


class _Row(NamedTuple):
    """A line of the list; the members stand in the order by which lines are sorted."""

    cloud: str
    service: str
    check: str
    severity: str
    title: str


@click.command(name="list")
@click.option(
    "--cloud", default="", metavar="NAME", help="Only this cloud: aws, gcp, azure, github."
)
@click.option(
    "--service",
    default="",
    metavar="NAME",
    help="Only this service: S3, IAM, …; the case does not matter.",
)
@click.option(
    "--checks",
    type=PATH,
    multiple=True,
    metavar="DIR",
    help="Also your own checks.",
)
def list_checks(cloud: str, service: str, checks: tuple[Path, ...]) -> int:
    """The checks that there are, by service.

    \b
    Examples:
      tscan checks list
      tscan checks list --cloud aws --service s3
    """
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots
    from scanner.rendering.sanitize import plural

    library = load_library(default_roots(checks=checks))
    rows = sorted(_rows(library, cloud, service.lower()))
    if not rows:
        raise _none_found(library, cloud, service)
    for (_cloud, heading), group in groupby(rows, lambda row: (row.cloud, row.service)):
        click.echo(heading)
        for row in group:
            click.echo(f"  {row.severity:<8}  {row.check}\n            {row.title}")
    click.echo(plural(len(rows), "check"))
    return 0


def _rows(library: Library, cloud: str, service: str) -> Iterator[_Row]:
    for check in library.checks.values():
        row = _Row(
            check.cloud,
            library.kinds[check.kind].service,
            check.id,
            check.severity.value,
            check.title,
        )
        if cloud in ("", row.cloud) and service in ("", row.service.lower()):
            yield row


def _none_found(library: Library, cloud: str, service: str) -> TscanError:
    from scanner.language.errors import did_you_mean

    clouds = {check.cloud for check in library.checks.values()}
    if cloud and cloud not in clouds:
        return TscanError(f"there is no cloud '{cloud}'", did_you_mean(cloud, clouds))
    services = {library.kinds[check.kind].service for check in library.checks.values()}
    return TscanError("no check is there", did_you_mean(service, services))
