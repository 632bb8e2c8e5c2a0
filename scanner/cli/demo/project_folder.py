"""Write the demo's account as a project folder, whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scanner.cli.demo import NIGHTS, PROJECT
from scanner.cli.support.store_location import STORE
from scanner.content.locations import default_roots
from scanner.errors import TscanError
from scanner.history.ledger.commit import commit_scan
from scanner.history.records.seal import find_signer, make_key
from scanner.history.records.store_format import prepare
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.history.stores import open_store
from scanner.pipeline import judge

if TYPE_CHECKING:
    from scanner.cli.support.judging import Decisions
    from scanner.model.config import Config
    from scanner.model.library import Library

KEY: Final = "demo-key.pem"
"""A key of this project alone: the user's own must not seal what never happened."""
_HINT: Final = "name a new folder"


def check_folder(folder: Path) -> None:
    """TscanError unless the folder is new or empty: nothing that exists is written over."""
    # Not `exists`: a dangling link is there too.
    if not os.path.lexists(folder):
        return
    try:
        is_free = folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir())
    except OSError as error:
        raise TscanError(f"{folder} cannot be read: {error.strerror}", _HINT) from error
    if not is_free:
        raise TscanError(f"{folder} exists and is not an empty folder", _HINT)


def write_project(folder: Path, library: Library, config: Config, decisions: Decisions) -> None:
    """Write the configuration, the evidence and the history of both nights."""
    with _beside(folder) as made:
        # Nothing hidden: a history of somebody who tried things in the package is not the demo.
        shutil.copytree(PROJECT, made, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))
        make_key(made / KEY)
        store = str(made / STORE)
        prepare(open_store(store), find_signer(made / KEY))
        for night in NIGHTS:
            snapshot = read_snapshot(night)
            assessment = judge(
                [snapshot],
                library,
                categories=config.categories,
                waivers=decisions.waivers,
                attestations=decisions.attestations,
            )
            commit_scan(
                [snapshot],
                assessment,
                library,
                store,
                made / KEY,
                waivers=decisions.waivers,
                attestations=decisions.attestations,
                roots=default_roots(),
            )


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A folder that takes the name at the end, and is gone if something fails before."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".tscan-demo-", dir=folder.parent))
    except OSError as error:
        raise TscanError(f"{folder} cannot be written: {error.strerror}", _HINT) from error
    try:
        yield made
        made.chmod(0o755)
        # Onto a folder that is empty or not there; it fails if one was filled meanwhile.
        made.rename(folder)
    except OSError as error:
        raise TscanError(f"{folder} cannot be written: {error.strerror}", _HINT) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
