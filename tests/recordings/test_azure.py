"""Azure's kinds, collected from recorded responses by the real client (`TSCAN_UPDATE_GOLDEN=1`
writes the table)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from scanner.client.rest.operations import operations
from scanner.core.reading.read_plan import requests
from scanner.model.findings import Verdict
from scanner.model.library import Library
from scanner.model.rest_operations import RestOperation
from tests.helpers.library import shipped_library
from tests.recordings.azure import ROWS, Row
from tests.recordings.collecting import Read, improvements, misshapen, read, resources
from tests.recordings.store import ABSENT, Scenario, folder, scenarios

pytestmark = pytest.mark.skipif(folder() is None, reason=ABSENT)

_UPDATING = os.environ.get("TSCAN_UPDATE_GOLDEN") == "1"
GOLDEN: Final = Path(__file__).parent / "azure.txt"
OLD: Final = "recorded from a version of the interface that did not tell it yet: unread"
LACKING: Final = "what the check asks beside the listing was not recorded"
NOTES: Final[Mapping[tuple[str, str], str]] = {
    ("", "azure-policy-security-baseline-assigned"): f"the enforcement mode was {OLD}",
    ("", "azure-autoscale-configured"): LACKING,
    ("", "azure-autoscale-configured-plans"): LACKING,
    ("", "azure-vm-disks-encrypted"): f"encryption at host is off, and {LACKING}: the disks",
    (
        "",
        "azure-appgw-waf-and-tls",
    ): f"two have a firewall policy, and {LACKING}; the others have none",
    ("", "azure-appgw-waf-and-tls-version"): "no gateway has a listener that ends TLS: not asked",
    (
        "",
        "azure-vnet-flow-logs-retention",
    ): f"{LACKING}: seven watchers are listed, their flow logs are not",
    ("", "azure-postgres-tls-and-resilience"): f"{LACKING}: the parameter",
    ("", "azure-mysql-network-restricted"): f"{LACKING}: the firewall",
    ("", "azure-mysql-network-restricted-azure-services"): f"{LACKING}: the firewall",
    ("", "azure-app-https-tls"): f"{LACKING}: the slots",
    ("", "azure-app-https-tls-ftp"): f"{LACKING}: the slots",
    ("", "azure-app-https-tls-https-only"): f"{LACKING}: the slots",
    ("", "azure-backup-vault-immutable-soft-delete"): f"the state of soft deletion was {OLD}",
    ("", "azure-lock-on-critical-resources"): f"{LACKING}: the locks",
    ("", "azure-defender-contact-set"): f"whether the contact is in use was {OLD}",
    (
        "",
        "azure-defender-plans-on",
    ): f"{LACKING}: whether there are machines, vaults and the like; the plan of the "
    "resource manager is wanted in any case",
    ("", "azure-sql-backup-retention"): f"{LACKING}; master is not asked",
    ("", "azure-sql-tde"): f"{LACKING}; master is not asked",
    (
        "",
        "azure-sql-audited-retention",
    ): "audits go to a workspace and not to a storage account: not asked",
    (
        "AlertLogsTest",
        "azure-activity-alerts-on-critical-changes-nsg",
    ): "an alert watches security groups and tells nobody",
    (
        "AlertLogsTest",
        "azure-activity-alerts-on-critical-changes-sql-firewall",
    ): "an alert watches one server alone",
    (
        "AzureEventSubscriptionsTest",
        "azure-storage-tls",
    ): "of 2019: no minimum was set, which accepts TLS 1.0",
    (
        "AzureEventSubscriptionsTest",
        "azure-storage-no-anonymous-blob",
    ): "of 2019: nothing is said, which allows it",
    (
        "KeyVaultTest",
        "azure-keyvault-access-restricted-network",
    ): "one vault denies by default and lets in eight ranges that together are the internet: it fails for them",
    (
        "RecoveryServicesTest",
        "azure-backup-vault-immutable",
    ): "a vault that says nothing of it is not immutable",
    (
        "SqlDatabaseTest.test_data_encryption_filter",
        "azure-sql-tde",
    ): "of 2014-04-01, which calls the state `status`: the member of today is unread",
    (
        "SqlServerTest.firewall",
        "azure-sql-network-restricted",
    ): "the recording holds its body as a text in an object, which is no shape of Azure's",
    ("SqlServerTest.firewall", "azure-sql-network-restricted-azure-services"): "the same",
    (
        "SQLServerFirewallActionTest",
        "azure-sql-network-restricted-azure-services",
    ): "one rule is 0.0.0.0, which stands for all of Azure",
    (
        "StorageFileServicesFilterTest",
        "azure-storage-geo-redundant",
    ): "its label names another environment: scoped out",
    (
        "StorageTest.test_storage_blob_services",
        "azure-storage-blob-recoverable-versioned",
    ): "versions were never turned on, so that nothing is said of them",
    (
        "StorageTestFirewallActions",
        "azure-storage-no-anonymous-blob",
    ): "of 2019: nothing is said, which allows it",
    (
        "SubscriptionDiagnosticSettingsFilterTest",
        "azure-activity-log-exported",
    ): "the category Alert is off",
    ("VMTest", "azure-vm-patched-automatic"): "the machines leave patches to their images",
}
"""Why a verdict is what it is, where that is not plain: by the beginning of the scenario, and
check. What begins with nothing explains verdicts that are unknown, and checks that asked of
nothing."""


@cache
def library() -> Library:
    """The whole library: what is tested is what is shipped."""
    return shipped_library()


def _scenario(row: Row) -> Scenario:
    (found,) = [one for name, one in scenarios("azure").items() if name == row.scenario]
    return found


@cache
def _reads() -> tuple[tuple[Row, Read], ...]:
    return tuple((row, read(_scenario(row), library(), row.checks, row.pointed)) for row in ROWS)


def _table() -> Iterator[str]:
    yield f"{'kind':42} {'items':>5}  {'pass':>4} {'fail':>4} {'unknown':>7}  scenario, check"
    for row, found in _reads():
        items = len(resources(found, library()).resources.get(row.kind, ()))
        for check in row.checks:
            counts = found.verdicts(check)
            said = f"{counts[Verdict.PASS]:4} {counts[Verdict.FAIL]:4} {counts[Verdict.UNKNOWN]:7}"
            beside = " (listing authored)" if row.authored else ""
            yield f"{row.kind:42} {items:5}  {said}  {row.scenario}, {check}{beside}"
            yield from (f"{'':10}{note}" for note in _note(row, found, check))


def _note(row: Row, found: Read, check: str) -> Iterator[str]:
    counts = found.verdicts(check)
    special = [
        one for one in NOTES if one[1] == check and one[0] and row.scenario.startswith(one[0])
    ]
    if special:
        yield NOTES[special[0]]
    elif counts[Verdict.UNKNOWN] or not counts:
        yield from (NOTES[one] for one in NOTES if one == ("", check))


def test_the_table_of_what_is_read_and_found() -> None:
    table = "\n".join(line.rstrip() for line in _table()) + "\n"
    print(table)
    if _UPDATING:
        GOLDEN.write_text(table, encoding="utf-8")
    assert table == GOLDEN.read_text(encoding="utf-8")


def test_nothing_is_asked_that_was_not_recorded_or_named() -> None:
    for row, found in _reads():
        strange = [
            one
            for one in found.replay.unrecorded
            if not any(word in one for word in row.unrecorded)
        ]
        assert strange == [], row.name
        unused = [
            word
            for word in row.unrecorded
            if not any(word in one for one in found.replay.unrecorded)
        ]
        assert unused == [], row.name
        assert found.replay.asked, row.name


def test_every_verdict_that_is_not_plain_is_explained() -> None:
    lacking = [
        (row.name, check)
        for row, found in _reads()
        for check in row.checks
        if (found.verdicts(check)[Verdict.UNKNOWN] or not found.verdicts(check))
        and not list(_note(row, found, check))
    ]
    assert lacking == []
    used = {
        note for row, found in _reads() for check in row.checks for note in _note(row, found, check)
    }
    assert [note for note in NOTES.values() if note not in used] == []


ELSEWHERE: Final = (
    "microsoft.authorization_roledefinitions__get__",  # of one who asks for something else
    # every role, by its name: those that are asked for are custom
    "microsoft.authorization_roledefinitions__list__",
    "microsoft.dbforpostgresql_servers",  # single servers, which Azure has ended
    # master, which is not asked
    "microsoft.sql_servers_databases_transparentdataencryption__get__SqlDatabaseTest.test_data_encryption_filter_4",
    "ARM_subscriptions_id_resources__KeyVaultStorageTest",  # those of one type alone
)
"""Recordings under a path that some operation of ours has, and what they are instead."""


def test_every_recording_that_a_kind_could_ask_for_is_read() -> None:
    read_files = {file for _, found in _reads() for file in found.replay.asked}
    kinds = [kind for kind in library().kinds.values() if kind.cloud == "azure"]
    asked = {request.operation for kind in kinds for request in requests(kind)}
    patterns = [
        _pattern(operation) for name, operation in operations("azure").items() if name in asked
    ]
    lacking = [
        recording.file
        for scenario in scenarios("azure").values()
        for recording in scenario.recordings
        if recording.method == "GET"
        and recording.file not in read_files
        and any(pattern.fullmatch(urlsplit(recording.url).path) for pattern in patterns)
    ]
    assert [file for file in lacking if not file.startswith(ELSEWHERE)] == []


def _pattern(operation: RestOperation) -> re.Pattern[str]:
    """The paths of an operation; that of a resource alone is no path of its own."""
    service = re.escape(operation.name.partition(":")[0])
    text = re.sub(r"\\\{(\w+)\\\}", "[^/]+", re.escape(operation.path))
    text = text.replace(
        re.escape("{+resource}"),
        f"/subscriptions/[^/]+/.*{service}/.+" if "/" in operation.path else "-",
    )
    return re.compile(text, re.IGNORECASE)


def test_a_mapping_for_a_list_is_never_a_pass() -> None:
    passing = [
        (row.name, one)
        for row, found in _reads()
        for one in misshapen(found.snapshot, library(), row.checks)
    ]
    assert passing == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_refusing_a_recorded_request_improves_nothing(row: Row) -> None:
    assert list(improvements(_scenario(row), library(), row.checks, row.pointed)) == []
