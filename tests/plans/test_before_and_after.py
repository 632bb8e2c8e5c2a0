"""What a plan makes worse, better or leaves as it is."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.content.library import load_library
from scanner.content.plan_maps import load_plan_maps, reads_of
from scanner.core.judging.parameters import resolve_params
from scanner.core.plans.judging import judge_plans
from scanner.core.plans.map_reader import PlanEstate
from scanner.core.plans.projection import LiveWorld
from scanner.core.plans.reduction import reduce_plan
from scanner.model.findings import Verdict
from scanner.model.plan_findings import PlanChange, PlanFinding
from tests.helpers.small_plan import change, plan

ADMIN_PORTS = "aws-ec2-sg-no-public-admin-ports"
BLOCKED = "aws-s3-bucket-public-access-blocked"
VERSIONED = "aws-s3-bucket-versioned"


def judged(data: dict[str, Any], sources: Any = None) -> dict[tuple[str, str], PlanFinding]:
    """The findings of a plan by check and address."""
    library = load_library()
    maps = load_plan_maps(library)
    reduced = reduce_plan(data, reads_of(maps), sources or {})
    report = judge_plans(
        {"plan": reduced},
        library,
        maps,
        [check for check in library.checks.values() if check.kind in maps],
        PlanEstate(
            target="terraform:test",
            params=resolve_params(library.parameters, {}),
            started="2026-01-01T00:00:00Z",
        ),
        LiveWorld(),
    )
    return {(one.check, one.address): one for one in report.findings}


def rule(source: str) -> dict[str, Any]:
    return {
        "type": "ingress",
        "protocol": "tcp",
        "from_port": 22,
        "to_port": 22,
        "cidr_blocks": [source],
        "security_group_id": "sg-1",
    }


def group(*sources: str) -> dict[str, Any]:
    """A security group as the provider read it, with the rules of all parts in its own list."""
    inline = [
        {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": [one]} for one in sources
    ]
    return {"id": "sg-1", "name": "web", "vpc_id": "vpc-1", "ingress": inline}


def test_a_rule_that_is_opened_to_the_internet_makes_its_group_worse() -> None:
    held = group("10.0.0.0/8")
    found = judged(
        plan(
            change("aws_security_group.web", held, before=held, actions=("no-op",)),
            change(
                "aws_security_group_rule.ssh",
                rule("0.0.0.0/0"),
                before=rule("10.0.0.0/8"),
                actions=("update",),
            ),
        )
    )
    finding = found[ADMIN_PORTS, "aws_security_group.web"]
    assert (finding.before, finding.after) == (Verdict.PASS, Verdict.FAIL)
    assert finding.change is PlanChange.WORSE


def test_a_rule_that_is_closed_makes_its_group_better() -> None:
    held = group("0.0.0.0/0")
    found = judged(
        plan(
            change("aws_security_group.web", held, before=held, actions=("no-op",)),
            change(
                "aws_security_group_rule.ssh",
                rule("10.0.0.0/8"),
                before=rule("0.0.0.0/0"),
                actions=("update",),
            ),
        )
    )
    assert found[ADMIN_PORTS, "aws_security_group.web"].change is PlanChange.BETTER


def test_a_rule_that_is_deleted_no_longer_counts() -> None:
    held = group("0.0.0.0/0")
    found = judged(
        plan(
            change("aws_security_group.web", held, before=held, actions=("no-op",)),
            change(
                "aws_security_group_rule.ssh",
                None,
                before=rule("0.0.0.0/0"),
                actions=("delete",),
            ),
        )
    )
    assert found[ADMIN_PORTS, "aws_security_group.web"].change is PlanChange.BETTER


def test_a_changed_rule_that_the_provider_did_not_read_leaves_its_group_open() -> None:
    held = group("10.9.0.0/16")
    found = judged(
        plan(
            change("aws_security_group.web", held, before=held, actions=("no-op",)),
            change(
                "aws_security_group_rule.ssh",
                rule("10.0.0.0/8"),
                before=rule("192.168.0.0/16"),
                actions=("update",),
            ),
        )
    )
    assert found[ADMIN_PORTS, "aws_security_group.web"].after is Verdict.UNKNOWN


def test_a_rule_of_a_group_outside_the_plan_can_fail_and_cannot_pass() -> None:
    opened = judged(plan(change("aws_security_group_rule.ssh", rule("0.0.0.0/0"))))
    closed = judged(plan(change("aws_security_group_rule.ssh", rule("10.0.0.0/8"))))
    key = (ADMIN_PORTS, "aws_security_group_rule.ssh")
    assert opened[key].after is Verdict.FAIL
    assert key not in closed, "the rest of the group lies outside: nothing is said of it"


BLOCK = {
    "block_public_acls": True,
    "ignore_public_acls": True,
    "block_public_policy": True,
    "restrict_public_buckets": True,
}


def test_a_block_that_names_its_bucket_by_reference_belongs_to_it() -> None:
    found = judged(
        plan(
            change("aws_s3_bucket.logs", {"bucket": "logs"}, unknown={"id": True}),
            change("aws_s3_bucket_public_access_block.logs", BLOCK, unknown={"bucket": True}),
            references={
                "aws_s3_bucket_public_access_block.logs": {
                    "bucket": ["aws_s3_bucket.logs.id", "aws_s3_bucket.logs"]
                }
            },
        )
    )
    assert found[BLOCKED, "aws_s3_bucket.logs"].after is Verdict.PASS


def test_a_block_whose_bucket_is_not_known_belongs_to_none_and_leaves_all_open() -> None:
    found = judged(
        plan(
            change("aws_s3_bucket.logs", {"bucket": "logs"}, unknown={"id": True}),
            change("aws_s3_bucket_public_access_block.logs", BLOCK, unknown={"bucket": True}),
            references={"aws_s3_bucket_public_access_block.logs": {"bucket": ["var.nowhere"]}},
        )
    )
    assert found[BLOCKED, "aws_s3_bucket.logs"].after is Verdict.UNKNOWN


def test_a_block_that_is_deleted_weakens_its_bucket() -> None:
    bucket = {"bucket": "logs", "id": "logs", "arn": "arn:aws:s3:::logs"}
    found = judged(
        plan(
            change("aws_s3_bucket.logs", bucket, before=bucket, actions=("no-op",)),
            change(
                "aws_s3_bucket_public_access_block.logs",
                None,
                before={**BLOCK, "bucket": "logs"},
                actions=("delete",),
            ),
        )
    )
    finding = found[BLOCKED, "aws_s3_bucket.logs"]
    assert finding.before is Verdict.PASS
    assert finding.change is PlanChange.WEAKENED


def test_an_acl_that_is_deleted_stays_in_force() -> None:
    everyone = {"uri": "http://acs.amazonaws.com/groups/global/AllUsers", "permissions": ["READ"]}
    bucket = {"bucket": "logs", "id": "logs", "acl": None, "grant": [everyone]}
    open_account = {"ignore_public_acls": False}
    open_bucket = {"bucket": "logs", "ignore_public_acls": False}
    ownership = {"bucket": "logs", "rule": [{"object_ownership": "ObjectWriter"}]}
    held = [
        change("aws_s3_bucket.logs", bucket, before=bucket, actions=("no-op",)),
        change("aws_s3_account_public_access_block.own", open_account),
        change("aws_s3_bucket_public_access_block.logs", open_bucket),
        change("aws_s3_bucket_ownership_controls.logs", ownership),
    ]
    acl = {"bucket": "logs", "acl": "public-read"}
    deleted = change("aws_s3_bucket_acl.logs", None, before=acl, actions=("delete",))
    found = judged(plan(*held, deleted))
    assert found["aws-s3-bucket-acl-not-public", "aws_s3_bucket.logs"].after is Verdict.FAIL


def test_versioning_that_is_deleted_is_not_taken_from_what_the_provider_read_before() -> None:
    bucket = {"bucket": "logs", "id": "logs", "versioning": [{"enabled": True}]}
    part = {"bucket": "logs", "versioning_configuration": [{"status": "Enabled"}]}
    found = judged(
        plan(
            change("aws_s3_bucket.logs", bucket, before=bucket, actions=("no-op",)),
            change("aws_s3_bucket_versioning.logs", None, before=part, actions=("delete",)),
        )
    )
    finding = found[VERSIONED, "aws_s3_bucket.logs"]
    assert (finding.before, finding.after) == (Verdict.PASS, Verdict.FAIL)


def test_a_forgotten_resource_is_not_in_the_world_after() -> None:
    bucket = {"bucket": "logs", "id": "logs", "versioning": []}
    found = judged(plan(change("aws_s3_bucket.logs", None, before=bucket, actions=("forget",))))
    assert found[VERSIONED, "aws_s3_bucket.logs"].change is PlanChange.REMOVED


@pytest.mark.parametrize("is_read", [False, True])
def test_rules_that_may_be_in_a_dynamic_block_are_known_to_be_none_by_the_source_alone(
    is_read: bool,
) -> None:
    facts = {
        "aws_security_group.web": {
            "file": "main.tf",
            "line": 1,
            "last": 3,
            "calls": [],
            "arguments": {},
            "plain": [],
            "texts": [],
            "dynamic": [],
            "references": [],
            "is_plain": False,
        }
    }
    data = plan(change("aws_security_group.web", {"name": "web"}, unknown={"ingress": True}))
    found = judged(data, facts if is_read else None)
    after = found[ADMIN_PORTS, "aws_security_group.web"].after
    assert after is (Verdict.PASS if is_read else Verdict.UNKNOWN)


def test_a_resource_that_only_moves_is_no_news() -> None:
    bucket = {"bucket": "logs", "id": "logs", "versioning": []}
    moved = change("aws_s3_bucket.archive", bucket, before=bucket, actions=("no-op",))
    found = judged(plan({**moved, "previous_address": "aws_s3_bucket.logs"}))
    assert found[VERSIONED, "aws_s3_bucket.archive"].change is PlanChange.ALREADY
