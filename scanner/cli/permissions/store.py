"""Prints the permissions on the bucket of the history store: `tscan permissions store`."""

from __future__ import annotations

import click

from scanner.cli.permissions.choosing import printed_as


@click.command(short_help="Permissions on the history store.")
@click.option(
    "--store",
    default="",
    metavar="URL",
    help="s3://bucket/prefix, gs://… or az://…; default: that of tscan.yaml.",
)
@click.option(
    "--for",
    "use",
    type=click.Choice(("scan", "read", "verify", "compact")),
    default="scan",
    show_default=True,
    help="Commit scans, read reports, verify (with object versions), or compact history.",
)
@printed_as("json", "list", what="Policy or role, or permissions with their purpose.")
def store(store: str, use: str, form: str) -> int:
    """Print the permissions that the history store needs on its bucket, and no other.

    S3: an IAM policy limited to the prefix. Google Cloud Storage and Azure: a custom role, to be
    granted on the bucket or container only. A bucket with a KMS key also needs kms:GenerateDataKey
    and kms:Decrypt on that key.

    \b
    Examples:
      tscan permissions store --store s3://bucket/tscan > policy.json
      tscan permissions store --store gs://bucket/tscan --for read
      tscan permissions store --store az://container/tscan --format list
    """
    from scanner.cli.support.store_location import named_location
    from scanner.history.stores.permissions import as_json, permissions_for, place_of

    place = place_of(named_location(store).store)
    names = permissions_for(place.scheme, use)
    if form == "json":
        click.echo(as_json(place, list(names)))
        return 0
    for name, operations in names.items():
        click.echo(f"{name}  {', '.join(operations)}")
    return 0
