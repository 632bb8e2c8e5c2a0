"""One cloud of nonsense beside one that answers: its checks are gaps, and the other's evidence is
committed, verified and read again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scanner import pipeline
from scanner.errors import TscanError
from scanner.history.ledger.commit import commit_scan
from scanner.history.snapshots.snapshot_file import read_snapshot, write_snapshot
from scanner.history.stores import open_store
from scanner.history.verification.verify import verify
from scanner.model.config import Config, TargetConfig
from scanner.model.findings import Verdict
from scanner.model.library import Library
from tests.helpers.library import shipped_library
from tests.nonsense.modes import MODES
from tests.nonsense.scans import PROJECT, SUBSCRIPTION, connects, organization
from tests.nonsense.server import Nonsense, serving

AWS = TargetConfig(cloud="aws", regions=("eu-west-1",))
AT_CONNECTION = ("html", "900 deep", "another document", "a length of 5,000 digits", "307")
LATER = ("braces", "1e999", "a Date of the year 99999", "a request id that is not UTF-8")


@pytest.fixture(scope="module")
def library() -> Library:
    return shipped_library()


@pytest.fixture(scope="module")
def hub() -> Iterator[TargetConfig]:
    with organization() as target:
        yield target


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nonsense]:
    with serving(Nonsense(mode=MODES["empty"])) as made:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        monkeypatch.setenv("AWS_ENDPOINT_URL", made.url)
        yield made


def checks_of(library: Library, hub: TargetConfig) -> tuple[str, ...]:
    named = ("aws-kms-key-rotation-enabled", "gcp-storage-bucket-not-public")
    mine = [name for name, check in library.checks.items() if check.cloud == "github"][:3]
    azure = [name for name, check in library.checks.items() if check.cloud == "azure"][:1]
    return (*named, *mine, *azure)


def scanned(
    targets: tuple[TargetConfig, ...], library: Library, folder: Path, checks: tuple[str, ...]
) -> dict[str, set[Verdict]]:
    """The verdicts by cloud, after the evidence was written, read, judged, committed and verified."""
    paths = []
    for number, snapshot in enumerate(
        pipeline.scan(Config(targets=targets), library, checks=checks, deadline=20)
    ):
        paths.append(folder / f"{number}.snapshot.jsonl.gz")
        write_snapshot(paths[-1], snapshot)
    read = [read_snapshot(path) for path in paths]
    assessment = pipeline.judge(read, library, checks=checks)
    store = str(folder / "store")
    records = commit_scan(read, assessment, library, store, sign=False)
    assert len(records) == len(targets)
    assert not verify(open_store(store)).damages
    found: dict[str, set[Verdict]] = {}
    for result in assessment.results:
        for finding in result.findings:
            found.setdefault(result.target.partition(":")[0], set()).add(finding.verdict)
    return found


@pytest.mark.parametrize("mode", AT_CONNECTION)
def test_a_cloud_that_cannot_be_connected_costs_no_other(
    mode: str, server: Nonsense, hub: TargetConfig, library: Library, tmp_path: Path
) -> None:
    server.mode = MODES[mode]
    others = [
        replace(one, settings={**one.settings, "endpoint": server.url})
        for one in (PROJECT, SUBSCRIPTION)
    ]
    found = scanned((AWS, *others, hub), library, tmp_path, checks_of(library, hub))
    for cloud in ("aws", "gcp", "azure"):
        assert found[cloud] == {Verdict.UNKNOWN}, cloud
    assert found["github"] - {Verdict.UNKNOWN}
    assert server.stolen == []


@pytest.mark.parametrize("mode", LATER)
def test_nonsense_after_the_connection_costs_no_other(
    mode: str, server: Nonsense, hub: TargetConfig, library: Library, tmp_path: Path
) -> None:
    server.mode, server.good = MODES[mode], connects
    found = scanned((AWS, hub), library, tmp_path, checks_of(library, hub))
    assert found["aws"] == {Verdict.UNKNOWN}
    assert found["github"] - {Verdict.UNKNOWN}


def test_alone_it_is_an_error_and_nothing_is_written(
    server: Nonsense, library: Library, tmp_path: Path
) -> None:
    server.mode = MODES["html"]
    with pytest.raises(TscanError, match="GetCallerIdentity"):
        scanned((AWS,), library, tmp_path, ("aws-kms-key-rotation-enabled",))
    assert list(tmp_path.iterdir()) == []
