"""`tscan permissions`: the least that a role must be allowed. To add a cloud, write its command and name it here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.lazy import LazyGroup
from scanner.errors import TscanError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scanner.core.permissions import Grant
    from scanner.model.library import Library

permissions = LazyGroup(
    name="permissions",
    help="""Print the least that tscan must be allowed, derived from what the checks read.

\b
Examples:
  tscan permissions aws > policy.json
  tscan permissions aws --format terraform > tscan-role.tf""",
    lazy={"aws": ("scanner.cli.permissions:aws", "The IAM policy, or the whole role.")},
)


@click.command()
@click.option("--select", multiple=True, metavar="ID", help="Only for this check; `*` stands for anything.")
@click.option("--checks", type=click.Path(path_type=Path), multiple=True, metavar="DIR", help="Also your own checks.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "list", "terraform", "cloudformation"]),
    default="json",
    show_default=True,
    help="The policy, its actions with what each is for, or the role.",
)
@click.option("--trust", default="", metavar="ARN", help="Who may assume the role; asked for on use if left out.")
@click.option("--external-id", default="", metavar="ID", help="What it must say; asked for on use if left out.")
@click.option(
    "--organization",
    default="",
    metavar="ROLE",
    help="For the account that an organisation is scanned from: the role that it enters the others by.",
)
def aws(
    select: tuple[str, ...], checks: tuple[Path, ...], form: str, trust: str, external_id: str, organization: str
) -> int:
    """The IAM actions that the selected checks need, and no other: a policy, or the whole role.

    Several policies are printed, as a list, where one would be larger than IAM takes, or for an organisation.

    \b
    Examples:
      tscan permissions aws > policy.json
      tscan permissions aws --format list --select 'aws-s3-*'
      tscan permissions aws --format terraform --trust arn:aws:iam::111122223333:role/audit --external-id EXAMPLE
    """
    from scanner.content.library import load_library
    from scanner.content.locate import default_roots
    from scanner.core.permissions import actions, asks_organization
    from scanner.sources.aws import permissions_role
    from scanner.sources.aws.permissions import NAMES, action_of, discovery, documents, entering

    if form in ("json", "list") and (trust or external_id):
        raise TscanError("--trust and --external-id are of the role", "add --format terraform or cloudformation")
    library = load_library(default_roots(checks=checks))
    chosen = [library.checks[name] for name in _chosen(select, library)]
    grants = actions(library, chosen, action_of)
    opening = discovery(organization=asks_organization(library, chosen), leading=bool(organization))
    found = [*documents({*grants, *opening}, NAMES), *([entering(organization)] if organization else [])]
    if form == "list":
        click.echo("\n".join(_lines(grants, {**opening, **NAMES})))
    elif form == "json":
        click.echo(json.dumps(found[0] if len(found) == 1 else found, indent=2))
    else:
        write = permissions_role.terraform if form == "terraform" else permissions_role.cloudformation
        click.echo(write(found, trust=trust, external_id=external_id), nl=False)
    return 0


def _chosen(select: Sequence[str], library: Library) -> list[str]:
    from scanner.cli.options import matching

    mine = [name for name, check in library.checks.items() if check.cloud == "aws"]
    chosen = matching(select or ("aws-*",), library) & set(mine)
    if not chosen:
        raise TscanError("--select names no check of AWS", "see 'tscan checks list --cloud aws'")
    return sorted(chosen)


def _lines(grants: Mapping[str, Grant], opening: Mapping[str, str]) -> list[str]:
    lines = {action: f"{action}  every scan: {why}" for action, why in opening.items()}
    for action, grant in grants.items():
        users = f"{len(grant.checks)} checks" if len(grant.checks) > 1 else grant.checks[0]
        lines[action] = f"{action}  {', '.join(grant.operations)}: {users}"
    return [lines[action] for action in sorted(lines)]
