"""Verifies that history is what was committed: `tscan verify`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.support.options import PATH
from scanner.cli.support.output import show
from scanner.content.input_files import read_input
from scanner.errors import EXIT_CLEAN, EXIT_FAILING, EXIT_UNREAD, TscanError
from scanner.rendering.sanitize import sanitized
from scanner.words import plural

if TYPE_CHECKING:
    from scanner.history.ledger.anchors import Anchor
    from scanner.history.stores import Store
    from scanner.history.verification.verify import Verified


@click.command()
@click.argument("store", default="")
@click.option("--deep", is_flag=True, help="Also re-evaluate every verdict from its evidence.")
@click.option(
    "--public-key",
    type=PATH,
    multiple=True,
    metavar="FILE",
    help="Trust only this key.",
)
@click.option(
    "--anchor",
    multiple=True,
    metavar="HEAD",
    help="A head kept outside the store, as verify printed it.",
)
@click.option(
    "--git",
    multiple=True,
    metavar="REPO",
    help="A repository with the tags of 'tscan history anchor'.",
)
@click.option(
    "--target",
    multiple=True,
    metavar="ID",
    help="Only anchors of this target: for a part of a store.",
)
def verify(
    store: str,
    deep: bool,
    public_key: tuple[Path, ...],
    anchor: tuple[str, ...],
    git: tuple[str, ...],
    target: tuple[str, ...],
) -> int:
    """Verify chain, signatures, digests, counts and anchors of a store, and list all damage.

    The default STORE is that of tscan.yaml, or .tscan, with the repository of anchors from
    tscan.yaml. In a bucket, the first version of each record is what was committed, and Object
    Lock is an anchor.

    Exit code 0: as committed; 1: damaged; 2: no history that this version can read; 3: with
    --deep, a record could not be re-evaluated.

    \b
    Examples:
      tscan verify
      tscan verify s3://bucket/tscan --public-key tscan.pub
      tscan verify --deep
      tscan verify audit/store --git anchors
      tscan verify --anchor aws=111122223333/42:4355a46b…
    """
    from scanner.cli.support.store_location import named_location
    from scanner.history.ledger.anchors import read_head
    from scanner.history.stores import open_store
    from scanner.history.verification.verify import verify as verify_store

    location = named_location(store)
    opened = open_store(location.store)
    anchors = [read_head(text) for text in anchor]
    repositories = git
    if not git and location.anchors:
        repositories = (location.anchors,)
    anchors += _git_anchors(repositories, target)
    # A bucket keeps the first version of each object: what was written over it shows.
    versions, unread = _first_versions(location.store)
    anchors += versions
    verified = verify_store(opened, trusted=_trusted_keys(public_key), anchors=anchors)
    if deep:
        _judge_again(opened, verified)
    # What was not verified is printed beside the result: "as committed" alone would say too much.
    limits = [*unread, *_limits(verified, own_keys=not public_key), *_anchored(verified)]
    for line in _lines(verified, limits):
        show(f"{sanitized(line)}\n")
    # Damage is certain, and outweighs what could not be re-evaluated.
    if verified.damages:
        return EXIT_FAILING
    if verified.open:
        return EXIT_UNREAD
    return EXIT_CLEAN


def _lines(verified: Verified, limits: Sequence[str]) -> Iterator[str]:
    from scanner.reports.chain_facts import chain_facts

    for damage in verified.damages:
        yield f"DAMAGED {damage}"
    for record in verified.not_rejudged:
        yield f"NOT RE-EVALUATED {record}"
    yield from verified.notes
    for chain in verified.records.values():
        if chain:
            yield from chain_facts(chain)
    yield from limits
    records = plural(sum(map(len, verified.records.values())), "record")
    chains = plural(len(verified.heads), "chain")
    files = plural(verified.files, "file")
    result = "as committed"
    if verified.damages:
        result = plural(len(verified.damages), "damage")
    yield f"{records} in {chains}, {files}: {result}"
    # What --anchor takes: a head that was written down elsewhere shows a chain that was cut off.
    for head in verified.heads.values():
        yield f"head {head}"


# -- what a store is held against ------------------------------------------------------------------


def _trusted_keys(paths: Sequence[Path]) -> Mapping[str, bytes] | None:
    """Public keys by id; None where none is given: then those of the store itself are used."""
    from scanner.history.records.seal import key_id

    if not paths:
        return None
    keys = [_public_key(path) for path in paths]
    return {key_id(pem): pem for pem in keys}


def _public_key(path: Path) -> bytes:
    from scanner.history.records.seal import load_public, public_pem

    try:
        return public_pem(load_public(read_input(path)))
    except OSError as error:
        raise TscanError(
            f"{path} cannot be read: {error.strerror}", "give the public key in PEM form"
        ) from error
    except TscanError as error:
        raise TscanError(f"{path}: {error.message}", error.hint) from None


def _git_anchors(repositories: Sequence[str], targets: Sequence[str]) -> list[Anchor]:
    """The anchors of Git repositories, of these targets or of all.

    TscanError for a repository without any: verification against nothing would always succeed.
    """
    if not repositories:
        return []
    from scanner.history.ledger.git_anchors import GitAnchors
    from scanner.history.records.statements import stream_of

    streams = {stream_of(target) for target in targets}
    found: list[Anchor] = []
    for repository in repositories:
        anchors = GitAnchors(repository).read()
        if not anchors:
            raise TscanError(
                f"{repository} has no anchors",
                "'tscan history anchor' writes them; 'git fetch --tags' fetches pushed ones",
            )
        found += [anchor for anchor in anchors if not streams or anchor.stream in streams]
    return found


def _first_versions(location: str) -> tuple[list[Anchor], list[str]]:
    """Anchors from the first versions of a bucket's objects; a line if they were not read."""
    from scanner.history.ledger.anchors import version_anchors
    from scanner.history.stores import open_versions

    try:
        versions = open_versions(location)
        if versions is None:
            return [], []
        return list(version_anchors(versions)), []
    except TscanError as error:
        effect = "deleted or overwritten records cannot be detected"
        return [], [f"{error.message}: {effect}; {error.hint}"]


# -- what verification cannot show -----------------------------------------------------------------


def _limits(verified: Verified, *, own_keys: bool) -> Iterator[str]:
    if verified.unsigned:
        effect = "digests detect damage, but not who wrote the record"
        yield f"{plural(verified.unsigned, 'unsigned record')}: {effect}"
    # A key from the store proves only that one hand wrote all of it.
    if own_keys and verified.keys:
        keys = ", ".join(key[:16] for key in verified.keys)
        yield (
            f"the public key ({keys}) comes from the store itself: "
            "compare it with one that you trust"
        )


def _anchored(verified: Verified) -> Iterator[str]:
    """Up to which record each chain is anchored, and who could rewrite the others."""
    holder = "whoever can write to the store"
    if verified.keys and not verified.unsigned:
        holder = "whoever holds the signing key"
    rewritable = f"no external anchor: {holder} could rewrite"
    if not verified.anchored:
        yield f"{rewritable} or delete records before {_newest(verified)}"
        return
    for stream, records in sorted(verified.records.items()):
        anchor = verified.anchored.get(stream)
        free = list(records)
        if anchor:
            yield f"{stream}: anchored up to record {anchor.seq} ({anchor})"
            free = [record for record in records if record.seq > anchor.seq]
        if free:
            which = f"records {free[0].seq} to {free[-1].seq}"
            end = f"or delete them before {free[-1].finished}"
            yield f"{stream}: {which}: {rewritable} {end}"


def _newest(verified: Verified) -> str:
    """When the newest record of any chain ended."""
    last = [records[-1].finished for records in verified.records.values() if records]
    return max(last, default="now")


def _judge_again(store: Store, verified: Verified) -> None:
    """Add what differs when every verdict is made again from its evidence."""
    from scanner.cli.support.judging import judge_recorded
    from scanner.content.library import load_library
    from scanner.history.ledger.ledger import Ledger
    from scanner.history.verification.reverify import Reverifier

    Reverifier(Ledger(store), judge_recorded, load_library(lazily=True)).run(verified)
