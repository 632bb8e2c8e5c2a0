"""A file for somebody else that is written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from scanner.errors import TscanError


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """What takes its name once all of it is on the disk, readable by its owner only; TscanError where it cannot be."""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".tscan-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            # Nothing is left of what was broken off; what is finished does not have this name any more.
            with suppress(OSError):
                os.unlink(temporary)
    except OSError as error:
        raise TscanError(
            f"{path} cannot be written: {error.strerror or type(error).__name__}"
        ) from error
