"""`tscan verify`: whether history is what was committed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.errors import EXIT_CLEAN, EXIT_FAILING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scanner.history.stores import Store
    from scanner.history.verify import Verified


@click.command()
@click.argument("store", default=".tscan")
@click.option("--deep", is_flag=True, help="Also make every verdict again from its evidence.")
@click.option(
    "--public-key", type=click.Path(path_type=Path), multiple=True, metavar="FILE", help="The only key to be trusted."
)
@click.option("--anchor", multiple=True, metavar="HEAD", help="A head that was kept outside, as verify printed it.")
def verify(store: str, deep: bool, public_key: tuple[Path, ...], anchor: tuple[str, ...]) -> int:
    """Check chain, signatures, digests and counts of a store, offline; name everything that is damaged.

    Exit code 0: as it was committed; 1: damaged; 2: there is no history that this tscan can read.

    \b
    Examples:
      tscan verify
      tscan verify s3://bucket/tscan --public-key tscan.pub
      tscan verify --deep
      tscan verify --anchor aws=111122223333/42:4355a46b…
    """
    from scanner.formats.values import clean
    from scanner.history.stores import open_store
    from scanner.history.verify import verify as check

    opened = open_store(store)
    seen = check(opened, trusted=_trusted(public_key), anchors=anchor)
    if deep:
        _deep(opened, seen)
    for damage in seen.damages:
        click.echo(clean(f"DAMAGED {damage}"))
    for note in (*seen.notes, *_limits(seen, own=not public_key, anchored=bool(anchor))):
        click.echo(clean(note))
    total = sum(len(records) for records in seen.records.values())
    verdict = f"{len(seen.damages)} damages" if seen.damages else "as committed"
    click.echo(f"{total} records in {len(seen.heads)} chains, {seen.files} files: {verdict}")
    for head in seen.heads.values():
        click.echo(clean(f"head {head}"))
    return EXIT_FAILING if seen.damages else EXIT_CLEAN


def _trusted(paths: tuple[Path, ...]) -> Mapping[str, bytes] | None:
    from scanner.errors import TscanError
    from scanner.history.seal import key_id, load_public, public_pem

    if not paths:
        return None
    found: dict[str, bytes] = {}
    for path in paths:
        try:
            pem = public_pem(load_public(path.read_bytes()))
        except OSError as error:
            raise TscanError(f"{path} cannot be read: {error.strerror}", "give the public key in PEM form") from error
        found[key_id(pem)] = pem
    return found


def _limits(seen: Verified, *, own: bool, anchored: bool) -> list[str]:
    """What this verification cannot show."""
    notes: list[str] = []
    newest = max((one.finished for records in seen.records.values() for one in records[-1:]), default="")
    holder = "the key holder" if seen.keys and not seen.unsigned else "anybody who can write the store"
    if seen.unsigned:
        notes.append(f"{seen.unsigned} records are not signed: their digests show damage, and not who wrote them")
    if own and seen.keys:
        keys = ", ".join(key[:16] for key in seen.keys)
        notes.append(f"the public key ({keys}) comes from the store itself: hold it against one that you trust")
    if not anchored:
        notes.append(f"no outside anchor: rewritable by {holder} before {newest or 'now'}, and its end can be cut off")
    return notes


def _deep(store: Store, seen: Verified) -> None:
    from scanner.cli.judging import as_of_the_day
    from scanner.content.library import load_library
    from scanner.history.deep import DeepVerifier
    from scanner.history.ledger import Ledger

    DeepVerifier(Ledger(store), as_of_the_day, load_library()).run(seen)
