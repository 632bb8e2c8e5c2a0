"""One scan over AWS, Google Cloud, Azure and GitHub: one matrix, whose controls carry evidence of
all of them.

AWS is a server of moto with the estate; Google Cloud and Azure are all recordings of one project
and one subscription, and beside them an authored project and subscription for what nobody recorded;
GitHub is authored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest

from scanner import pipeline
from scanner.model.config import Config, TargetConfig
from scanner.model.controls import Role
from scanner.model.findings import Assessment, Status, Verdict
from scanner.model.library import Library
from tests.estate.seed import REGIONS, Estate, trail
from tests.estate.server import running
from tests.estate.told import Say, Told
from tests.estate.wide import PARAMS
from tests.estate.wide.answers import answers
from tests.helpers import authored_gcp_azure as beside
from tests.helpers import authored_github as github
from tests.helpers.library import shipped_library
from tests.recordings.azure import ROWS
from tests.recordings.collecting import PRINCIPAL, SUBSCRIPTION, known_as, reader_of
from tests.recordings.gcp_cases import IGNORED, cases
from tests.recordings.replay import Opening, replayed
from tests.recordings.store import ABSENT, Recording, Scenario, folder, scenarios
from tests.recordings.test_azure_authored import directory

pytestmark = pytest.mark.skipif(folder() is None, reason=ABSENT)

CLOUDS = ("aws", "azure", "gcp")
ENOUGH = 21
OF_AWS = (
    "aws-account-security-contact",
    "aws-backup-restore-tested",
    "aws-cloudtrail-log-validation",
    "aws-cloudtrail-multi-region-logging",
    "aws-config-recorder-on",
    "aws-detection-suppressions-approved",
    "aws-dynamodb-capacity-managed",
    "aws-dynamodb-table-deletion-protected",
    "aws-ebs-encryption-by-default",
    "aws-ec2-sg-no-public-admin-ports",
    "aws-guardduty-enabled",
    "aws-guardduty-high-findings-triaged",
    "aws-guardduty-malware-protection",
    "aws-iam-credentials-unused-45d-disabled",
    "aws-iam-root-mfa-enabled",
    "aws-iam-root-no-access-key",
    "aws-kms-key-rotation-enabled",
    "aws-s3-account-public-access-blocked",
    "aws-s3-bucket-classification-tagged",
    "aws-s3-bucket-tls-only",
    "aws-s3-bucket-versioned",
    "aws-s3-confidential-bucket-expires",
    "aws-ssm-instance-patched",
)
"""Of AWS one check or two for each control: the server is slow, and what it holds is tried
elsewhere."""


def _merged(cloud: str, names: Sequence[str], more: Sequence[Recording]) -> Scenario:
    """All of these recordings as one, with what is authored beside them; of a call recorded twice
    the first counts."""
    found = [
        recording for name in sorted(set(names)) for recording in scenarios(cloud)[name].recordings
    ]
    return Scenario(cloud=cloud, name="merged", recordings=(*found, *more))


def _google() -> Scenario:
    kept = [case.scenario for case in cases().values() if case.target == beside.RECORDED]
    # Sixty-five key rings whose policies nobody recorded: a minute of gaps that show nothing.
    return _merged("gcp", [name for name in kept if not name.startswith("kms")], beside.google())


def _directory() -> tuple[Opening, ...]:
    reads = (
        one for subscription in (SUBSCRIPTION, beside.OTHER) for one in reader_of(subscription)
    )
    return (*(one for one in directory()[1] if one.path != "/subscriptions"), *reads)


@contextmanager
def _providers() -> Iterator[tuple[TargetConfig, ...]]:
    """The targets that are served, but AWS: it is reached by the environment."""
    azure = _merged("azure", [row.scenario for row in ROWS], beside.azure())
    hub, opening = github.organization()
    with (
        known_as(PRINCIPAL),
        replayed(_google(), ignore=IGNORED) as one,
        replayed(azure, _directory(), ignore=frozenset({"$filter"})) as two,
        replayed(github.SCENARIO, opening, ignore=github.IGNORE) as three,
    ):
        yield (
            TargetConfig(
                cloud="gcp", settings={"organization": beside.ORGANIZATION, "endpoint": one.url}
            ),
            TargetConfig(cloud="azure", settings={"tenant": beside.TENANT, "endpoint": two.url}),
            TargetConfig(cloud="github", settings={**hub.settings, "endpoint": three.url}),
        )


def _three(library: Library) -> list[str]:
    """Controls that checks of all three clouds stand by."""
    linked = {
        name: {library.checks[link.id].cloud for link in one.checks}
        for name, one in library.controls.items()
    }
    return [name for name, clouds in linked.items() if clouds >= set(CLOUDS)]


def _asked(library: Library) -> tuple[str, ...]:
    """The checks of these controls, with those that must have been read, and GitHub's."""
    controls = [library.controls[name] for name in _three(library)]
    linked = {link.id for control in controls for link in control.checks}
    needed = {name for control in controls for need in control.must_have for name in need.checks}
    hub = {check.id for check in library.checks.values() if check.cloud == "github"}
    rest = {name for name in linked | needed if library.checks[name].cloud != "aws"}
    return tuple(sorted(rest | hub | set(OF_AWS)))


def _seed(url: str) -> dict[str, Say]:
    """A little of everything; the answers for which the server has no word."""
    estate = Estate(url)
    estate.client("iam").create_user(UserName="bob")
    estate.client("iam").create_login_profile(UserName="bob", Password="Correct-horse-1")
    estate.client("s3").create_bucket(Bucket="ledger")
    label = {"Key": "data-classification", "Value": "confidential"}
    estate.client("s3").put_bucket_tagging(Bucket="ledger", Tagging={"TagSet": [label]})
    estate.client("dynamodb").create_table(
        TableName="stock",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "backup", "Value": "required"}],
    )
    estate.client("kms").create_key()
    estate.client("guardduty").create_detector(Enable=True)
    trail(estate)
    started = estate.client("ec2").run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)
    return answers(dict.fromkeys(REGIONS, started["Instances"][0]["InstanceId"]))


@pytest.fixture(scope="module")
def library() -> Library:
    return shipped_library()


@pytest.fixture(scope="module")
def matrix(library: Library) -> Assessment:
    told = Told(answers={})
    with pytest.MonkeyPatch.context() as patch, running(told.before) as url, _providers() as others:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_ENDPOINT_URL", url)
        patch.setenv("AWS_DEFAULT_REGION", REGIONS[0])
        told.answers = _seed(url)
        params = {**PARAMS, "approved_administrators": [], "break_glass_users": []}
        config = Config(targets=(TargetConfig(regions=REGIONS[:1]), *others), params=params)
        snapshots = list(pipeline.scan(config, library, checks=_asked(library)))
    return pipeline.judge(snapshots, library, checks=_asked(library))


def _evidence(
    library: Library, matrix: Assessment
) -> Mapping[str, Mapping[str, tuple[int, int, int]]]:
    """By control and cloud: findings that pass, that fail, and that are unknown."""
    found: dict[str, dict[str, tuple[int, int, int]]] = {}
    for name in _three(library):
        links = {link.id for link in library.controls[name].checks}
        for cloud in CLOUDS:
            verdicts = [
                finding.verdict
                for result in matrix.results
                if result.check in links and result.target.partition(":")[0] == cloud
                for finding in result.findings
            ]
            counts = [verdicts.count(one) for one in (Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN)]
            found.setdefault(name, {})[cloud] = (counts[0], counts[1], counts[2])
    return found


def test_controls_carry_evidence_of_three_clouds(library: Library, matrix: Assessment) -> None:
    found = _evidence(library, matrix)
    statuses = {control.id: control.status.value for control in matrix.controls}
    print(
        f"\n{'control':8} {'reads':14} "
        + " ".join(f"{f'{cloud}: pass/fail/unknown':26}" for cloud in CLOUDS)
    )
    for name, clouds in found.items():
        cells = " ".join(f"{'/'.join(map(str, clouds[cloud])):26}" for cloud in CLOUDS)
        print(f"{name:8} {statuses[name]:14} {cells}")
    decided = [
        name
        for name, clouds in found.items()
        if all(passed + failed for passed, failed, _ in clouds.values())
    ]
    print(f"{len(decided)} of {len(found)} controls carry findings of all three that are no gaps")
    assert len(decided) >= ENOUGH


def test_the_matrix_is_one(library: Library, matrix: Assessment) -> None:
    assert {str(one["id"]).partition(":")[0] for one in matrix.targets} == {*CLOUDS, "github"}
    assert {control.id for control in matrix.controls} == set(library.controls)


def test_a_gap_in_any_cloud_keeps_a_control_from_passing(
    library: Library, matrix: Assessment
) -> None:
    unread = {
        result.check
        for result in matrix.results
        if any(one.verdict is Verdict.UNKNOWN for one in result.findings)
    }
    for control in matrix.controls:
        deciding = {
            link.id for link in library.controls[control.id].checks if link.role is Role.EVIDENCES
        }
        if deciding & unread:
            assert control.status in (Status.NOT_SHOWN, Status.FAIL), control.id
