"""`tscan permissions gcp`: the custom role, and the APIs to enable."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.cli.permissions.choosing import (
    asked_of_log,
    chosen,
    lines,
    needed,
    printed_as,
    selecting,
    watching,
)
from scanner.errors import TscanError


@click.command()
@selecting
@watching
@printed_as(
    "yaml",
    "json",
    "list",
    "apis",
    "terraform",
    says="The role, its permissions with what each is for, the APIs alone, or the role with who holds it.",
)
@click.option(
    "--project", is_flag=True, help="For one project alone: nothing of the organisation is read."
)
@click.option(
    "--bulk",
    is_flag=True,
    help="For targets with `bulk: true`, which Cloud Asset Inventory answers for.",
)
@click.option(
    "--member", default="", metavar="WHO", help="Who holds the role; asked for on use if left out."
)
def gcp(
    select: tuple[str, ...],
    checks: tuple[Path, ...],
    who: bool,
    form: str,
    project: bool,
    bulk: bool,
    member: str,
) -> int:
    """The IAM permissions that the selected checks need, and no other: a role of the organisation, or of a project.

    \b
    Examples:
      tscan permissions gcp > role.yaml && gcloud iam roles create tscanRead --organization NUMBER --file role.yaml
      tscan permissions gcp --format list --select 'gcp-storage-*'
      tscan permissions gcp --format terraform --project > tscan-role.tf
    """
    from scanner.core.permissions import actions, need_requests
    from scanner.core.reading.inventory import bulk_types, in_bulk
    from scanner.core.reading.read_plan import plan_reads
    from scanner.model.kinds import Scope
    from scanner.providers.gcp import permissions as iam

    if member and form != "terraform":
        raise TscanError("--member is of the role with who holds it", "add --format terraform")
    library, asked = chosen("gcp", select, checks)
    if project:
        asked = [
            check for check in asked if library.kinds[check.kind].scope is not Scope.MANAGEMENT
        ]
    if bulk:
        library = in_bulk(library, bulk_types(library, asked))
    grants = actions(library, asked, iam.permissions_of)
    opening, told = iam.discovery(organization=not project), asked_of_log("gcp", who=who)
    log = needed(told, iam.permissions_of)
    calls = {
        request.operation
        for need in plan_reads(library, asked).values()
        for request in need_requests(need)
    } | {*told}
    names = iam.in_role({*grants, *opening, *log}, project=project)
    beside = {*grants, *opening} - set(names)
    made = {
        "yaml": lambda: iam.role_yaml(names, iam.apis(calls), beside=beside),
        "json": lambda: iam.role_json(names),
        "list": lambda: "\n".join(lines(grants, opening, log)) + "\n",
        "apis": lambda: f"gcloud services enable {' '.join(iam.apis(calls))}\n",
        "terraform": lambda: iam.terraform(
            names, iam.apis(calls), project=project, member=member, beside=beside
        ),
    }
    click.echo(made[form](), nl=False)
    return 0
