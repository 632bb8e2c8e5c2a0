"""What AWS says when it refuses, and which refusals no grant of ours would mend."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from scanner.model.answers import State
from scanner.providers.aws.errors import classify

USER = "User: arn:aws:sts::1:assumed-role/tscan is not authorized to perform: s3:ListBuckets on resource: x"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("", "AccessDenied"),
        (" because no identity-based policy allows the s3:ListBuckets action", "AccessDenied"),
        (" with an explicit deny in an identity-based policy", "AccessDenied"),
        (
            " with an explicit deny in a service control policy",
            "AccessDenied: service control policy",
        ),
        (
            " because no service control policy allows the action",
            "AccessDenied: service control policy",
        ),
        (
            " with an explicit deny in a resource control policy",
            "AccessDenied: resource control policy",
        ),
        (" with an explicit deny in a permissions boundary", "AccessDenied: permissions boundary"),
        (" with an explicit deny in a VPC endpoint policy", "AccessDenied: vpc endpoint policy"),
    ],
)
def test_who_denied_is_told_where_the_error_says_so(words: str, code: str) -> None:
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": USER + words}}, "ListBuckets")
    failure = classify("s3", error)
    assert (failure.state, failure.code) == (State.DENIED, code)
