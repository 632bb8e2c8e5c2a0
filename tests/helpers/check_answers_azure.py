"""One check of the real library over Azure's answers, written as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scanner.collect import collect
from scanner.core.judging.parameters import resolve_params
from scanner.core.reading.projection import Estate, plan_readers
from scanner.executors.serial import Serial
from scanner.model.answers import Caller, Snapshot, Target
from scanner.pipeline import judge
from scanner.providers import reader
from scanner.providers.azure.role_permissions import OWNER
from tests.helpers.check_answers import NOW, Aws, pack

SUB = "0000aaaa-0000-4000-8000-00000000000a"
ROOT = f"/subscriptions/{SUB}"
GROUP = f"{ROOT}/resourceGroups/Prod"
WHO = "0000bbbb-0000-4000-8000-00000000000b"
"""Whoever asks: Owner of the whole subscription."""
OWNED = {
    "Microsoft.Authorization:RoleAssignments_ListForSubscription": {
        "value": [
            {"properties": {"scope": ROOT, "roleDefinitionId": f"x/{OWNER}", "principalId": WHO}}
        ]
    },
    "Microsoft.Authorization:DenyAssignments_List": {"value": []},
}

Table = Mapping[str, Any]


def verdicts(
    checks: Sequence[str], table: Table, target: str, **params: Any
) -> dict[str, list[str]]:
    """What checks say in one target, by check."""
    found, where = pack(), Target(target)
    door = Aws({**OWNED, **table}, target=where, partition="", regions=())
    values = resolve_params(found.parameters, params)
    estate = Estate(
        target=where,
        account=where.account,
        partition="",
        regions=(),
        regions_open="",
        params=values,
        started=NOW,
        principal=WHO,
    )
    units = plan_readers(found, [found.checks[check] for check in checks], reader, estate)
    answers = collect(door, units, Serial(), lambda _: None)
    assert len(door.asked) == len(set(door.asked))
    snapshot = Snapshot(
        id="x",
        target=where,
        started=NOW,
        finished=NOW,
        version="0",
        regions=(),
        checks=tuple(checks),
        params=params,
        callers=(Caller(id="tscan", account="", detail={"principal": WHO}),),
        answers=answers,
    )
    results = judge([snapshot], found).results
    return {
        result.check: [finding.verdict.value for finding in result.findings] for result in results
    }


def verdict(check: str, table: Table, *, target: str = f"azure:{SUB}", **params: Any) -> str:
    """What a check says of the one thing that it is asked of."""
    (said,) = verdicts([check], table, target, **params)[check]
    return said


def listed(kind: str, name: str, **properties: Any) -> dict[str, Any]:
    """A resource as a listing has it."""
    return {
        "id": f"{GROUP}/providers/{kind}/{name}",
        "name": name,
        "type": kind,
        "location": "westeurope",
        "properties": properties,
    }


def values(*rows: Any) -> dict[str, Any]:
    """A whole answer that lists rows."""
    return {"value": list(rows)}
