"""`tscan permissions azure`: prints the custom role, and the permissions in Microsoft Graph."""

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


@click.command(short_help="The custom role, and the permissions in Microsoft Graph.")
@selecting
@watching
@printed_as(
    "json",
    "graph",
    "list",
    "terraform",
    what="Role, Graph permissions, all with their checks, or both with their assignment.",
)
@click.option(
    "--subscription",
    is_flag=True,
    help="For one subscription: nothing of the tenant is read.",
)
@click.option(
    "--bulk", is_flag=True, help="For targets with `bulk: true`, which Resource Graph answers for."
)
@click.option(
    "--scope",
    default="/providers/Microsoft.Management/managementGroups/TENANT",
    metavar="ID",
    help="Assignable scope of the role; default: the tenant's root group.",
)
@by_oidc
@missing_options
def azure(
    select: tuple[str, ...],
    checks: tuple[Path, ...],
    who: bool,
    form: str,
    subscription: bool,
    bulk: bool,
    scope: str,
    oidc: str,
    ref: str,
    environment: str,
    missing: bool,
    evidence: EvidenceOptions,
) -> int:
    """Print the actions and Graph permissions that the selected checks need, and no other.

    \b
    Examples:
      tscan permissions azure > role.json && az role definition create --role-definition role.json
      tscan permissions azure --format graph
      tscan permissions azure --format terraform > tscan-role.tf
      tscan permissions azure --format terraform --oidc github:example/infra > tscan-role.tf
    """
    from scanner.core.permissions import required_permissions
    from scanner.core.reading.inventory import inventory_types, with_inventory
    from scanner.providers.azure.permissions import (
        actions_of,
        discovery,
        role_json,
        split,
        terraform,
    )

    used_by = workflow(oidc, ref, environment, form)
    library, asked = chosen("azure", select, checks)
    if missing:
        return print_missing("azure", library, asked, evidence)
    check_not_named(evidence)
    if subscription:
        asked = without_organization(library, asked)
    if bulk:
        library = with_inventory(library, inventory_types(library, asked))
    counting = inventories(library, "azure", select)
    grants = required_permissions(library, asked, actions_of, counting)
    discovered = discovery(tenant=not subscription)
    log = audit_log_permissions(audit_log_operations("azure", who=who), actions_of)
    # Graph permissions are granted to the application, and cannot be part of a role.
    roles, graph = split({*grants, *discovered, *log})
    made = {
        "json": lambda: role_json(roles, scope),
        "graph": lambda: "".join(f"{name}\n" for name in graph),
        "list": lambda: "\n".join(lines(grants, discovered, log)) + "\n",
        "terraform": lambda: terraform(roles, graph, used_by),
    }
    click.echo(made[form](), nl=False)
    return 0
