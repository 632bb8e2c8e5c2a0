"""Write a file atomically: readers find the old content or all of the new."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from scanner.errors import TscanError

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """A temporary file that replaces `path` once it is complete on the disk.

    Only its owner may read it. If the caller raises, `path` stays as it was. TscanError where the
    file cannot be written.
    """
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".tscan-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            # After a success the temporary name is gone already; after a failure nothing may stay
            # behind.
            with suppress(OSError):
                os.unlink(temporary)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise TscanError(f"{path} cannot be written: {reason}", write_hint(path, error)) from error


def write_hint(path: Path, error: OSError) -> str:
    """What makes it possible to write a file or folder after an error."""
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}: make it first"
    if error.errno in _FULL:
        return "free some space, or name a place on another disk"
    return "name a place that you may write to"
