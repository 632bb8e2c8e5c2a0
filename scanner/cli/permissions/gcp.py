"""`tscan permissions gcp`: prints the custom role, and the APIs to enable."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.cli.permissions.choosing import (
    audit_log_operations,
    audit_log_permissions,
    by_oidc,
    chosen,
    inventories,
    lines,
    printed_as,
    selecting,
    watching,
    without_organization,
    workflow,
)
from scanner.cli.support.evidence import EvidenceOptions
from scanner.cli.support.missing import check_not_named, missing_options, print_missing
from scanner.errors import TscanError


@click.command(short_help="The custom role, and the APIs to enable.")
@selecting
@watching
@printed_as(
    "yaml",
    "json",
    "list",
    "apis",
    "terraform",
    what="Role, permissions with their checks, APIs to enable, or role with its member.",
)
@click.option(
    "--project", is_flag=True, help="For one project: nothing of the organization is read."
)
@click.option(
    "--bulk",
    is_flag=True,
    help="For targets with `bulk: true`, which Cloud Asset Inventory answers for.",
)
@click.option(
    "--member", default="", metavar="WHO", help="Member of the role; default: a variable."
)
@by_oidc
@missing_options
def gcp(
    select: tuple[str, ...],
    checks: tuple[Path, ...],
    who: bool,
    form: str,
    project: bool,
    bulk: bool,
    member: str,
    oidc: str,
    ref: str,
    environment: str,
    missing: bool,
    evidence: EvidenceOptions,
) -> int:
    """Print the IAM permissions that the selected checks need, and no other: as a role of the
    organization or of a project.

    \b
    Examples:
      tscan permissions gcp > role.yaml && gcloud iam roles create tscanRead \
--organization NUMBER --file role.yaml
      tscan permissions gcp --missing
      tscan permissions gcp --format list --select 'gcp-storage-*'
      tscan permissions gcp --format terraform --project > tscan-role.tf
      tscan permissions gcp --format terraform --oidc github:example/infra > tscan-role.tf
    """
    from scanner.core.permissions import required_permissions
    from scanner.core.reading.inventory import inventory_types, with_inventory
    from scanner.core.reading.read_plan import plan_reads, plan_requests
    from scanner.providers.gcp import permissions as iam

    used_by = workflow(oidc, ref, environment, form)
    _check_member(member, form, has_workflow=used_by is not None)
    library, asked = chosen("gcp", select, checks)
    if missing:
        return print_missing("gcp", library, asked, evidence)
    check_not_named(evidence)
    if project:
        asked = without_organization(library, asked)
    if bulk:
        library = with_inventory(library, inventory_types(library, asked))
    counting = inventories(library, "gcp", select)
    grants = required_permissions(library, asked, iam.permissions_of, counting)
    discovered = iam.discovery(organization=not project)
    log_operations = audit_log_operations("gcp", who=who)
    log = audit_log_permissions(log_operations, iam.permissions_of)
    called = {*log_operations, *(request.operation for request in counting)}
    for plan in plan_reads(library, asked).values():
        called.update(request.operation for request in plan_requests(plan))
    enabled = iam.apis(called)
    names = iam.in_role({*grants, *discovered, *log}, project=project)
    # What this role cannot hold is printed as a comment: left out in silence, it would be missed.
    beside = {*grants, *discovered} - set(names)
    made = {
        "yaml": lambda: iam.role_yaml(names, enabled, beside=beside),
        "json": lambda: iam.role_json(names),
        "list": lambda: "\n".join(lines(grants, discovered, log)) + "\n",
        "apis": lambda: f"gcloud services enable {' '.join(enabled)}\n",
        "terraform": lambda: iam.terraform(
            names, enabled, project=project, member=member, beside=beside, used_by=used_by
        ),
    }
    click.echo(made[form](), nl=False)
    return 0


def _check_member(member: str, form: str, *, has_workflow: bool) -> None:
    if member and form != "terraform":
        raise TscanError("--member needs --format terraform", "add --format terraform")
    if member and has_workflow:
        raise TscanError("--oidc excludes --member", "its service account is the member")
