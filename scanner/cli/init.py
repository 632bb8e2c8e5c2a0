"""Makes a key that seals history, and a configuration to fill in: `tscan init`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scanner.cli.support.options import PATH
from scanner.cli.support.store_location import CONFIG, STORE, configured_location
from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.history.stores import Store

TEMPLATE: Final = Path(__file__).parent / "tscan.template.yaml"
"""The configuration that is written: every setting, as a comment with its meaning."""


@click.command()
@click.option(
    "--store",
    default="",
    metavar="PLACE",
    help="Where history will lie; that of tscan.yaml, or .tscan.",
)
@click.option("--key", type=PATH, help="Where the key is written; ~/.config/tscan/key.pem.")
@click.option("--no-sign", is_flag=True, help="Make no key: records are not signed.")
def init(store: str, key: Path | None, no_sign: bool) -> int:
    """Make a key that signs history, and a tscan.yaml to fill in; existing files are kept.

    The private key stays outside the store; reader and signer can be different identities.

    \b
    Examples:
      tscan init
      tscan init --key /secure/tscan.pem --store s3://bucket/tscan
      tscan init --no-sign
    """
    from scanner.history.records.store_format import prepare
    from scanner.history.stores import open_store

    location = store or _own_store()
    opened = open_store(location)
    if no_sign:
        prepare(opened, None)
    else:
        _prepare_signed(opened, location, key)
    state = "exists; unchanged"
    if _write_config():
        state = "made"
    click.echo(f"configuration: {CONFIG} ({state})")
    return 0


def _own_store() -> str:
    # A tscan.yaml above is another project's: this command begins one here.
    if not CONFIG.is_file():
        return STORE
    return configured_location().store


def _prepare_signed(opened: Store, location: str, key: Path | None) -> None:
    """Prepare a store whose records are signed, with a key that is made unless there is one."""
    from scanner.history.records.seal import find_signer
    from scanner.history.records.store_format import prepare

    # TSCAN_KEY holds the key itself, as a CI secret does: then there is no file.
    in_environment = key is None and bool(os.environ.get("TSCAN_KEY"))
    path = None
    made = False
    if not in_environment:
        path = _key_path(key)
        made = _make_key(path, location)
    # Read back: a key that is not usable is refused here, and not by the first scan.
    signer = find_signer(path)
    prepare(opened, signer)
    if signer is None:
        return
    state = "exists; used"
    if made:
        state = "made"
    click.echo(f"key: {path or 'TSCAN_KEY'} ({state}); keep a backup: it cannot be recovered")
    click.echo(f"public key: {location}/keys/{signer.key_id}.pem; give a copy to the auditor")


def _key_path(key: Path | None) -> Path:
    from scanner.history.records.seal import own_key

    if key is not None:
        return key
    named = os.environ.get("TSCAN_KEY_FILE")
    if named:
        return Path(named)
    found = own_key()
    if found is None:
        raise TscanError(
            "there is no home folder for a key", "name a file with --key, or --no-sign"
        )
    return found


def _check_outside(path: Path, location: str) -> None:
    """Refuse a key inside the store: whoever can write records must not find what signs them."""
    if "://" in location and not location.startswith("file://"):
        return
    folder = Path(location.removeprefix("file://"))
    if path.resolve().is_relative_to(folder.resolve()):
        raise TscanError(
            f"the key {path} would lie in the store", "name a file outside of it with --key"
        )


def _make_key(path: Path, location: str) -> bool:
    """Whether a key was made; one that is there stays, for it sealed the records so far."""
    from scanner.history.records.seal import make_key

    _check_outside(path, location)
    # Not `exists`: a dangling link is there, and a key must not be written through it.
    if os.path.lexists(path):
        return False
    make_key(path)
    return True


def _write_config() -> bool:
    """Whether tscan.yaml was written; one that is there stays."""
    try:
        # Mode x: opened only if it is not there, with no moment between the look and the write.
        with CONFIG.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.read_text(encoding="utf-8"))
    except FileExistsError:
        return False
    except OSError as error:
        raise TscanError(
            f"{CONFIG} cannot be written: {error.strerror}", "run this in a folder of yours"
        ) from error
    return True
