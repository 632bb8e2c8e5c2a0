"""Stores: where history lies. To add one, write a `Store` and name its scheme here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from scanner.errors import TscanError
from scanner.registry import Registry

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a store."""

    key: str
    size: int
    modified: float
    """Seconds since 1970, by the store's own clock."""


@dataclass(frozen=True, slots=True)
class Version:
    """One of the contents that a file of a store has had, or a deletion of it."""

    id: str
    time: str
    latest: bool
    """Whether it is what a reader gets."""
    deletion: bool = False


class Versions(Protocol):
    """What a store remembers of files that were deleted or written again."""

    def list(self, prefix: str) -> Mapping[str, Sequence[Version]]:
        """The contents of every file below a folder, oldest first, then its deletions; TscanError where not known."""
        ...

    def sha256(self, key: str, version: Version) -> str:
        """The digest of a content."""
        ...

    def locked(self, key: str, version: Version) -> str:
        """Until when nobody can remove it, the owner of the store included; `` where somebody can."""
        ...


class Store(Protocol):
    """Named bytes that are written once: all that history asks of a folder or a bucket."""

    @property
    def name(self) -> str:
        """As a person wrote it."""
        ...

    @property
    def parallel(self) -> int:
        """Files that it is worth fetching at a time."""
        ...

    def put_new(self, key: str, content: bytes) -> bool:
        """Create a file, whole and lasting, if there is none of this name; whether this call created it."""
        ...

    def put(self, key: str, content: bytes) -> None:
        """Write a file whose name says what it holds, so that writing it again changes nothing."""
        ...

    def get(self, key: str) -> bytes | None:
        """The content; None where there is no such file."""
        ...

    def list(self, prefix: str) -> Iterator[Entry]:
        """Every file below a folder, `segments/` or `` for all, in the order of their names."""
        ...

    def delete(self, key: str) -> None:
        """Remove a file; one that is not there is removed already."""
        ...

    def stranger(self) -> str:
        """The name of something here that is not of a store, where a store must be alone; `` where there is none."""
        ...

    def sweep(self, before: float) -> int:
        """Remove what broken-off writing left behind before a moment; how many files."""
        ...


STORES = Registry[Callable[[str], Store]](
    "scanner.stores",
    file="scanner.history.stores.local:LocalStore",
    s3="scanner.history.stores.object_storage:open_objects",
    gs="scanner.history.stores.object_storage:open_objects",
    az="scanner.history.stores.object_storage:open_objects",
)
"""By scheme; what has none is a folder."""

VERSIONS = Registry[Callable[[str], "Versions"]](
    "scanner.versions", s3="scanner.history.stores.object_versions:ObjectVersions"
)
"""By scheme: what a store remembers of files that were deleted or written again; others remember nothing."""


def open_store(place: str) -> Store:
    """The store at a folder or a URL such as `s3://bucket/prefix`; nothing is written."""
    scheme, found, rest = place.partition("://")
    mistyped = not found and ":" in place and place.partition(":")[0] in STORES.names
    if mistyped or place == "file://":
        raise TscanError(
            f"{place} is no store", "write it as s3://bucket/prefix, or as the name of a folder"
        )
    if not found:
        return STORES.get("file")(place)
    if scheme not in STORES.names:
        known = ", ".join(f"{name}://" for name in STORES.names)
        raise TscanError(
            f"{place}: there is no store of the kind {scheme}://",
            f"give a folder, or one of {known}",
        )
    return STORES.get(scheme)(rest if scheme == "file" else place)


def open_versions(place: str) -> Versions | None:
    """What the store at a place remembers; None where it remembers nothing."""
    scheme, found, _ = place.partition("://")
    # Plugins are looked for only where one could be meant: a folder is answered at once.
    return VERSIONS.get(scheme)(place) if found and scheme in VERSIONS.names else None


def get_all(store: Store, keys: Iterable[str]) -> list[bytes | None]:
    """Many files, in the order asked for."""
    return list(fetch_all(store, list(keys), store.get))


def fetch_all(store: Store, keys: Sequence[K], fetch: Callable[[K], T]) -> Iterator[T]:
    """What a function that reads or writes one file gives for many, in their order; few of them are held at a time."""
    if store.parallel < 2 or len(keys) < 2:
        yield from map(fetch, keys)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(store.parallel) as pool:
        waiting: deque[Future[T]] = deque()
        for key in keys:
            waiting.append(pool.submit(fetch, key))
            if len(waiting) > store.parallel:
                yield waiting.popleft().result()
        yield from (one.result() for one in waiting)
