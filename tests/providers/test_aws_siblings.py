"""Populations of AWS's kinds have no hole that nobody has written down: each listing of botocore's
models whose rows look like those of a kind is read, is named in `does_not_list`, or lists nothing of
that sort (`siblings.tsv`)."""

from __future__ import annotations

from pathlib import Path

from scanner.core.reading.read_plan import requests
from scanner.model.library import Library
from tests.helpers.aws_siblings import is_listing, siblings, without_kind

OTHERWISE = dict(
    line.split("\t")
    for line in (Path(__file__).parent / "siblings.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
)


def _named(library: Library) -> set[str]:
    kinds = library.kinds.values()
    return {call for kind in kinds for hole in kind.does_not_list for call in hole.calls}


def test_every_sibling_is_read_or_named(library: Library) -> None:
    found = siblings(library)
    lacking = {name: kinds for name, kinds in found.items() if name not in OTHERWISE}
    assert {name: kinds for name, kinds in lacking.items() if name not in _named(library)} == {}
    # A line that is no longer true would hide the next hole.
    assert sorted(OTHERWISE.keys() - found.keys()) == []
    assert sorted(OTHERWISE.keys() & _named(library)) == []
    assert list(OTHERWISE) == sorted(OTHERWISE)


def test_what_is_named_exists_and_is_not_read(library: Library) -> None:
    read = {one.operation for kind in library.kinds.values() for one in requests(kind)}
    assert sorted(_named(library) & read) == []
    assert sorted(name for name in _named(library) if not is_listing(name)) == []


def test_the_holes_that_there_were_are_found(library: Library) -> None:
    """Kinds that are left out of the library, and the listings that are then missed."""
    for kind, listing in {
        "aws.lambda.version": "lambda:ListVersionsByFunction",
        "aws.elasticache.cache_cluster": "elasticache:DescribeCacheClusters",
        "aws.elb.load_balancer": "elb:DescribeLoadBalancers",
        "aws.redshiftserverless.workgroup": "redshift-serverless:ListWorkgroups",
    }.items():
        assert listing not in siblings(library)
        assert listing in siblings(without_kind(library, kind)), kind
