"""Cloud Audit Logs through the real client: late, doubled, mixed up, refused; and what is never
guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scanner.core.drift.audit_attribution import Reach
from scanner.core.drift.audit_events import Actor
from scanner.model.answers import Target
from scanner.model.library import Library
from scanner.model.values import Unreadable
from scanner.providers import audit_log
from scanner.providers.gcp.audit_log import CloudAuditLogs
from tests.helpers.authored_audit_logs import (
    LATER,
    LOOKS_SECRET,
    SECRET,
    WINDOW,
    Asked,
    Silent,
    at,
    recording,
)
from tests.recordings.collecting import gcp_project

ANN, BOB, EVE = "ann@example.org", "bob@example.org", "eve@example.org"
TARGET = "gcp:shop"
FIREWALL = "//compute.googleapis.com/projects/shop/global/firewalls/web"
ENTRIES = "https://logging.googleapis.com/v2/entries:list"
ANCESTRY = "https://cloudresourcemanager.googleapis.com/v1/projects/shop:getAncestry"
ABOVE = [
    {"resourceId": {"type": "project", "id": "shop"}},
    {"resourceId": {"type": "organization", "id": "9"}},
]


def entry(
    number: int, who: str, method: str = "v1.compute.firewalls.patch", name: str = "projects/shop/global/firewalls/web",
    *, service: str = "compute.googleapis.com", code: int = 0, minutes: float = 60, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    payload = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "authenticationInfo": {"principalEmail": who} if who else {}, "requestMetadata": {"callerIp": "192.0.2.7"},
        "serviceName": service, "methodName": method, "resourceName": name, "request": {"name": SECRET},
        "response": {"name": SECRET}, "status": {"code": code, "message": "no"} if code else {},
    }  # fmt: skip
    return {
        "protoPayload": payload, "insertId": f"i{number}", "timestamp": at(minutes + number),
        "receiveTimestamp": at(minutes + number + 9), "severity": "NOTICE",
        "logName": "projects/shop/logs/cloudaudit.googleapis.com%2Factivity", **more,
    }  # fmt: skip


def asked(*pages: Any, **more: Any) -> Asked:
    """The project, whose log has these pages."""
    bodies = [
        {"entries": page, **({"nextPageToken": f"t{number}"} if number < len(pages) else {})}
        for number, page in enumerate(pages, 1)
    ]
    recordings = [*(recording("POST", ENTRIES, body) for body in bodies), *more.pop("beside", ())]
    log = CloudAuditLogs(now=lambda: LATER)
    return Asked(
        target=TARGET, pointed=gcp_project("shop", "77"), log=log, recordings=recordings, **more
    )


def firewall(*pages: Any, now: datetime = LATER) -> Actor:
    actor, replay = asked(*pages).about("gcp.compute.firewall", FIREWALL, now=now)
    assert replay.unrecorded == []
    return actor


def test_the_one_who_fits_is_named_with_what_was_done() -> None:
    mine = entry(3, ANN)
    failed = entry(1, EVE, code=7)
    other = entry(2, BOB, name="projects/shop/global/firewalls/ssh")
    unrelated = entry(4, BOB, "v1.compute.networks.patch", "projects/shop/global/networks/web")
    outside = entry(5, BOB, minutes=600)
    actor, replay = asked([other, mine], [outside, unrelated], [mine, failed]).about(
        "gcp.compute.firewall", FIREWALL
    )
    assert (actor.name, actor.reason) == (ANN, "")
    (event,) = actor.events
    assert (event.action, event.time, event.address) == (
        "compute:v1.compute.firewalls.patch",
        at(63),
        "192.0.2.7",
    )
    assert len(replay.asked) == 3, "every page"


def test_two_actors_are_unknown_and_told_in_order() -> None:
    actor = firewall([entry(9, BOB), entry(2, ANN), entry(9, BOB)])
    assert (actor.name, actor.reason) == ("", f"2 actors match: {ANN}, {BOB}")
    assert [event.actor for event in actor.events] == [ANN, BOB]


def test_an_id_that_comes_again_at_another_time_is_another_entry() -> None:
    again = entry(2, BOB) | {"insertId": "i1"}
    assert firewall([entry(1, ANN), again]).reason == f"2 actors match: {ANN}, {BOB}"
    beside = entry(2, BOB) | {"timestamp": at(61)}
    assert firewall([entry(1, ANN), beside]).reason == f"2 actors match: {ANN}, {BOB}", (
        "two of one moment"
    )


def test_a_log_that_may_be_late_names_nobody() -> None:
    soon = datetime(2026, 1, 1, 6, 24, tzinfo=UTC)
    late = "audit log events arrive up to 15 minutes after the call, so more may follow; so far "
    assert firewall([entry(1, ANN)], now=soon).reason == late + ANN
    assert firewall([entry(1, ANN)], now=soon + timedelta(minutes=2)).name == ANN


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (
            403,
            {"error": {"status": "PERMISSION_DENIED"}},
            "logging:entries.list denied (PERMISSION_DENIED)",
        ),
        (200, {"entries": {}}, "logging:entries.list error (NotAList)"),
        (
            200,
            {"entries": [{"insertId": "i1"}]},
            "logging:entries.list returned an entry in an unknown format",
        ),
        (200, {"entries": ["x"]}, "logging:entries.list returned an entry in an unknown format"),
    ],
)
def test_what_is_not_read_is_said(status: int, body: Any, said: str) -> None:
    refused = Asked(
        target=TARGET, pointed=gcp_project("shop", "77"), log=CloudAuditLogs(now=lambda: LATER),
        recordings=[recording("POST", ENTRIES, body, status)],
    )  # fmt: skip
    actor, _ = refused.about("gcp.compute.firewall", FIREWALL)
    assert (actor.name, actor.reason) == ("", f"the audit log was not read completely: {said}")


def test_a_page_that_is_refused_leaves_it_open() -> None:
    first = recording("POST", ENTRIES, {"entries": [entry(1, ANN)], "nextPageToken": "t"})
    second = recording("POST", ENTRIES, {"error": {"status": "PERMISSION_DENIED"}}, 403)
    cut = Asked(
        target=TARGET, pointed=gcp_project("shop", "77"), log=CloudAuditLogs(now=lambda: LATER),
        recordings=[first, second],
    )  # fmt: skip
    actor, _ = cut.about("gcp.compute.firewall", FIREWALL)
    assert (actor.name, actor.reason.startswith("the audit log was not read completely")) == (
        "",
        True,
    )


def test_who_has_no_address_of_mail_is_named_by_its_subject() -> None:
    subject = "principal://iam.googleapis.com/locations/global/workforcePools/w/subject/ann"
    federated = entry(1, "")
    federated["protoPayload"]["authenticationInfo"] = {"principalSubject": subject}
    assert firewall([federated]).name == subject


def test_a_name_that_looks_like_a_secret_is_not_kept_and_names_nothing() -> None:
    name = f"projects/shop/datasets/{LOOKS_SECRET}"
    row = entry(
        1,
        ANN,
        "google.cloud.bigquery.v2.DatasetService.UpdateDataset",
        name,
        service="bigquery.googleapis.com",
    )
    actor, _ = asked([row]).about("gcp.bigquery.dataset", f"//bigquery.googleapis.com/{name}")
    assert LOOKS_SECRET.lower() not in repr(actor.events).lower()
    assert [event.resources for event in actor.events] == [()]


NAMELESS = (
    "projects/shop", "projects/shop/global/firewalls", "", "projects/77/locations/eu",
    "projects/shop/global/firewalls/", "projects/shop/global/groups/g/firewalls",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMELESS)
def test_an_entry_that_does_not_say_on_what_may_be_the_one(name: str) -> None:
    assert (
        firewall([entry(1, ANN), entry(2, BOB, name=name)]).reason
        == f"2 actors match: {ANN}, {BOB}"
    )
    actor, _ = asked([entry(1, BOB, name=name)]).about(
        "gcp.compute.firewall", FIREWALL, region="europe-west1"
    )
    assert actor.name == BOB, "a log without regions speaks of all of them"


def test_an_act_is_one_and_its_end_decides() -> None:
    def part(number: int, who: str, **which: Any) -> dict[str, Any]:
        code = which.pop("code", 0)
        return entry(
            number,
            who,
            code=code,
            operation={"id": "op", "producer": "compute.googleapis.com", **which},
        )

    begun, ended = part(1, ANN, first=True), part(400, ANN, last=True)
    actor = firewall([ended, begun])
    assert (actor.name, [event.time for event in actor.events]) == (ANN, [at(61)]), (
        "it ended after the window"
    )
    assert firewall([part(1, ANN, first=True, last=True)]).name == ANN, "it took no time"
    assert firewall([begun]).reason == "the audit log does not name the actor"
    assert firewall([begun, entry(2, BOB)]).reason == f"2 actors match: an unnamed one, {BOB}"
    failed = part(3, ANN, last=True, code=13)
    assert firewall([begun, failed, entry(2, BOB)]).name == BOB
    assert (
        firewall([part(5, "", last=True), begun]).reason == "the audit log does not name the actor"
    )


def test_what_is_switched_off_has_lost_its_resources() -> None:
    method = "google.api.serviceusage.v1.ServiceUsage.DisableService"
    off = entry(
        1,
        ANN,
        method,
        "projects/77/services/compute.googleapis.com",
        service="serviceusage.googleapis.com",
    )
    other = entry(
        2,
        BOB,
        method,
        "projects/77/services/run.googleapis.com",
        service="serviceusage.googleapis.com",
    )
    several = entry(
        3,
        EVE,
        "x.ServiceUsage.BatchEnableServices",
        "projects/77",
        service="serviceusage.googleapis.com",
    )
    assert firewall([off, other]).name == ANN
    assert firewall([off, several]).reason == f"2 actors match: {ANN}, {EVE}"


@pytest.mark.parametrize(
    ("kind", "resource", "service", "method", "name"),
    [
        ("gcp.storage.bucket", "//storage.googleapis.com/ledger", "storage", "storage.setIamPermissions",
         "projects/_/buckets/ledger"),
        ("gcp.sql.instance", "//cloudsql.googleapis.com/projects/shop/instances/books", "cloudsql",
         "cloudsql.instances.update", "projects/shop/instances/books"),
        ("gcp.kms.crypto_key", "//cloudkms.googleapis.com/projects/shop/locations/eu/keyRings/r/cryptoKeys/k",
         "cloudkms", "UpdateCryptoKey", "projects/shop/locations/eu/keyRings/r/cryptoKeys/k"),
        ("gcp.kms.key_ring", "//cloudkms.googleapis.com/projects/shop/locations/eu/keyRings/r", "cloudkms",
         "SetIamPolicy", "projects/shop/locations/eu/keyRings/r"),
        ("gcp.bigquery.dataset", "//bigquery.googleapis.com/projects/shop/datasets/d", "bigquery",
         "google.cloud.bigquery.v2.DatasetService.UpdateDataset", "projects/shop/datasets/d"),
        ("gcp.container.cluster", "//container.googleapis.com/projects/shop/locations/eu/clusters/c", "container",
         "google.container.v1.ClusterManager.UpdateCluster", "projects/shop/zones/eu/clusters/c"),
        ("gcp.logging.bucket", "//logging.googleapis.com/projects/shop/locations/global/buckets/_Default", "logging",
         "google.logging.v2.ConfigServiceV2.UpdateBucket", "projects/shop/locations/global/buckets/_Default"),
        ("gcp.run.service", "//run.googleapis.com/projects/shop/services/uid", "run",
         "google.cloud.run.v1.Services.SetIamPolicy", "namespaces/shop/services/front"),
        ("gcp.iam.service_account_key", "//iam.googleapis.com/projects/shop/serviceAccounts/a@b/keys/1", "iam",
         "google.iam.admin.v1.CreateServiceAccountKey", "projects/-/serviceAccounts/123"),
    ],
)  # fmt: skip
def test_the_changes_of_a_kind_are_found(
    kind: str, resource: str, service: str, method: str, name: str
) -> None:
    rows = [entry(1, ANN, method, name, service=f"{service}.googleapis.com"), entry(2, BOB)]
    actor, _ = asked(rows).about(kind, resource, region="eu", others={})
    assert (actor.name, actor.reason) == (ANN, "")


def test_what_a_project_is_handed_is_looked_for_above_it() -> None:
    log = "organizations/9/logs/cloudaudit.googleapis.com%2Factivity"
    given = entry(
        1,
        ANN,
        "SetIamPolicy",
        "organizations/9",
        service="cloudresourcemanager.googleapis.com",
        logName=log,
    )
    told = asked([given], beside=[recording("POST", ANCESTRY, {"ancestor": ABOVE})])
    project = "//cloudresourcemanager.googleapis.com/projects/shop"
    assert told.about("gcp.project", project)[0].name == ANN
    refused = recording("POST", ANCESTRY, {"error": {"status": "PERMISSION_DENIED"}}, 403)
    actor, _ = asked([given], beside=[refused]).about("gcp.project", project)
    assert actor.reason.endswith(
        "cloudresourcemanager:projects.getAncestry denied (PERMISSION_DENIED)"
    )


def ask(session: Any, *reaches: Reach, now: datetime = LATER) -> Any:
    return CloudAuditLogs(now=lambda: now).events(session, WINDOW, "", reaches or (Reach.GLOBAL,))


def test_only_the_logs_of_the_places_that_are_meant_are_asked() -> None:
    project = Silent(Target(TARGET))
    assert ask(project) == ()
    (call,) = project.asked
    assert call.params["resourceNames"] == ["projects/shop"]
    assert call.params["filter"] == (
        'logName=("projects/shop/logs/cloudaudit.googleapis.com%2Factivity" OR '
        '"projects/shop/logs/cloudaudit.googleapis.com%2Fsystem_event") AND '
        'timestamp>="2025-12-31T23:59:57Z" AND timestamp<="2026-01-01T07:10:00Z"'
    )
    above = Silent(
        Target(TARGET), answers={"cloudresourcemanager:projects.getAncestry": {"ancestor": ABOVE}}
    )
    assert ask(above, Reach.GLOBAL, Reach.EVERY) == ()
    assert above.asked[-1].params["resourceNames"] == ["projects/shop", "organizations/9"]
    organization = Silent(Target("gcp:9"), organization_only=True)
    assert ask(organization, Reach.EVERY) == ()
    assert [call.params["resourceNames"] for call in organization.asked] == [["organizations/9"]]


def test_a_window_is_asked_once_and_not_beyond_what_is_kept() -> None:
    log, project = CloudAuditLogs(now=lambda: LATER), Silent(Target(TARGET))
    for _ in range(2):
        log.events(project, WINDOW, "", (Reach.GLOBAL,))  # type: ignore[arg-type]
    assert len(project.asked) == 1
    old = ask(Silent(Target(TARGET)), now=LATER + timedelta(days=401))
    assert isinstance(old, Unreadable)
    assert "400 days" in old.reason


def test_the_table_speaks_of_kinds_that_there_are(library: Library) -> None:
    rules = audit_log("gcp").rules
    state = {
        name
        for name, kind in library.kinds.items()
        if kind.cloud == "gcp" and kind.nature == "state"
    }
    assert rules.keys() <= state
    assert state - rules.keys() == {"gcp.compute.instance", "gcp.directory.user"}
    assert all(rule.reach in (Reach.GLOBAL, Reach.EVERY) for rule in rules.values()), (
        "its logs have no regions"
    )
    handed = {name for name in rules if "getAncestry" in str(library.kinds[name])}
    assert handed
    assert all(rules[name].reach is Reach.EVERY for name in handed)
