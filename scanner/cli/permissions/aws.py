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


@click.command(short_help="The IAM policy, or the whole role.")
@selecting
@watching
@printed_as(
    "json",
    "list",
    "terraform",
    "cloudformation",
    what="The policy, its actions with what each is for, or the role.",
)
@click.option(
    "--trust",
    default="",
    metavar="ARN",
    help="Who may assume the role; asked for on use if left out.",
)
@click.option(
    "--external-id",
    default="",
    metavar="ID",
    help="What it must say; asked for on use if left out.",
)
@click.option(
    "--organization",
    default="",
    metavar="ROLE",
    help="For the account that an organisation is scanned from: "
    "the role that it enters the others by.",
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
    """The IAM actions that the selected checks need, and no other: a policy, or the whole role.

    Several policies are printed, as a list, where one would be larger than IAM takes, or for an
    organisation.

    \b Examples: tscan permissions aws > policy.json tscan permissions aws --format list --select
    'aws-s3-*' tscan permissions aws --format terraform --trust arn:aws:iam::111122223333:role/audit
    --external-id EXAMPLE
    """
    from scanner.core.permissions import reads_organization, required_permissions
    from scanner.providers.aws import role_templates
    from scanner.providers.aws.permissions import NAMES, actions_of, discovery, documents, entering

    if form in ("json", "list") and (trust or external_id):
        raise TscanError(
            "--trust and --external-id are of the role", "add --format terraform or cloudformation"
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
