"""Readers: the same answers give the same data, and what was not read is not known."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import Unreadable
from scanner.providers import reader

CONTEXT = ReadContext(
    account="123456789012", partition="aws", region="", started=datetime(2026, 1, 1, tzinfo=UTC)
)
REPORT = "user,arn,mfa_active,new_column\nalice,arn:aws:iam::123456789012:user/alice,false,x\n"
TIME = "2026-01-01T00:00:00Z"


def run(name: str, reply: Callable[[Call], Answer]) -> tuple[Any, list[Call]]:
    program = reader(name)(CONTEXT)
    calls: list[Call] = []
    try:
        call = next(program)
        while True:
            calls.append(call)
            call = program.send(reply(call))
    except StopIteration as stop:
        return stop.value, calls


def ok(call: Call, data: Any) -> Answer:
    return Answer(call=call, state=State.OK, data=data)


def refused(call: Call, code: str = "AccessDenied") -> Answer:
    return Answer(call=call, state=State.DENIED, code=code)


def report(call: Call, ready: int, content: str = REPORT, code: str = "ReportNotPresent") -> Answer:
    if call.operation == "iam:GenerateCredentialReport" or call.attempt >= ready:
        return ok(call, {"Content": content, "GeneratedTime": TIME})
    return Answer(call=call, state=State.ERROR, code=code)


def test_a_report_that_is_there() -> None:
    rows, calls = run("aws.credential_report", lambda call: report(call, 0))
    assert rows == [
        {
            "user": "alice",
            "arn": "arn:aws:iam::123456789012:user/alice",
            "mfa_active": "false",
            "new_column": "x",
            "report_generated": TIME,
        }
    ]
    assert [call.operation for call in calls] == ["iam:GetCredentialReport"]


@pytest.mark.parametrize("code", ["ReportNotPresent", "ReportExpired", "ReportInProgress"])
def test_a_report_that_must_be_made(code: str) -> None:
    rows, calls = run("aws.credential_report", lambda call: report(call, 3, code=code))
    assert len(rows) == 1
    assert len({call.key for call in calls}) == len(calls) == 7
    assert [call.wait for call in calls if call.operation.endswith("GetCredentialReport")] == [
        0,
        1,
        2,
        3,
    ]


def test_a_report_that_never_comes() -> None:
    rows, calls = run("aws.credential_report", lambda call: report(call, 99))
    assert isinstance(rows, Unreadable)
    assert not rows.missing
    assert len(calls) == 21
    assert sum(call.wait for call in calls) <= 50


def test_a_refused_report() -> None:
    rows, _ = run("aws.credential_report", refused)
    assert isinstance(rows, Unreadable)
    assert "AccessDenied" in rows.reason


def test_a_refused_generation() -> None:
    def reply(call: Call) -> Answer:
        return refused(call) if "Generate" in call.operation else report(call, 99)

    rows, _ = run("aws.credential_report", reply)
    assert isinstance(rows, Unreadable)
    assert "GenerateCredentialReport" in rows.reason


@pytest.mark.parametrize(
    "content",
    [
        "",
        "user,arn\n",
        "user\nalice\n",
        "user,arn,arn\na,b,c\n",
        "user,arn\nalice\n",
        "user,arn\na,b,c\n",
        'user,arn\n"a,b\n',
    ],
)
def test_a_malformed_report(content: str) -> None:
    rows, _ = run("aws.credential_report", lambda call: report(call, 0, content))
    assert isinstance(rows, Unreadable)


@pytest.mark.parametrize(
    "data",
    [None, [], {}, {"Content": {"$redacted": "x"}, "GeneratedTime": TIME}, {"Content": REPORT}],
)
def test_an_answer_without_a_report(data: Any) -> None:
    rows, _ = run("aws.credential_report", lambda call: ok(call, data))
    assert isinstance(rows, Unreadable)


def test_readers_need_no_sdk(root: Path) -> None:
    code = (
        "import sys; from scanner.providers import PROVIDERS, reader;"
        "[reader(n) for p in PROVIDERS.names for n in PROVIDERS.get(p).readers.names];"
        "print([m for m in sys.modules if m.split('.')[0] in ('botocore', 'requests')])"
    )
    run_it = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True
    )
    assert run_it.stdout.strip() == "[]"
