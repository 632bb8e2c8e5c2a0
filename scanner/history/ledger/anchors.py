"""Anchors: what was kept outside a store, and says which record stood where in a chain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from scanner.errors import TscanError
from scanner.history.records.statements import place_of, record_key, stream_of
from scanner.history.stores import Version, Versions
from scanner.model.history import Record

if TYPE_CHECKING:
    from scanner.history.ledger.ledger import Ledger

GIVEN: Final = "a head that was given"
_HEAD: Final = re.compile(r"([^/]+)/([1-9][0-9]{0,11}):([0-9a-fA-F]{64})")
_LOOKS: Final = 32
"""Newest records of a chain whose locks are looked for; one that is older only makes less be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """That a record was there, from a place that who writes the store does not rule."""

    stream: str
    seq: int
    sha256: str
    where: str
    """What says so, for people: `tag tscan/aws=111122223333/000000000042`."""
    time: str = ""
    """When it was made, as the place says; `` where it does not."""
    firm: bool = True
    """Whether it lasts. One that can be taken back shows damage, and anchors nothing."""

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
        """The kind of damage that it shows, and why, in a chain of these digests by number; None where it fits."""
        found = digests.get(self.seq)
        if found is None:
            cut = ": records were cut off" if self.seq > max(digests, default=0) else ""
            return "missing", f"{self} names it{cut}"
        return None if found == self.sha256 else ("replaced", f"{self} names another one")


class Anchors(Protocol):
    """A place outside the store that keeps anchors."""

    @property
    def name(self) -> str: ...
    def read(self) -> Sequence[Anchor]:
        """Every anchor that is kept; TscanError where that is not known."""
        ...

    def keep(self, record: Record) -> str:
        """Keep an anchor of a record; what it is called there."""
        ...


def read_head(text: str) -> Anchor:
    """A head as 'tscan verify' prints it, `<chain>/<number>:<sha256>`."""
    found = _HEAD.fullmatch(text.strip())
    if found is None:
        raise TscanError(f"--anchor {text} is not a head", "write it as 'tscan verify' printed it")
    return Anchor(stream=found[1], seq=int(found[2]), sha256=found[3].lower(), where=GIVEN)


def anchor_heads(
    ledger: Ledger, targets: Iterable[str], anchors: Anchors
) -> list[tuple[Record, str]]:
    """Keep the newest record of each target; those that were kept now, with what each is called.

    TscanError, and nothing kept of it, for a chain that an earlier anchor does not fit.
    """
    known = anchors.read()
    made: list[tuple[Record, str]] = []
    for target in targets:
        records = ledger.records(target)
        mine = [anchor for anchor in known if anchor.stream == stream_of(target)]
        _fits(mine, {record.seq: record.sha256 for record in records})
        if records and records[-1].seq not in {anchor.seq for anchor in mine}:
            made.append((records[-1], anchors.keep(records[-1])))
    return made


def _fits(anchors: Iterable[Anchor], digests: Mapping[int, str]) -> None:
    for anchor in anchors:
        if denied := anchor.denies(digests):
            raise TscanError(
                f"record {anchor.name} is {denied[0]}: {denied[1]}",
                "'tscan verify' names all that is",
            )


def remembered(versions: Versions) -> Iterator[Anchor]:
    """The first content of every record that was deleted or written again, and of each chain the newest locked one.

    A store creates a record only if there is none of its name; after a deletion there is none, and it can be made
    again. The first content is the one that was committed.
    """
    chains: dict[str, dict[int, Sequence[Version]]] = {}
    for key, found in versions.list("log/").items():
        if place := place_of(key):
            chains.setdefault(place[0], {})[place[1]] = found
    for stream, records in sorted(chains.items()):
        at, until = _newest_locked(versions, stream, records)
        for seq, (first, *more) in sorted(records.items()):
            if seq == at or more or first.deletion or not first.latest:
                yield _first(versions, stream, seq, first, until if seq == at else "")


def _first(versions: Versions, stream: str, seq: int, first: Version, until: str) -> Anchor:
    where = "a deletion" if first.deletion else f"version {first.id}"
    return Anchor(
        stream=stream,
        seq=seq,
        sha256="" if first.deletion else versions.sha256(record_key(stream, seq), first),
        where=f"{where} in the bucket" + (f", locked until {until}" if until else ""),
        time=first.time,
        firm=bool(until),
    )


def _newest_locked(
    versions: Versions, stream: str, records: Mapping[int, Sequence[Version]]
) -> tuple[int, str]:
    """Its number, and until when; 0 where there is none."""
    for seq in sorted(records, reverse=True)[:_LOOKS]:
        first = records[seq][0]
        until = "" if first.deletion else versions.locked(record_key(stream, seq), first)
        if until:
            return seq, until
    return 0, ""
