"""A signed request never leaves its partition, whichever botocore knows."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.session import Session

from scanner.core.policies import read_policy
from scanner.errors import TscanError
from scanner.providers.aws.boto_sessions import make_client
from scanner.providers.aws.operations import OPERATIONS
from scanner.providers.aws.partitions import global_region, home_region, hosts, partitions

ALL = sorted(partitions())
SERVICES = sorted({operation.partition(":")[0] for operation in OPERATIONS})
PARAMETERS = {"AccountId": "111122223333", "Bucket": "plans", "RequiresAccountId": True}
SESSION = Session()
SESSION.set_credentials("AKIAEXAMPLE", "secret")


def regions(partition: str) -> list[str]:
    return [name for name in partitions()[partition]["regions"] if not name.endswith("-global")]


def suffixes(partition: str) -> tuple[str, ...]:
    outputs = partitions()[partition]["outputs"]
    return (f".{outputs['dnsSuffix']}", f".{outputs['dualStackDnsSuffix']}")


def resolved(service: str, region: str) -> tuple[str, str]:
    """The host that a request goes to, and the region that it is signed for."""
    made = make_client(SESSION.create_client, service, region)
    assert not made.own_endpoint
    client: Any = made.client
    model = client.meta.service_model
    operation = model.operation_model(model.operation_names[0])
    endpoint = client._ruleset_resolver.construct_endpoint(operation, PARAMETERS, {})
    signed = region
    for scheme in endpoint.properties.get("authSchemes", []):
        signed = scheme.get("signingRegion", signed)
    return str(urlsplit(endpoint.url).hostname), signed


def test_botocore_knows_more_than_three() -> None:
    assert {"aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b"} <= set(ALL)


@pytest.mark.parametrize("partition", ALL)
def test_global_services_lie_in_the_partition(partition: str) -> None:
    assert global_region(partition) in regions(partition)
    assert home_region(partition) in regions(partition)


@pytest.mark.parametrize("partition", ALL)
def test_no_request_leaves_its_partition(partition: str) -> None:
    left: list[str] = []
    for service in SERVICES:
        region = global_region(partition, service)
        host, signed = resolved(service, region)
        if not host.endswith(suffixes(partition)) or signed not in regions(partition):
            left.append(f"{service}: {host}, signed for {signed}")
    assert left == []


@pytest.mark.parametrize("partition", ALL)
def test_own_hosts_are_known_in_each_region(partition: str) -> None:
    for region in regions(partition):
        host, signed = resolved("sts", region)
        assert host.endswith(hosts())
        assert signed in regions(partition)


def test_an_unknown_partition_is_an_error() -> None:
    with pytest.raises(TscanError, match="partition 'aws-moon' is unknown"):
        global_region("aws-moon")


@pytest.mark.parametrize("partition", [*ALL, "aws-moon"])
def test_everything_on_all_arns_of_a_partition_is_everything(partition: str) -> None:
    resources = [f"arn:{partition}:*:*:*:*", f"arn:{partition}:*:*:111122223333:*"]
    for resource in resources:
        statement = {"Effect": "Allow", "Action": "*", "Resource": resource}
        policy = read_policy({"Statement": [statement]}, account="111122223333")
        assert isinstance(policy, dict)
        assert policy["grants_admin"] is True
