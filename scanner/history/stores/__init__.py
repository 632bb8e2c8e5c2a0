"""Stores keep history in a folder or a bucket.

To add one, write a `Store` and register its scheme here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from scanner.errors import TscanError
from scanner.registry import Registry

T = TypeVar("T")
K = TypeVar("K")

_BATCHES: Final = 4
"""Files in a batch for each thread: many keep all threads busy, few keep memory small."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a store."""

    key: str
    size: int
    modified: float
    """Seconds since 1970, by the store's own clock."""


@dataclass(frozen=True, slots=True)
class Version:
    """One object version: a content that a file has had, or a delete marker."""

    id: str
    time: str
    """When it was written: UTC, ISO 8601."""
    latest: bool
    """Whether readers get this version."""
    deletion: bool = False
    """Whether it is a delete marker."""


class Versions(Protocol):
    """Object versions of a store: what was deleted or overwritten is still listed."""

    def list(self, prefix: str) -> Mapping[str, Sequence[Version]]:
        """Versions of every file below a folder, by key.

        Of each file first its contents, the oldest first, then its delete markers. TscanError where
        the versions cannot be listed.
        """
        ...

    def sha256(self, key: str, version: Version) -> str:
        """Digest of a version's content."""
        ...

    def locked(self, key: str, version: Version) -> str:
        """Until when nobody, not even the store's owner, can delete it; `` if somebody can."""
        ...


class Store(Protocol):
    """Files by key, created once: everything that history requires of a folder or a bucket."""

    @property
    def name(self) -> str:
        """The place as the user wrote it, for messages."""
        ...

    @property
    def parallel(self) -> int:
        """How many files are worth requesting concurrently."""
        ...

    def put_new(self, key: str, content: bytes) -> bool:
        """Create a file unless the key exists; True if this call created it.

        Atomic and durable: of two concurrent calls for one key exactly one gets True. Chains of
        records rest on it.
        """
        ...

    def put(self, key: str, content: bytes) -> None:
        """Write a file whose key contains its digest, so that writing it again changes nothing."""
        ...

    def get(self, key: str) -> bytes | None:
        """The content of a file; None if it does not exist. Any other failure is a TscanError."""
        ...

    def list(self, prefix: str) -> Iterator[Entry]:
        """Every file below a folder (`segments/`, or `` for all), sorted by key."""
        ...

    def delete(self, key: str) -> None:
        """Remove a file; no error if it does not exist."""
        ...

    def stranger(self) -> str:
        """Name of something here that is not a store's and must not be; `` if there is none."""
        ...

    def sweep(self, before: float) -> int:
        """Remove what interrupted writes left before a moment (seconds since 1970); how many."""
        ...


STORES = Registry[Callable[[str], Store]](
    "scanner.stores",
    file="scanner.history.stores.local:LocalStore",
    s3="scanner.history.stores.object_storage:open_objects",
    gs="scanner.history.stores.object_storage:open_objects",
    az="scanner.history.stores.object_storage:open_objects",
)
"""Stores by URL scheme; a place without a scheme is a folder."""

VERSIONS = Registry[Callable[[str], "Versions"]](
    "scanner.versions", s3="scanner.history.stores.object_versions:ObjectVersions"
)
"""Object versions by URL scheme; other stores keep none."""


def open_store(place: str) -> Store:
    """The store at a folder or a URL such as `s3://bucket/prefix`; nothing is written."""
    scheme, is_url, rest = place.partition("://")
    if place == "file://" or (not is_url and _looks_like_scheme(place)):
        raise TscanError(
            f"{place} is not a store", "write it as s3://bucket/prefix, or as the name of a folder"
        )
    if not is_url:
        return STORES.get("file")(place)
    if scheme not in STORES.names:
        known = ", ".join(f"{name}://" for name in STORES.names)
        raise TscanError(
            f"{place}: unknown kind of store {scheme}://",
            f"use a folder, or one of {known}",
        )
    if scheme == "file":
        return STORES.get(scheme)(rest)
    return STORES.get(scheme)(place)


def _looks_like_scheme(place: str) -> bool:
    """Whether a place is a mistyped URL such as `s3:bucket`."""
    # Taken for a folder, it would be created, and nobody would look for history there.
    name, colon, _ = place.partition(":")
    return bool(colon) and name in STORES.names


def open_versions(place: str) -> Versions | None:
    """Object versions of the store at a place; None where the kind of store keeps none."""
    scheme, is_url, _ = place.partition("://")
    # `names` searches for plugins, which takes time: a folder does not need it.
    if not is_url or scheme not in VERSIONS.names:
        return None
    return VERSIONS.get(scheme)(place)


def get_many(store: Store, keys: Iterable[str]) -> list[bytes | None]:
    """Contents of many files in the order of the keys; None for a file that does not exist."""
    return list(fetch_concurrently(store, list(keys), store.get))


def fetch_concurrently(store: Store, keys: Sequence[K], fetch: Callable[[K], T]) -> Iterator[T]:
    """Results of a function that reads or writes one file, for many keys, in their order.

    As many calls run concurrently as the store takes. Results come in batches: the files of a long
    history are
    never in memory all at once.
    """
    if store.parallel < 2 or len(keys) < 2:
        yield from map(fetch, keys)
        return
    size = store.parallel * _BATCHES
    # Imported where a store is remote: `tscan --help` and a store in a folder start no threads.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(store.parallel) as pool:
        for start in range(0, len(keys), size):
            yield from pool.map(fetch, keys[start : start + size])
