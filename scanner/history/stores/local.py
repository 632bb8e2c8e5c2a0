"""The store in a folder of this machine: create-if-absent by hard link, lasting through a power cut."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from scanner.errors import TscanError
from scanner.history.stores import Entry

_UNFINISHED: Final = ".unfinished-"
_IGNORE: Final = ".gitignore"
_OURS: Final = frozenset(
    {"store.json", "keys", "log", "outbox", "populations", "segments", "snapshots"}
)
_NEUTRAL: Final = (".", "lost+found")
"""How the names begin that any folder may hold."""
_NO_STEPS: Final = frozenset({"", ".", ".."})


class LocalStore:
    """A folder; its writers may be many processes, and each may be killed at any instruction."""

    parallel = 1
    """A thread for a file takes longer than reading it."""

    def __init__(self, place: str) -> None:
        self.name = place
        self._root = Path(place)

    def put_new(self, key: str, content: bytes) -> bool:
        path = self._path(key)
        temporary = self._unfinished(path, content)
        try:
            # A link is made whole or not at all, and never over a name that exists: rename would replace it.
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
        path = self._path(key)
        temporary = self._unfinished(path, content)
        try:
            os.replace(temporary, path)
        except OSError as error:
            with suppress(OSError):
                os.unlink(temporary)
            raise self._problem(key, "cannot be written", error) from error
        self._sync(path.parent)

    def get(self, key: str) -> bytes | None:
        try:
            with open(self._name(key), "rb", buffering=0) as file:
                return file.readall()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._problem(key, "cannot be read", error) from error

    def list(self, prefix: str) -> Iterator[Entry]:
        found = []
        above = len(os.path.join(self._root, ""))
        for file in self._files(prefix):
            if file.name.startswith(_UNFINISHED) or file.name == _IGNORE:
                continue
            with suppress(FileNotFoundError):
                about = file.stat(follow_symlinks=False)
                found.append(
                    Entry(file.path[above:].replace(os.sep, "/"), about.st_size, about.st_mtime)
                )
        yield from sorted(found, key=lambda entry: entry.key)

    def delete(self, key: str) -> None:
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise self._problem(key, "cannot be removed", error) from error

    def stranger(self) -> str:
        """What is another folder's: a store would keep all of it out of its repository."""
        try:
            names = sorted(os.listdir(self._root))
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise self._problem("", "cannot be listed", error) from error
        return next(
            (name for name in names if name not in _OURS and not name.startswith(_NEUTRAL)), ""
        )

    def sweep(self, before: float) -> int:
        swept = 0
        for file in self._files(""):
            if file.name.startswith(_UNFINISHED):
                with suppress(FileNotFoundError):
                    if file.stat(follow_symlinks=False).st_mtime < before:
                        os.unlink(file)
                        swept += 1
        return swept

    def _files(self, prefix: str) -> Iterator[os.DirEntry[str]]:
        folders = [os.path.join(self._root, prefix)]
        while folders:
            try:
                with os.scandir(folders.pop()) as entries:
                    inside = list(entries)
            except FileNotFoundError:
                continue
            except OSError as error:
                # What cannot be listed must not look empty.
                raise self._problem(prefix, "cannot be listed", error) from error
            for entry in inside:
                if not entry.is_dir():
                    yield entry
                elif not entry.is_symlink():
                    folders.append(entry.path)

    def _name(self, key: str) -> str:
        if "\0" in key or not _NO_STEPS.isdisjoint(key.split("/")):
            raise TscanError(
                f"{self.name}: '{key}' is no name of a file in a store",
                "the record was not made by tscan",
            )
        return os.path.join(self._root, key)

    def _path(self, key: str) -> Path:
        return Path(self._name(key))

    def _unfinished(self, path: Path, content: bytes) -> str:
        """The content under a name that nobody reads, on the disk."""
        temporary, whole = "", False
        try:
            self._make(path.parent)
            descriptor, temporary = tempfile.mkstemp(prefix=_UNFINISHED, dir=path.parent)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            whole = True
        except OSError as error:
            raise self._problem(
                path.relative_to(self._root).as_posix(), "cannot be written", error
            ) from error
        finally:
            if temporary and not whole:
                with suppress(OSError):
                    os.unlink(temporary)
        return temporary

    def _make(self, folder: Path) -> None:
        """A folder with those above it, each for its owner only and each lasting."""
        if folder.is_dir():
            return
        missing = [folder]
        while missing[-1] != self._root and not missing[-1].parent.is_dir():
            missing.append(missing[-1].parent)
        if missing[-1] == self._root:
            self._root.parent.mkdir(parents=True, exist_ok=True)
        for each in reversed(missing):
            with suppress(FileExistsError):
                each.mkdir(mode=0o700)
            self._sync(each.parent)
        self._ignore()

    def _ignore(self) -> None:
        """Keep evidence out of a repository, also where the folder was made by another command."""
        if not (self._root / _IGNORE).exists():
            self.put_new(_IGNORE, b"*\n")

    def _sync(self, folder: Path) -> None:
        """Make a new name last."""
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except OSError as error:
            raise self._problem("", "cannot be written", error) from error
        try:
            os.fsync(descriptor)
        except OSError as error:
            raise self._problem("", "cannot be made to last", error) from error
        finally:
            os.close(descriptor)

    def _problem(self, key: str, what: str, error: OSError) -> TscanError:
        place = f"{self.name}/{key}" if key else self.name
        return TscanError(f"{place} {what}: {error.strerror}", "name another place with --store")
