"""Populations of kinds have no hole that nobody has written down: each listing of a provider's
models whose rows look like those of a kind is read, is named in `does_not_list`, or lists nothing of
that sort (`siblings.tsv`)."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from scanner.core.reading.read_plan import requests
from scanner.model.library import Library
from tests.helpers import aws_siblings
from tests.helpers.siblings import CLOUDS, listings, siblings, without_kind

LINES = (Path(__file__).parent / "siblings.tsv").read_text(encoding="utf-8").splitlines()
OTHERWISE = dict(line.split("\t") for line in LINES if not line.startswith("#"))
"""Why a listing that looks like one of a kind's resources is none, by a pattern of its name."""


def _named(library: Library) -> set[str]:
    kinds = library.kinds.values()
    return {call for kind in kinds for hole in kind.does_not_list for call in hole.calls}


def _found(library: Library) -> set[str]:
    found = set(aws_siblings.siblings(library))
    for cloud in CLOUDS:
        found.update(siblings(library, cloud, listings(cloud)))
    return found


def _exists(operation: str) -> bool:
    if any(operation in listings(cloud) for cloud in CLOUDS):
        return True
    return aws_siblings.is_listing(operation)


def _set_aside(names: set[str]) -> set[str]:
    return {name for name in names if any(fnmatchcase(name, line) for line in OTHERWISE)}


def test_every_sibling_is_read_or_named(library: Library) -> None:
    found, named = _found(library), _named(library)
    assert sorted(found - _set_aside(found) - named) == []
    # A line that is no longer true would hide the next hole.
    assert [line for line in OTHERWISE if not any(fnmatchcase(name, line) for name in found)] == []
    assert sorted(_set_aside(named)) == []
    assert list(OTHERWISE) == sorted(OTHERWISE)


def test_what_is_named_exists_and_is_not_read(library: Library) -> None:
    read = {one.operation for kind in library.kinds.values() for one in requests(kind)}
    assert sorted(_named(library) & read) == []
    assert sorted(name for name in _named(library) if not _exists(name)) == []


def test_the_holes_that_there_were_are_found(library: Library) -> None:
    """Kinds that are left out of the library, and the listings that are then missed."""
    for kind, listing in {
        "aws.lambda.version": "lambda:ListVersionsByFunction",
        "aws.elasticache.cache_cluster": "elasticache:DescribeCacheClusters",
        "aws.elb.load_balancer": "elb:DescribeLoadBalancers",
        "aws.redshiftserverless.workgroup": "redshift-serverless:ListWorkgroups",
    }.items():
        assert listing not in aws_siblings.siblings(library)
        assert listing in aws_siblings.siblings(without_kind(library, kind)), kind


@pytest.mark.parametrize(
    ("kind", "listing"),
    [
        ("gcp.compute.region_target_https_proxy", "compute:targetHttpsProxies.aggregatedList"),
        ("gcp.compute.region_ssl_policy", "compute:sslPolicies.aggregatedList"),
    ],
)
def test_a_kind_that_is_left_out_is_missed(library: Library, kind: str, listing: str) -> None:
    known = listings("gcp")
    assert listing not in siblings(library, "gcp", known)
    assert listing in siblings(without_kind(library, kind), "gcp", known)


def test_a_listing_that_a_provider_brings_is_found(library: Library) -> None:
    """Rows as those of disks, under a name that no line is for."""
    rows = frozenset({"name", "encryption", "encryptionSettingsCollection", "networkAccessPolicy"})
    later = {**listings("azure"), "Microsoft.Compute:Backups_ListAll": rows}
    found = siblings(library, "azure", later)
    assert found["Microsoft.Compute:Backups_ListAll"] == {"azure.compute.disk"}
    assert _set_aside({"Microsoft.Compute:Backups_ListAll"}) == set()
