"""How software is built and brought out."""

from __future__ import annotations

from tests.estate.seed import REGIONS, Estate
from tests.estate.wide.compute import ROLE


def delivery(estate: Estate, region: str) -> None:
    """A project that builds, a pipeline in which a person agrees, a workflow, a certificate."""
    estate.client("codebuild", region).create_project(
        name="shop",
        source={"type": "S3", "location": "acme-scratch/source.zip"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "image",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=ROLE,
    )
    if region == REGIONS[0]:
        trust = (
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", \
"Principal": {"Service": "codepipeline.amazonaws.com"}}]}'
        )
        estate.client("iam").create_role(RoleName="deliver", AssumeRolePolicyDocument=trust)
    stages = [
        _stage("source", "Source", "S3", {"S3Bucket": "acme-scratch", "S3ObjectKey": "source.zip"}),
        _stage("agree", "Approval", "Manual", {}),
        _stage("bring-out", "Deploy", "S3", {"BucketName": "acme-public-site", "Extract": "true"}),
    ]
    estate.client("codepipeline", region).create_pipeline(
        pipeline={
            "name": "shop",
            "roleArn": "arn:aws:iam::123456789012:role/deliver",
            "artifactStore": {"type": "S3", "location": "acme-scratch"},
            "stages": stages,
        },
        tags=[{"key": "environment", "value": "production"}],
    )
    definition = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
    estate.client("stepfunctions", region).create_state_machine(
        name="bill", definition=definition, roleArn=ROLE
    )
    estate.client("acm", region).request_certificate(DomainName="shop.example")


def _stage(
    name: str, category: str, provider: str, configuration: dict[str, str]
) -> dict[str, object]:
    action = {
        "name": name,
        "actionTypeId": {
            "category": category,
            "owner": "AWS",
            "provider": provider,
            "version": "1",
        },
        "configuration": configuration,
    }
    return {"name": name, "actions": [action]}
