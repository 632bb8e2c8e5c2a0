"""`tscan checks list`: the checks that there are."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import click

from scanner.errors import TscanError


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
    type=click.Path(path_type=Path),
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
    from scanner.language.errors import did_you_mean

    library = load_library(default_roots(checks=checks))
    rows = sorted(
        (
            check.cloud,
            library.kinds[check.kind].service,
            check.id,
            check.severity.value,
            check.title,
        )
        for check in library.checks.values()
        if cloud in ("", check.cloud)
        and service.lower() in ("", library.kinds[check.kind].service.lower())
    )
    if not rows:
        clouds = {check.cloud for check in library.checks.values()}
        if cloud not in ("", *clouds):
            raise TscanError(f"there is no cloud '{cloud}'", did_you_mean(cloud, clouds))
        services = {library.kinds[check.kind].service for check in library.checks.values()}
        raise TscanError("no check is there", did_you_mean(service, services))
    for (_, heading), group in groupby(rows, lambda row: row[:2]):
        click.echo(heading)
        for _, _, name, severity, title in group:
            click.echo(f"  {severity:<8}  {name}\n            {title}")
    click.echo(f"{len(rows)} checks")
    return 0
