"""`tscan permissions store`: prints what the identity that uses the store must be allowed."""

from __future__ import annotations

import click

from scanner.cli.permissions.choosing import printed_as


@click.command(short_help="What the identity of the history store must be allowed.")
@click.option(
    "--store",
    default="",
    metavar="URL",
    help="s3://bucket/prefix, gs://… or az://…; that of tscan.yaml if left out.",
)
@click.option(
    "--for",
    "use",
    type=click.Choice(("scan", "read", "verify", "compact")),
    default="scan",
    show_default=True,
    help="Commit scans, read reports, verify (with object versions), or compact history.",
)
@printed_as("json", "list", what="The policy or role, or its permissions with what needs each.")
def store(store: str, use: str, form: str) -> int:
    """The permissions on the bucket that history lies in, and no other.

    S3: an IAM policy for the prefix alone. Google Cloud Storage and Azure: a custom role, to be
    granted on the bucket or container alone. A bucket with a KMS key needs kms:GenerateDataKey and
    kms:Decrypt on that key as well.

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
