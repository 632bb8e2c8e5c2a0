"""Writes files that a person will edit: new ones, and changed ones without losing a change."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from scanner.content.input_files import read_input
from scanner.errors import TscanError


def write_new(path: Path, text: str, hint: str) -> None:
    """Write a new file, and its folders if need be; nothing that exists is replaced.

    TscanError with the hint where that is not possible.
    """
    folder = path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Mode x: opened only if it is not there, with no moment between the look and the write.
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        # `mkdir` raises it too, where the name is that of a file.
        existing = path if folder.is_dir() else folder
        raise TscanError(f"{existing} exists already", hint) from None
    except OSError as error:
        raise TscanError(f"{path} cannot be written: {error.strerror}", hint) from None


def replace_file(path: Path, before: bytes | None, after: bytes) -> None:
    """Replace a file whose content was `before` (None: there was none), all of it or nothing.

    TscanError where somebody else changed it meanwhile.
    """
    from scanner.history.stores.atomic_write import atomic_write

    # Resolved: a link is followed, and stays one.
    place = path.resolve()
    with atomic_write(place) as file:
        file.write(after)
        mode = 0o644
        if place.exists():
            mode = stat.S_IMODE(place.stat().st_mode)
        os.fchmod(file.fileno(), mode)
        if _content(place) != before:
            raise TscanError(f"{path} was changed meanwhile", "run the command again")


def _content(path: Path) -> bytes | None:
    try:
        return read_input(path)
    except FileNotFoundError:
        return None
