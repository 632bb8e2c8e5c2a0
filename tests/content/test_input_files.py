"""Files that people name are regular and of a stated size; stores are folders of one's own."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanner.content.config import load_store_location
from scanner.content.input_files import read_input
from scanner.errors import TscanError
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.history.stores.local import LocalStore

pytestmark = pytest.mark.skipif(os.name != "posix", reason="no FIFOs and no owners here")


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _folder(path: Path) -> None:
    path.mkdir()


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Path]:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "s"))
        yield tmp_path / "s"


@pytest.mark.parametrize("make", [_fifo, _device, _folder])
def test_what_is_no_regular_file_is_refused_at_once(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "tscan.yaml"
    make(path)
    with pytest.raises(OSError, match=r"regular|directory"):
        read_input(path)
    with pytest.raises(TscanError, match=r"cannot be read: (not a regular file|Is a directory)"):
        load_store_location(path)
    with pytest.raises(TscanError, match="cannot be read"):
        read_snapshot(path)


def test_a_socket_is_refused(listening: Path) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - the words are the system's
        read_input(listening)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(5 << 20)
    with pytest.raises(OSError, match="larger than 4 MiB"):
        read_input(path, 4 << 20)
    assert len(read_input(path, 5 << 20)) == 5 << 20


def test_a_store_that_is_a_link_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "store").symlink_to(tmp_path / "real")
    for write in (LocalStore.put, LocalStore.put_new):
        with pytest.raises(TscanError, match="is a link"):
            write(LocalStore(str(tmp_path / "store")), "a", b"")
    assert list((tmp_path / "real").iterdir()) == []
    assert LocalStore(str(tmp_path / "store")).get("a") is None


def test_a_store_that_everybody_can_write_is_not_written(tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    store.chmod(0o777)
    with pytest.raises(TscanError, match="can be written by everybody"):
        LocalStore(str(store)).put("a", b"")
    store.chmod(0o755)
    LocalStore(str(store)).put("a", b"x")
    assert LocalStore(str(store)).get("a") == b"x"


def test_a_store_of_another_user_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 4711)
    if owner == 0:
        status = os.stat_result((stat.S_IFDIR | 0o755, 1, 1, 1, 1000, 1000, 0, 0, 0, 0))
        monkeypatch.setattr(os, "lstat", lambda path: status)
    with pytest.raises(TscanError, match="belongs to another user"):
        LocalStore(str(tmp_path)).put("a", b"")
