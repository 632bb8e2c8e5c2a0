"""Packs in history: the content files that judged, kept by digest, and loaded again to judge the same evidence."""

from __future__ import annotations

import gzip
import io
import tarfile
import tempfile
from pathlib import Path
from typing import Final

from scanner.content.library import Pack, load_library
from scanner.content.locations import Roots, default_roots
from scanner.errors import TscanError
from scanner.history.records.segments import stored
from scanner.history.stores import Store
from scanner.model.history import Record
from scanner.model.library import Library

_LONGEST: Final = 64 << 20
_PARTS: Final = ("resources", "checks", "mappings")


def pack_archive(roots: Roots | None, library: Library) -> bytes:
    """The files of a pack as one archive, the same bytes on every machine; empty if they are no longer what judged."""
    pack = Pack()
    pack.collect(roots or default_roots())
    if pack.digest() != library.sha256:
        return b""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for file in sorted(pack.files, key=lambda file: file.name):
            entry = tarfile.TarInfo(file.name)
            entry.size = len(file.content)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(file.content))
    return buffer.getvalue()


class ContentArchive:
    """The packs that judged the records of a store, beside today's; each is loaded once, `lazily` as `load_library`."""

    def __init__(self, store: Store, today: Library, *, lazily: bool = False) -> None:
        self._store = store
        self._lazily = lazily
        self._found = {today.sha256: today}

    def of(self, record: Record) -> Library:
        """The pack that judged a record; TscanError where the store does not keep it, or this tscan cannot read it."""
        found = self._found.get(record.pack_sha256)
        if found is None:
            found = self._found[record.pack_sha256] = load_pack(
                self._kept(record), record.pack_sha256, lazily=self._lazily
            )
        return found

    def _kept(self, record: Record) -> bytes:
        for segment in record.segments:
            if segment.kind == "pack":
                return stored(self._store.get(segment.path), segment)
        what = f"pack {record.pack_sha256[:16]} of tscan {record.version}"
        raise TscanError(
            f"it was judged by {what}, which the store does not keep", "judge it with --pack today"
        )


def load_pack(content: bytes, sha256: str, *, lazily: bool = False) -> Library:
    """The library of an archive; TscanError if it is not the pack of this digest, or cannot be read by this tscan."""
    with tempfile.TemporaryDirectory(prefix="tscan-pack-") as name:
        folder = Path(name)
        _unpack(content, folder)
        more = sorted((folder / "user").glob("*"), key=lambda path: int(path.name))
        roots = Roots(
            kinds=folder / "resources",
            checks=folder / "checks",
            mappings=folder / "mappings",
            # Folders that hold nothing are left out of an archive, and their numbers are part of the digest.
            more_checks=tuple(path / "checks" for path in more if (path / "checks").is_dir()),
            more_mappings=tuple(path / "mappings" for path in more if (path / "mappings").is_dir()),
        )
        library = load_library(roots, lazily=lazily)
    if library.sha256 != sha256:
        raise TscanError(
            f"the pack {sha256[:16]} is not what its digest says",
            "it was changed, or made by another tscan",
        )
    return library


def _unpack(content: bytes, folder: Path) -> None:
    """Plain files below the parts of a pack, and nothing else: an archive is not to be trusted."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            for entry in archive:
                steps = entry.name.split("/")
                user = (
                    len(steps) > 3
                    and steps[0] == "user"
                    and steps[1].isdecimal()
                    and steps[2] in _PARTS
                )
                sound = (
                    entry.isfile() and entry.size <= _LONGEST and not {"", ".", ".."} & set(steps)
                )
                file = (
                    archive.extractfile(entry) if sound and (user or steps[0] in _PARTS) else None
                )
                if file is None:
                    raise TscanError(
                        "the archive of a pack holds what no pack holds", "it was not made by tscan"
                    )
                path = folder.joinpath(*steps)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(file.read())
    except (tarfile.TarError, OSError, EOFError) as error:
        raise TscanError(
            f"the archive of a pack cannot be read ({type(error).__name__})", "it is damaged"
        ) from error
