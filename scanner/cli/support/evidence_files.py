"""Writes the evidence of a scan to files, which nothing is written over."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scanner.cli.support.store_location import default_store
from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.model.answers import Snapshot

FOLDER: Final = "snapshots"
"""Below the default store: where evidence is written unless `--snapshot` names another place."""


def check_snapshot_path(path: Path | None, *, several: bool) -> None:
    """Refuse, before a long scan, a place that its evidence could not be written to."""
    if path is None or path.is_dir():
        return
    if several:
        raise TscanError(
            f"--snapshot {path} must be a folder: there is a snapshot for each target",
            "make it first",
        )
    if path.exists():
        raise TscanError(
            f"--snapshot {path} exists: evidence is never overwritten", "name another file"
        )
    if not path.parent.is_dir():
        raise TscanError(f"--snapshot {path}: there is no folder {path.parent}", "make it first")


def write_snapshots(
    snapshots: Iterable[Snapshot], place: Path | None, *, several: bool
) -> list[Path]:
    """Write each snapshot as soon as it is complete; the files."""
    from scanner.history.snapshots.snapshot_file import write_snapshot

    paths: list[Path] = []
    for snapshot in snapshots:
        if place is None:
            # The snapshots of one scan have one id: they share a folder.
            place = _own_folder(snapshot.id if several else "")
        path = place
        if place.is_dir():
            path = place / _file_name(snapshot)
        write_snapshot(path, snapshot)
        paths.append(path)
    return paths


def _file_name(snapshot: Snapshot) -> str:
    return f"tscan-{snapshot.target.account}-{snapshot.id}.snapshot.jsonl.gz"


def _own_folder(scan_id: str) -> Path:
    """`.tscan/snapshots`, or for several targets a folder in it, readable by its owner only."""
    from scanner.history.stores.atomic_write import atomic_write

    above = Path(default_store())
    folder = above / FOLDER / scan_id
    try:
        for path in (above, above / FOLDER, folder):
            path.mkdir(mode=0o700, exist_ok=True)
        # Evidence holds the configuration of an account: it must not be pushed by accident.
        ignore = above / ".gitignore"
        if not ignore.exists():
            # Atomic: an empty file, left by a scan that was killed, would ignore nothing.
            with atomic_write(ignore) as file:
                file.write(b"*\n")
    except OSError as error:
        raise TscanError(
            f"{folder} cannot be made: {error.strerror}", "say where with --snapshot"
        ) from error
    return folder
