"""Stores: where history lies. To add one, write a `Store` and name its scheme here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from scanner.errors import TscanError
from scanner.registry import Registry

if TYPE_CHECKING:
    from scanner.history.anchors import Versions

PARALLEL: Final = 16
"""Files that are fetched at a time."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a store."""

    key: str
    size: int
    modified: float
    """Seconds since 1970, by the store's own clock."""


class Store(Protocol):
    """Named bytes that are written once: all that history asks of a folder or a bucket."""

    @property
    def name(self) -> str:
        """As a person wrote it."""
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

    def sweep(self, before: float) -> int:
        """Remove what broken-off writing left behind before a moment; how many files."""
        ...


STORES = Registry[Callable[[str], Store]](
    "scanner.stores",
    file="scanner.history.local:LocalStore",
    s3="scanner.history.objects:open_objects",
    gs="scanner.history.objects:open_objects",
    az="scanner.history.objects:open_objects",
)
"""By scheme; what has none is a folder."""

VERSIONS = Registry[Callable[[str], "Versions"]]("scanner.versions", s3="scanner.history.versions:ObjectVersions")
"""By scheme: what a store remembers of files that were deleted or written again; others remember nothing."""


def open_store(place: str) -> Store:
    """The store at a folder or a URL such as `s3://bucket/prefix`; nothing is written."""
    scheme, found, rest = place.partition("://")
    if not found:
        return STORES.get("file")(place)
    if scheme not in STORES.names:
        known = ", ".join(f"{name}://" for name in STORES.names)
        raise TscanError(f"{place}: there is no store of the kind {scheme}://", f"give a folder, or one of {known}")
    return STORES.get(scheme)(rest if scheme == "file" else place)


def open_versions(place: str) -> Versions | None:
    """What the store at a place remembers; None where it remembers nothing."""
    scheme = place.partition("://")[0]
    return VERSIONS.get(scheme)(place) if scheme in VERSIONS.names else None


def get_all(store: Store, keys: Iterable[str]) -> list[bytes | None]:
    """Many files, in the order asked for."""
    wanted = list(keys)
    if len(wanted) < 2:
        return [store.get(key) for key in wanted]
    with ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(store.get, wanted))
