"""Populations without holes, on AWS: what a service lists apart is read and judged as well
(authored)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scanner.model.answers import Answer, Call, State
from tests.helpers.check_answers import HERE, denied, verdicts

FUNCTION = f"arn:aws:lambda:{HERE}:111122223333:function:f"
OPEN = json.dumps(
    {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": "*"}]}
)  # fmt: skip
NONE = Answer(
    call=Call(operation="", region=""), state=State.ERROR, code="ResourceNotFoundException"
)


def here(operation: str, data: Any, empty: Any) -> dict[str, Any]:
    """An operation that lists something in one of the two regions."""
    return {f"{operation}@{HERE}": data, f"{operation}@us-east-1": empty}


def functions(policy: Any) -> dict[str, Any]:
    def asked(params: Any) -> Any:
        # Lambda answers for the version that is named, and only for that one.
        return policy if params.get("Qualifier") == "1" else NONE

    versions = [
        {"FunctionArn": f"{FUNCTION}:{name}", "FunctionName": "f", "Version": name}
        for name in ("$LATEST", "1", "2")
    ]
    return {
        **here("lambda:ListFunctions", {"Functions": [{"FunctionArn": FUNCTION, "FunctionName": "f"}]},
               {"Functions": []}),
        "lambda:ListVersionsByFunction": {"Versions": versions},
        "lambda:ListAliases": {"Aliases": []},
        "lambda:GetPolicy": asked,
    }  # fmt: skip


def test_a_published_version_has_a_policy_of_its_own() -> None:
    said = verdicts("aws-lambda-version-not-public", functions({"Policy": OPEN}))
    assert said == {"f:1": "fail", "f:2": "pass"}
    assert verdicts("aws-lambda-function-not-public", functions({"Policy": OPEN})) == {"f": "fail"}
    said = verdicts("aws-lambda-version-not-public", functions(denied()))
    assert said == {"f:1": "unknown", "f:2": "pass"}


@pytest.mark.parametrize(
    "check", ["aws-elasticache-cluster-encrypted", "aws-elasticache-cluster-encrypted-in-transit"]
)
def test_a_cache_outside_every_replication_group_is_judged(check: str) -> None:
    def cluster(name: str, **more: Any) -> dict[str, Any]:
        return {"ARN": f"arn:aws:elasticache:{HERE}:111122223333:cluster:{name}", "CacheClusterId": name,
                "AtRestEncryptionEnabled": False, "TransitEncryptionEnabled": False, **more}  # fmt: skip

    clusters = [
        cluster("memcached", Engine="memcached"),
        cluster("good", AtRestEncryptionEnabled=True, TransitEncryptionEnabled=True),
        cluster("member", ReplicationGroupId="group"),
    ]
    table = here(
        "elasticache:DescribeCacheClusters", {"CacheClusters": clusters}, {"CacheClusters": []}
    )
    assert verdicts(check, table) == {"memcached": "fail", "good": "pass"}
    assert set(verdicts(check, {"elasticache:DescribeCacheClusters": denied}).values()) == {
        "unknown"
    }


@pytest.mark.parametrize(
    ("stages", "found"),
    [([["AWSCURRENT"]], {"s": "fail"}), ([], {}), ([["AWSPENDING"]], {}), ([None], {"s": "unknown"})],
)  # fmt: skip
def test_a_secret_without_a_value_has_nothing_to_rotate(stages: Any, found: dict[str, str]) -> None:
    versions = [
        {"VersionId": "v", "CreatedDate": "2020-01-01T00:00:00Z"}
        | ({"VersionStages": one} if one is not None else {})
        for one in stages
    ]
    table = {
        **here("secretsmanager:ListSecrets", {"SecretList": [{"ARN": "arn:s", "Name": "s"}]},
               {"SecretList": []}),
        "secretsmanager:ListSecretVersionIds": {"Versions": versions},
    }  # fmt: skip
    assert verdicts("aws-secretsmanager-secret-rotated", table) == found


def balancers(*listeners: Any, scheme: str = "internet-facing") -> dict[str, Any]:
    described = [{"Listener": {"Protocol": protocol, "LoadBalancerPort": 1}, "PolicyNames": names}
                 for protocol, *names in listeners]  # fmt: skip
    classic = {"LoadBalancerName": "old", "Scheme": scheme, "ListenerDescriptions": described}
    reference = {"AttributeName": "Reference-Security-Policy"}
    policies = [
        {
            "PolicyName": name,
            "PolicyTypeName": "SSLNegotiationPolicyType",
            "PolicyAttributeDescriptions": [{**reference, "AttributeValue": value}],
        }
        for name, value in (
            ("new", "ELBSecurityPolicy-TLS-1-2-2017-01"),
            ("old", "ELBSecurityPolicy-2015-05"),
        )
    ]
    sticky = {"PolicyName": "sticky", "PolicyTypeName": "LBCookieStickinessPolicyType",
              "PolicyAttributeDescriptions": []}  # fmt: skip
    return {
        **here("elb:DescribeLoadBalancers", {"LoadBalancerDescriptions": [classic]},
               {"LoadBalancerDescriptions": []}),
        "elb:DescribeLoadBalancerPolicies": {"PolicyDescriptions": [*policies, sticky]},
    }  # fmt: skip


def test_a_classic_load_balancer_is_judged() -> None:
    check = "aws-elb-listener-encrypted"
    assert verdicts(check, balancers(("HTTP",))) == {"old": "fail"}
    assert verdicts(check, balancers(("HTTPS", "new"), ("SSL", "new"))) == {"old": "pass"}
    assert verdicts(check, balancers(("HTTP",), scheme="internal")) == {}
    policy = "aws-elb-listener-encrypted-tls-policy"
    assert verdicts(policy, balancers(("HTTPS", "new", "sticky"), ("HTTP",))) == {"old": "pass"}
    assert verdicts(policy, balancers(("HTTPS", "old"))) == {"old": "fail"}
    assert verdicts(policy, balancers(("HTTPS", "sticky"))) == {"old": "fail"}
    assert verdicts(policy, balancers(("HTTP",))) == {}


def test_a_serverless_warehouse_is_judged() -> None:
    def said(public: bool) -> dict[str, str]:
        group = {"workgroupArn": "arn:w", "workgroupName": "w", "publiclyAccessible": public}
        table = here(
            "redshift-serverless:ListWorkgroups", {"workgroups": [group]}, {"workgroups": []}
        )
        return verdicts("aws-redshift-serverless-workgroup-not-public", table)  # fmt: skip

    assert (said(True), said(False)) == ({"w": "fail"}, {"w": "pass"})
