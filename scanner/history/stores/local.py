"""Store history in a local folder: create-if-absent by hard link, durable by fsync."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from scanner.errors import TscanError
from scanner.history.stores import Entry

_UNFINISHED: Final = ".unfinished-"
"""Prefix of temporary files; no reader lists them."""
_IGNORE: Final = ".gitignore"
_OURS: Final = frozenset(
    {"draws", "keys", "log", "outbox", "populations", "segments", "snapshots", "store.json"}
)
"""Names that a store itself has at its root."""
_NEUTRAL: Final = (".", "lost+found")
"""Prefixes of names that any folder may contain."""
_NOT_A_NAME: Final = frozenset({"", ".", ".."})
"""Path segments that would leave the folder, or name it twice."""


class LocalStore:
    """A folder.

    Many processes may write to it, and each of them may be killed at any instruction.
    """

    parallel = 1
    """Starting a thread takes longer than reading a file."""

    def __init__(self, place: str) -> None:
        self.name = place
        self._root = Path(place)
        self._checked = False

    def put_new(self, key: str, content: bytes) -> bool:
        self._check_root()
        path = self._path(key)
        temporary = self._write_temporary(path, content)
        try:
            # link() fails if the name exists; rename() would replace another writer's file.
            os.link(temporary, path)
        except FileExistsError:
            return False
        except OSError as error:
            raise self._problem(key, "cannot be written", error) from error
        finally:
            with suppress(OSError):
                os.unlink(temporary)
        self._sync(path.parent)
        return True

    def put(self, key: str, content: bytes) -> None:
        self._check_root()
        path = self._path(key)
        temporary = self._write_temporary(path, content)
        try:
            # Here replacing is right: whatever has this name has this content.
            os.replace(temporary, path)
        except OSError as error:
            with suppress(OSError):
                os.unlink(temporary)
            raise self._problem(key, "cannot be written", error) from error
        self._sync(path.parent)

    def get(self, key: str) -> bytes | None:
        try:
            # Unbuffered: a long history is thousands of files that are each read in one piece.
            with open(self._name(key), "rb", buffering=0) as file:
                return file.readall()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._problem(key, "cannot be read", error) from error

    def list(self, prefix: str) -> Iterator[Entry]:
        entries = []
        root_length = len(os.path.join(self._root, ""))
        for file in self._files(prefix):
            if file.name.startswith(_UNFINISHED) or file.name == _IGNORE:
                continue
            # Another process may remove a file between listing and stat.
            with suppress(FileNotFoundError):
                status = file.stat(follow_symlinks=False)
                key = file.path[root_length:].replace(os.sep, "/")
                entries.append(Entry(key, status.st_size, status.st_mtime))
        yield from sorted(entries, key=lambda entry: entry.key)

    def delete(self, key: str) -> None:
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise self._problem(key, "cannot be removed", error) from error

    def stranger(self) -> str:
        """Name of a file that is not a store's: the store's .gitignore would hide it from Git."""
        try:
            names = sorted(os.listdir(self._root))
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise self._problem("", "cannot be listed", error) from error
        for name in names:
            if name not in _OURS and not name.startswith(_NEUTRAL):
                return name
        return ""

    def sweep(self, before: float) -> int:
        swept = 0
        for file in self._files(""):
            if not file.name.startswith(_UNFINISHED):
                continue
            with suppress(FileNotFoundError):
                # A younger one may belong to a writer that is still at work.
                if file.stat(follow_symlinks=False).st_mtime < before:
                    os.unlink(file)
                    swept += 1
        return swept

    def _check_root(self) -> None:
        """TscanError for a folder that somebody else controls: history is not written there."""
        if self._checked or os.name != "posix":
            return
        try:
            status = os.lstat(self._root)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._problem("", "cannot be written", error) from error
        if stat.S_ISLNK(status.st_mode):
            # Whoever can change the link decides what history is.
            raise TscanError(
                f"{self.name} is a link", f"name the folder itself: {os.path.realpath(self._root)}"
            )
        if status.st_mode & stat.S_IWOTH and stat.S_ISDIR(status.st_mode):
            raise TscanError(f"{self.name} can be written by everybody", f"chmod o-w {self.name}")
        # In a container, the administrator writes into the folder of a user of the host.
        if status.st_uid not in (os.geteuid(), 0) and os.geteuid() != 0:
            raise TscanError(
                f"{self.name} belongs to another user", "name a folder of your own with --store"
            )
        self._checked = True

    def _files(self, prefix: str) -> Iterator[os.DirEntry[str]]:
        """Every file below a folder; linked folders are not followed."""
        folders = [os.path.join(self._root, prefix)]
        while folders:
            try:
                with os.scandir(folders.pop()) as entries:
                    inside = list(entries)
            except FileNotFoundError:
                continue
            except OSError as error:
                # An unreadable folder must not look empty: a chain would seem to end there.
                raise self._problem(prefix, "cannot be listed", error) from error
            for entry in inside:
                if not entry.is_dir():
                    yield entry
                elif not entry.is_symlink():
                    folders.append(entry.path)

    def _name(self, key: str) -> str:
        # Records name the keys of their segments, and a forged record may name `../../etc/passwd`.
        if "\0" in key or not _NOT_A_NAME.isdisjoint(key.split("/")):
            raise TscanError(
                f"{self.name}: '{key}' is not a file name of a store",
                "the record was not written by tscan",
            )
        return os.path.join(self._root, key)

    def _path(self, key: str) -> Path:
        return Path(self._name(key))

    def _write_temporary(self, path: Path, content: bytes) -> str:
        """Write the content to a synced temporary file beside `path`; the name of that file."""
        temporary = ""
        complete = False
        try:
            self._make_folder(path.parent)
            descriptor, temporary = tempfile.mkstemp(prefix=_UNFINISHED, dir=path.parent)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            complete = True
        except OSError as error:
            key = path.relative_to(self._root).as_posix()
            raise self._problem(key, "cannot be written", error) from error
        finally:
            if temporary and not complete:
                with suppress(OSError):
                    os.unlink(temporary)
        return temporary

    def _make_folder(self, folder: Path) -> None:
        """Create a folder and its parents, each for its owner only and each synced to the disk."""
        if folder.is_dir():
            return
        missing = [folder]
        while missing[-1] != self._root and not missing[-1].parent.is_dir():
            missing.append(missing[-1].parent)
        if missing[-1] == self._root:
            self._root.parent.mkdir(parents=True, exist_ok=True)
        for parent_first in reversed(missing):
            with suppress(FileExistsError):
                parent_first.mkdir(mode=0o700)
            self._sync(parent_first.parent)
        self._write_gitignore()

    def _write_gitignore(self) -> None:
        """Keep evidence out of Git, also if another command created the folder."""
        if not (self._root / _IGNORE).exists():
            self.put_new(_IGNORE, b"*\n")

    def _sync(self, folder: Path) -> None:
        """Sync a folder, so that a new name in it survives a power cut."""
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except OSError as error:
            raise self._problem("", "cannot be written", error) from error
        try:
            os.fsync(descriptor)
        except OSError as error:
            raise self._problem("", "cannot be synced to disk", error) from error
        finally:
            os.close(descriptor)

    def _problem(self, key: str, what: str, error: OSError) -> TscanError:
        place = f"{self.name}/{key}" if key else self.name
        return TscanError(f"{place} {what}: {error.strerror}", "name another place with --store")
