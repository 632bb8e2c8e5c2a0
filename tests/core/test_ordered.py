"""Deviations in the order in which they began, whichever parts they come from."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from scanner.core.periods.ordered import DeviationList, SortedDeviations
from scanner.model.period import Deviation


def deviation(
    opened_by: str, resource: str, *, after: str = "", check: str = "a", region: str = "r"
) -> Deviation:
    return Deviation(
        target="aws:1", check=check, region=region, resource=resource, opened_after=after, opened_by=opened_by,
        failing_until=opened_by, closed_by="", why_closed="", before="", cause="", reason="",
        at_least=timedelta(0), at_most=None,
    )  # fmt: skip


def ordered(*parts: list[Deviation]) -> SortedDeviations[str]:
    return SortedDeviations(map(DeviationList, parts), lambda one: one.resource)


def test_what_began_first_is_first_however_long_before_it_was_well() -> None:
    late = [deviation("2", f"late-{number:02}") for number in range(20)]
    found = ordered([*late, deviation("1", "first", after="0")])
    assert found[0] == "first"
    assert found[:2] == ("first", "late-00")


def test_of_those_that_began_together_check_then_region_then_resource_decide() -> None:
    mixed = [
        deviation("1", f"{check}{region}{name}", check=check, region=region)
        for name, region, check in product("zy", "sr", "ba")
    ]
    assert list(ordered(mixed)) == ["ary", "arz", "asy", "asz", "bry", "brz", "bsy", "bsz"]


@pytest.mark.parametrize(
    "index",
    [
        slice(0, 1),
        slice(3, 5),
        slice(38, None),
        slice(None, None, -1),
        slice(4, 1, -2),
        slice(50, 60),
    ],
)
def test_a_part_of_them_is_that_part_of_the_whole(index: slice) -> None:
    names = [f"{number:02}" for number in range(40)]
    found = ordered(
        [deviation(name, name) for name in names[::2]],
        [deviation(name, name) for name in names[1::2]],
    )
    assert len(found) == 40
    assert found[index] == tuple(names[index])
    assert [found[place] for place in (0, 7, 39, -1)] == ["00", "07", "39", "39"]


def test_as_many_others_are_not_the_same() -> None:
    one = ordered([deviation("1", "x")])
    assert one == ("x",)
    assert one == ordered([], [deviation("1", "x")])
    assert one != ("y",)
    assert one != "x"[:0]
