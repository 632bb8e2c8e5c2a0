"""A redacted value is unread: it decides nothing, wherever an attribute, a reader or a policy meets
it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scanner.core.policies import read_policy, read_trust_policy
from scanner.core.reading.answer_lookup import AnswerLookup, raw_data
from scanner.core.reading.context import ReadContext
from scanner.language.functions import parse_json
from scanner.model.answers import Answer, Call, State
from scanner.model.kinds import Request
from scanner.model.redacted import is_mark, with_unread_marks
from scanner.model.values import Unreadable
from tests.providers.test_client import DENIED, Script, ask, page

MARK = {"$redacted": "GitHub token"}
CALL = Call(operation="x:Get", region="")


def answer(data: Any, *redacted: str) -> Answer:
    return Answer(call=CALL, state=State.OK, data=data, redacted=redacted)


def test_a_mark_is_unread_with_the_name_of_its_member() -> None:
    data = {"Name": MARK, "Tags": [{"Key": "a", "Value": MARK}], "Plain": ["x", 1, None]}
    assert with_unread_marks(data) == {
        "Name": Unreadable("Name was redacted (GitHub token)"),
        "Tags": [{"Key": "a", "Value": Unreadable("Value was redacted (GitHub token)")}],
        "Plain": ["x", 1, None],
    }
    assert is_mark(MARK)
    assert not is_mark({"Name": "x"})


def test_a_mapping_with_a_redacted_name_is_unread() -> None:
    data = {"Labels": {"a": "b", "$redacted:1": MARK}}
    assert with_unread_marks(data)["Labels"] == Unreadable("a name in Labels was redacted")


def test_an_attribute_sees_no_mark() -> None:
    request = Request(operation="x:Get")
    found: Any = raw_data(answer({"Name": MARK}, "Name"), request)
    assert isinstance(found["Name"], Unreadable)
    data = {"Name": "x"}
    assert raw_data(answer(data), request) is data


def test_a_reader_sees_no_mark() -> None:
    def reader(context: ReadContext) -> Any:
        found = yield CALL
        return found.data["Name"]

    lookup = AnswerLookup({CALL.key: answer({"Name": MARK}, "Name")})
    context: Any = None
    assert isinstance(lookup.run(reader, context), Unreadable)


@pytest.mark.parametrize("data", [7, ["Name"], {"Name": 7}, {}, {"Name": [[{}]]}, None, "Name"])
def test_a_reader_that_stumbles_over_an_answer_leaves_it_unread(data: Any) -> None:
    def reader(context: ReadContext) -> Any:
        found = yield CALL
        return {found.data["Name"]: found.data["Name"].upper()}

    lookup = AnswerLookup({CALL.key: answer(data)})
    context: Any = None
    found: Any = lookup.run(reader, context)
    assert found.reason.startswith(f"{CALL.operation} returned an unknown format (")
    lookup = AnswerLookup({CALL.key: answer({"Name": "x"})})
    assert lookup.run(reader, context) == {"x": "X"}


def test_a_json_text_sees_no_mark() -> None:
    assert parse_json(json.dumps({"a": MARK})) == {"a": Unreadable("a was redacted (GitHub token)")}


def policy(**changes: Any) -> dict[str, Any]:
    statement = {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "s3:GetObject",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Id": "i", "Statement": [{**statement, **changes}]}


@pytest.mark.parametrize("as_text", [True, False])
def test_a_policy_is_unread_only_for_what_decides_it(as_text: bool) -> None:
    def read(document: dict[str, Any]) -> Any:
        given = json.dumps(document) if as_text else with_unread_marks(document)
        return read_policy(given, account="111122223333")

    plain = read(policy())
    assert not isinstance(plain, Unreadable)
    assert read({**policy(Sid=MARK), "Id": MARK}) == plain
    for changes in (
        {"Action": MARK},
        {"Action": ["s3:GetObject", MARK]},
        {"Principal": {"AWS": [MARK]}},
        {"Principal": MARK},
        {"Effect": MARK},
        {"Condition": {"StringEquals": {"aws:PrincipalTag/a": MARK}}},
        {"Condition": {"StringEquals": {"$redacted:0": MARK}}},
        {"Condition": {"$redacted:0": MARK}},
        {"$redacted:0": MARK},
    ):
        assert isinstance(read(policy(**changes)), Unreadable), changes
    unread = read(policy(Action=["s3:GetObject", MARK]))
    assert unread.reason == "policy document has a value that was redacted"


@pytest.mark.parametrize("operator", ["StringEquals", "StringLike", "ForAnyValue:StringEquals"])
@pytest.mark.parametrize("key", ["sts:ExternalId", "sts:externalid"])
def test_an_external_id_binds_whatever_it_is(operator: str, key: str) -> None:
    def read(value: Any) -> Any:
        document = policy(
            Action="sts:AssumeRole",
            Principal={"AWS": "arn:aws:iam::444455556666:root"},
            Condition={operator: {key: value}},
        )
        del document["Statement"][0]["Resource"]
        return read_trust_policy(with_unread_marks(document), account="111122223333")

    plain = read("example-id")
    assert not isinstance(plain, Unreadable)
    assert read(MARK) == plain
    assert read([MARK]) == plain
    assert read([MARK, MARK]) == read(["one", "two"])


def test_codes_messages_and_request_ids_are_redacted() -> None:
    secret = "ghp_" + "a1B2" * 9
    failure = type(DENIED)(
        state=State.DENIED, code=secret, message=f"no {secret}", request_id=secret
    )
    found, _ = ask(Script([page(1, to="a", request_id=secret), failure]))
    assert secret not in repr(found)
    assert found.state is State.PARTIAL
    assert found.code == "(code redacted: GitHub token)"
    assert found.request_ids == ("(code redacted: GitHub token)",) * 2
    assert (
        len(repr(ask(Script([type(DENIED)(state=State.DENIED, code="x " * 9_000, message="")]))[0]))
        < 2_000
    )
