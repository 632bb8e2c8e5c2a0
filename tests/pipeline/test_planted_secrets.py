"""Planted in every text member of every answer, error and name, no secret is in anything that is
written: snapshot, history, report, log, handover, alert.

The long form, every form in every member: `make secrets`."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from scanner.cli import run
from scanner.client.client import ProviderClient, ScanContext
from scanner.client.clock import Clock
from scanner.client.failures import Failure
from scanner.client.interfaces import Connected, Rules
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import State, Target
from scanner.model.config import TargetConfig
from scanner.model.library import Library
from scanner.providers import PROVIDERS
from tests.helpers.alert_receivers import webhook
from tests.helpers.library import shipped_library
from tests.helpers.planted_answers import (
    PlantedCloud,
    PlantedSession,
    needed,
    operations,
    planted,
)
from tests.helpers.scripted_aws import Ticks
from tests.helpers.secret_examples import examples
from tests.pipeline.planted_secrets import left, redactor_of

EXAMPLES = examples(seed=3)
TARGETS = {
    "aws": "aws:111122223333",
    "gcp": "gcp:acme-project",
    "azure": "azure:11111111-1111-1111-1111-111111111111",
    "github": "github:acme",
}
CONFIG = """
version: 1
targets:
  - gcp: {project: acme-project}
  - github: {organization: acme}
MORE
alerts:
  - {events: [new failure, new unknown, fixed], to: ["json://127.0.0.1:PORT/"]}
"""
MORE = """
  - aws: {}
  - azure: {subscription: 11111111-1111-1111-1111-111111111111}
"""
LONG = "TSCAN_SECRETS" in os.environ
"""Whether all clouds are scanned, and again with other answers: a minute."""


class Planting:
    """Draws secrets one after the other, and remembers where each was planted."""

    def __init__(self, library: Library, *, everywhere: bool) -> None:
        self.places: dict[str, str] = {}
        self.number = 0
        self.flag = True
        self.refusal: Failure | None = None
        self._needed = {} if everywhere else needed(library)

    def secret(self, place: str) -> str:
        """The next example."""
        example = EXAMPLES[self.number % len(EXAMPLES)]
        self.number += 1
        for part in example.parts:
            # Of many members one is named: the last one.
            self.places[part] = f"{place}: {example.form}"
        return example.text

    def answer(self, operation: str) -> dict[str, Any]:
        """A whole answer; what names things is harmless, unless secrets are everywhere."""
        spared = self._needed.get(operation, {})

        def plant(path: str) -> str:
            return spared.get(path) or self.secret(f"{operation} {path}")

        return planted(operation, plant, self.flag)

    def connect(self, cloud: str, rules: Rules) -> list[Connected]:
        """The one target of a cloud."""
        ticks = Ticks()
        clock = Clock(monotonic=ticks.monotonic, sleep=ticks.sleep, jitter=lambda: 0.5)
        client = ProviderClient(
            PlantedCloud(self.answer, self.refusal), ScanContext.begin(rules, clock)
        )
        return [Connected(PlantedSession(target=Target(TARGETS[cloud]), client=client))]


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped checks."""
    return shipped_library()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Any]]:
    """A project of four clouds, whose alerts go to a webhook."""
    monkeypatch.chdir(tmp_path)
    with webhook() as hook:
        config = CONFIG.replace("PORT", str(hook.port)).replace("MORE", MORE if LONG else "")
        (tmp_path / "tscan.yaml").write_text(config)
        yield tmp_path, hook


def run_ok(*arguments: str) -> None:
    """Run a command that must not fail, whatever it finds."""
    assert run(list(arguments)) in (0, 1, 3), arguments


def serve(planting: Planting, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every cloud answer with what is planted."""
    for cloud in TARGETS:

        def connect(_: object, target: TargetConfig, rules: Rules, cloud: str = cloud) -> Any:
            return planting.connect(cloud, rules)

        monkeypatch.setattr(type(PROVIDERS.get(cloud)), "connect", connect)


def everything_written(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder, unpacked."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield from unpacked(str(path.relative_to(folder)), path.read_bytes())


def unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """A file, and what is packed in it."""
    yield name, data
    if data[:4] == b"PAR1":
        yield name, str(pq.read_table(io.BytesIO(data)).to_pydict()).encode()
    elif data[:2] == b"\x1f\x8b":
        yield from unpacked(name, gzip.decompress(data))
    elif data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for inner in archive.namelist():
                yield from unpacked(f"{name}/{inner}", archive.read(inner))


def found_in(planting: Planting, written: Iterator[tuple[str, bytes]]) -> tuple[set[str], int]:
    """Where secrets were found, and how many files were searched."""
    found: set[str] = set()
    files = 0
    for name, data in written:
        files += 1
        text = data.decode("utf-8", "replace")
        found |= {f"{name}: {place}" for part, place in planting.places.items() if part in text}
    return found, files


def commands(planting: Planting, folder: Path, scan: list[str], *, long: bool) -> None:
    """Scan twice, the second time refused everywhere; then show and hand over what was kept."""
    run_ok("--verbose", "--log-file", "first.log", *scan, "--snapshot", str(folder / "first"))
    if long:
        planting.flag = False
        run_ok("--verbose", "--log-file", "other.log", *scan, "--snapshot", str(folder / "other"))
    secret = planting.secret("a refusal")
    planting.refusal = Failure(state=State.ERROR, code=secret, message=secret, request_id=secret)
    run_ok("--verbose", "--log-file", "last.log", *scan, "--snapshot", str(folder / "last"))
    if long:
        run_ok("findings", "--verdict", "all", "--format", "csv")
        run_ok("explain", "ACC-01", "--details")
        run_ok("drift")
    days = ["--from", "2020-01-01", "--to", "2100-01-01"]
    run_ok("handover", *days, "--output", str(folder / "handover.zip"))


@pytest.mark.parametrize("everywhere", [False, True], ids=["but in names", "everywhere"])
def test_no_secret_is_written_anywhere(
    project: tuple[Path, Any],
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
    everywhere: bool,
) -> None:
    if everywhere and not LONG:
        pytest.skip("a minute: make secrets runs it")
    folder, hook = project
    planting = Planting(library, everywhere=everywhere)
    serve(planting, monkeypatch)
    for name in ("first", "other", "last"):
        (folder / name).mkdir()
    scan = ["scan", "--format", "json=r.json", "--details"]
    commands(planting, folder, scan, long=LONG)
    printed = b"".join(capfdbinary.readouterr())
    written = [*everything_written(folder), ("printed", printed)]
    written.append(("alerts", repr(hook.received).encode()))
    found, files = found_in(planting, iter(written))
    assert sorted(found) == []
    assert len(printed) > 10_000
    assert hook.received
    assert files > 20
    assert planting.number > 500
    redacted = 0
    for path in folder.glob("*/*.snapshot.jsonl.gz"):
        redacted += sum(len(answer.redacted) for answer in read_snapshot(path).answers.values())
    assert redacted > 500


def test_no_secret_is_left_in_any_member(library: Library) -> None:
    """Each operation with the forms in turn; `make secrets` tries each form in each member."""
    redactor = redactor_of(library)
    number = 0
    for turn, operation in enumerate(operations(library)):
        *places, planted_here = left(
            redactor, operation, lambda index, turn=turn: EXAMPLES[(index + turn) % len(EXAMPLES)]
        )
        assert places == []
        number += int(planted_here)
    assert number > 10_000
