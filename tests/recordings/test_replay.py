"""The harness itself, on a small pack of its own: what the real clients read of recorded responses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scanner.content import load_library
from scanner.content.locations import Roots
from scanner.content.operations import load_operations
from scanner.model.answers import Answer, State
from scanner.model.findings import Verdict
from scanner.model.library import Library
from scanner.providers.gcp import connect
from tests.recordings.collecting import (
    Read,
    azure_subscription,
    gcp_project,
    improvements,
    read,
    resources,
)
from tests.recordings.replay import WITHOUT_MEANING, key_of
from tests.recordings.store import ABSENT, folder, scenarios, with_operation

PACK = Path(__file__).parent / "pack"
BUCKETS = "gcp-storage-bucket-closed"
VAULTS = "azure-keyvault-recoverable"

needs_recordings = pytest.mark.skipif(folder() is None, reason=ABSENT)


@pytest.fixture(scope="module")
def pack() -> Library:
    return load_library(
        Roots(kinds=PACK / "resources", checks=PACK / "checks", mappings=PACK / "mappings")
    )


@pytest.fixture(autouse=True)
def _small_list(monkeypatch: pytest.MonkeyPatch) -> None:
    known = load_operations(PACK / "operations.yaml")
    monkeypatch.setattr(connect, "operations", lambda _: known)


@needs_recordings
def test_every_recording_is_in_one_scenario() -> None:
    place = folder()
    assert place is not None
    for cloud in ("gcp", "azure"):
        files = sorted(path.name for path in place.glob(f"{cloud}/*.json"))
        kept = sorted(
            one.file for scenario in scenarios(cloud).values() for one in scenario.recordings
        )
        assert files == kept != []


@needs_recordings
def test_buckets_are_read_from_their_recordings(pack: Library) -> None:
    found = read(
        scenarios("gcp")["bucket-iam-policy-matched-chained"],
        pack,
        [BUCKETS],
        gcp_project("stacklet-test-policies"),
    )
    assert found.replay.unrecorded == []
    assert len(found.replay.asked) == 2
    (bucket,) = resources(found, pack).resources["gcp.storage.bucket"]
    assert (bucket.ref.region, bucket.ref.name) == ("US", "c7n-iam-matched-test-x7r2k")
    assert found.verdicts(BUCKETS) == {Verdict.FAIL: 1}
    answers = {one.call.operation: one for one in found.snapshot.answers.values()}
    listed, policy = answers["storage:buckets.list"], answers["storage:buckets.getIamPolicy"]
    assert (listed.state, listed.count, listed.pages, listed.call.region) == (State.OK, 1, 1, "")
    assert policy.data["bindings"]


def vaults(pack: Library, *, kept: int) -> tuple[Read, Answer]:
    """A listing of two pages, of which so many are kept."""
    words = "test_key_vault_certificates_keyvault"
    (whole,) = [
        one
        for one in with_operation("azure", "Microsoft.KeyVault/vaults?")
        if one.name.endswith(words)
    ]
    scenario = replace(whole, recordings=whole.recordings[:kept])
    found = read(scenario, pack, [VAULTS], azure_subscription())
    (listed,) = [
        one
        for one in found.snapshot.answers.values()
        if one.call.operation.endswith("ListBySubscription")
    ]
    return found, listed


@needs_recordings
def test_an_address_at_the_providers_own_host_leads_to_the_next_page(pack: Library) -> None:
    found, listed = vaults(pack, kept=2)
    assert found.replay.unrecorded == []
    assert (listed.state, listed.pages) == (State.OK, 2)
    assert "nextLink" not in listed.data
    assert listed.count == len(resources(found, pack).resources["azure.keyvault.vault"]) == 1


@needs_recordings
def test_a_page_that_was_not_recorded_is_a_gap(pack: Library) -> None:
    found, listed = vaults(pack, kept=1)
    (unrecorded,) = found.replay.unrecorded
    assert "skiptoken" in unrecorded.lower()
    assert (listed.state, listed.pages) == (State.PARTIAL, 1)
    assert found.verdicts(VAULTS)[Verdict.UNKNOWN] >= 1


@needs_recordings
@pytest.mark.parametrize("name", ["bucket-iam-policy-matched-chained"])
def test_refusing_a_recorded_request_improves_nothing(pack: Library, name: str) -> None:
    target = gcp_project("stacklet-test-policies")
    assert list(improvements(scenarios("gcp")[name], pack, [BUCKETS], target)) == []


def test_what_tells_requests_apart() -> None:
    def key(target: str, host: str = "storage.googleapis.com") -> object:
        return key_of("GET", host, target, WITHOUT_MEANING)

    assert key("/storage/v1/b?project=a&alt=json") == key("/storage/v1/b?project=a&maxResults=5")
    assert key("/storage/v1/b?project=a") != key("/storage/v1/b?project=b")
    assert key("/storage/v1/b?project=a") != key("/storage/v1/b?project=a&pageToken=x")
    assert key("/sql/v1beta4/projects/p/instances") == key("/sql/v1/projects/p/instances")
    assert key("/v1/projects/v1x-y") != key("/v1/projects/v1x-z")
    azure = "management.azure.com"
    assert key("/subscriptions/S/resourcegroups/R?api-version=1", azure) == key(
        "/subscriptions/s/resourceGroups/r?api-version=2", azure
    )
