"""Google Cloud's kinds, read from recorded responses by the real client, and what the checks find
in them."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scanner import pipeline
from scanner.client.rest.operations import operations
from scanner.core.reading.read_plan import requests
from scanner.matching.logging_query.coverage import covers
from scanner.model.findings import Assessment
from scanner.model.library import Library
from scanner.model.rest_operations import PLACEHOLDER, RestOperation
from tests.helpers.library import shipped_library
from tests.recordings.collecting import Read, improvements, misshapen, read, resources
from tests.recordings.gcp_cases import IGNORED, cases
from tests.recordings.replay import key_of
from tests.recordings.store import ABSENT, folder, scenarios

pytestmark = pytest.mark.skipif(folder() is None, reason=ABSENT)

GOLDEN = Path(__file__).parent / "gcp.md"
UPDATING = os.environ.get("TSCAN_UPDATE_GOLDEN") == "1"
NOW = "2026-07-15T00:00:00.000Z"
"""When the recordings are judged: later than all of them, and always the same."""
BY_NAME = cases()
DISCOVERY = {"cloudresourcemanager:projects.getAncestry", "cloudresourcemanager:organizations.get"}
"""What readers ask before they ask for what their kind is."""


@cache
def _library() -> Library:
    return shipped_library()


@pytest.fixture(scope="module")
def library() -> Library:
    return _library()


@cache
def _read(name: str) -> Read:
    case = BY_NAME[name]
    return read(
        scenarios("gcp")[case.scenario], _library(), case.checks, case.pointed, ignore=IGNORED
    )


def _judged(name: str, library: Library) -> Assessment:
    snapshot = replace(_read(name).snapshot, finished=NOW)
    return pipeline.judge([snapshot], library, checks=BY_NAME[name].checks)


@pytest.mark.parametrize("name", BY_NAME)
def test_nothing_is_asked_that_was_not_recorded(name: str) -> None:
    assert _read(name).replay.unrecorded == []
    assert _read(name).replay.asked


def test_what_is_read_and_found_is_as_it_was(
    library: Library, request: pytest.FixtureRequest
) -> None:
    table = "\n".join(_table(library)) + "\n"
    print(table)
    if UPDATING:
        GOLDEN.write_text(table)
    assert table == GOLDEN.read_text()


def _table(library: Library) -> Iterator[str]:
    yield "# Google Cloud's kinds, read from recordings"
    yield ""
    yield f"Judged as on {NOW[:10]}, with nobody approved as an administrator; `test_gcp.py` writes it."
    for name, case in BY_NAME.items():
        found, assessment = resources(_read(name), library), _judged(name, library)
        yield ""
        yield f"## {case.scenario}, {case.target}"
        yield ""
        if case.authored:
            paths = [f"`{one.path}`" for one in case.authored]
            more = f" and {len(paths) - 4} like them" if len(paths) > 4 else ""
            yield f"Authored, for nothing was recorded: {', '.join(paths[:4])}{more}."
            yield ""
        yield "| kind | items |"
        yield "|---|---|"
        for kind, items in sorted(found.resources.items()):
            yield f"| {kind} | {len(items)} |"
        yield ""
        yield "| check | findings |"
        yield "|---|---|"
        for result in assessment.results:
            if result.check in case.checks:
                counts = Counter(str(finding.verdict.value) for finding in result.findings)
                shown = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
                yield f"| {result.check} | {shown or 'nobody is asked'} |"
        yield ""
        yield case.why


@pytest.mark.parametrize("name", BY_NAME)
def test_what_surprises_is_explained(name: str) -> None:
    assert len(BY_NAME[name].why) > 40
    assert BY_NAME[name].why.endswith(".")


def test_every_kind_that_has_recordings_is_read_from_them(library: Library) -> None:
    recorded = {
        operation.name for operation in operations("gcp").values() if _is_recorded(operation)
    }
    assert len(recorded) > 25
    wanted = set()
    for kind in library.kinds.values():
        asked = {request.operation for request in requests(kind)} - DISCOVERY
        listed = kind.listing.request.operation if kind.listing and kind.listing.request else ""
        if kind.cloud == "gcp" and (listed in recorded or (not listed and asked & recorded)):
            wanted.add(kind.id)
    met = {kind for name in BY_NAME for kind in resources(_read(name), library).resources}
    assert wanted - met == set()


def _is_recorded(operation: RestOperation) -> bool:
    method = "POST" if operation.post else "GET"
    host, path = urlsplit(operation.host).netloc, operation.path
    _, _, bare, _ = key_of(method, host, PLACEHOLDER.sub("PLACE", path), frozenset())
    pattern = re.compile(re.escape(bare).replace("PLACE", "[^?]+" if "{+" in path else "[^/?]+"))
    return any(
        key_of(one.method, host, one.url, frozenset())[0] == method
        and host.split(".")[0] in one.url
        and pattern.fullmatch(key_of(one.method, host, one.url, frozenset())[2])
        for scenario in scenarios("gcp").values()
        for one in scenario.recordings
    )


@pytest.mark.parametrize("name", BY_NAME)
def test_a_mapping_for_a_list_is_never_a_pass(name: str, library: Library) -> None:
    snapshot = replace(_read(name).snapshot, finished=NOW)
    assert list(misshapen(snapshot, library, BY_NAME[name].checks)) == []


@pytest.mark.parametrize("name", BY_NAME)
def test_refusing_a_recorded_request_improves_nothing(name: str, library: Library) -> None:
    case = BY_NAME[name]
    scenario = scenarios("gcp")[case.scenario]
    assert list(improvements(scenario, library, case.checks, case.pointed, ignore=IGNORED)) == []


def test_metadata_of_machines_are_not_kept() -> None:
    found = _read("instance-remove-metadata-cloud-custodian")
    (listed,) = [
        one for one in found.snapshot.answers.values() if one.call.operation.startswith("compute:")
    ]
    assert [path for path in listed.redacted if ".metadata.items[0].value" in path]
    assert "updated-value" not in str(listed.data)


def test_the_filter_of_the_benchmark_counts_as_it_was_recorded(library: Library) -> None:
    found = resources(_read("filter-alerts-cloud-custodian"), library)
    deltas = "protoPayload.serviceData.policyDelta.bindingDeltas"
    added = f'{deltas}.role:"roles/owner" AND {deltas}.action:("ADD" OR "REMOVE")'
    service = 'protoPayload.serviceName="cloudresourcemanager.googleapis.com"'
    for metric in found.resources["gcp.logging.metric"]:
        assert covers(str(metric.value["filter"]), f"{service} AND {added}")
