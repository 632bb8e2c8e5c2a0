"""`tscan permissions aws`: prints the IAM policy, or the whole role."""

from __future__ import annotations

import json
from pathlib import Path

import click

from scanner.cli.permissions.choosing import (
    audit_log_operations,
    audit_log_permissions,
    chosen,
    lines,
    printed_as,
    selecting,
    watching,
)
from scanner.errors import TscanError


@click.command(short_help="IAM policy or role.")
@selecting
@watching
@printed_as(
    "json",
    "list",
    "terraform",
    "cloudformation",
    what="Policy, actions with their checks, or role.",
)
@click.option(
    "--trust",
    default="",
    metavar="ARN",
    help="Principal that may assume the role; default: a parameter.",
)
@click.option(
    "--external-id",
    default="",
    metavar="ID",
    help="External id of the trust policy; default: a parameter.",
)
@click.option(
    "--organization",
    default="",
    metavar="ROLE",
    help="Policy of the account that scans an organization: the role "
    "that it assumes in the others.",
)
def aws(
    select: tuple[str, ...],
    checks: tuple[Path, ...],
    who: bool,
    form: str,
    trust: str,
    external_id: str,
    organization: str,
) -> int:
    """Print the IAM actions that the selected checks need, and no other: as a policy or a role.

    A policy that exceeds IAM's size limit is printed as a list of policies, as is one for an
    organization.

    \b
    Examples:
      tscan permissions aws > policy.json
      tscan permissions aws --format list --select 'aws-s3-*'
      tscan permissions aws --format terraform --trust arn:aws:iam::111122223333:role/audit \
--external-id EXAMPLE
    """
    from scanner.core.permissions import reads_organization, required_permissions
    from scanner.providers.aws import role_templates
    from scanner.providers.aws.permissions import NAMES, actions_of, discovery, documents, entering

    if form in ("json", "list") and (trust or external_id):
        raise TscanError(
            "--trust and --external-id need a format of the role",
            "add --format terraform or cloudformation",
        )
    library, asked = chosen("aws", select, checks)
    grants = required_permissions(library, asked, actions_of)
    discovered = discovery(
        organization=reads_organization(library, asked), leading=bool(organization)
    )
    log = audit_log_permissions(audit_log_operations("aws", who=who), actions_of)
    # Several policies, where one would be larger than IAM takes.
    found = documents({*grants, *discovered, *log}, NAMES)
    if organization:
        found = [*found, entering(organization)]
    if form == "list":
        click.echo("\n".join(lines(grants, {**discovered, **NAMES}, log)))
    elif form == "json":
        printed: object = found[0] if len(found) == 1 else found
        click.echo(json.dumps(printed, indent=2))
    else:
        write = role_templates.cloudformation
        if form == "terraform":
            write = role_templates.terraform
        click.echo(write(found, trust=trust, external_id=external_id), nl=False)
    return 0
