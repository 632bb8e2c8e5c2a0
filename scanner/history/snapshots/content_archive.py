"""Archive the content that judged (checks, kinds, mappings), and load it to re-evaluate."""

from __future__ import annotations

import gzip
import io
import tarfile
import tempfile
from pathlib import Path
from typing import IO, Final

from scanner.content.library import load_library
from scanner.content.locations import Roots, default_roots
from scanner.content.pack import Pack
from scanner.errors import TscanError
from scanner.history.records.segments import checked_content
from scanner.history.stores import Store
from scanner.model.history import Record
from scanner.model.library import Library

_LARGEST_FILE: Final = 64 << 20
"""Bytes of one unpacked file."""
_PARTS: Final = ("resources", "checks", "mappings")


class PackUnavailableError(TscanError):
    """This version of tscan cannot judge by a pack, though the store is not damaged.

    The store does not keep the pack, or the pack is written in another version of the content
    format.
    """


def pack_archive(roots: Roots | None, library: Library) -> bytes:
    """The files of a pack as one archive, the same bytes on every machine.

    Empty if the files are no longer those that were loaded as `library`: an archive with another
    digest than the record names would be useless.
    """
    pack = Pack()
    pack.collect(roots or default_roots())
    if pack.digest() != library.sha256:
        return b""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for file in sorted(pack.files, key=lambda file: file.name):
            # No owner and no time: an archive is stored once, by the digest of its bytes.
            entry = tarfile.TarInfo(file.name)
            entry.size = len(file.content)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(file.content))
    return buffer.getvalue()


class ContentArchive:
    """The packs that judged the records of a store, and the current one; each is loaded once."""

    def __init__(self, store: Store, current: Library, *, lazily: bool = False) -> None:
        self._store = store
        self._lazily = lazily
        self._packs: dict[str, Library | PackUnavailableError] = {current.sha256: current}
        """By digest: the pack, or why it is unavailable."""

    def of(self, record: Record) -> Library:
        """The pack that judged a record.

        PackUnavailableError where this version cannot judge by it; any other TscanError where the
        store is damaged.
        """
        found = self._packs.get(record.pack_sha256)
        if found is None:
            found = self._load(record)
            self._packs[record.pack_sha256] = found
        if isinstance(found, PackUnavailableError):
            raise found
        return found

    def _load(self, record: Record) -> Library | PackUnavailableError:
        what = f"pack {record.pack_sha256[:16]} of tscan {record.version}"
        content = self._archived(record)
        if content is None:
            return PackUnavailableError(
                f"the store does not contain {what}, which judged it",
                "use --pack today",
            )
        try:
            return load_pack(content, record.pack_sha256, lazily=self._lazily)
        except TscanError as error:
            return PackUnavailableError(
                f"{what} cannot be read by this version of tscan: {error.message}",
                f"use the version that wrote it ({record.version}), or use the current pack: "
                "'tscan replay --from DAY --to DAY --pack today'",
            )

    def _archived(self, record: Record) -> bytes | None:
        for segment in record.segments:
            if segment.kind == "pack":
                return checked_content(self._store.get(segment.path), segment)
        return None


def load_pack(content: bytes, sha256: str, *, lazily: bool = False) -> Library:
    """Load the library in an archive.

    TscanError, with a message of one line, if it is not the pack of this digest, or if this
    version of tscan cannot read it. `lazily` is as in `load_library`.
    """
    with tempfile.TemporaryDirectory(prefix="tscan-pack-") as name:
        folder = Path(name)
        _unpack(content, folder)
        library = _load_folder(folder, lazily=lazily)
    # Whoever holds the signing key could archive another pack than the one that judged.
    if library.sha256 != sha256:
        raise TscanError(
            f"the pack {sha256[:16]} is not what its digest says",
            "it was changed, or written by another version of tscan",
        )
    return library


def _load_folder(folder: Path, *, lazily: bool) -> Library:
    user_folders = sorted((folder / "user").glob("*"), key=lambda path: int(path.name))
    try:
        library = load_library(_roots(folder, user_folders), lazily=lazily)
        # A lazy library reads a file when a report needs it. Read all kinds and a check now: a pack
        # of another format must be refused before a report is half written.
        _ = list(library.kinds.values())
        for identity in list(library.checks)[:1]:
            library.checks[identity]
    except TscanError as error:
        # An old pack has a problem in each of its files: the first one is enough. The folder
        # is temporary, its name differs each time, and the same history must give the same report.
        problem = error.message.partition("\n")[0].replace(f"{folder}/", "")
        raise TscanError(problem, error.hint) from error
    return library


def _roots(folder: Path, user_folders: list[Path]) -> Roots:
    # Empty folders are not in the archive, and the numbers of the others are part of the digest.
    checks = [path / "checks" for path in user_folders]
    mappings = [path / "mappings" for path in user_folders]
    return Roots(
        kinds=folder / "resources",
        checks=folder / "checks",
        mappings=folder / "mappings",
        more_checks=tuple(path for path in checks if path.is_dir()),
        more_mappings=tuple(path for path in mappings if path.is_dir()),
    )


def _unpack(content: bytes, folder: Path) -> None:
    """Extract the files of a pack; TscanError for an archive that holds anything else."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            for entry in archive:
                file = _open_entry(archive, entry)
                path = folder.joinpath(*entry.name.split("/"))
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(file.read())
    except (tarfile.TarError, OSError, EOFError) as error:
        raise TscanError(
            f"the archive of a pack cannot be read ({type(error).__name__})", "it is damaged"
        ) from error


def _open_entry(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    # The archive is untrusted input: no links and devices, no path out of the folder, no bomb.
    steps = entry.name.split("/")
    is_safe = entry.isfile() and entry.size <= _LARGEST_FILE and {"", ".", ".."}.isdisjoint(steps)
    file = None
    if is_safe and _is_pack_path(steps):
        file = archive.extractfile(entry)
    if file is None:
        raise TscanError("the archive of a pack has unexpected content", "it was not made by tscan")
    return file


def _is_pack_path(steps: list[str]) -> bool:
    """Whether a path is `checks/…` or, for content of a user, `user/1/checks/…`."""
    if steps[0] in _PARTS:
        return True
    if steps[0] != "user" or len(steps) <= 3:
        return False
    return steps[1].isdecimal() and steps[2] in _PARTS
