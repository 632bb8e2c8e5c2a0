"""Machines, functions, clusters and balancers."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from tests.estate.seed import REGIONS, Estate

ROLE = "arn:aws:iam::123456789012:role/worker"


def compute(estate: Estate, region: str) -> str:
    """One of each; functions with an alias, a balancer with a filter before it. The machine's id."""
    ec2 = estate.client("ec2", region)
    (machine,) = ec2.run_instances(
        ImageId="ami-12345678", MinCount=1, MaxCount=1, InstanceType="t3.micro"
    )["Instances"]
    _prefix_list(ec2)
    _functions(estate, region)
    _balancer(estate, region)
    subnets = [row["SubnetId"] for row in ec2.describe_subnets()["Subnets"]][:2]
    if region == REGIONS[0]:
        # The other region has tasks of ECS instead, so that each decides whether containers run.
        network = {"subnetIds": subnets}
        estate.client("eks", region).create_cluster(
            name="shop", roleArn=ROLE, resourcesVpcConfig=network
        )
    estate.client("transfer", region).create_server(Protocols=["SFTP"])
    return str(machine["InstanceId"])


def _prefix_list(ec2: Any) -> None:
    """A group whose only rule from outside is of a prefix list, which alone says who that is."""
    entries = [{"Cidr": "203.0.113.0/24", "Description": "office"}]
    made = ec2.create_managed_prefix_list(
        PrefixListName="offices", MaxEntries=5, AddressFamily="IPv4", Entries=entries
    )["PrefixList"]["PrefixListId"]
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(
        GroupName="ssh-from-offices", Description="offices", VpcId=vpc
    )["GroupId"]
    rule = {
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "PrefixListIds": [{"PrefixListId": made}],
    }
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])


def _functions(estate: Estate, region: str) -> None:
    if region == REGIONS[0]:
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        estate.client("iam").create_role(
            RoleName="worker",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
    functions, code = estate.client("lambda", region), io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def run(event, context): ...")
    functions.create_function(
        FunctionName="bill",
        Runtime="python3.13",
        Role=ROLE,
        Handler="main.run",
        Code={"ZipFile": code.getvalue()},
        Publish=True,
    )
    functions.create_alias(FunctionName="bill", Name="live", FunctionVersion="1")
    functions.create_function_url_config(FunctionName="bill", AuthType="AWS_IAM")


def _balancer(estate: Estate, region: str) -> None:
    ec2, balancers = estate.client("ec2", region), estate.client("elbv2", region)
    subnets = [row["SubnetId"] for row in ec2.describe_subnets()["Subnets"]][:2]
    made = balancers.create_load_balancer(
        Name="front", Subnets=subnets, Scheme="internet-facing", Type="application"
    )
    arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    away = {
        "Type": "redirect",
        "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
    }
    balancers.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[away])
    estate.client("elb", region).create_load_balancer(
        LoadBalancerName="classic",
        Listeners=[
            {
                "Protocol": "HTTP",
                "LoadBalancerPort": 80,
                "InstanceProtocol": "HTTP",
                "InstancePort": 80,
            },
            {
                "Protocol": "HTTPS",
                "LoadBalancerPort": 443,
                "InstanceProtocol": "HTTP",
                "InstancePort": 80,
                "SSLCertificateId": "arn:aws:iam::123456789012:server-certificate/classic",
            },
        ],
        AvailabilityZones=[f"{region}a"],
    )
    filters = estate.client("wafv2", region)
    seen = {
        "SampledRequestsEnabled": False,
        "CloudWatchMetricsEnabled": False,
        "MetricName": "front",
    }
    acl = filters.create_web_acl(
        Name="front", Scope="REGIONAL", DefaultAction={"Block": {}}, VisibilityConfig=seen
    )
    filters.associate_web_acl(WebACLArn=acl["Summary"]["ARN"], ResourceArn=arn)
