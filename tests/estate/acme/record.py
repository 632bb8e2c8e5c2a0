"""Record the two nights: seed the account, scan it, change it, scan it again, and set the clock."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

from scanner.errors import EXIT_MISUSE
from scanner.history.snapshots.snapshot_file import read_snapshot, write_snapshot
from scanner.model.answers import Answer, Snapshot
from tests.estate.acme import CREATED, HOME, NIGHTS
from tests.estate.acme.answers import answers
from tests.estate.acme.people import people
from tests.estate.acme.stores import CLOSED, stores
from tests.estate.acme.watching import watching
from tests.estate.acme.workloads import ANYWHERE, BASTION, group_id, ssh_rule, workloads
from tests.estate.seed import Estate
from tests.estate.server import running
from tests.estate.told import Told

_TIME: Final = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|\+00:00)?$")
_EPOCH: Final = re.compile(r"^\d{10}(\.\d+)?$")
_RECENT: Final = re.compile("^(last|latest)", re.IGNORECASE)
"""Members that say when something happened last: their time is the night's."""
_DRAWN: Final = ("Serial", "RuleArn")
"""Members that the simulator draws anew each time, seeded or not; no check reads them."""
_POLICIES: Final = {"Filter": ["AWSManagedPolicy"]}
_SECONDS: Final = range(1_700_000_000, 2_200_000_000)


def record(folder: Path, environment: Callable[[str, str], dict[str, str]]) -> None:
    """Write the snapshots of both nights into a project folder, with its configuration."""
    told = Told(answers={})
    with running(told.before) as endpoint, tempfile.TemporaryDirectory() as home:
        # Elsewhere: git would date the waivers by the commit that they came in with.
        project = shutil.copytree(folder, Path(home) / "project")
        began = datetime.now(UTC)
        _seed_identifiers(endpoint, 1)
        instances = create(Estate(endpoint))
        for number, night in enumerate(NIGHTS):
            if number:
                _seed_identifiers(endpoint, 2)
                change(Estate(endpoint))
            told.answers = answers(night, instances)
            taken = Path(home) / f"{number}.snapshot.jsonl.gz"
            _scan(project / "tscan.yaml", taken, environment(endpoint, home))
            snapshot = as_of(read_snapshot(taken), night, began)
            place = folder / "snapshots" / f"{night:%Y-%m-%d}.snapshot.jsonl.gz"
            place.unlink(missing_ok=True)
            write_snapshot(place, with_endpoint(snapshot, endpoint, "https://sqs.example"))


def create(estate: Estate) -> list[str]:
    """Make everything; the ids of the instances."""
    people(estate)
    instances = workloads(estate, stores(estate))
    watching(estate)
    return instances


def change(estate: Estate) -> None:
    """A day's work: SSH is opened, a database is added unencrypted, two buckets are mended."""
    ec2 = estate.client("ec2", HOME)
    ec2.authorize_security_group_ingress(
        GroupId=group_id(estate, BASTION), IpPermissions=[ssh_rule(ANYWHERE)]
    )
    estate.client("rds", HOME).create_db_instance(
        DBInstanceIdentifier="acme-prod-reports",
        DBInstanceClass="db.t3.medium",
        Engine="postgres",
        EngineVersion="16.4",
        MasterUsername="owner",
        MasterUserPassword="Correct-horse-1",
        AllocatedStorage=50,
        PubliclyAccessible=False,
        BackupRetentionPeriod=14,
        Tags=[{"Key": "environment", "Value": "production"}],
    )
    s3 = estate.client("s3", HOME)
    s3.put_public_access_block(Bucket="acme-prod-exports", PublicAccessBlockConfiguration=CLOSED)
    estate.client("dynamodb", HOME).update_continuous_backups(
        TableName="acme-prod-carts",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )


def _seed_identifiers(endpoint: str, number: int) -> None:
    """Make the simulator draw the same identifiers each time."""
    request = Request(f"{endpoint}/moto-api/seed?a={number}", method="POST")
    urlopen(request, timeout=60).close()


def _scan(config: Path, place: Path, environment: dict[str, str]) -> None:
    options = ["--no-store", "--quiet", "--config", str(config), "--snapshot", str(place)]
    command = [sys.executable, "-m", "scanner", "scan", *options]
    done = subprocess.run(command, env=environment, check=False)
    if done.returncode == EXIT_MISUSE or done.returncode < 0:
        raise SystemExit("the scan of the simulated account broke off")


def with_endpoint(snapshot: Snapshot, endpoint: str, new: str) -> Snapshot:
    """The snapshot with another address of the simulator, whose port differs each time."""

    def moved(data: Any) -> Any:
        return json.loads(json.dumps(data).replace(endpoint, new))

    found: dict[str, Answer] = {}
    for answer in snapshot.answers.values():
        call = replace(answer.call, params=moved(answer.call.params))
        found[call.key] = replace(answer, call=call, data=moved(answer.data))
    return replace(snapshot, answers=dict(sorted(found.items())))


# -- the clock -------------------------------------------------------------------------------------


def as_of(snapshot: Snapshot, night: datetime, began: datetime) -> Snapshot:
    """The snapshot as if it was read on a night: two recordings differ by the account alone."""
    found: dict[str, Answer] = {}
    moment = night
    for key, answer in sorted(snapshot.answers.items()):
        done = moment + timedelta(milliseconds=40)
        if answer.call.params == _POLICIES:
            answer = _attached_only(answer)
        found[key] = replace(
            answer,
            data=_with_times(answer.data, "", lambda name, at: _moved(name, at, night, began)),
            started=_written(moment),
            finished=_written(done),
            request_ids=(),
        )
        moment = done
    return replace(
        snapshot,
        id=f"{night:%Y%m%dT%H%M%SZ}-acme{night:%m%d}",
        name="acme-prod, simulated",
        started=_written(night),
        finished=_written(moment),
        clock_skew=0.0,
        answers=found,
    )


def _attached_only(answer: Answer) -> Answer:
    """The answer without the thousand managed policies that nobody uses: they are the same in
    every account, and four megabytes."""
    policies = [policy for policy in answer.data["Policies"] if policy["AttachmentCount"]]
    return replace(answer, data={**answer.data, "Policies": policies}, count=len(policies), pages=1)


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _moved(name: str, at: datetime, night: datetime, began: datetime) -> datetime:
    """A time of the recording on the night's calendar; times from before it are left alone."""
    later = at - began
    if later < -timedelta(minutes=10):
        return at
    if later > timedelta(hours=1):
        return CREATED + timedelta(days=round(later / timedelta(days=1)))
    if _RECENT.match(name):
        return night - timedelta(minutes=5)
    return CREATED


def _with_times(data: Any, name: str, moved: Callable[[str, datetime], datetime]) -> Any:
    if isinstance(data, Mapping):
        return {key: _with_times(value, key, moved) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_with_times(value, name, moved) for value in data]
    if isinstance(data, str):
        if name in _DRAWN:
            return "simulated"
        return _with_text(data, name, moved)
    if isinstance(data, int | float) and not isinstance(data, bool):
        return _with_number(data, name, moved)
    return data


def _with_text(data: str, name: str, moved: Callable[[str, datetime], datetime]) -> str:
    if name.endswith("Timestamp") and _EPOCH.match(data):
        return str(_with_number(int(float(data)), name, moved))
    found = _TIME.match(data)
    if found is None:
        return data
    at = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    new = moved(name, at)
    if new == at:
        return data
    return f"{new:%Y-%m-%dT%H:%M:%S}{found[3] or ''}"


def _with_number(data: float, name: str, moved: Callable[[str, datetime], datetime]) -> float:
    for factor in (1, 1000):
        if int(data / factor) in _SECONDS:
            at = datetime.fromtimestamp(int(data / factor), UTC)
            new = moved(name, at)
            return data if new == at else int(new.timestamp()) * factor
    return data
