"""`tscan permissions aws`: prints the IAM policy, or the whole role."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scanner.cli.permissions.choosing import (
    ENVIRONMENT,
    OIDC,
    REF,
    audit_log_operations,
    audit_log_permissions,
    chosen,
    inventories,
    lines,
    printed_as,
    selecting,
    watching,
)
from scanner.cli.support.evidence import EvidenceOptions
from scanner.cli.support.missing import check_not_named, missing_options, print_missing, refused
from scanner.cli.support.options import options_as
from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.providers.aws.permissions import Document
    from scanner.providers.aws.role_trust import GithubTrust, Trust

ROLE_FORMS: Final = ("terraform", "cloudformation")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustOptions:
    """Who may assume the role."""

    trust: str
    external_id: str
    oidc: str
    ref: str
    environment: str
    account: str


trust_options = options_as(
    "trusted",
    TrustOptions,
    (
        click.option(
            "--trust",
            default="",
            metavar="ARN",
            help="Principal that may assume the role; default: a parameter.",
        ),
        click.option(
            "--external-id",
            default="",
            metavar="ID",
            help="External id of the trust policy; default: a parameter.",
        ),
        OIDC,
        REF,
        ENVIRONMENT,
        click.option(
            "--account",
            default="",
            metavar="NUMBER",
            help="With --oidc and json: the account with the identity provider.",
        ),
    ),
)


@click.command(short_help="IAM policy or role.")
@selecting
@watching
@printed_as(
    "json",
    "list",
    "terraform",
    "cloudformation",
    what="Policy (with --oidc the trust policy), actions with their checks, or role.",
)
@trust_options
@click.option(
    "--organization",
    default="",
    metavar="ROLE",
    help="Policy of the account that scans an organization: the role "
    "that it assumes in the others.",
)
@missing_options
def aws(
    select: tuple[str, ...],
    checks: tuple[Path, ...],
    who: bool,
    form: str,
    trusted: TrustOptions,
    organization: str,
    missing: bool,
    evidence: EvidenceOptions,
) -> int:
    """Print the IAM actions that the selected checks need, and no other: as a policy or a role.

    A policy that exceeds IAM's size limit is printed as a list of policies, as is one for an
    organization.

    \b
    Examples:
      tscan permissions aws > policy.json
      tscan permissions aws --missing --format list
      tscan permissions aws --format list --select 'aws-s3-*'
      tscan permissions aws --format terraform \
--trust arn:aws:iam::111122223333:role/audit --external-id EXAMPLE
      tscan permissions aws --format terraform --oidc github:example/infra
      tscan permissions aws --oidc github:example/infra --account 111122223333 > trust.json
    """
    from scanner.core.permissions import reads_organization, required_permissions
    from scanner.providers.aws.permissions import NAMES, actions_of, discovery, documents, entering

    trust = _trust(trusted, form)
    if missing:
        return _print_missing(form, select, checks, evidence)
    check_not_named(evidence)
    if trusted.oidc and form == "json":
        click.echo(_workflow(trusted).policy(trusted.account))
        return 0
    library, asked = chosen("aws", select, checks)
    counting = inventories(library, "aws", select)
    grants = required_permissions(library, asked, actions_of, counting)
    discovered = discovery(
        organization=reads_organization(library, asked), leading=bool(organization)
    )
    log = audit_log_permissions(audit_log_operations("aws", who=who), actions_of)
    # Several policies, where one would be larger than IAM takes.
    # What only inventories need decides no verdict: it can be left out like the names.
    shown = {*NAMES, *(name for name, grant in grants.items() if not grant.checks)}
    found = documents({*grants, *discovered, *log} - shown, shown)
    if organization:
        found = [*found, entering(organization)]
    if form == "list":
        click.echo("\n".join(lines(grants, {**discovered, **NAMES}, log)))
    elif form == "json":
        _print_policies(found)
    else:
        click.echo(_writer(form)(found, trust), nl=False)
    return 0


def _print_policies(found: list[Document]) -> None:
    printed: object = found[0] if len(found) == 1 else found
    click.echo(json.dumps(printed, indent=2))


def _writer(form: str) -> Callable[[list[Document], Trust], str]:
    from scanner.providers.aws import role_templates

    if form == "terraform":
        return role_templates.terraform
    return role_templates.cloudformation


def _trust(options: TrustOptions, form: str) -> Trust:
    """Who may assume the role; TscanError for options that do not go together."""
    from scanner.providers.aws.role_trust import PrincipalTrust

    if options.oidc:
        return _workflow(options)
    if options.ref or options.environment or options.account:
        message = "--ref, --environment and --account need --oidc"
        raise TscanError(message, "add --oidc github:OWNER/REPO")
    if form not in ROLE_FORMS and (options.trust or options.external_id):
        raise TscanError(
            "--trust and --external-id need a format of the role",
            "add --format terraform or cloudformation",
        )
    return PrincipalTrust(options.trust, options.external_id)


def _workflow(options: TrustOptions) -> GithubTrust:
    from scanner.providers.aws.role_trust import GithubTrust
    from scanner.providers.workflow_identity import workflow_of

    if options.trust or options.external_id:
        raise TscanError("--oidc excludes --trust and --external-id", "print a role for each")
    return GithubTrust(workflow_of(options.oidc, options.ref, options.environment))


def _print_missing(
    form: str, select: tuple[str, ...], checks: tuple[Path, ...], evidence: EvidenceOptions
) -> int:
    """Print what the evidence lacks: as a policy to be added, or with the checks that it blinds."""
    from scanner.providers.aws.permissions import documents

    # A role of the missing actions alone would replace one that has the others.
    if form in ROLE_FORMS:
        raise TscanError("--missing prints a policy to add to the role", "leave out --format")
    library, asked = chosen("aws", select, checks)
    if form == "list":
        return print_missing("aws", library, asked, evidence)
    actions: set[str] = set()
    for one in refused("aws", library, asked, evidence):
        actions.update(one.loss.permissions)
    # A policy without an action is none that IAM takes.
    if not actions:
        click.echo("no call was denied", err=True)
        return 0
    _print_policies(documents(actions))
    return 0
