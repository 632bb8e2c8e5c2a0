"""`tscan drift --who`: two scans with changes between, and a log that is late, doubled and mixed
up."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config as BotoConfig
from botocore.exceptions import ClientError
from click.testing import CliRunner

from scanner.cli import app
from scanner.cli.support import attribution as asking
from scanner.cli.support.attribution import AuditLogs
from scanner.core.drift.audit_attribution import AuditQuery, Reach, Rule
from scanner.core.drift.audit_events import LogEvent
from scanner.history.ledger.ledger import Ledger
from scanner.history.ledger.record_builder import ScanToCommit
from scanner.history.stores.local import LocalStore
from scanner.model.answers import Target
from scanner.model.config import Config, TargetConfig
from scanner.model.history import Cause, Transition
from scanner.pipeline import judge, scan
from scanner.providers import PROVIDERS
from tests.estate.refusing import Doorkeeper
from tests.estate.seed import TLS_ONLY
from tests.estate.server import running
from tests.estate.told import Told
from tests.estate.trail import SECRET, Trail
from tests.helpers.library import shipped_library

ROOT = Path(__file__).resolve().parent.parent.parent
REGIONS = ("eu-west-1", "us-east-1")
TLS, PORTS, RECORDER = (
    "aws-s3-bucket-tls-only",
    "aws-ec2-sg-no-public-admin-ports",
    "aws-config-recorder-on",
)
CHECKS = (TLS, PORTS, RECORDER)
SOON = timedelta(minutes=1)
LATER = timedelta(minutes=16)
TSCAN = "version: 1\ntargets:\n  - aws:\n      regions: [eu-west-1, us-east-1]\n"


@dataclass(slots=True)
class Clock:
    """Now, put forward or back."""

    offset: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset


@dataclass(slots=True)
class World:
    """A server with a trail before it, and a door before that; a history of two scans."""

    url: str
    clock: Clock
    trail: Trail
    door: Doorkeeper
    home: Path

    def client(self, who: str, service: str, region: str = "eu-west-1") -> Any:
        return boto3.client(
            service, region_name=region, endpoint_url=self.url, aws_access_key_id=who, aws_secret_access_key="s",
            config=BotoConfig(retries={"max_attempts": 1}),
        )  # fmt: skip

    def scan(self) -> None:
        """Read the account and commit what was judged."""
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()):
            _environment(patch, self.url)
            (snapshot,) = scan(
                Config(targets=(TargetConfig(regions=REGIONS),)), LIBRARY, checks=CHECKS
            )
        assessment = judge([snapshot], LIBRARY)
        Ledger(LocalStore(str(self.home / "store"))).commit(
            ScanToCommit(snapshot=snapshot, assessment=assessment, library=LIBRARY)
        )


LIBRARY = shipped_library()


def _environment(patch: pytest.MonkeyPatch, url: str) -> None:
    patch.setenv("AWS_ENDPOINT_URL", url)
    patch.setenv("AWS_ACCESS_KEY_ID", "auditor")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_CONFIG_FILE", os.devnull)
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


def seeded(world: World) -> str:
    """A careful bucket in each region, a closed group, a recorder that records; the group's id."""
    for name, region in (("ledger", "eu-west-1"), ("notes", "eu-west-1")):
        s3 = world.client("builder", "s3", region)
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
        everything = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
        document = {"Version": "2012-10-17", "Statement": [{**TLS_ONLY, "Resource": everything}]}
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(document))
    for region in REGIONS:
        config = world.client("builder", "config", region)
        config.put_configuration_recorder(
            ConfigurationRecorder={
                "name": "default", "roleARN": "arn:aws:iam::123456789012:role/config",
                "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
            }
        )  # fmt: skip
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "ledger"})
        config.start_configuration_recorder(ConfigurationRecorderName="default")
    group: str = world.client("builder", "ec2").create_security_group(
        GroupName="web", Description="web"
    )["GroupId"]
    return group


def changed(world: World, group: str) -> None:
    """Ann opens a bucket, two people a group, one person stops a recorder; others read, fail, or
    work elsewhere."""
    world.client("ann", "s3").delete_bucket_policy(Bucket="ledger")
    world.client("bystander", "s3").put_bucket_tagging(
        Bucket="notes", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
    )
    world.client("reader", "s3").get_bucket_acl(Bucket="ledger")
    with pytest.raises(ClientError):
        world.client("eve", "s3").put_public_access_block(
            Bucket="ledger", PublicAccessBlockConfiguration={}
        )
    for who, source in (("bob", "0.0.0.0/0"), ("carol", "198.51.100.0/24")):
        world.client(who, "ec2").authorize_security_group_ingress(
            GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp=source
        )
    world.client("dan", "config").stop_configuration_recorder(ConfigurationRecorderName="default")
    # The same call in another region is none that changed this one.
    world.client("hal", "config", "us-east-1").start_configuration_recorder(
        ConfigurationRecorderName="default"
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    clock = Clock(offset=timedelta(hours=-1))
    trail = Trail(clock=clock, lag=timedelta(minutes=10), copies=2)
    door = Doorkeeper()
    told = Told(answers={"config:GetDiscoveredResourceCounts": lambda *_: {"resourceCounts": []}})
    home = tmp_path_factory.mktemp("who")
    (home / "tscan.yaml").write_text(TSCAN)
    with running(lambda application: door.before(trail.before(told.before(application)))) as url:
        made = World(url=url, clock=clock, trail=trail, door=door, home=home)
        group = seeded(made)
        clock.offset = timedelta(0)
        made.scan()
        changed(made, group)
        made.scan()
        yield made


@pytest.fixture
def drift(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The moves by check, asked so long after the second scan."""

    def run(after: timedelta, *words: str) -> Any:
        monkeypatch.setattr(world.clock, "offset", after)
        monkeypatch.setattr("scanner.cli.support.attribution.now", world.clock)
        monkeypatch.setattr("scanner.content.library.load_library", lambda *_, **__: LIBRARY)
        _environment(monkeypatch, world.url)
        told = CliRunner().invoke(
            app,
            ["drift", *words, "--store", str(world.home / "store"), "--config", str(world.home / "tscan.yaml")],
            prog_name="tscan", standalone_mode=False,
        )  # fmt: skip
        assert told.exception is None, told.exception
        assert told.return_value == 1
        assert SECRET not in told.output
        if "json" not in words:
            return told.output
        return {one["check"]: one["who"] for one in json.loads(told.output)["moved"]}

    return run


def arn(name: str) -> str:
    return f"arn:aws:iam::123456789012:user/{name}"


@pytest.mark.slow
def test_the_actor_and_the_change_are_named(world: World, drift: Any) -> None:
    world.trail.asked, world.trail.regions = 0, set()
    found = drift(LATER, "--who", "--format", "json")
    assert found.keys() == {*CHECKS}
    assert (found[TLS]["name"], found[TLS]["reason"]) == (arn("ann"), "")
    (event,) = found[TLS]["events"]
    assert event["action"] == "s3:DeleteBucketPolicy"
    assert (event["actor_type"], event["address"], event["resources"]) == (
        "IAMUser",
        "192.0.2.7",
        ["ledger"],
    )
    # The check asks about recorders of the region: the log of that region alone is looked at.
    assert found[RECORDER]["name"] == arn("dan")
    assert world.trail.regions == {*REGIONS}
    assert world.trail.asked > len(REGIONS), "more than one page"


@pytest.mark.slow
def test_two_actors_are_unknown(drift: Any) -> None:
    found = drift(LATER, "--who", "--format", "json")[PORTS]
    assert found["name"] == ""
    assert found["reason"] == f"2 actors match: {arn('bob')}, {arn('carol')}"
    assert [event["actor"] for event in found["events"]] == [arn("bob"), arn("carol")], (
        "in order, each once"
    )


@pytest.mark.slow
def test_a_log_that_may_be_late_names_nobody(drift: Any) -> None:
    early = drift(SOON, "--who", "--format", "json")
    late = "audit log events arrive up to 15 minutes after the call, so more may follow; so far "
    assert {(one["name"], one["reason"]) for one in early.values()} == {
        ("", f"{late}no event of the audit log matches")
    }
    arrived = drift(timedelta(minutes=11), "--who", "--format", "json")[TLS]
    assert (arrived["name"], arrived["reason"]) == ("", late + arn("ann"))


@pytest.mark.slow
def test_a_refused_log_is_unknown(world: World, drift: Any) -> None:
    world.door.allow({"iam:ListAccountAliases", "ec2:DescribeRegions"})
    try:
        found = drift(LATER, "--who", "--format", "json")
    finally:
        world.door.allowed = None
    assert {one["name"] for one in found.values()} == {""}
    said = "the audit log was not read completely: cloudtrail:LookupEvents denied in eu-west-1 (AccessDeniedException)"
    assert found[TLS]["reason"] == said


@pytest.mark.slow
def test_without_credentials_it_is_unknown_and_the_drift_is_shown(
    drift: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = _environment

    def none(patch: pytest.MonkeyPatch, url: str) -> None:
        real(patch, url)
        patch.delenv("AWS_ACCESS_KEY_ID")
        patch.delenv("AWS_SECRET_ACCESS_KEY")

    monkeypatch.setitem(globals(), "_environment", none)
    text = drift(LATER, "--who")
    assert "by unknown: the audit log was not read: no AWS credentials were found" in text


@pytest.mark.slow
def test_for_people(world: World, drift: Any) -> None:
    text = drift(LATER, "--who")
    assert f"by {arn('ann')} [s3:DeleteBucketPolicy 20" in text
    assert (
        f"by unknown: 2 actors match: {arn('bob')}, {arn('carol')} [ec2:AuthorizeSecurityGroupIngress"
        in text
    )
    asked = world.trail.asked
    assert "by " not in drift(LATER)
    assert world.trail.asked == asked, "without --who the log is not asked"


@pytest.mark.slow
def test_an_event_that_does_not_say_on_what_may_be_the_one(
    world: World, drift: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    nameless = [
        {**one, "Resources": []} if one["Username"] == "bystander" else one
        for one in world.trail.events
    ]
    monkeypatch.setattr(world.trail, "events", nameless)
    assert (
        drift(LATER, "--who", "--format", "json")[TLS]["reason"]
        == f"2 actors match: {arn('ann')}, {arn('bystander')}"
    )


# -- the seam for other logs -----------------------------------------------------------------------


class OtherLog:
    """The audit log of another cloud, as far as the seam asks for one."""

    lag = timedelta(minutes=30)
    read: Mapping[str, frozenset[str]] = {"log:Read": frozenset({"rows"})}
    rules: Mapping[str, Rule] = {
        "aws.s3.bucket": Rule(actions=("store.buckets.*",), named=True, reach=Reach.GLOBAL)
    }

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def events(
        self, session: Any, window: tuple[str, str], region: str, reaches: Any
    ) -> list[LogEvent]:
        self.asked.append((session, window, region, set(reaches)))
        return [
            LogEvent(
                id="1",
                time=window[1],
                action="store.buckets.update",
                actor="ann@example.org",
                resources=("ledger",),
            )
        ]


class OtherProvider:
    """A provider of which the audit log alone is read."""

    def audit_log(self) -> OtherLog:
        return OtherLog()


OTHER = OtherProvider()


def test_another_log_answers_by_the_same_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    for places in ("_builtin", "_places"):
        monkeypatch.setattr(PROVIDERS, places, {"other": "tests.cli.test_attribution:OTHER"})
    monkeypatch.setattr(
        "scanner.cli.support.attribution.now", lambda: datetime(2026, 2, 1, tzinfo=UTC)
    )
    target = Target("other:project-1")
    move = Transition(
        seq=2, ts="2026-01-02T02:10:00Z", check=TLS, target=str(target), region="", resource="ledger",
        previous="pass", verdict="fail", cause=Cause.EVIDENCE,
    )  # fmt: skip
    window = ("2026-01-01T02:00:00Z", "2026-01-02T02:10:00Z")
    question = AuditQuery(transition=move, window=window, kind="aws.s3.bucket", others={})
    witnesses = AuditLogs(Config())
    session: Any = object()
    witnesses._doors["other"], witnesses._sessions[target] = [], session
    actor = asking._actor(question, target, witnesses)
    assert (actor.name, actor.reason) == ("ann@example.org", "")
    assert witnesses.log("other").asked == [(session, window, "", {Reach.GLOBAL})]  # type: ignore[attr-defined]
    monkeypatch.setattr(
        "scanner.cli.support.attribution.now", lambda: datetime(2026, 1, 2, 2, 30, tzinfo=UTC)
    )
    late = "audit log events arrive up to 30 minutes after the call, so more may follow; so far ann@example.org"
    assert asking._actor(question, target, witnesses).reason == late
    assert (
        asking._actor(question, Target("third:x"), witnesses).reason
        == "no audit log of third is read"
    )


def test_only_the_source_of_a_cloud_knows_its_log() -> None:
    inside = ROOT / "scanner/providers"
    # The grammars of its filters are a room of their own, without calls.
    grammars = ROOT / "scanner/matching"
    files = [
        path
        for path in (ROOT / "scanner").rglob("*.py")
        if not {inside, grammars} & set(path.parents)
    ]
    assert len(files) > 100
    assert [
        str(path) for path in files if "cloudtrail" in path.read_text(encoding="utf-8").lower()
    ] == []
    assert "cloudtrail" not in (inside / "__init__.py").read_text(encoding="utf-8").lower()
    knowing = [path for path in inside.rglob("*.py") if "CloudTrail" in path.read_text("utf-8")]
    assert {path.relative_to(inside).parts[0] for path in knowing} == {"aws", "gcp"}
