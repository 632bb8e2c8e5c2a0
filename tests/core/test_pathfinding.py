"""The list of paths that the table of escalation methods is held against."""

from __future__ import annotations

from scanner.core.policies.methods import methods, table
from tests.core.pathfinding import differences, held

ACTIONS = {method.id: frozenset(method.actions) for method in table()}
PATHS = {path: ACTIONS.get(row.method, frozenset()) for path, row in held().items()}


def test_each_path_has_a_row_or_a_reason() -> None:
    ways = {method.id for method in methods()}
    assert len(held()) > 60
    for path, row in held().items():
        assert row.method == "" or row.method in ACTIONS, path
        assert (row.method in ways) != bool(row.reason), path


def test_a_path_that_is_not_held_is_found() -> None:
    assert differences(PATHS) == []
    new = frozenset({"iam:passrole", "quantum:createjob"})
    assert differences({**PATHS, "quantum-001": new}) == [
        "quantum-001 is neither a method nor left out: iam:passrole quantum:createjob"
    ]


def test_a_row_that_asks_for_more_than_the_path_is_found() -> None:
    fewer = {**PATHS, "lambda-001": frozenset({"iam:passrole", "lambda:createfunction"})}
    assert differences(fewer) == [
        "lambda-001: pass-role-lambda-invoke asks for lambda:invokefunction as well"
    ]


def test_a_path_that_is_gone_is_found() -> None:
    fewer = {path: actions for path, actions in PATHS.items() if path != "iam-001"}
    assert differences(fewer) == ["iam-001 is no path there"]
