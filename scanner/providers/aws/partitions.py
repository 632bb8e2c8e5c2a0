"""Reads AWS's partitions from botocore's data: their hosts, and where global services lie."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from botocore.loaders import create_loader

from scanner.errors import NotConnectedError

_SINGLE_ENDPOINT: Final = {"globalaccelerator": "us-west-2", "networkmanager": "us-west-2"}
"""Services of the commercial partition that lie in another region than its global ones."""


@cache
def partitions() -> Mapping[str, Mapping[str, Any]]:
    """By id: what botocore knows of each partition."""
    data = create_loader().load_data("partitions")
    return {partition["id"]: partition for partition in data["partitions"]}


def global_region(partition: str, service: str = "") -> str:
    """The region in which a partition serves services that have only one endpoint.

    TscanError for a partition that botocore does not know: any other region would have the request
    leave it.
    """
    if partition == "aws" and service in _SINGLE_ENDPOINT:
        return _SINGLE_ENDPOINT[service]
    known = partitions().get(partition)
    if known is None:
        raise NotConnectedError(
            f"AWS partition '{partition}' is unknown to this version of botocore",
            "update botocore: pip install --upgrade botocore",
        )
    return str(known["outputs"]["implicitGlobalRegion"])


@cache
def hosts() -> tuple[str, ...]:
    """How the names of AWS's own hosts end, in every partition."""
    found: set[str] = set()
    for partition in partitions().values():
        outputs = partition["outputs"]
        found.update((f".{outputs['dnsSuffix']}", f".{outputs['dualStackDnsSuffix']}"))
    # Some endpoints stand apart from those of their partition.
    found.add(".aws")
    return tuple(sorted(found))


@cache
def home_region(partition: str) -> str:
    """The region in whose history a partition logs the calls of services without a region.

    It is the one for which requests to IAM are signed.
    """
    for known in create_loader().load_data("endpoints")["partitions"]:
        if known["partition"] != partition:
            continue
        iam = known["services"].get("iam", {})
        endpoint = iam.get("endpoints", {}).get(iam.get("partitionEndpoint", ""), {})
        region = endpoint.get("credentialScope", {}).get("region")
        if region:
            return str(region)
    return global_region(partition)
