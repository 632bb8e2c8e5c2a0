"""A text that a condition compares has its values in the kind, or a reason why any will do: shown
with a kind and a check of a few lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.content import load_library
from scanner.content.locations import Roots
from scanner.language import DYN, compile_expression
from scanner.model.library import Library
from tests.helpers.compared_texts import compared
from tests.helpers.provider_values import compared_texts, problems

KIND = """\
version: 1
kind: aws.ec2.tiny
title: Flow log
service: VPC
nature: state
scope: region
list: {call: ec2:DescribeFlowLogs, items: FlowLogs}
id: it.FlowLogId
name: it.FlowLogId
attributes:
  state: {type: string, api: it.FlowLogStatus, meaning: Its state.}
  tags:
    meaning: Its tags.
    type: list(record)
    api: it.Tags
    each:
      key: {type: string, api: item.Key, meaning: Name of the tag.}
"""
CHECK = """\
version: 1
id: aws-ec2-tiny
title: Flow logs work
severity: high
resource: aws.ec2.tiny
if_empty: not_applicable
pass_when: "CONDITION"
why: A log that is off shows nothing.
fix: Turn it on.
refs: []
examples:
  pass: [{resource: {state: ACTIVE, tags: []}}]
  fail: [{resource: {state: 'OFF', tags: [{key: x}]}}]
  unknown: [{resource: {}, unreadable: [state, tags]}]
"""
STATE = "it.FlowLogStatus"


def tiny(folder: Path, condition: str, values: str = "") -> Library:
    """A library of one kind and one check."""
    files = {
        "resources/aws/ec2.tiny.yaml": KIND + values,
        "checks/aws/ec2/aws-ec2-tiny.yaml": CHECK.replace("CONDITION", condition),
        "checks/parameters.yaml": "version: 1\nparameters: {}\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "mappings").mkdir(exist_ok=True)
    roots = Roots(
        kinds=folder / "resources", checks=folder / "checks", mappings=folder / "mappings"
    )
    return load_library(roots)


def found(library: Library) -> list[str]:
    return list(problems(library.kinds["aws.ec2.tiny"], library))


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("self.state != 'OFF'", "OFF"),
        ("!(self.state in ['OFF', 'PAUSED']) && size(self.tags) == 0", "OFF, PAUSED"),
        ("!self.state.startsWith('OFF') && size(self.tags) == 0", "OFF"),
        ("self.state.matches('^ACT') && size(self.tags) == 0", "^ACT"),
        ("self.state.lowerAscii() == 'active' && size(self.tags) == 0", "active"),
    ],
)
def test_a_text_without_values_is_found(tmp_path: Path, condition: str, words: str) -> None:
    assert found(tiny(tmp_path, condition)) == [
        f"aws.ec2.tiny: {STATE} is compared with {words}: which values it has is not under 'values'"
    ]


def test_a_field_of_a_record_counts_too(tmp_path: Path) -> None:
    condition = "self.state != '' && self.tags.all(t, t.key != 'x')"
    library = tiny(tmp_path, condition)
    assert compared_texts(library.kinds["aws.ec2.tiny"], library) == {
        "it.Tags[].Key": frozenset({"x"})
    }


def test_each_declared_value_is_decided(tmp_path: Path) -> None:
    condition = "self.state == 'ACTIVE' && size(self.tags) == 0"
    values = "values:\n  it.FlowLogStatus: {named: [ACTIVE, 'OFF']}\n"
    assert found(tiny(tmp_path, condition, values)) == [
        f"aws-ec2-tiny: aws.ec2.tiny {STATE} may be OFF: neither named nor under 'others'"
    ]
    values = "values:\n  it.FlowLogStatus: {named: [ACTIVE], others: ['OFF'], why: It is off.}\n"
    assert found(tiny(tmp_path, condition, values)) == []
    values = "values:\n  it.FlowLogStatus: {open: Any other word fails.}\n"
    assert found(tiny(tmp_path, condition, values)) == []


def test_values_of_what_nobody_compares_are_found(tmp_path: Path) -> None:
    values = "values:\n  it.FlowLogStatus: {named: [ACTIVE]}\n"
    assert found(tiny(tmp_path, "size(self.state) > 4", values)) == [
        f"aws.ec2.tiny: values: {STATE} is neither an enumeration that is read nor compared"
    ]


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("it.a == 'x'", {("it", "a"): {"x"}}),
        ("'x' != it.a", {("it", "a"): {"x"}}),
        ("'x' in it.list", {("it", "list"): {"x"}}),
        ("it.list.exists(i, i.b in ['x', 'y'])", {("it", "list", "[]", "b"): {"x", "y"}}),
        ("it.a == 'x' || it.a.endsWith('y')", {("it", "a"): {"x", "y"}}),
        ("it.a.split('/')[0] == 'x'", {("it", "a"): {"x"}}),
        ("(has(it.a) ? it.a : it.b).contains('x')", {("it", "a"): {"x"}, ("it", "b"): {"x"}}),
        ("it.a == '' && it.b == it.c && it.d == 3", {}),
    ],
)
def test_what_an_expression_compares(source: str, texts: dict[tuple[str, ...], set[str]]) -> None:
    program = compile_expression(source, {"it": DYN}, raw=True)
    assert compared(program) == texts
