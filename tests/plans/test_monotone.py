"""Less known is never better, nor worse: some of the mutants of `tests.plans.monotone`."""

from __future__ import annotations

from collections import Counter

from tests.helpers.plan_mutants import WAYS, plan_mutants
from tests.plans.monotone import example_subjects, sample, violations


def test_no_verdict_is_better_or_worse_for_what_is_not_known() -> None:
    sampled = sample(example_subjects(), count=240, seed=20)
    ways = Counter(mutant.way for subject in sampled for mutant in subject.mutants)
    assert set(ways) == set(WAYS), "each way is tried"
    found = [text for subject in sampled for text in violations(subject, subject.mutants)]
    assert found == []


def test_a_mutant_takes_one_thing_and_leaves_the_plan_as_it_was() -> None:
    subject = next(one for one in example_subjects() if one.name.startswith("aws-s3-bucket"))
    before = repr(subject.data)
    mutants = list(plan_mutants(subject.data))
    assert len({str(mutant) for mutant in mutants}) == len(mutants)
    for mutant in mutants:
        assert mutant.apply(subject.data) != subject.data, str(mutant)
    assert repr(subject.data) == before
