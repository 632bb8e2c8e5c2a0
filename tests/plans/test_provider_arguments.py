"""Every argument that a map of AWS names is one that the provider has.

It needs terraform and the provider: without them it is skipped, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

import pytest

from scanner.model.plan_maps import ArgumentPath, PlanMap
from tests.helpers.plan_examples import maps
from tests.helpers.provider_schema import ABSENT, aws_types, lacking

pytestmark = pytest.mark.skipif(bool(ABSENT), reason=ABSENT)

OTHER_VERSIONS: Final = {
    ("aws_autoscaling_group", "tags"): "before 5",
    ("aws_cloudwatch_log_metric_filter", "apply_on_transformed_logs"): "from 6 on",
    ("aws_cloudwatch_log_metric_filter", "field_selection_criteria"): "from 6 on",
    ("aws_ecr_repository", "image_tag_mutability_exclusion_filter"): "from 6 on",
    ("aws_secretsmanager_secret", "rotation_enabled"): "before 5",
    ("aws_secretsmanager_secret", "rotation_lambda_arn"): "before 5",
}
"""Arguments that version 5 of the provider does not have, and which versions do."""
FILTERED: Final = ("aws_iam_role", ("inline_policy", "[]"))
"""Paths behind a filter over a list are noted below each member that the filter reads."""


def aws_maps() -> Iterator[PlanMap]:
    for plan_map in chain.from_iterable(maps().values()):
        if plan_map.cloud.name == "aws":
            yield plan_map


def groups(plan_map: PlanMap) -> Iterator[tuple[str, ...]]:
    """Types of which one has what another calls otherwise."""
    yield plan_map.types
    for part in plan_map.parts.values():
        yield part.types


def unknown_arguments(plan_map: PlanMap) -> Iterator[str]:
    for types in groups(plan_map):
        paths: set[ArgumentPath] = set()
        for one in types:
            paths.update(plan_map.reads.get(one, frozenset()))
        for path in sorted(paths):
            steps = [lacking(aws_types()[one], path) for one in types]
            if all(steps) and not is_expected(types, path):
                yield f"{plan_map.path}: {types[0]} has no {'.'.join(path)}"


def is_expected(types: tuple[str, ...], path: ArgumentPath) -> bool:
    if any((one, path[0]) in OTHER_VERSIONS for one in types):
        return True
    return types[0] == FILTERED[0] and path[:2] == FILTERED[1]


def test_every_type_of_a_map_is_one_of_the_provider() -> None:
    named = set(chain.from_iterable(plan_map.all_types for plan_map in aws_maps()))
    assert named
    assert not named - set(aws_types())


def test_every_argument_of_a_map_is_one_of_the_provider() -> None:
    assert not list(chain.from_iterable(map(unknown_arguments, aws_maps())))


def test_arguments_of_other_versions_are_not_in_this_one() -> None:
    for kind, argument in OTHER_VERSIONS:
        assert lacking(aws_types()[kind], (argument,)) == argument


def test_an_arn_that_a_block_must_set_does_not_show_the_account() -> None:
    foreign: set[str] = set()
    for plan_map in aws_maps():
        for one in plan_map.all_types:
            arn = aws_types()[one]["attributes"].get("arn", {})
            if arn.get("required"):
                foreign.add(one)
    assert foreign
    assert not foreign - next(aws_maps()).cloud.account.not_shown_by
