"""A mistake inside an expression is named where it stands in the file, however YAML writes the
text."""

from __future__ import annotations

from typing import Any

import pytest

CHECK = "checks/aws/s3/aws-s3-bucket-encrypted.yaml"
OLD = "pass_when: |\n  self.default_encryption != 'none'\n    && self.block.blocked\n"

FORMS = [
    "pass_when: self.block.blocked && self.‸nope\n",
    "pass_when: self.block.blocked &&\n  self.‸nope\n",
    "pass_when: self.block.blocked\n\n    && self.‸nope || self.block.blocked\n",
    "pass_when: self.block.blocked\n\n\n\n    && self.‸nope\n",
    "pass_when: 'self.default_encryption == ''x'' && self.‸nope'\n",
    "pass_when: 'self.default_encryption == ''x''\n\n  && self.‸nope'\n",
    'pass_when: "self.default_encryption == \\"x\\" && self.‸nope"\n',
    "pass_when: \"self.default_encryption == '\\u0041\\x42' \\\n  && self.‸nope\"\n",
    "pass_when: \"self.default_encryption\n    == 'x'   \n  && self.‸nope\"\n",
    "pass_when: |\n  self.block.blocked\n  && self.‸nope\n",
    "pass_when: |\n\n  self.block.blocked\n\n    && self.‸nope\n",
    "pass_when: |-\n    self.block.blocked // why\n    && self.‸nope\n",
    "pass_when: |2\n    self.block.blocked\n    && self.‸nope\n",
    "pass_when: >\n  self.block.blocked\n  && self.‸nope\n",
    "pass_when: >-\n  self.block.blocked\n\n  && (self.block.blocked\n  || self.‸nope)\n",
    "pass_when: >\n  self.block.blocked\n    && self.block.blocked\n    && self.‸nope\n",
    "pass_when: >  # folded\n      self.block.blocked &&\n      self.block.blocked &&\n      self.‸nope\n",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_place_in_the_file(pack: Any, form: str, newline: str) -> None:
    place = pack.change(CHECK, OLD, form)
    path = pack.folder / CHECK
    path.write_bytes(path.read_text(encoding="utf-8").replace("\n", newline).encode())
    found = pack.problems()
    assert [problem.splitlines()[0] for problem in found] == [
        f"{place}: aws.s3.bucket has no attribute 'nope'"
    ]


def test_mistakes_of_a_whole_expression_stand_at_its_first_character(pack: Any) -> None:
    place = pack.change(CHECK, OLD, "pass_when: ‸1\n")
    assert pack.problems() == [
        f"{place}: 'pass_when' must be a string, not a whole number\n  hint: put it in quotes"
    ]
    (pack.folder / CHECK).write_text(
        (pack.folder / CHECK).read_text().replace("pass_when: 1\n", "pass_when: '1'\n")
    )
    line, column = place.split(":")[1:]
    assert pack.problems() == [f"{CHECK}:{line}:{int(column) + 1}: the expression is int, not bool"]


def test_an_expression_that_ends_too_early(pack: Any) -> None:
    place = pack.change(CHECK, OLD, "pass_when: self.block.blocked &&‸\n")
    assert [problem.splitlines()[0] for problem in pack.problems()] == [
        f"{place}: the expression ends too early"
    ]
