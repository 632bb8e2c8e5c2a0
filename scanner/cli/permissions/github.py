"""`tscan permissions github`: prints the permissions of a GitHub App."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.cli.permissions.choosing import chosen, inventories, lines, printed_as, selecting
from scanner.cli.support.evidence import EvidenceOptions
from scanner.cli.support.missing import check_not_named, missing_options, print_missing


@click.command(short_help="The permissions of an app.")
@selecting
@printed_as("json", "list", what="Manifest of an app, or permissions with their checks.")
@missing_options
def github(
    select: tuple[str, ...],
    checks: tuple[Path, ...],
    form: str,
    missing: bool,
    evidence: EvidenceOptions,
) -> int:
    """Print the permissions that an app needs for the selected checks, and no other.

    A token with the same permissions works as well.

    \b
    Examples:
      tscan permissions github > app.json
      tscan permissions github --format list
    """
    from scanner.core.permissions import required_permissions
    from scanner.providers.github.permissions import DISCOVERY, manifest, permissions_of

    library, asked = chosen("github", select, checks)
    if missing:
        return print_missing("github", library, asked, evidence)
    check_not_named(evidence)
    counting = inventories(library, "github", select)
    grants = required_permissions(library, asked, permissions_of, counting)
    # The audit log of GitHub is not read, so that there is no --who.
    if form == "json":
        click.echo(manifest({*grants, *DISCOVERY}), nl=False)
    else:
        click.echo("\n".join(lines(grants, DISCOVERY)))
    return 0
