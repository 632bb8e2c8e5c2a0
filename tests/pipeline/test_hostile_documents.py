"""Policies, labels and reports are whatever somebody wrote: what cannot be read is unknown, and
never a pass."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import Answer, Snapshot
from scanner.model.findings import Assessment, Verdict
from scanner.model.library import Library
from scanner.pipeline import judge
from tests.helpers.library import shipped_library

SNAPSHOT = Path(__file__).parents[2] / "tests/recordings/estate.snapshot.jsonl.gz"
CONTROLS = "\x00\x1b]0;x\x07\u202e\u2066\ufeff\U000e0041"
DENY = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
REPORT = "iam:GetCredentialReport"
ADMIN = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
)


def document(*statements: Any, **other: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **other})


def nested(depth: int) -> str:
    return '{"Version": "2012-10-17", "Statement": ' + "[" * depth + "]" * depth + "}"


POLICIES = {
    "no JSON": "Statement: [Allow]",
    "cut off": document(DENY)[:-3],
    "empty": "",
    "blank": " \n",
    "a text": '"*"',
    "a number": "1e400",
    "not a number": "NaN",
    "nothing": "null",
    "megabytes": document({**DENY, "Resource": ["arn:aws:s3:::" + "x" * 400] * 6_000}),
    "deep": nested(200),
    "deeper than Python": nested(100_000),
    "a key twice": '{"Version": "2012-10-17", "Statement": [], "Statement": [{"Effect": "Deny"}]}',
    "another version": document(DENY, Version="2030-01-01"),
    "an unknown element": document({**DENY, "Unless": "x"}),
    "another effect": document({**DENY, "Effect": "deny"}),
    "controls": document({**DENY, "Effect": "Deny" + CONTROLS}),
    "controls in a name": document({**DENY, CONTROLS: "x"}),
    "an unknown operator": document({**DENY, "Condition": {"StringIsh": {"aws:SourceIp": "x"}}}),
    "a condition that is a text": document({**DENY, "Condition": "x"}),
    "numbers for actions": document({**DENY, "Action": [1, None]}),
    "a half surrogate": '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Sid": "\\ud800", "Action": 7}]}',
}


@pytest.fixture(scope="module")
def library() -> Library:
    return shipped_library()


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return read_snapshot(SNAPSHOT)


@pytest.fixture(scope="module")
def before(snapshot: Snapshot, library: Library) -> Assessment:
    return judge([snapshot], library)


def verdicts(assessment: Assessment) -> dict[tuple[str, str, str], Verdict]:
    return {
        (one.check, one.resource.id, one.resource.region): one.verdict
        for one in assessment.findings
    }


def gained(before: Assessment, after: Assessment) -> list[Any]:
    old = verdicts(before)
    return [
        key
        for key, one in verdicts(after).items()
        if one is Verdict.PASS and old.get(key) is not Verdict.PASS
    ]


def unread(assessment: Assessment) -> list[str]:
    return [one.reason for one in assessment.findings if one.verdict is Verdict.UNKNOWN]


def rewritten(
    snapshot: Snapshot, change: Callable[[str, str], Any], operation: str = ""
) -> Snapshot:
    """The snapshot with every text that an answer holds passed through `change`, with the name of
    its member."""

    def inside(name: str, data: Any) -> Any:
        if isinstance(data, dict):
            return {key: inside(key, value) for key, value in data.items()}
        if isinstance(data, list):
            return [inside(name, value) for value in data]
        return change(name, data) if isinstance(data, str) else data

    def one(answer: Answer) -> Answer:
        mine = not operation or answer.call.operation == operation
        return replace(answer, data=inside("", answer.data)) if mine else answer

    return replace(snapshot, answers={key: one(answer) for key, answer in snapshot.answers.items()})


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_that_cannot_be_read_is_unknown(
    name: str, snapshot: Snapshot, library: Library, before: Assessment
) -> None:
    changed = 0

    def change(member: str, text: str) -> str:
        nonlocal changed
        if member not in ("Policy", "Document", "PolicyDocument", "AssumeRolePolicyDocument"):
            return text
        changed += 1
        return POLICIES[name]

    after = judge([rewritten(snapshot, change)], library)
    assert changed >= 3
    assert gained(before, after) == []
    assert len(unread(after)) > len(unread(before))
    assert all(unread(after))


COLUMNS = [
    *(
        (column, True)
        for column in ("arn", "password_enabled", "mfa_active", "access_key_1_active")
    ),
    *((column, False) for column in ("cert_1_active", "access_key_2_last_used_service")),
]
"""Columns of the report, and whether a check reads them."""


def _report(
    snapshot: Snapshot, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]
) -> Snapshot:
    def table(member: str, text: str) -> str:
        if member != "Content":
            return text
        rows = change(list(csv.DictReader(io.StringIO(text))))
        made = io.StringIO()
        writer = csv.DictWriter(made, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return made.getvalue()

    return rewritten(snapshot, table, REPORT)


def test_columns_that_are_not_known_change_nothing(
    snapshot: Snapshot, library: Library, before: Assessment
) -> None:
    def more(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [
            {"added_first": CONTROLS[3:], **row, "passkey_active": "true", "": "x"} for row in rows
        ]

    assert verdicts(judge([_report(snapshot, more)], library)) == verdicts(before)


@pytest.mark.parametrize(("column", "read"), COLUMNS)
def test_a_column_that_is_missing_is_unread(
    column: str, read: bool, snapshot: Snapshot, library: Library, before: Assessment
) -> None:
    def less(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [
            {f"x_{name}" if name == column else name: value for name, value in row.items()}
            for row in rows
        ]

    after = judge([_report(snapshot, less)], library)
    assert gained(before, after) == []
    assert (len(unread(after)) > len(unread(before))) is read


@pytest.mark.parametrize(
    "word", ["TRUE", "yes", "1", "true" + CONTROLS[1:], "tru\u0435", "", "no_information"]
)
def test_a_word_that_the_report_does_not_use_is_no_yes(
    word: str, snapshot: Snapshot, library: Library, before: Assessment
) -> None:
    def other(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [{**row, "mfa_active": word} for row in rows]

    after = judge([_report(snapshot, other)], library)
    asked = [one.verdict for one in after.findings if one.check == "aws-iam-user-console-mfa"]
    assert Verdict.PASS in [
        one.verdict for one in before.findings if one.check == "aws-iam-user-console-mfa"
    ]
    assert asked
    assert Verdict.PASS not in asked
    assert gained(before, after) == []


TAGS: dict[str, Any] = {
    "a key twice": [
        {"Key": "data-classification", "Value": "public"},
        {"Key": "data-classification", "Value": "x"},
    ],
    "a key in other letters": [{"Key": "Data-Classification", "Value": "public"}],
    "a key that looks the same": [{"Key": "data-classific\u0430tion", "Value": "public"}],
    "controls": [{"Key": "data-classification" + CONTROLS, "Value": "public"}],
    "a value with controls": [{"Key": "data-classification", "Value": "public" + CONTROLS}],
    "megabytes": [{"Key": "data-classification", "Value": "public" * 300_000}],
    "a value that is none": [{"Key": "data-classification", "Value": None}],
    "a value that is a list": [{"Key": "data-classification", "Value": ["public"]}],
    "no key": [{"Value": "public"}],
    "a text": "data-classification=public",
    "nothing": None,
}


@pytest.mark.parametrize("name", TAGS)
def test_labels_that_are_not_those_asked_for_are_no_pass(
    name: str, snapshot: Snapshot, library: Library, before: Assessment
) -> None:
    def one(answer: Answer) -> Answer:
        mine = answer.call.operation == "s3:GetBucketTagging"
        return (
            replace(answer, state=answer.state.OK, code="", data={"TagSet": TAGS[name]})
            if mine
            else answer
        )

    changed = replace(
        snapshot, answers={key: one(answer) for key, answer in snapshot.answers.items()}
    )
    after = judge([changed], library)
    tagged = [one for one in after.findings if one.check == "aws-s3-bucket-classification-tagged"]
    assert tagged
    assert not [one for one in tagged if one.verdict is Verdict.PASS]
    assert all(unread(after))
