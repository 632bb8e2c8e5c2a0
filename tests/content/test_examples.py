"""Examples: the resource that a condition sees, and what the check says of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.content.examples import (
    CUT_OFF,
    NOT_GIVEN,
    UNREAD,
    example_record,
    example_scope,
    run_examples,
)
from scanner.core.reading.canonical import canonical_list
from scanner.model.checks import Example
from scanner.model.values import ABSENT, OpenList, Unreadable

CHECK = "checks/aws/s3/aws-s3-bucket-encrypted.yaml"


def _record(pack: Any, resource: dict[str, Any], **more: Any) -> dict[str, Any]:
    library = pack.load()
    example = Example(expect="pass", resource=resource, **more)
    return example_record(library.kinds["aws.s3.bucket"], example, library.kinds)


def test_what_is_not_given(pack: Any) -> None:
    record = _record(pack, {})
    assert record["default_encryption"] == "none"
    assert record["tags"] == {}
    assert record["owner"] is ABSENT
    assert record["created"] is NOT_GIVEN
    assert record["policy"] is NOT_GIVEN
    assert record["rules"] is NOT_GIVEN
    assert record["block"] is NOT_GIVEN
    assert isinstance(record["region"], str)


def test_what_is_given(pack: Any) -> None:
    record = _record(
        pack,
        {
            "created": "2025-12-31T10:00:00+02:00",
            "id": "arn:x",
            "block": {"blocked": True, "region": ""},
        },
    )
    assert record["created"] == datetime(2025, 12, 31, 8, tzinfo=UTC)
    assert record["id"] == "arn:x"
    assert (record["block"]["blocked"], record["block"]["region"]) == (True, "")


def test_a_policy_says_only_what_the_example_says(pack: Any) -> None:
    policy = _record(pack, {"policy": {"is_public": False, "services": ["b", "a"]}})["policy"]
    assert policy["is_public"] is False
    assert policy["services"] == ["a", "b"]
    assert policy["requires_tls"] is NOT_GIVEN


def test_ordered_records_have_their_position_and_their_own_absences(pack: Any) -> None:
    rules = _record(pack, {"rules": [{"days": 9, "prefixes": ["z", "a"]}, {}]})["rules"]
    assert rules == [
        {"days": 9, "prefixes": ["a", "z"], "position": 0},
        {"days": 0, "prefixes": NOT_GIVEN, "position": 1},
    ]


def test_what_could_not_be_read(pack: Any) -> None:
    resource = {
        "rules": [{"days": 1}, {"days": 2}],
        "block": {"blocked": True},
        "policy": {"is_public": False},
    }
    paths = ("rules[1].days", "block.blocked", "policy.is_public", "tags", "region")
    record = _record(pack, resource, unreadable=paths)
    assert [rule["days"] for rule in record["rules"]] == [1, UNREAD]
    assert record["block"]["blocked"] is UNREAD
    assert record["policy"]["is_public"] is UNREAD
    assert record["tags"] is UNREAD
    assert record["region"] is UNREAD


def test_an_item_that_could_not_be_read(pack: Any) -> None:
    record = _record(pack, {"rules": [{"days": 1}, {}]}, unreadable=("rules[0]",))
    assert record["rules"][0] is UNREAD
    assert record["rules"][1]["position"] == 1


def test_a_list_that_was_cut_off(pack: Any) -> None:
    record = _record(pack, {"rules": [{"days": 1}]}, open=("rules", "rules[0].prefixes"))
    assert isinstance(record["rules"], OpenList)
    assert record["rules"].reason == CUT_OFF
    assert record["rules"][0]["days"] == 1
    assert isinstance(record["rules"][0]["prefixes"], OpenList)
    assert list(record["rules"][0]["prefixes"]) == []


def test_the_scope_of_a_condition(pack: Any) -> None:
    library = pack.load()
    check = library.checks["aws-s3-bucket-encrypted"]
    scope = example_scope(
        check, Example(expect="pass", resource={}, params={"most_days": 3}), library
    )
    assert scope["now"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert scope["params"] == {
        "most_days": 3,
        "owners": Unreadable("params.owners is not set"),
        "record_tag": "data",
        "record_values": ["records"],
    }
    scope = example_scope(check, Example(expect="pass", resource={}, now="2025-02-03"), library)
    assert scope["now"] == datetime(2025, 2, 3, tzinfo=UTC)


def _verdicts(pack: Any) -> list[tuple[str, str, bool]]:
    library = pack.load()
    results = run_examples(library.checks["aws-s3-bucket-encrypted"], library)
    return [(result.example.expect, result.verdict, result.agrees) for result in results]


def test_examples_that_agree(pack: Any) -> None:
    assert _verdicts(pack) == [
        ("pass", "pass", True),
        ("fail", "fail", True),
        ("unknown", "unknown", True),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("block: {blocked: true}", "block: {blocked: false}", ("pass", "fail", False)),
        ("block: {blocked: true}", "owner: x", ("pass", "unknown", False)),
        ("created: 2025-12-31, block", "created: 2020-12-31, block", ("pass", "not asked", False)),
        ("created: 2025-12-31, block", "block", ("pass", "unknown", False)),
    ],
)
def test_examples_that_do_not(
    pack: Any, old: str, new: str, expected: tuple[str, str, bool]
) -> None:
    pack.change(CHECK, old, new)
    assert _verdicts(pack)[0] == expected


def test_an_example_knows_its_line(pack: Any) -> None:
    library = pack.load()
    assert [example.line for example in library.checks["aws-s3-bucket-encrypted"].examples] == [
        17,
        19,
        21,
    ]


def test_the_canonical_order_is_that_of_the_json_texts() -> None:
    assert canonical_list([10, 9, 2]) == [10, 2, 9]
    assert canonical_list(["b", "a"]) == ["a", "b"]
    assert canonical_list([{"b": 1, "a": 2}, {"a": 1, "b": 9}]) == [
        {"a": 1, "b": 9},
        {"a": 2, "b": 1},
    ]
    late, early = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    assert canonical_list([{"at": late}, {"at": early}]) == [{"at": early}, {"at": late}]
    mixed = [{"x": ABSENT}, {"x": Unreadable("why")}, {"x": 1}]
    assert canonical_list(mixed) == canonical_list(reversed(mixed))


def test_what_where_leaves_out_can_be_shown(pack: Any) -> None:
    entry = "examples:\n  not_asked:\n    - resource: {created: 2020-01-01}\n"
    pack.change(CHECK, "examples:\n", entry)
    library = pack.load()
    check = library.checks["aws-s3-bucket-encrypted"]
    (result,) = (one for one in run_examples(check, library) if one.example.expect == "not asked")
    assert result.agrees
    pack.change(CHECK, "created: 2020-01-01", "created: 2025-12-31")
    library = pack.load()
    (result,) = (
        one
        for one in run_examples(library.checks[check.id], library)
        if one.example.expect == "not asked"
    )
    assert (result.verdict, result.agrees) == ("fail", False)


def test_without_where_nothing_is_left_out(pack: Any) -> None:
    pack.change(CHECK, "where: now - self.created < days(params.most_days)\n", "")
    place = pack.change(
        CHECK, "examples:\n", "examples:\n  not_asked:\n    ‸- resource: {created: 2020-01-01}\n"
    )
    (problem,) = pack.problems()
    assert problem.startswith(f"{place}: the check leaves no resource out")
