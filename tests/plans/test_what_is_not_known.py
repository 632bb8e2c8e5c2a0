"""What is not known of a plan's parts, documents and blocks leaves open what depends on it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scanner.model.findings import Verdict
from tests.helpers.small_plan import change, plan
from tests.plans.test_before_and_after import ADMIN_PORTS, BLOCK, BLOCKED, judged, rule

GROUP = "aws_security_group.web"
RULE = "aws_security_group_rule.ssh"


def new_group(**more: Any) -> dict[str, Any]:
    return change(GROUP, {"name": "web", "ingress": [], "egress": []}, unknown={"id": True}, **more)


def test_a_rule_whose_group_is_not_known_fails_by_itself_and_leaves_groups_open() -> None:
    opened = {**rule("0.0.0.0/0"), "security_group_id": None}
    found = judged(
        plan(
            new_group(),
            change(RULE, opened, unknown={"security_group_id": True}),
            references={RULE: {"security_group_id": ["var.a", "var.b"]}},
        )
    )
    assert found[ADMIN_PORTS, RULE].after is Verdict.FAIL
    assert found[ADMIN_PORTS, RULE].name == f"what {RULE} configures (outside the plan)"
    assert found[ADMIN_PORTS, GROUP].after is Verdict.UNKNOWN


def test_a_rule_of_which_the_direction_is_not_known_is_shown_and_decides_nothing() -> None:
    found = judged(
        plan(
            new_group(),
            change(RULE, {**rule("0.0.0.0/0"), "type": None}, unknown={"type": True}),
            references={RULE: {"type": ["var.direction"]}},
        )
    )
    assert found[ADMIN_PORTS, RULE].after is Verdict.UNKNOWN
    assert found[ADMIN_PORTS, GROUP].after is Verdict.UNKNOWN


def test_a_part_may_belong_to_a_bucket_whose_name_is_not_known() -> None:
    named = change("aws_s3_bucket.named", {"bucket": "named"}, unknown={"id": True})
    unnamed = change("aws_s3_bucket.logs", {}, unknown={"id": True, "bucket": True})
    block = change("aws_s3_bucket_public_access_block.logs", {**BLOCK, "bucket": "logs"})
    references = {"aws_s3_bucket.logs": {"bucket": ["var.name"]}}
    alone = judged(plan(named, unnamed, references=references))
    found = judged(plan(named, unnamed, block, references=references))
    assert found[BLOCKED, "aws_s3_bucket.logs"].after is Verdict.UNKNOWN
    assert "may configure it" in found[BLOCKED, "aws_s3_bucket.logs"].finding.reason
    # It certainly belongs to no bucket of another name.
    key = (BLOCKED, "aws_s3_bucket.named")
    assert found[key].finding.reason == alone[key].finding.reason


def test_parts_join_by_the_value_that_both_take_from_elsewhere() -> None:
    name = ["aws_iam_role.app.name", "aws_iam_role.app"]
    bucket, block = "aws_s3_bucket.logs", "aws_s3_bucket_public_access_block.logs"
    found = judged(
        plan(
            change("aws_iam_role.app", {}, unknown={"id": True, "name": True}),
            change(bucket, {}, unknown={"id": True, "bucket": True}),
            change(block, BLOCK, unknown={"bucket": True}),
            references={bucket: {"bucket": name}, block: {"bucket": name}},
        )
    )
    assert found[BLOCKED, bucket].after is Verdict.PASS


@pytest.mark.parametrize("is_configured", [True, False])
def test_a_block_that_is_not_in_the_plan_may_set_what_is_known_after_apply(
    is_configured: bool,
) -> None:
    database = "aws_db_instance.d"
    data = plan(change(database, {"engine": "postgres"}, unknown={"publicly_accessible": True}))
    if not is_configured:
        data["configuration"]["root_module"]["resources"] = []
    after = judged(data)["aws-rds-instance-not-public", database].after
    # Of an argument that no block sets, the cloud's own value holds.
    assert after is (Verdict.PASS if is_configured else Verdict.UNKNOWN)


DENY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@pytest.mark.parametrize(
    ("name", "statement", "verdict"),
    [
        ("logs", DENY, Verdict.PASS),
        ("other", DENY, Verdict.FAIL),
        (None, DENY, Verdict.UNKNOWN),
        (None, {**DENY, "Resource": "*", "Action": "*"}, Verdict.PASS),
        # Whatever the bucket is called.
        (None, {**DENY, "Condition": {}, "Effect": "Allow"}, Verdict.FAIL),
        (None, {**DENY, "Principal": {"AWS": "111122223333"}}, Verdict.FAIL),
    ],
)
def test_whether_a_policy_covers_its_bucket_is_open_where_the_name_is_not_known(
    name: str | None, statement: dict[str, Any], verdict: Verdict
) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    bucket = "aws_s3_bucket.logs"
    unknown = {"id": True} if name else {"id": True, "bucket": True}
    values = {"bucket": name, "policy": document}
    references = {bucket: {} if name else {"bucket": ["var.name"]}}
    found = judged(plan(change(bucket, values, unknown=unknown), references=references))
    assert found["aws-s3-bucket-tls-only", bucket].after is verdict


@pytest.mark.parametrize("block", ["principals", "condition", "statement"])
def test_a_document_of_which_a_block_is_not_known_decides_nothing(block: str) -> None:
    statement: dict[str, Any] = {
        "effect": "Allow",
        "actions": ["s3:GetObject"],
        "resources": ["arn:aws:s3:::logs/*"],
        "principals": [{"type": "AWS", "identifiers": ["arn:aws:iam::111122223333:root"]}],
        "condition": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]}],
    }
    unknown = {"statement": [True]} if block == "statement" else {"statement": [{block: [True]}]}
    document, bucket = "data.aws_iam_policy_document.d", "aws_s3_bucket.logs"
    text = [f"{document}.json", document]
    facts = {"plain": ["policy"], "texts": [], "dynamic": [], "file": "m.tf", "line": 1, "last": 1}
    read = change(document, {"statement": [statement]}, actions=("read",), unknown=unknown)
    found = judged(
        plan(
            {**read, "mode": "data"},
            change(bucket, {"bucket": "logs"}, unknown={"policy": True, "id": True}),
            references={bucket: {"policy": text}},
        ),
        {bucket: {**facts, "calls": [], "arguments": {}, "references": [], "is_plain": False}},
    )
    assert found["aws-s3-bucket-policy-not-public", bucket].after is Verdict.UNKNOWN
