"""Networks, machines, functions, images and queues."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, Final

from tests.estate.acme import ACCOUNT, HOME, PRODUCTION, arn
from tests.estate.seed import Estate

BASTION: Final = "acme-prod-bastion"
OFFICE: Final = "203.0.113.0/24"
ANYWHERE: Final = "0.0.0.0/0"


def workloads(estate: Estate, key: str) -> list[str]:
    """Everything that runs; the ids of the instances."""
    groups = _groups(estate)
    _network(estate)
    instances = _instances(estate, groups, key)
    _balancer(estate, groups["acme-prod-web"])
    _functions(estate)
    _images(estate)
    _queues(estate)
    return instances


def ssh_rule(source: str) -> dict[str, Any]:
    """The rule that lets a source in by SSH."""
    return {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": source}]}


def group_id(estate: Estate, name: str) -> str:
    """The id of a security group."""
    wanted = [{"Name": "group-name", "Values": [name]}]
    found = estate.client("ec2", HOME).describe_security_groups(Filters=wanted)
    return str(found["SecurityGroups"][0]["GroupId"])


def _groups(estate: Estate) -> dict[str, str]:
    ec2 = estate.client("ec2", HOME)
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    rules = {
        "acme-prod-web": {"FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": ANYWHERE}]},
        "acme-prod-db": {
            "FromPort": 5432,
            "ToPort": 5432,
            "IpRanges": [{"CidrIp": "10.20.0.0/16"}],
        },
        BASTION: ssh_rule(OFFICE),
    }
    groups: dict[str, str] = {}
    for name, rule in rules.items():
        made = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)
        groups[name] = made["GroupId"]
        ec2.authorize_security_group_ingress(
            GroupId=groups[name], IpPermissions=[{"IpProtocol": "tcp", **rule}]
        )
    return groups


def _network(estate: Estate) -> None:
    """Flow logs at home; the default group of either region stays as AWS makes it in one."""
    ec2 = estate.client("ec2", HOME)
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    ec2.create_tags(Resources=[vpc["VpcId"]], Tags=[{"Key": "Name", "Value": "acme-prod"}])
    ec2.create_flow_logs(
        ResourceIds=[vpc["VpcId"]],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::acme-prod-audit-logs",
    )
    ec2.enable_ebs_encryption_by_default()


def _instances(estate: Estate, groups: dict[str, str], key: str) -> list[str]:
    ec2 = estate.client("ec2", HOME)
    disk = {
        "DeviceName": "/dev/sda1",
        "Ebs": {"VolumeSize": 30, "Encrypted": True, "KmsKeyId": key},
    }
    ids: list[str] = []
    for name, group, tokens in (
        ("acme-prod-web-1", "acme-prod-web", "required"),
        ("acme-prod-web-2", "acme-prod-web", "required"),
        (BASTION, BASTION, "optional"),
    ):
        (made,) = ec2.run_instances(
            ImageId="ami-0abcdef1234567890",
            MinCount=1,
            MaxCount=1,
            InstanceType="t3.medium",
            ClientToken=name,
            SecurityGroupIds=[groups[group]],
            BlockDeviceMappings=[disk],
            MetadataOptions={"HttpTokens": tokens, "HttpEndpoint": "enabled"},
            TagSpecifications=[
                {
                    "ResourceType": "instance",
                    "Tags": [*PRODUCTION, {"Key": "Name", "Value": name}],
                }
            ],
        )["Instances"]
        ids.append(made["InstanceId"])
    return ids


def _balancer(estate: Estate, group: str) -> None:
    ec2, balancers = estate.client("ec2", HOME), estate.client("elbv2", HOME)
    subnets = [row["SubnetId"] for row in ec2.describe_subnets()["Subnets"]][:2]
    certificate = estate.client("acm", HOME).request_certificate(DomainName="shop.acme.example")
    made = balancers.create_load_balancer(
        Name="acme-prod-web", Subnets=subnets, Scheme="internet-facing", SecurityGroups=[group]
    )
    balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    targets = balancers.create_target_group(
        Name="acme-prod-web",
        Protocol="HTTP",
        Port=8080,
        VpcId=ec2.describe_vpcs()["Vpcs"][0]["VpcId"],
    )
    forward = {"Type": "forward", "TargetGroupArn": targets["TargetGroups"][0]["TargetGroupArn"]}
    balancers.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates=[{"CertificateArn": certificate["CertificateArn"]}],
        DefaultActions=[forward],
    )
    secure = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    balancers.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "redirect", "RedirectConfig": secure}],
    )


def _functions(estate: Estate) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        # A fixed time: the digest of the code is part of the answers.
        archive.writestr(zipfile.ZipInfo("main.py"), "def run(event, context): ...")
    estate.client("lambda", HOME).create_function(
        FunctionName="acme-prod-invoices",
        Runtime="python3.13",
        Role=f"arn:aws:iam::{ACCOUNT}:role/invoices",
        Handler="main.run",
        Code={"ZipFile": code.getvalue()},
    )


def _images(estate: Estate) -> None:
    images = estate.client("ecr", HOME)
    for name, mutability in (("acme/shop", "IMMUTABLE"), ("acme/tools", "MUTABLE")):
        images.create_repository(
            repositoryName=name,
            imageTagMutability=mutability,
            imageScanningConfiguration={"scanOnPush": True},
        )


def _queues(estate: Estate) -> None:
    """A queue with a dead-letter queue that nobody watches."""
    queues = estate.client("sqs", HOME)
    queues.create_queue(
        QueueName="acme-prod-orders-dlq", Attributes={"SqsManagedSseEnabled": "true"}
    )
    failed = {"deadLetterTargetArn": arn("sqs", "acme-prod-orders-dlq"), "maxReceiveCount": "5"}
    queues.create_queue(
        QueueName="acme-prod-orders",
        Attributes={"SqsManagedSseEnabled": "true", "RedrivePolicy": json.dumps(failed)},
    )
