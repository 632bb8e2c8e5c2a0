"""A scan of an account whose people left secrets everywhere: none of them is in the evidence or in
the report."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scanner.history.snapshots.snapshot_file import read_snapshot
from tests.estate.seed import Estate
from tests.estate.server import running

REGION = "us-east-1"
# Put together here, so that no scanner of secrets stops at this file.
KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG" + "/bPxRfiCYEXAMPLEKEY"
JWT = (
    "eyJhbGciOiJIUzI1NiJ9"
    + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)
PRIVATE = (
    "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEx1x2x3x4x5x6x7x8\n-----END RSA PRIVATE KEY-----"
)
GITHUB = "ghp_" + "a1B2" * 9
HARMLESS_NAME = "correct-horse-battery"
"""No form of secret, kept only where a kind declares the path a secret."""
SPILT = (KEY_ID, SECRET, JWT, "MIIEx1x2x3x4x5x6x7x8", GITHUB, HARMLESS_NAME)


def spill(endpoint: str) -> None:
    """Secrets in variables, descriptions, user data, labels and a policy that nothing reads."""
    estate = Estate(endpoint)
    s3 = estate.client("s3")
    labels = {
        "spilt": [{"Key": "data-classification", "Value": GITHUB}],
        "named": [{"Key": GITHUB, "Value": "x"}],
    }
    for name, tags in {
        **labels,
        "plain": [{"Key": "data-classification", "Value": "internal"}],
    }.items():
        s3.create_bucket(Bucket=name)
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
    role = estate.client("iam").create_role(
        RoleName="runner",
        Description=f"uses {KEY_ID}",
        AssumeRolePolicyDocument=json.dumps(trust()),
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("main.py", "def handler(event, context): ...")
    estate.client("lambda").create_function(
        FunctionName="shop",
        Runtime="python3.12",
        Role=role["Role"]["Arn"],
        Handler="main.handler",
        Code={"ZipFile": archive.getvalue()},
        Description=f"calls with {JWT}",
        Environment={"Variables": {"TOKEN": GITHUB, "PLAIN": HARMLESS_NAME, "KEY": PRIVATE}},
    )
    estate.client("kms").create_key(Description=f"aws_secret_access_key = {SECRET}")
    estate.client("secretsmanager").create_secret(
        Name="db", SecretString=HARMLESS_NAME, Description=PRIVATE
    )
    ec2 = estate.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    ec2.create_security_group(GroupName="web", Description=f"for {GITHUB}", VpcId=vpc)
    image = ec2.register_image(
        Name="base", Description=f"key {KEY_ID}", RootDeviceName="/dev/sda1"
    )["ImageId"]
    data = f"#!/bin/sh\nexport AWS_SECRET_ACCESS_KEY={SECRET}\n"
    ec2.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, UserData=base64.b64encode(data.encode()).decode()
    )
    statement = {
        "Sid": GITHUB,
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": "*",
    }
    condition = {"StringEquals": {"aws:PrincipalTag/key": KEY_ID}}
    policy = {
        "Version": "2012-10-17",
        "Id": JWT,
        "Statement": [{**statement, "Condition": condition}],
    }
    estate.client("sqs").create_queue(QueueName="orders", Attributes={"Policy": json.dumps(policy)})


def trust() -> dict[str, object]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the evidence, the report and what was printed."""
    folder = tmp_path_factory.mktemp("scan")
    with running() as endpoint:
        spill(endpoint)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "made-up-" + "credential",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(folder / "none"),
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
        }
        command = [
            sys.executable,
            "-m",
            "scanner",
            "scan",
            "--region",
            REGION,
            "--snapshot",
            "s.jsonl.gz",
        ]
        done = subprocess.run(
            [*command, "--format", "json=r.json"],
            cwd=folder,
            env=environment,
            capture_output=True,
            check=False,
        )
    assert done.returncode in (1, 3), done.stderr[-1800:].decode()
    (folder / "printed").write_bytes(done.stdout + done.stderr)
    return folder


def test_the_secrets_are_in_what_was_read(scanned: Path) -> None:
    answers = read_snapshot(scanned / "s.jsonl.gz").answers.values()
    redacted = {(answer.call.operation, path) for answer in answers for path in answer.redacted}
    assert len({operation for operation, _ in redacted}) >= 4


@pytest.mark.parametrize("secret", [*SPILT, "made-up-" + "credential"], ids=range(len(SPILT) + 1))
def test_no_secret_is_written_or_printed(scanned: Path, secret: str) -> None:
    evidence = gzip.decompress((scanned / "s.jsonl.gz").read_bytes())
    found = [
        json.loads(line)["call"]["operation"]
        for line in evidence.splitlines()[1:-1]
        if secret.encode() in line
    ]
    assert found == []
    assert secret.encode() not in evidence
    assert secret.encode() not in (scanned / "r.json").read_bytes()
    assert secret.encode() not in (scanned / "printed").read_bytes()


def test_a_label_that_was_redacted_is_unread(scanned: Path) -> None:
    findings = json.loads((scanned / "r.json").read_bytes())["findings"]
    asked = [item for item in findings if item["check"] == "aws-s3-bucket-classification-tagged"]
    verdicts = {
        item["resource"]["name"]: (item["verdict"], "redacted" in item["reason"]) for item in asked
    }
    assert verdicts["plain"] == ("pass", False)
    assert verdicts["spilt"] == ("unknown", True)
    assert verdicts["named"][0] == "unknown"


def test_no_path_of_this_machine_is_written(scanned: Path) -> None:
    evidence = gzip.decompress((scanned / "s.jsonl.gz").read_bytes())
    for text in (str(scanned), str(Path(__file__).parents[2])):
        assert text.encode() not in evidence
        assert text.encode() not in (scanned / "r.json").read_bytes()
