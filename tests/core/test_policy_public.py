"""Who a resource policy reaches, document by document."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.core.policies import read_policy
from tests.helpers.policy_documents import (
    ACCOUNT,
    BUCKET,
    GITHUB,
    OBJECTS,
    OTHER,
    allow,
    deny,
    document,
)


def when(operator: str, key: str, value: Any) -> dict[str, Any]:
    return allow(Condition={operator: {key: value}})


def unless(operator: str, key: str, value: Any, **parts: Any) -> list[dict[str, Any]]:
    return [allow(), deny(Condition={operator: {key: value}}, **parts)]


PUBLIC: dict[str, Any] = {
    "everyone": [allow()],
    "everyone, as AWS": [allow({"AWS": "*"})],
    "everyone, in a list": [allow({"AWS": [f"arn:aws:iam::{ACCOUNT}:root", "*"]})],
    "any account's root": [allow({"AWS": "arn:aws:iam::*:root"})],
    "any service": [allow({"Service": "*"})],
    "everyone but one": [allow(NotPrincipal={"AWS": f"arn:aws:iam::{OTHER}:root"})],
    "any action but one": [allow(NotAction="s3:DeleteObject")],
    "any object but one": [allow(NotResource=f"{BUCKET}/secret")],
    "one open statement among closed ones": [
        when("StringEquals", "aws:PrincipalOrgID", "o-abc123"),
        allow(),
    ],
    "organization, if there is one": [
        when("StringEqualsIfExists", "aws:PrincipalOrgID", "o-abc123")
    ],
    "organization, for all of none": [
        when("ForAllValues:StringEquals", "aws:PrincipalOrgID", "o-abc123")
    ],
    "any organization": [when("StringLike", "aws:PrincipalOrgID", "o-*")],
    "any organization at all": [when("StringLike", "aws:PrincipalOrgID", "*")],
    "not in an organization": [when("StringNotEquals", "aws:PrincipalOrgID", "o-abc123")],
    "no organization named": [when("StringEquals", "aws:PrincipalOrgID", [])],
    "one of two organizations is open": [
        when("StringLike", "aws:PrincipalOrgID", ["o-abc123", "*"])
    ],
    "one's own tag": [when("StringEquals", "aws:PrincipalTag/team", "ours")],
    "one's own organization": [when("StringEquals", "aws:PrincipalOrgID", "${aws:PrincipalOrgID}")],
    "the account of the resource itself": [when("StringEquals", "aws:ResourceAccount", ACCOUNT)],
    "a header": [when("StringLike", "aws:Referer", "https://example.com/*")],
    "TLS only": [when("Bool", "aws:SecureTransport", "true")],
    "until a date": [when("DateLessThan", "aws:CurrentTime", "2020-01-01T00:00:00Z")],
    "any address": [when("IpAddress", "aws:SourceIp", "0.0.0.0/0")],
    "any IPv6 address": [when("IpAddress", "aws:SourceIp", "::/0")],
    "half of all addresses, twice": [
        when("IpAddress", "aws:SourceIp", ["0.0.0.0/1", "128.0.0.0/1"])
    ],
    "private and any address": [when("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "0.0.0.0/0"])],
    "IPv4 as IPv6": [when("IpAddress", "aws:SourceIp", "::ffff:0:0/96")],
    "an address that is none": [when("IpAddress", "aws:SourceIp", "office")],
    "all addresses but one": [when("NotIpAddress", "aws:SourceIp", "203.0.113.4/32")],
    "an address as text": [when("StringLike", "aws:SourceIp", "203.0.113.*")],
    "an address, if there is one": [when("IpAddressIfExists", "aws:SourceIp", "203.0.113.0/24")],
    "any principal's ARN": [when("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/admin")],
    "any source": [when("ArnLike", "aws:SourceArn", "arn:aws:sns:eu-west-1:*:topic")],
    "an ARN that a log group can bear": [
        when("StringLike", "aws:SourceArn", f"arn:aws:logs:*:{ACCOUNT}:*"),
    ],
    "any bucket": [when("ArnLike", "aws:SourceArn", "arn:aws:s3:::*")],
    "account with a wildcard": [when("StringLike", "aws:PrincipalAccount", "1111*")],
    "account in other digits": [
        when("StringEquals", "aws:PrincipalAccount", "１１１１２２２２３３３３")
    ],
    "an AWS login at a function URL": [
        when("StringEquals", "lambda:FunctionUrlAuthType", "AWS_IAM")
    ],
    "through some service": [when("StringEquals", "kms:ViaService", "s3.eu-west-1.amazonaws.com")],
    "any VPC": [when("StringLike", "aws:SourceVpc", "vpc-*")],
    "denied to one account only": [allow(), deny({"AWS": f"arn:aws:iam::{OTHER}:root"})],
    "denied to all but anyone": [allow(), deny(NotPrincipal={"AWS": "*"})],
    "denied to all but whom a provider signs in": [
        allow(),
        deny(NotPrincipal={"Federated": GITHUB}),
    ],
    "denied to all but one, for one action": [
        allow(),
        deny(NotPrincipal={"AWS": OTHER}, Action="s3:PutObject"),
    ],
    "denied to all but one, at night": [
        allow(),
        deny(
            NotPrincipal={"AWS": OTHER},
            Condition={"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}},
        ),
    ],
    "denied unless called through a service": [
        allow(),
        deny(
            Condition={
                "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-abc123"},
                "BoolIfExists": {"aws:ViaAWSService": "false"},
            }
        ),
    ],
    "denied unless tagged": unless("StringNotEquals", "aws:PrincipalTag/exempt", "true"),
    "denied to services": unless("BoolIfExists", "aws:PrincipalIsAWSService", "true"),
    "denied unless a role of any account": unless(
        "ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:role/app"
    ),
    "another action denied": [allow(), deny(Action="s3:PutObject")],
    "some objects denied": [allow(), deny(Resource=f"{BUCKET}/secret/*")],
    "one letter denied": [allow(Action="s3:Get*"), deny(Action="s3:GetObjec?")],
    "one of two actions denied": [
        allow(Action=["s3:GetObject", "s3:PutObject"]),
        deny(Action="s3:GetObject"),
    ],
    "one of two resources denied": [
        allow(Resource=[f"{BUCKET}/a", f"{BUCKET}/b"]),
        deny(Resource=f"{BUCKET}/a"),
    ],
    "an action here, a resource there": [
        allow(Action=["s3:GetObject", "s3:PutObject"]),
        deny(Action="s3:GetObject"),
        deny(Action="s3:PutObject", Resource=f"{BUCKET}/a"),
    ],
    "denied at night": [
        allow(),
        deny(Condition={"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}),
    ],
    "denied without TLS": [allow(), deny(Condition={"Bool": {"aws:SecureTransport": "false"}})],
    "denied all but deletion, which is open": [
        allow(Action="s3:DeleteObject"),
        deny(Action=None, NotAction="s3:*"),
    ],
    "denied unless any organization": unless("StringNotLike", "aws:PrincipalOrgID", "o-*"),
    "denied unless the world": unless("NotIpAddress", "aws:SourceIp", "0.0.0.0/0"),
    "denied in the organization": unless("StringEquals", "aws:PrincipalOrgID", "o-abc123"),
    "denied unless one is an AWS service or ours": [
        allow(),
        deny(
            Condition={
                "StringNotEquals": {"aws:PrincipalOrgID": "o-abc123"},
                "Bool": {"aws:PrincipalIsAWSService": "false"},
            }
        ),
    ],
    "denied to all of several outsiders": unless(
        "ForAnyValue:StringNotLike", "aws:PrincipalOrgPaths", "o-abc123/*"
    ),
}

NOT_PUBLIC: dict[str, Any] = {
    "no statement": [],
    "own account": [allow({"AWS": ACCOUNT})],
    "other account": [allow({"AWS": f"arn:aws:iam::{OTHER}:root"})],
    "a service": [allow({"Service": "cloudtrail.amazonaws.com"})],
    "a canonical user": [
        allow({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"})
    ],
    "only a Deny": [deny()],
    "organization": [when("StringEquals", "aws:PrincipalOrgID", "o-abc123")],
    "organization, key in another case": [when("StringEquals", "AWS:principalORGid", "o-abc123")],
    "the resource's organization": [
        when("StringEquals", "aws:PrincipalOrgID", "${aws:ResourceOrgID}")
    ],
    "organization path": [
        when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-abc123/r-1/ou-2/*")
    ],
    "organization, and the key is there": [
        allow(
            Condition={
                "ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-abc123"},
                "Null": {"aws:PrincipalOrgID": "false"},
            }
        )
    ],
    "account": [when("StringEquals", "aws:PrincipalAccount", [ACCOUNT, OTHER])],
    "source account": [when("StringEquals", "aws:SourceAccount", ACCOUNT)],
    "owner of a topic": [when("StringEquals", "AWS:SourceOwner", ACCOUNT)],
    "caller of a key": [
        allow(
            {"AWS": "*"},
            Condition={
                "StringEquals": {
                    "kms:CallerAccount": ACCOUNT,
                    "kms:ViaService": "ebs.eu-west-1.amazonaws.com",
                }
            },
        )
    ],
    "access point": [when("StringEquals", "s3:DataAccessPointAccount", ACCOUNT)],
    "principal's ARN": [when("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:role/*")],
    "source ARN in any region": [when("ArnLike", "aws:SourceArn", f"arn:aws:sns:*:{ACCOUNT}:*")],
    "source bucket": [when("ArnEquals", "aws:SourceArn", BUCKET)],
    "VPC": [when("StringEquals", "aws:SourceVpc", "vpc-0a1b2c3d")],
    "endpoint": [when("StringEquals", "aws:SourceVpce", ["vpce-0a1b2c3d", "vpce-0a1b2c3e"])],
    "a few addresses": [when("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "2001:db8::/48"])],
    "private addresses": [when("IpAddress", "aws:SourceIp", "10.0.0.0/8")],
    "a role's sessions": [when("StringLike", "aws:userid", "AROAEXAMPLEEXAMPLE12:*")],
    "mount target": [when("Bool", "elasticfilesystem:AccessedViaMountTarget", "true")],
    "denied again": [allow(), deny()],
    "denied again, as AWS": [allow(), deny({"AWS": "*"})],
    "denied more widely": [
        allow(Action=["s3:GetObject", "s3:GetObjectAcl"]),
        deny(Action="S3:get*", Resource="*"),
    ],
    "denied by two": [
        allow(Resource=[f"{BUCKET}/a/*", f"{BUCKET}/b/*"]),
        deny(Resource=f"{BUCKET}/a*"),
        deny(Resource=f"{BUCKET}/b*"),
    ],
    "denied but for other actions": [allow(), deny(NotAction="s3:PutObject")],
    "denied but for another bucket": [allow(), deny(NotResource="arn:aws:s3:::elsewhere/*")],
    "denied unless organization": unless("StringNotEquals", "aws:PrincipalOrgID", "o-abc123"),
    "denied unless endpoint": unless("StringNotEqualsIfExists", "aws:SourceVpce", "vpce-0a1b2c3d"),
    "denied unless address": unless("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"),
    "denied to all but one": [allow(), deny(NotPrincipal={"AWS": f"arn:aws:iam::{OTHER}:root"})],
    "denied to all but some and a service": [
        allow(),
        deny(NotPrincipal={"AWS": [ACCOUNT, OTHER], "Service": "logs.amazonaws.com"}),
    ],
    "a data perimeter": [
        allow(),
        deny(
            Condition={
                "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-abc123"},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                "ArnNotLikeIfExists": {
                    "aws:PrincipalArn": "arn:aws:iam::*:role/aws-service-role/*"
                },
            }
        ),
    ],
    "denied unless every path is ours": unless(
        "ForAllValues:StringNotLike", "aws:PrincipalOrgPaths", "o-abc123/*"
    ),
    "denied unless a path is ours, if there is one": unless(
        "ForAnyValue:StringNotLikeIfExists", "aws:PrincipalOrgPaths", "o-abc123/*"
    ),
    "denied unless endpoint or organization": [
        allow(),
        deny(
            Condition={
                "StringNotEquals": {
                    "aws:SourceVpce": "vpce-0a1b2c3d",
                    "aws:PrincipalOrgID": "o-abc123",
                }
            }
        ),
    ],
}


def fields(statements: list[dict[str, Any]]) -> dict[str, Any]:
    policy = read_policy(document(*statements), account=ACCOUNT, resource=BUCKET)
    assert isinstance(policy, dict), policy
    return policy


@pytest.mark.parametrize("name", PUBLIC)
def test_public(name: str) -> None:
    assert fields(PUBLIC[name])["is_public"] is True


@pytest.mark.parametrize("name", NOT_PUBLIC)
def test_not_public(name: str) -> None:
    assert fields(NOT_PUBLIC[name])["is_public"] is False


OUTSIDERS: list[tuple[list[dict[str, Any]], list[str]]] = [
    ([allow()], ["*"]),
    ([allow({"AWS": ACCOUNT})], []),
    ([allow({"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"})], []),
    ([allow({"AWS": [OTHER, f"arn:aws:iam::{ACCOUNT}:root"]})], [OTHER]),
    ([allow({"AWS": f"arn:aws:iam::{OTHER}:role/app"})], [f"arn:aws:iam::{OTHER}:role/app"]),
    ([allow({"AWS": "AIDAEXAMPLEEXAMPLE123"})], ["AIDAEXAMPLEEXAMPLE123"]),
    ([allow({"CanonicalUser": "79a59d"})], ["79a59d"]),
    ([allow({"Service": "sns.amazonaws.com"})], []),
    ([allow({"AWS": OTHER}, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-abc123"}})], []),
    (
        [
            allow(
                {"AWS": OTHER},
                Condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-abc123"}},
            )
        ],
        [OTHER],
    ),
    ([allow({"AWS": OTHER}, Condition={"StringEquals": {"sts:ExternalId": "agreed"}})], [OTHER]),
    ([when("StringEquals", "aws:PrincipalAccount", [ACCOUNT, OTHER])], [OTHER]),
    ([when("StringEquals", "aws:PrincipalAccount", ACCOUNT)], []),
    ([when("StringEquals", "aws:SourceVpce", "vpce-0a1b2c3d")], ["*"]),
    (
        [when("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{OTHER}:role/*")],
        [f"arn:aws:iam::{OTHER}:role/*"],
    ),
    ([allow({"AWS": OTHER}), deny()], []),
    ([allow(), deny(NotPrincipal={"AWS": [ACCOUNT, OTHER]})], [OTHER]),
    ([allow(), deny(NotPrincipal={"AWS": ACCOUNT})], []),
    ([allow(), deny(NotPrincipal={"AWS": ACCOUNT}, Action="s3:PutObject")], ["*"]),
    ([allow({"AWS": OTHER}), deny(NotPrincipal={"AWS": ACCOUNT})], []),
    ([allow({"AWS": OTHER}), deny(NotPrincipal={"AWS": OTHER})], [OTHER]),
    (
        [allow({"AWS": OTHER}), *unless("StringNotEquals", "aws:PrincipalAccount", ACCOUNT)[1:]],
        [],
    ),
    (
        [allow({"AWS": OTHER}), *unless("StringNotEquals", "aws:PrincipalOrgID", "o-abc123")[1:]],
        [],
    ),
    (unless("StringNotEquals", "aws:PrincipalAccount", [ACCOUNT, OTHER]), [OTHER]),
    (unless("StringNotEquals", "aws:SourceVpce", "vpce-0a1b2c3d"), ["*"]),
    ([allow({"AWS": OTHER}), deny(Condition={"Bool": {"aws:SecureTransport": "false"}})], [OTHER]),
    ([allow({"AWS": OTHER}), allow({"AWS": OTHER}, Action="s3:PutObject"), allow()], ["*", OTHER]),
]


@pytest.mark.parametrize(("statements", "outsiders"), OUTSIDERS)
def test_cross_account_principals(statements: list[dict[str, Any]], outsiders: list[str]) -> None:
    assert fields(statements)["cross_account_principals"] == outsiders


def test_without_an_account_everyone_is_outside() -> None:
    policy = read_policy(document(allow({"AWS": ACCOUNT})), account="")
    assert isinstance(policy, dict)
    assert policy["cross_account_principals"] == [ACCOUNT]


UNCONFUSED: list[tuple[dict[str, Any], bool]] = [
    ({}, False),
    ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, True),
    ({"ArnLike": {"AWS:SourceArn": f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*"}}, True),
    ({"StringEquals": {"aws:SourceOrgID": "o-abc123"}}, True),
    (
        {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:eu-west-1:{ACCOUNT}:*"}},
        True,
    ),
    ({"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}, False),
    ({"StringLike": {"aws:SourceAccount": "*"}}, False),
    ({"ArnLike": {"aws:SourceArn": "arn:aws:cloudtrail:*:*:trail/*"}}, False),
    ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, False),
    ({"StringEquals": {"kms:EncryptionContext:team": ACCOUNT}}, False),
    ({"StringEquals": {"aws:SourceAccount": []}}, False),
]


@pytest.mark.parametrize(("condition", "bound"), UNCONFUSED)
def test_unconfused(condition: dict[str, Any], bound: bool) -> None:
    service = {"Service": ["logs.amazonaws.com", "cloudtrail.amazonaws.com"]}
    policy = fields([allow({"AWS": ACCOUNT}), allow(service, Condition=condition)])
    assert policy["unconfused"] is bound
    assert policy["services"] == ["cloudtrail.amazonaws.com", "logs.amazonaws.com"]


def test_one_unbound_service_confuses() -> None:
    bound = allow(
        {"Service": "sns.amazonaws.com"}, Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    )
    assert fields([bound])["unconfused"] is True
    assert (
        fields([bound, allow({"Service": "s3.amazonaws.com"}, Resource=OBJECTS)])["unconfused"]
        is False
    )
