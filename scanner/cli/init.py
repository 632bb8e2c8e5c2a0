"""`tscan init`: a key that seals history, and a configuration to fill in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click

from scanner.errors import TscanError

CONFIG: Final = Path("tscan.yaml")
_TEXT: Final = """\
# What tscan reads, and by which parameters and frameworks it judges. Every line but `version` may be left out.
version: 1

# organization: Example Ltd        # as reports name the entity
# timezone: Europe/Berlin          # UTC if left out; evidence is always in UTC
# store: s3://bucket/tscan         # where history lies; .tscan if left out
# anchor:
#   git: ../anchors                # a repository that takes a tag of each record; push it to where others can read
# schedule: daily                  # how often a scan is expected; a run that was missed is a gap in history
# waivers: waivers.yaml            # what is accepted by name, until a date
# attestations: attestations       # a folder of what only people can show

# One entry for each place to look at. Without any, the account that the environment's credentials are of.
# targets:
#   - aws:
#       profile: audit             # a profile of the AWS configuration
#       # role_arn: arn:aws:iam::111122223333:role/audit      # a role to assume
#       # external_id: EXAMPLE
#       # regions: [eu-west-1]     # all that are enabled if left out
#       # params: {access_key_max_age_days: 30}               # for this target only
#   - gcp: {project: my-project}                              # or organization: "123456789012"
#   - azure: {subscription: 00000000-0000-0000-0000-000000000000}                # or tenant: …
#   - github: {organization: my-org}

# Parameters of checks: 'tscan checks show ID' names those of a check.
# params:
#   access_key_max_age_days: 90

# frameworks:
#   soc2-2017:
#     categories: [Security, Availability]
"""


@click.command()
@click.option(
    "--store",
    default="",
    metavar="PLACE",
    help="Where history will lie; that of tscan.yaml, or .tscan.",
)
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    help="Where the key is written; ~/.config/tscan/key.pem.",
)
@click.option("--no-sign", is_flag=True, help="No key: records will not be signed.")
def init(store: str, key: Path | None, no_sign: bool) -> int:
    """Make a key for sealing history, and a tscan.yaml to fill in; nothing that exists is written over.

    The private key stays outside the store; whoever scans may be another than who signs.

    \b
    Examples:
      tscan init
      tscan init --key /secure/tscan.pem --store s3://bucket/tscan
      tscan init --no-sign
    """
    from scanner.cli.support.store_location import named_place
    from scanner.history.records.seal import find_signer
    from scanner.history.records.store_format import prepare
    from scanner.history.stores import open_store

    store = named_place(store).store
    opened = open_store(store)
    given = key is None and bool(os.environ.get("TSCAN_KEY"))
    path = None if no_sign or given else _place(key)
    made = path is not None and _make(path, store)
    signer = None if no_sign else find_signer(path)
    prepare(opened, signer)
    if signer is not None:
        where = "TSCAN_KEY" if given else path
        click.echo(
            f"key: {where} ({'made' if made else 'was there, and is used'}); keep a copy: it cannot be made again"
        )
        click.echo(f"public key: {store}/keys/{signer.key_id}.pem; give a copy to who verifies")
    click.echo(
        f"configuration: {CONFIG} ({'made' if _configure() else 'was there, and is left as it is'})"
    )
    return 0


def _place(key: Path | None) -> Path:
    from scanner.history.records.seal import own_key

    named = os.environ.get("TSCAN_KEY_FILE")
    found = key or (Path(named) if named else own_key())
    if found is None:
        raise TscanError(
            "there is no home folder for a key", "name a file with --key, or --no-sign"
        )
    return found


def _outside(path: Path, store: str) -> None:
    """Refuse a key inside the store: who can write records must not find what signs them."""
    folder = Path(store.removeprefix("file://"))
    if ("://" not in store or store.startswith("file://")) and path.resolve().is_relative_to(
        folder.resolve()
    ):
        raise TscanError(
            f"the key {path} would lie in the store", "name a file outside of it with --key"
        )


def _make(path: Path, store: str) -> bool:
    """Whether a key was made; one that is there stays."""
    from scanner.history.records.seal import make_key

    _outside(path, store)
    if os.path.lexists(path):
        return False
    make_key(path)
    return True


def _configure() -> bool:
    try:
        with CONFIG.open("x", encoding="utf-8") as file:
            file.write(_TEXT)
    except FileExistsError:
        return False
    except OSError as error:
        raise TscanError(
            f"{CONFIG} cannot be written: {error.strerror}", "run this in a folder of yours"
        ) from error
    return True
