"""Service control policies: which of the calls that blind an account one of them denies to
everyone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import Unreadable
from scanner.providers import reader
from scanner.providers.aws.scp_denials import WATCHED

LEAVE = "organizations:LeaveOrganization"


def run(answer: Any, item: Any = None) -> Any:
    """What the reader makes of one answer, given as its data or as a state of refusal."""
    context = ReadContext(
        account="123456789012",
        partition="aws",
        region="",
        started=datetime(2026, 1, 1, tzinfo=UTC),
        it=item or {"Id": "p-1"},
    )
    program = reader("aws.denials")(context)
    try:
        call: Call = next(program)
        assert (call.operation, call.params) == (
            "organizations:DescribePolicy",
            {"PolicyId": "p-1"},
        )
        refused = isinstance(answer, State)
        program.send(
            Answer(
                call=call, state=answer if refused else State.OK, data=None if refused else answer
            )
        )
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the reader asks once")


def denied(**statement: Any) -> Any:
    """The watched calls that one statement denies."""
    whole = {"Effect": "Deny", "Action": LEAVE, "Resource": "*", **statement}
    content = {
        "Version": "2012-10-17",
        "Statement": {key: value for key, value in whole.items() if value is not None},
    }
    return run({"Policy": {"Content": json.dumps(content)}})["Actions"]


def test_what_is_denied_is_said() -> None:
    assert denied() == [LEAVE]
    assert denied(Action=["Organizations:leave*"]) == [LEAVE]
    assert denied(Action="cloudtrail:*") == [
        name for name in WATCHED if name.startswith("cloudtrail:")
    ]
    assert denied(Action="*") == list(WATCHED)
    assert denied(Action=None, NotAction=["cloudtrail:*", "config:*", "guardduty:*"]) == [LEAVE]


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow"},
        {"Action": "organizations:Describe*"},
        {"Resource": "arn:aws:organizations::123456789012:account/o-1/123456789012"},
        {"Resource": None, "NotResource": "*"},
        {"Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}},
        {"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/intern"}}},
        {"Condition": {"ArnNotLike": {"aws:PrincipalArn": "*"}}},
        {"Condition": {"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/*"]}}},
        {"Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:*"}}},
        {
            "Condition": {
                "ForAnyValue:StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/rescue"}
            }
        },
    ],
)
def test_a_denial_that_most_escape_is_none(statement: dict[str, Any]) -> None:
    assert denied(**statement) == []


@pytest.mark.parametrize(
    "operator", ["ArnNotLike", "ArnNotEquals", "StringNotLike", "StringNotEquals"]
)
def test_a_denial_may_spare_named_principals(operator: str) -> None:
    assert denied(Condition={operator: {"aws:PrincipalARN": "arn:aws:iam::*:role/rescue"}}) == [
        LEAVE
    ]


@pytest.mark.parametrize(
    "answer",
    [
        State.DENIED,
        {},
        {"Policy": {}},
        {"Policy": {"Content": "{"}},
        {"Policy": {"Content": "[" * 100_000}},
        {
            "Policy": {
                "Content": json.dumps(
                    {"Statement": [{"Effect": "Deny", "Action": 7, "Resource": "*"}]}
                )
            }
        },
    ],
)
def test_what_was_not_read_is_not_known(answer: Any) -> None:
    assert isinstance(run(answer), Unreadable)


def test_a_policy_without_an_id_is_not_known() -> None:
    context = ReadContext(
        account="123456789012",
        partition="aws",
        region="",
        started=datetime(2026, 1, 1, tzinfo=UTC),
        it={},
    )
    with pytest.raises(StopIteration) as stopped:
        next(reader("aws.denials")(context))
    assert isinstance(stopped.value.value, Unreadable)
