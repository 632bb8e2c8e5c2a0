"""`tscan verify`: whether history is what was committed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.errors import EXIT_CLEAN, EXIT_FAILING, EXIT_UNREAD, TscanError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scanner.history.ledger.anchors import Anchor
    from scanner.history.stores import Store
    from scanner.history.verification.verify import Verified


@click.command()
@click.argument("store", default="")
@click.option("--deep", is_flag=True, help="Also make every verdict again from its evidence.")
@click.option(
    "--public-key",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="The only key to be trusted.",
)
@click.option(
    "--anchor",
    multiple=True,
    metavar="HEAD",
    help="A head that was kept outside, as verify printed it.",
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
    """Check chain, signatures, digests, counts and anchors of a store; name everything that is damaged.

    Without STORE it is that of tscan.yaml, or .tscan, with the repository that tscan.yaml names for anchors. Of a
    bucket, the first version of each record is what was committed, and Object Lock is an anchor.

    Exit code 0: as it was committed; 1: damaged; 2: there is no history that this tscan can read; 3: with --deep, a
    record could not be judged again.

    \b
    Examples:
      tscan verify
      tscan verify s3://bucket/tscan --public-key tscan.pub
      tscan verify --deep
      tscan verify audit/store --git anchors
      tscan verify --anchor aws=111122223333/42:4355a46b…
    """
    from scanner.cli.support.store_location import named_place
    from scanner.history.ledger.anchors import read_head
    from scanner.history.stores import open_store
    from scanner.history.verification.verify import verify as check
    from scanner.rendering.sanitize import sanitized

    place = named_place(store)
    opened = open_store(place.store)
    given = [read_head(text) for text in anchor]
    kept = _tagged(git or ((place.anchors,) if place.anchors else ()), target)
    versions, unread = _versions(place.store)
    seen = check(opened, trusted=_trusted(public_key), anchors=[*given, *kept, *versions])
    if deep:
        _deep(opened, seen)
    for line in _lines(seen, [*unread, *_limits(seen, own=not public_key), *_anchored(seen)]):
        click.echo(sanitized(line))
    if seen.damages:
        return EXIT_FAILING
    return EXIT_UNREAD if seen.open else EXIT_CLEAN


def _lines(seen: Verified, limits: list[str]) -> Iterator[str]:
    from scanner.rendering.sanitize import plural

    yield from (f"DAMAGED {damage}" for damage in seen.damages)
    yield from (f"NOT RE-JUDGED {record}" for record in seen.not_rejudged)
    yield from (*seen.notes, *limits)
    records = plural(sum(len(records) for records in seen.records.values()), "record")
    chains, files = plural(len(seen.heads), "chain"), plural(seen.files, "file")
    yield f"{records} in {chains}, {files}: {plural(len(seen.damages), 'damage') if seen.damages else 'as committed'}"
    yield from (f"head {head}" for head in seen.heads.values())


def _trusted(paths: tuple[Path, ...]) -> Mapping[str, bytes] | None:
    from scanner.history.records.seal import key_id, load_public, public_pem

    if not paths:
        return None
    found: dict[str, bytes] = {}
    for path in paths:
        try:
            pem = public_pem(load_public(path.read_bytes()))
        except OSError as error:
            raise TscanError(
                f"{path} cannot be read: {error.strerror}", "give the public key in PEM form"
            ) from error
        except TscanError as error:
            raise TscanError(f"{path}: {error.message}", error.hint) from None
        found[key_id(pem)] = pem
    return found


def _tagged(repositories: tuple[str, ...], targets: tuple[str, ...]) -> list[Anchor]:
    """The anchors of repositories; TscanError for one that holds none: to have asked is not to have checked."""
    if not repositories:
        return []
    from scanner.history.ledger.git_anchors import GitAnchors
    from scanner.history.records.statements import stream_of

    streams = {stream_of(target) for target in targets}
    found: list[Anchor] = []
    for repository in repositories:
        kept = GitAnchors(repository).read()
        if not kept:
            hint = "'tscan history anchor' writes them; 'git fetch --tags' brings those that were pushed"
            raise TscanError(f"{repository} holds no anchor", hint)
        found += [anchor for anchor in kept if not streams or anchor.stream in streams]
    return found


def _versions(place: str) -> tuple[list[Anchor], list[str]]:
    """What the store itself remembers of its records, and what is to be said where that was not read."""
    from scanner.history.ledger.anchors import remembered
    from scanner.history.stores import open_versions

    try:
        versions = open_versions(place)
        return list(remembered(versions)) if versions else [], []
    except TscanError as error:
        return [], [
            f"{error.message}: what was deleted or written again does not show; {error.hint}"
        ]


def _limits(seen: Verified, *, own: bool) -> Iterator[str]:
    """What this verification cannot show."""
    if seen.unsigned:
        yield f"{seen.unsigned} records are not signed: their digests show damage, and not who wrote them"
    if own and seen.keys:
        keys = ", ".join(key[:16] for key in seen.keys)
        yield f"the public key ({keys}) comes from the store itself: hold it against one that you trust"


def _anchored(seen: Verified) -> Iterator[str]:
    """How far each chain is out of the reach of who holds its key, and from where on it is not."""
    holder = (
        "the key holder" if seen.keys and not seen.unsigned else "anybody who can write the store"
    )
    if not seen.anchored:
        newest = max(
            (one.finished for records in seen.records.values() for one in records[-1:]),
            default="now",
        )
        yield f"no outside anchor: rewritable by {holder} before {newest}, and its end can be cut off"
        return
    for stream, records in sorted(seen.records.items()):
        anchor = seen.anchored.get(stream)
        if anchor:
            yield f"{stream}: anchored up to record {anchor.seq} ({anchor})"
        free = [record for record in records if anchor is None or record.seq > anchor.seq]
        if free:
            what = f"records {free[0].seq} to {free[-1].seq}: no outside anchor: rewritable by {holder}"
            yield f"{stream}: {what} before {free[-1].finished}, and their end can be cut off"


def _deep(store: Store, seen: Verified) -> None:
    from scanner.cli.support.judging import as_of_the_day
    from scanner.content.library import load_library
    from scanner.history.ledger.ledger import Ledger
    from scanner.history.verification.reverify import Reverifier

    Reverifier(Ledger(store), as_of_the_day, load_library(lazily=True)).run(seen)
