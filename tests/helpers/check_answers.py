"""One check of the real library over answers written as data, from its calls to its verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from scanner.collect import collect
from scanner.core.judging.parameters import resolve_params
from scanner.core.reading.projection import Estate, plan_readers
from scanner.executors.serial import Serial
from scanner.model.answers import Answer, Call, Snapshot, State, Target
from scanner.model.library import Library
from scanner.pipeline import judge
from scanner.providers import reader
from tests.helpers.library import shipped_library
from tests.helpers.small_provider import STARTED, Provider

ACCOUNT = "111122223333"
HERE, AWAY = "eu-west-1", "us-east-1"
NOW = "2026-01-01T00:00:00Z"
AWS = Target(f"aws:{ACCOUNT}")


@cache
def pack() -> Library:
    return shipped_library()


UNCOUNTED = {
    "config:DescribeConfigurationRecorders": {"ConfigurationRecorders": []},
    "resourcegroupstaggingapi:GetResources": {"ResourceTagMappingList": []},
}
"""An account in which nothing else counts what is listed."""


class Aws(Provider):
    """Answers made from the arguments where a function stands in the table; else from the table."""

    def request(self, call: Call) -> Answer:
        said = self.table.get(f"{call.operation}@{call.region}", self.table.get(call.operation))
        if callable(said):
            self.asked.append(call.key)
            made = said(call.params)
            return (
                replace(made, call=call)
                if isinstance(made, Answer)
                else Answer(call=call, state=State.OK, data=made)
            )
        return super().request(call)


def verdicts(check: str, table: Mapping[str, Any], **params: Any) -> dict[str, str]:
    """What the check says of each resource, by name or id; asserts that no call is made twice."""
    door = Aws({**UNCOUNTED, **table}, target=AWS, partition="aws", regions=(HERE, AWAY))
    found = pack()
    values = resolve_params(found.parameters, params)
    estate = Estate(
        target=AWS,
        account=ACCOUNT,
        partition="aws",
        regions=door.regions,
        regions_open="",
        params=values,
        started=STARTED,
    )
    answers = collect(
        door, plan_readers(found, [found.checks[check]], reader, estate), Serial(), lambda _: None
    )
    assert len(door.asked) == len(set(door.asked))
    snapshot = Snapshot(
        id="x",
        target=AWS,
        partition="aws",
        started=NOW,
        finished=NOW,
        version="0",
        regions=door.regions,
        checks=(check,),
        params=params,
        callers=(),
        answers=answers,
    )
    (result,) = judge([snapshot], found).results
    return {
        finding.resource.name or finding.resource.id: finding.verdict.value
        for finding in result.findings
    }


def denied(_: object = None) -> Answer:
    return Answer(call=Call(operation="", region=""), state=State.DENIED, code="AccessDenied")
