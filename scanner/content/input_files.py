"""Reads the files that people name: regular files, of a size that is stated.

A FIFO would be waited for, and a device never ends.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Final

LARGEST_INPUT: Final = 16 << 20
"""Bytes of a file that is read at once: configuration, waivers, checks, keys."""
LARGEST_RESULT: Final = 512 << 20
"""Bytes of a result that is compared."""
LARGEST_EVIDENCE: Final = 8 << 30
"""Bytes of a file that is read piece by piece: a snapshot, or the evidence of an attestation."""
# Without it, opening a FIFO waits for a writer.
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def open_input(path: str | Path, largest: int = LARGEST_EVIDENCE) -> BufferedReader:
    """An opened file; OSError where it is no regular file, or larger than that."""
    descriptor = os.open(path, _FLAGS)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        if status.st_size > largest:
            raise OSError(errno.EFBIG, f"larger than {largest >> 20} MiB", str(path))
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def read_input(path: str | Path, largest: int = LARGEST_INPUT) -> bytes:
    """The bytes of a file; OSError where it is no regular file, or larger than that."""
    with open_input(path, largest) as file:
        content = file.read(largest + 1)
    # It may have grown since it was opened.
    if len(content) > largest:
        raise OSError(errno.EFBIG, f"larger than {largest >> 20} MiB", str(path))
    return content
