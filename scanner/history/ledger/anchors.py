"""Keeps digests of records outside the store, so that a rewritten chain is noticed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from scanner.errors import TscanError
from scanner.history.records.statements import record_key, stream_and_number, stream_of
from scanner.history.stores import Version, Versions
from scanner.model.history import History, Record

GIVEN: Final = "a head from --anchor"
_HEAD: Final = re.compile(r"([^/]+)/([1-9][0-9]{0,11}):([0-9a-fA-F]{64})")
_LOCKS_READ: Final = 32
"""Newest records of a chain whose object locks are read, one request each."""


@dataclass(
    frozen=True,
    slots=True,
    kw_only=True,
)
class Anchor:
    """That a record existed, from a place that a writer of the store cannot change."""

    stream: str
    seq: int
    sha256: str
    where: str
    """Where it is kept, for people: `tag tscan/aws=111122223333/000000000042`."""
    time: str = ""
    """When it was made; `` where that is not recorded."""
    firm: bool = True
    """Whether it cannot be removed. One that can be still shows damage, but proves nothing."""

    @property
    def name(self) -> str:
        """The record: `aws=111122223333/42`."""
        return f"{self.stream}/{self.seq}"

    @property
    def key(self) -> str:
        """The record's file."""
        return record_key(self.stream, self.seq)

    def __str__(self) -> str:
        return f"{self.where}, {self.time}" if self.time else self.where

    def denies(self, digests: Mapping[int, str]) -> tuple[str, str] | None:
        """The kind of damage that it shows in a chain, and why; None where it fits.

        Digests are by number.
        """
        found = digests.get(self.seq)
        if found is None:
            # A chain that ends earlier is consistent in itself: only an anchor shows that it was
            # truncated.
            cut_off = self.seq > max(digests, default=0)
            return (
                "missing",
                f"{self} names it{': the newest records were deleted' if cut_off else ''}",
            )
        if found != self.sha256:
            return "replaced", f"{self} has another digest"
        return None


class Anchors(Protocol):
    """A place outside the store that keeps anchors."""

    @property
    def name(self) -> str: ...
    def read(self) -> Sequence[Anchor]:
        """Every anchor that is kept; TscanError where they cannot be read."""
        ...

    def keep(self, record: Record) -> str:
        """Keep an anchor of a record, and return its name there."""
        ...


def read_head(text: str) -> Anchor:
    """A head as 'tscan verify' prints it, `<chain>/<number>:<sha256>`."""
    found = _HEAD.fullmatch(text.strip())
    if found is None:
        raise TscanError(f"--anchor {text} is not a head", "write it as 'tscan verify' printed it")
    return Anchor(
        stream=found[1],
        seq=int(found[2]),
        sha256=found[3].lower(),
        where=GIVEN,
    )


def anchor_heads(
    history: History,
    targets: Iterable[str],
    anchors: Anchors,
) -> list[tuple[Record, str]]:
    """Anchor the newest record of each target.

    Returns those that had no anchor yet, with its name.

    TscanError, before anything of a chain is anchored, if it does not fit an earlier anchor.
    """
    known = anchors.read()
    new: list[tuple[Record, str]] = []
    for target in targets:
        records = history.records(target)
        # An anchor of a rewritten chain would confirm the forgery from then on.
        mine = [anchor for anchor in known if anchor.stream == stream_of(target)]
        _check_fit(mine, {record.seq: record.sha256 for record in records})
        anchored = {anchor.seq for anchor in mine}
        if records and records[-1].seq not in anchored:
            new.append((records[-1], anchors.keep(records[-1])))
    return new


def _check_fit(
    anchors: Iterable[Anchor],
    digests: Mapping[int, str],
) -> None:
    for anchor in anchors:
        if denied := anchor.denies(digests):
            raise TscanError(
                f"record {anchor.name} is {denied[0]}: {denied[1]}",
                "'tscan verify' lists all damage",
            )


def version_anchors(versions: Versions) -> Iterator[Anchor]:
    """Anchors from a store's own version history.

    They are the first versions of records that were deleted or overwritten.

    A store creates a record only if there is none of its name. After a deletion there is none, and
    another record can be created in its place; the first version is the one that was committed.
    Also the newest locked record of each chain.
    """
    chains: dict[str, dict[int, Sequence[Version]]] = {}
    for key, found in versions.list("log/").items():
        place = stream_and_number(key)
        if place is not None:
            stream, seq = place
            chains.setdefault(stream, {})[seq] = found
    for stream, records in sorted(chains.items()):
        locked_seq, until = _newest_locked(versions, stream, records)
        for seq, (first, *more) in sorted(records.items()):
            rewritten = bool(more) or first.deletion or not first.latest
            if seq == locked_seq:
                yield _anchor(versions, stream, seq, first, until)
            elif rewritten:
                yield _anchor(
                    versions,
                    stream,
                    seq,
                    first,
                    "",
                )


def _anchor(
    versions: Versions,
    stream: str,
    seq: int,
    first: Version,
    until: str,
) -> Anchor:
    """The anchor of a first version, which is locked `until` a time."""
    where, sha256 = f"version {first.id}", ""
    if first.deletion:
        where = "a deletion"
    else:
        sha256 = versions.sha256(record_key(stream, seq), first)
    where += " in the bucket"
    if until:
        where += f", locked until {until}"
    return Anchor(
        stream=stream,
        seq=seq,
        sha256=sha256,
        where=where,
        time=first.time,
        firm=bool(until),
    )


def _newest_locked(
    versions: Versions,
    stream: str,
    records: Mapping[int, Sequence[Version]],
) -> tuple[int, str]:
    """The number of the newest locked record, and until when; 0 where there is none."""
    for seq in sorted(records, reverse=True)[:_LOCKS_READ]:
        first = records[seq][0]
        # A deletion has no content that could be locked.
        if first.deletion:
            continue
        until = versions.locked(record_key(stream, seq), first)
        if until:
            return seq, until
    return 0, ""
