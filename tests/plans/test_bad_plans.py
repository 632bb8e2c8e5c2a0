"""What is not a plan, or not a whole one, is an error that says so, or a note; never a crash."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.cli import run
from scanner.errors import TscanError
from scanner.terraform import plan_file
from scanner.terraform.plan_file import parse_plan, read_plan
from scanner.terraform.plan_shape import check_shape
from tests.helpers.plan_examples import example_files, judge_data, planned
from tests.helpers.small_plan import change, plan

GROUP = {
    "name": "web",
    "ingress": [{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}],
}
WEB = change("aws_security_group.web", GROUP)
PORTS = "aws-ec2-sg-no-public-admin-ports"


def shown(
    folder: Path, content: bytes | dict[str, Any], capsys: pytest.CaptureFixture[str], *more: str
) -> tuple[int, str]:
    """The exit code and all that is printed of a plan."""
    file = folder / "tfplan.json"
    file.write_bytes(json.dumps(content).encode() if isinstance(content, dict) else content)
    code = run(["plan", str(file), "--select", PORTS, *more])
    out = capsys.readouterr()
    return code, " ".join((out.out + out.err).split())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "tfplan.json:1:1: not JSON"),
        (b"[]", "is not a Terraform plan or state"),
        (b'{"a": 1}', "is not a Terraform plan or state"),
        (b'{"a": 1,}', "tfplan.json:1:9: not JSON"),
        (b'{"resource_changes": [],\n "a": NaN}', "NaN is a word, not a number"),
        (b"PK\x03\x04rest", "is a binary plan hint: write it with: terraform show -json"),
        (b"tfplan\x00\x01", "is a binary plan"),
        (b"\xff\xfe\x00", "is neither UTF-8 nor UTF-16"),
        (b'{"a": "\xe9"}', "is neither UTF-8 nor UTF-16 (byte 7)"),
        (b'{"x":' * 3_000 + b"1" + b"}" * 3_000, "is nested too deeply"),
        ({"resource_changes": []}, "has no format version"),
        (plan(WEB, format_version="2.0"), "has format version 2.0, which this tscan does not know"),
        (plan(WEB, errored=True), "is of a plan that ended with an error"),
        (plan(WEB, WEB), "two resources have the address aws_security_group.web"),
        (plan(WEB, resource_changes={}), "resource_changes should be a list, and is a mapping"),
        (
            plan(WEB, resource_changes=[1]),
            "resource_changes.0 should be a mapping, and is a number",
        ),
        (plan(WEB, configuration=[]), "configuration should be a mapping, and is a list"),
    ],
)
def test_what_is_not_a_plan_is_an_error_with_a_hint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: Any, message: str
) -> None:
    code, text = shown(tmp_path, content, capsys, "--keep", str(tmp_path / "kept"))
    assert code == 2
    assert message in text
    assert "hint: " in text
    assert not (tmp_path / "kept").exists(), "nothing is half-written"


def test_a_position_is_that_in_the_file_also_behind_the_lines_of_a_wrapper() -> None:
    with pytest.raises(TscanError, match=r"p\.json:3:3: not JSON"):
        parse_plan(b'[command]/usr/bin/terraform\n{"a": 1,\n  x}\n', "p.json")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_texts_of_shells_and_wrappers_around_a_plan_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    text = json.dumps(plan(WEB))
    wrapped = f"[command]/usr/bin/terraform show -json tfplan\n{text}\n::debug::exitcode: 0\n"
    for content in (text, wrapped):
        code, _ = shown(tmp_path, content.encode(encoding), capsys)
        assert code == 1


@pytest.mark.parametrize("version", ["0.1", "0.2", "1.0", "1.1", "1.2", "1.9"])
def test_every_format_of_the_first_version_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], version: str
) -> None:
    data = json.loads(json.dumps(plan(WEB, format_version=version)))
    if version == "0.1":
        for name in ("before_sensitive", "after_sensitive"):
            del data["resource_changes"][0]["change"][name]
    assert shown(tmp_path, data, capsys)[0] == 1


def test_an_incomplete_plan_is_evaluated_with_a_note(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = shown(tmp_path, plan(WEB, complete=False), capsys)
    assert code == 1
    assert "is incomplete: Terraform left out resources, which are not evaluated" in text
    code, text = shown(tmp_path, plan(WEB, deferred_changes=[{"reason": "unknown"}]), capsys)
    assert "has deferred changes, which are not evaluated" in text


def test_a_refresh_only_plan_shows_what_drifted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drift = change(
        "aws_security_group.web", GROUP, before={**GROUP, "ingress": []}, actions=("update",)
    )
    data = {**plan(drift), "resource_changes": [], "resource_drift": [drift]}
    code, text = shown(tmp_path, data, capsys)
    assert (code, "Worse (1)" in text) == (1, True)


def test_one_address_in_two_plans_is_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.json").write_text(json.dumps(plan(WEB, terraform_version="1.0")))
    code, text = shown(
        tmp_path, plan(WEB), capsys, str(tmp_path / "other.json"), "--format", "json"
    )
    assert code == 0
    assert "aws_security_group.web is in several plans" in text
    assert '"unknown"' in text


def test_one_plan_twice_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = shown(tmp_path, plan(WEB), capsys, str(tmp_path / "tfplan.json"))
    assert (code, "is given twice" in text) == (2, True)


def test_a_deposed_object_does_not_stand_for_the_one_that_replaced_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shut = {**GROUP, "ingress": []}
    kept = change("aws_security_group.web", shut, before=shut, actions=("no-op",))
    deposed = change("aws_security_group.web", None, before=GROUP, actions=("delete",))
    code, text = shown(tmp_path, plan(kept, {**deposed, "deposed": "0a1b2c3d"}), capsys)
    assert code == 0
    assert "0 worse, 0 weakened, 0 better, 0 already failing, 0 not known" in text


BLOCK = 'resource "aws_security_group" "web" {\n  name = "web"\n  ingress {\n  }\n}\n'


def with_source(folder: Path, text: str) -> tuple[str, str]:
    source = folder / "src"
    source.mkdir()
    (source / "main.tf").write_text(text, encoding="utf-8")
    return "--source", str(source)


@pytest.mark.parametrize(
    "text",
    [
        BLOCK + 'resource "aws_x" {{{ =',
        "locals {\n" + BLOCK,
        BLOCK + "x = " + "(" * 20_000,
        BLOCK + "x = " + "[" * 5_000 + "]" * 5_000,
        BLOCK + "\x00\x00",
    ],
)
def test_a_broken_source_costs_lines_at_most(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    code, _ = shown(tmp_path, plan(WEB), capsys, *with_source(tmp_path, text))
    assert code == 1


@pytest.mark.parametrize("other", ["", '  description = "x"\n'])
def test_a_source_of_another_commit_is_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], other: str
) -> None:
    source = with_source(tmp_path, BLOCK.replace("  name", f"{other}  name"))
    code, text = shown(tmp_path, plan(WEB), capsys, *source)
    assert code == 1
    assert ("the source is not what was planned: aws_security_group.web differ" in text) == bool(
        other
    )


def test_a_link_out_of_the_source_folder_is_not_followed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = with_source(tmp_path, "")
    outside = tmp_path / "outside.tf"
    outside.write_text(BLOCK)
    (tmp_path / "src" / "linked.tf").symlink_to(outside)
    (tmp_path / "src" / "device.tf").symlink_to("/dev/zero")
    code, text = shown(tmp_path, plan(WEB), capsys, *source, "--format", "json")
    assert code == 1
    assert "location" not in text


@pytest.mark.parametrize(
    "key", ["AKIA" + "IOSFODNN7EXAMPLQ", "ghp_" + "a1B2" * 9, "-----BEGIN " + "PRIVATE KEY-----"]
)
def test_a_name_that_looks_like_a_secret_is_an_error_without_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    one = {**WEB, "address": f'aws_security_group.web["{key}"]', "index": key}
    code, text = shown(tmp_path, plan(one), capsys)
    assert code == 2
    assert "a name looks like a secret" in text
    assert key not in text


HOSTILE = ["\x1b[31m", "\n::error::x", "\u202e", "x" * 70_000, "`|<b>", "../../etc"]


@pytest.mark.parametrize("key", HOSTILE)
@pytest.mark.parametrize("form", ["terminal", "github", "json", "sarif", "markdown"])
def test_a_hostile_key_acts_on_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str, form: str
) -> None:
    one = {**WEB, "address": f"aws_security_group.web[{json.dumps(key)}]", "index": key}
    file = tmp_path / "tfplan.json"
    file.write_text(json.dumps(plan(one)))
    code = run(["plan", str(file), "--select", PORTS, "--format", form])
    out = capsys.readouterr().out
    assert code == 1
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert not any(line.startswith("::error::x") for line in out.splitlines())


def test_half_of_a_character_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = {**WEB, "address": 'aws_security_group.web["\ud800"]', "index": "\ud800"}
    code, text = shown(tmp_path, plan(one), capsys)
    assert (code, "a lone surrogate" in text) == (2, True)


def test_a_plan_that_is_too_large_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_file, "LARGEST", 1_000)
    code, text = shown(tmp_path, b"{" + b" " * 1_000 + b"}", capsys)
    assert code == 2
    assert "is larger than" in text


# -- anything -------------------------------------------------------------------------------------

VALUES: list[Any] = [None, True, 0, -1.5, "x", [], {}, [None], {"a": None}, [[]], ["x"], [{}]]


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    steps = tree.items() if isinstance(tree, dict) else ()
    for step, inner in enumerate(tree) if isinstance(tree, list) else steps:
        yield from places(inner, (*path, step))


def test_a_plan_with_anything_anywhere_is_evaluated_or_an_error() -> None:
    chance = random.Random(7)
    plans = [
        (file.examples[0], planned(file.examples[0])[0])
        for file in example_files()
        if file.examples
    ]
    refused = 0
    for _ in range(300):
        example, data = chance.choice(plans)
        spoiled: Any = json.loads(json.dumps(data))
        *above, last = chance.choice(list(places(spoiled)))
        parent = spoiled
        for step in above:
            parent = parent[step]
        parent[last] = chance.choice(VALUES)
        try:
            check_shape(spoiled, "p.json")
        except TscanError:
            refused += 1
            continue
        judge_data(spoiled, {}, [example.check], example.params)
    assert 50 < refused < 250


def test_standard_input_and_files_are_read_alike(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(plan(WEB)))
    assert read_plan(str(tmp_path / "a.json"))["resource_changes"]
    for path in (tmp_path, tmp_path / "main.tf", tmp_path / "none.json"):
        with pytest.raises(TscanError):
            read_plan(str(path))
