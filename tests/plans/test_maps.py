"""Every map gives the verdicts of its examples, and has some for each check of its kind."""

from __future__ import annotations

from typing import Final

import pytest

from tests.helpers.plan_examples import PlanExample, example_files, judge, library, maps

EXAMPLES: Final = [example for file in example_files() for example in file.examples]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_an_example_has_its_verdict(example: PlanExample) -> None:
    finding = judge(example)
    assert finding is not None, "the check says nothing of the resource"
    assert finding.after is not None
    assert finding.after.value == example.expect, finding.finding.observed


def test_each_check_on_a_mapped_kind_has_examples_or_a_reason_why_no_plan_answers_it() -> None:
    shown: dict[str, set[str]] = {}
    for example in EXAMPLES:
        shown.setdefault(example.check, set()).add(example.expect)
    reasons = {check: why for file in example_files() for check, why in file.not_answerable.items()}
    lacking: list[str] = []
    for check in library().checks.values():
        if check.kind not in maps() or library().kinds[check.kind].nature != "state":
            continue
        missing = {"pass", "fail"} - shown.get(check.id, set())
        if missing and check.id not in reasons:
            lacking.append(f"{check.id}: {' and '.join(sorted(missing))}")
        if not missing and check.id in reasons:
            lacking.append(f"{check.id}: has both, and a reason why not")
    assert not lacking, "\n".join(lacking)


def test_examples_are_of_mapped_kinds_and_of_their_checks() -> None:
    for file in example_files():
        assert file.kind in maps(), f"{file.kind} has no map"
        named = {example.check for example in file.examples} | set(file.not_answerable)
        for check in named:
            assert library().checks[check].kind == file.kind, check
