"""Every AWS kind agrees with botocore's models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scanner.model.kinds import Batch, Request
from scanner.model.library import Library
from tests.helpers.provider_models import (
    WrongError,
    model,
    output,
    problems,
    request_problems,
    walk,
)


def test_every_kind_agrees_with_the_models(library: Library) -> None:
    kinds = [kind for kind in library.kinds.values() if kind.cloud == "aws"]
    assert kinds
    found = [text for kind in kinds for text in problems(kind, library)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request(operation="s3:ListBukets"), "did you mean 'ListBuckets'?"),
        (
            Request(operation="s3:GetBucketPolicy", arguments={"Buckt": "b"}),
            "did you mean 'Bucket'?",
        ),
        (Request(operation="s3:ListBuckets", items=("Bukets",)), "did you mean 'Buckets'?"),
        (
            Request(operation="ec2:DescribeInstances", items=("Reservations[].Instance",)),
            "did you mean 'Instances'?",
        ),
        (Request(operation="s3:ListBuckets", items=("Owner",)), "is no list"),
    ],
)
def test_what_the_models_do_not_know_is_said(request_: Request, words: str) -> None:
    assert words in "\n".join(request_problems(request_))


@pytest.mark.parametrize("member", ["CertificateKeyPairOrigins", "Includes.keyTypes"])
def test_a_list_of_all_sorts_of_certificates_has_all_of_them(library: Library, member: str) -> None:
    """ACM leaves out of its listing, without a word, each sort that is not asked for."""
    listing = library.kinds["aws.acm.certificate"].listing
    assert listing is not None
    assert listing.request is not None
    asked: Any = listing.request.arguments
    known: Any = model("acm:ListCertificates").input_shape
    for name in member.split("."):
        asked, known = asked[name], known.members[name]
    assert sorted(one.evaluate({}) for one in asked) == sorted(known.member.enum)


def test_a_batch_is_held_against_the_models(library: Library) -> None:
    key = next(iter(library.kinds.values())).identity
    batch = Batch(
        member="InstanceIds", size=50, key=key, items="InstancePatchStates", match="InstanceId"
    )
    request = Request(operation="ssm:DescribeInstancePatchStates", batch=batch)
    assert list(request_problems(request)) == []
    for wrong in (
        replace(batch, member="Ids"),
        replace(batch, items="States"),
        replace(batch, match="Id"),
    ):
        assert list(request_problems(replace(request, batch=wrong)))


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("ec2:DescribeVpcs", "Vpcs.[].VpcIdd"),
        ("ec2:DescribeVpcs", "Vpcs.[].VpcId.[]"),
        ("iam:GetUser", "User.Tags.[].Kee"),
    ],
)
def test_a_wrong_path_is_said(operation: str, path: str) -> None:
    if path.endswith("VpcId.[]"):
        assert walk(output(operation), tuple(path.split("."))) is None
        return
    with pytest.raises(WrongError):
        walk(output(operation), tuple(path.split(".")))
