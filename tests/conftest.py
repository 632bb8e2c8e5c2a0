"""What every test may count on: no network but loopback, no credentials of the person who runs
them."""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
from collections import Counter
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from scanner.content import Roots, default_roots, library
from scanner.model.library import Library

ROOT = Path(__file__).parent.parent
_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo
_load = library._load
_shipped: dict[bool, Library] = {}
"""The shipped library by whether its checks are read lazily."""


class NetworkBlockedError(RuntimeError):
    """A test reached for the network."""


def _loopback(host: object) -> bool:
    text = host.decode() if isinstance(host, bytes) else str(host)
    if text in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _guard(sock: socket.socket, address: Any) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not _loopback(address[0]):
        raise NetworkBlockedError(f"a test reached for {address[0]}: only loopback is open")


def _guarded_connect(self: socket.socket, address: Any) -> None:
    _guard(self, address)
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    _guard(self, address)
    return _connect_ex(self, address)


def _guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
    if host is not None and not _loopback(host):
        raise NetworkBlockedError(f"a test asked for the address of {host}: only loopback is open")
    return _getaddrinfo(host, *args, **kwargs)


def _load_shipped_once(roots: Roots, *, lazily: bool) -> Library:
    """The shipped content, read once a process: its files do not change while tests run."""
    if roots != default_roots():
        return _load(roots, lazily=lazily)
    if lazily not in _shipped:
        # Paths of checks are shown as seen from here: not from the folder of the first test.
        with chdir(ROOT):
            _shipped[lazily] = _load(roots, lazily=lazily)
    return _shipped[lazily]


def pytest_configure() -> None:
    # As the command line does: libraries and evidence live long, and looking through them for
    # cycles every 700 objects took a quarter of the time.
    gc.set_threshold(50_000, 20, 20)
    library._load = _load_shipped_once
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign]
    socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = _guarded_getaddrinfo


@pytest.fixture(autouse=True)
def _no_own_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No profile, key or endpoint of the person who runs the tests reaches them."""
    for name in [
        name for name in os.environ if name.startswith(("AWS_", "TSCAN_", "GOOGLE_", "AZURE_"))
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-aws-credentials"))
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def root() -> Path:
    """The checkout."""
    return ROOT


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: begun last, they would keep one process alone at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count what was skipped, by reason: a run without the recordings must not look complete."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count} skipped: {reason}")
