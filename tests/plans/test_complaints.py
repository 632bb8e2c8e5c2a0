"""Ten complaints about evaluating plans that other tools' users have, and what happens here.

docs/decisions/0070: a value that is not known decides nothing, and only what gets worse is news.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.cli import run
from scanner.model.findings import Verdict
from scanner.model.plan_findings import PlanChange
from tests.helpers import pipeline_readers as read
from tests.helpers.small_plan import change, plan
from tests.plans.test_before_and_after import (
    ADMIN_PORTS,
    BLOCK,
    BLOCKED,
    VERSIONED,
    group,
    judged,
    rule,
)

LATER = datetime.now(UTC).date() + timedelta(days=30)
LOGGED = "aws-s3-bucket-access-logged"
OPEN = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}
FACTS: dict[str, Any] = {
    "file": "main.tf",
    "line": 1,
    "last": 9,
    "calls": [],
    "arguments": {},
    "plain": [],
    "texts": [],
    "dynamic": [],
    "references": [],
    "is_plain": False,
}


def web(name: str = "web", **more: Any) -> dict[str, Any]:
    """A new security group that opens a port to the internet."""
    values = {"name": name, "vpc_id": "vpc-1", "ingress": [OPEN], "egress": []}
    return change(f"aws_security_group.{name}", values, **more)


def write(folder: Path, files: dict[str, str], data: dict[str, Any]) -> list[str]:
    """A configuration and its plan; the arguments that evaluate them."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / ".git").mkdir(exist_ok=True)
    (folder / "tfplan.json").write_text(json.dumps(data), encoding="utf-8")
    return ["plan", str(folder / "tfplan.json"), "--source", str(folder), "--select", ADMIN_PORTS]


@pytest.mark.parametrize(
    ("plain", "verdict"), [(["target_bucket"], Verdict.PASS), ([], Verdict.UNKNOWN)]
)
def test_1_what_is_known_after_apply_is_not_missing(plain: list[str], verdict: Verdict) -> None:
    logging = "aws_s3_bucket_logging.web"
    found = judged(
        plan(
            change("aws_s3_bucket.web", {"bucket": "web"}, unknown={"id": True}),
            change("aws_s3_bucket.logs", {"bucket": "logs"}, unknown={"id": True}),
            change(logging, {"bucket": "web"}, unknown={"target_bucket": True}),
            references={
                logging: {"target_bucket": ["aws_s3_bucket.logs.id", "aws_s3_bucket.logs"]}
            },
        ),
        {logging: {**FACTS, "plain": plain}},
    )
    # In a condition it may turn out to be null: only a reference by itself is certainly there.
    assert found[LOGGED, "aws_s3_bucket.web"].after is verdict


def test_2_what_is_known_after_apply_is_not_true() -> None:
    block = {**BLOCK, "bucket": "logs", "block_public_acls": None}
    found = judged(
        plan(
            change("aws_s3_bucket.logs", {"bucket": "logs"}, unknown={"id": True}),
            change(
                "aws_s3_bucket_public_access_block.logs", block, unknown={"block_public_acls": True}
            ),
            references={
                "aws_s3_bucket_public_access_block.logs": {"block_public_acls": ["var.blocked"]}
            },
        )
    )
    assert found[BLOCKED, "aws_s3_bucket.logs"].after is Verdict.UNKNOWN


def test_3_a_block_in_a_module_belongs_to_its_own_instance_alone() -> None:
    def bucket(key: str) -> dict[str, Any]:
        address = f'module.store["{key}"].aws_s3_bucket.this'
        return change(address, {"bucket": key}, unknown={"id": True}, index=None)

    address = 'module.store["a"].aws_s3_bucket_public_access_block.this[0]'
    block = change(address, BLOCK, unknown={"bucket": True}, index=0)
    reference = {"references": ["aws_s3_bucket.this.id", "aws_s3_bucket.this"]}
    blocks = [
        {"address": "aws_s3_bucket.this", "type": "aws_s3_bucket", "expressions": {}},
        {
            "address": "aws_s3_bucket_public_access_block.this",
            "type": "aws_s3_bucket_public_access_block",
            "expressions": {"bucket": reference},
        },
    ]
    data = plan(bucket("a"), bucket("b"), block)
    data["configuration"] = {
        "root_module": {"module_calls": {"store": {"module": {"resources": blocks}}}}
    }
    found = judged(data)
    assert found[BLOCKED, 'module.store["a"].aws_s3_bucket.this'].after is Verdict.PASS
    assert found[BLOCKED, 'module.store["b"].aws_s3_bucket.this'].after is Verdict.UNKNOWN


TWO = """\
resource "aws_security_group" "web" {
  ingress {
  }
}

resource "aws_security_group" "other" {
  name = "other"
  ingress {
  }
}
"""


def test_4_each_failure_has_its_own_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = write(tmp_path, {"main.tf": TWO}, plan(web(), web("other")))
    assert run([*arguments, "--format", "github"]) == 1
    found = read.commands(capsys.readouterr().out)[:2]
    lines = {one.message.split("\n")[1]: one.properties["line"] for one in found}
    assert lines == {"aws_security_group.web": "2", "aws_security_group.other": "8"}


def test_5_a_block_of_the_same_name_in_a_module_has_the_modules_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = 'module "net" {\n  source = "./net"\n}\n'
    block = 'resource "aws_security_group" "web" {\n}\n'
    inner = {
        **web(),
        "address": "module.net.aws_security_group.web",
        "module_address": "module.net",
    }
    files = {"main.tf": f"{block}{call}", "net/groups.tf": f"\n\n\n\n{block}"}
    arguments = write(tmp_path, files, plan(web(), inner))
    assert run([*arguments, "--format", "github"]) == 1
    found = {
        one.message.split("\n")[1]: (one.properties["file"], one.properties["line"])
        for one in read.commands(capsys.readouterr().out)[:2]
    }
    assert found == {
        "aws_security_group.web": ("main.tf", "1"),
        "module.net.aws_security_group.web": ("net/groups.tf", "5"),
    }


@pytest.mark.parametrize("is_here", [True, False])
def test_6_a_module_from_elsewhere_is_annotated_where_it_is_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], is_here: bool
) -> None:
    files = {"main.tf": '\nmodule "net" {\n  source = "example/net/aws"\n}\n'}
    if is_here:
        modules = {"Modules": [{"Key": "net", "Dir": ".terraform/modules/net"}]}
        files[".terraform/modules/modules.json"] = json.dumps(modules)
        files[".terraform/modules/net/main.tf"] = 'resource "aws_security_group" "web" {\n}\n'
    inner = {
        **web(),
        "address": "module.net.aws_security_group.web",
        "module_address": "module.net",
    }
    arguments = write(tmp_path, files, plan(inner))
    assert run([*arguments, "--format", "sarif"]) == 1
    (result,) = read.sarif(capsys.readouterr().out)["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "main.tf"
    assert place["region"]["startLine"] == 2
    assert ("in .terraform/modules/net/main.tf:1" in result["message"]["text"]) is is_here


def test_7_what_terraform_forgets_is_not_evaluated_as_an_empty_resource() -> None:
    bucket = {"bucket": "logs", "id": "logs", "versioning": []}
    forgotten = change("aws_s3_bucket.logs", None, before=bucket, actions=("forget",))
    values = {"planned_values": {"root_module": {"resources": [{"address": "aws_s3_bucket.logs"}]}}}
    found = judged(plan(forgotten, **values))
    assert {one.after for one in found.values()} == {None}


def test_8_what_a_plan_deletes_is_listed_and_weakens_what_it_protected() -> None:
    bucket = {"bucket": "logs", "id": "logs", "versioning": []}
    gone = change("aws_s3_bucket.logs", None, before=bucket, actions=("delete",))
    assert judged(plan(gone))[VERSIONED, "aws_s3_bucket.logs"].change is PlanChange.REMOVED
    kept = change("aws_s3_bucket.logs", bucket, before=bucket, actions=("no-op",))
    block = {**BLOCK, "bucket": "logs"}
    part = change("aws_s3_bucket_public_access_block.b", None, before=block, actions=("delete",))
    found = judged(plan(kept, part))
    assert found[BLOCKED, "aws_s3_bucket.logs"].change is PlanChange.WEAKENED


def test_9_old_failures_are_no_news_and_an_unchanged_resource_that_gets_worse_is() -> None:
    old, quiet = group("0.0.0.0/0"), {**group(), "id": "sg-2"}
    found = judged(
        plan(
            change("aws_security_group.old", old, before=old, actions=("no-op",)),
            change("aws_security_group.quiet", quiet, before=quiet, actions=("no-op",)),
            change("aws_security_group_rule.r", {**rule("0.0.0.0/0"), "security_group_id": "sg-2"}),
        )
    )
    assert found[ADMIN_PORTS, "aws_security_group.old"].change is PlanChange.ALREADY
    assert not found[ADMIN_PORTS, "aws_security_group.old"].change.blocks
    assert found[ADMIN_PORTS, "aws_security_group.quiet"].change is PlanChange.WORSE


ODD = ["a.b", 'q"uote', "${x}", "%{ if }", "new\nline", "module.x", "]", "ü", "a[0]", "\\"]


def test_10_odd_keys_give_one_answer_and_a_waiver_at_a_module_call_applies_below_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes: list[dict[str, Any]] = []
    for key in ODD:
        module = f"module.net[{json.dumps(key, ensure_ascii=False)}]"
        address = f"{module}.aws_security_group.web"
        changes.append({**web(), "address": address, "module_address": module, "index": key})
    block = 'resource "aws_security_group" "web" {\n}\n'
    comment = f'# tscan:waive {ADMIN_PORTS} reason="Later." until={LATER}\n'
    call = 'module "net" {\n  source = "./net"\n}\n'
    for text, code in ((call, 1), (comment + call, 0)):
        arguments = write(tmp_path, {"main.tf": text, "net/main.tf": block}, plan(*changes))
        assert run([*arguments, "--format", "json"]) == code
        findings = json.loads(capsys.readouterr().out)["findings"]
        assert {one["address"] for one in findings} == {one["address"] for one in changes}
        assert {one["after"] for one in findings} == {"fail"}
        assert {one["location"]["file"] for one in findings} == {"net/main.tf"}
        assert {bool(one.get("waiver")) for one in findings} == {code == 0}
