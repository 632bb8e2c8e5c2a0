"""A small provider and a small library: kinds written as YAML, answers written as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import dedent
from typing import Any

from scanner.collect import collect
from scanner.content import load_library
from scanner.content.locations import Roots
from scanner.core.judging.parameters import resolve_params
from scanner.core.reading.context import Reader
from scanner.core.reading.projection import Estate, Projection, plan_readers, project
from scanner.executors.serial import Serial
from scanner.model.answers import Account, Answer, Call, Caller, State, Target
from scanner.model.library import Library

TARGET = Target("test:1")
STARTED = "2026-01-01T00:00:00Z"


def library(
    tmp_path: Path, kinds: Mapping[str, str], checks: Mapping[str, str], parameters: str = ""
) -> Library:
    """A library of these kinds (`service.noun` → YAML body) and checks (`id` → YAML body); nothing
    is mapped."""
    for name, body in kinds.items():
        head = f"version: 1\nkind: test.{name}\ntitle: {name}\nservice: Test\nnature: state\n"
        _write(tmp_path / f"resources/test/{name}.yaml", head + dedent(body))
    for name, body in checks.items():
        head = f"version: 1\nid: test-{name}\ntitle: {name}\nseverity: high\nwhy: Because.\nfix: Mend it.\nrefs: []\n"
        _write(tmp_path / f"checks/test/x/test-{name}.yaml", head + dedent(body))
    _write(tmp_path / "checks/parameters.yaml", "version: 1\nparameters: {" + parameters + "}\n")
    (tmp_path / "mappings").mkdir(exist_ok=True)
    roots = Roots(
        kinds=tmp_path / "resources", checks=tmp_path / "checks", mappings=tmp_path / "mappings"
    )
    return load_library(roots)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@dataclass
class Provider:
    """Answers calls from a table: `operation`, `operation@region` or the whole key, to data or to
    an Answer."""

    table: Mapping[str, Any]
    asked: list[str] = field(default_factory=list)
    target: Target = TARGET
    name: str = ""
    partition: str = "test"
    callers: tuple[Caller, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)
    regions: tuple[str, ...] = ("north", "south")
    regions_excluded: tuple[str, ...] = ()
    regions_open: str = ""
    accounts: tuple[Account, ...] = ()
    management_open: str = ""
    clock_skew: float | None = None

    def request(self, call: Call) -> Answer:
        self.asked.append(call.key)
        for key in (call.key, f"{call.operation}@{call.region}", call.operation):
            if key in self.table:
                said = self.table[key]
                return (
                    replace(said, call=call)
                    if isinstance(said, Answer)
                    else Answer(call=call, state=State.OK, data=said)
                )
        raise AssertionError(f"nobody expected {call.key}")


def refused(state: State = State.DENIED, code: str = "AccessDenied", data: Any = None) -> Answer:
    """An answer that is not one."""
    return Answer(call=Call(operation="", region=""), state=state, code=code, data=data)


def read(
    found: Library,
    provider: Provider,
    readers: Mapping[str, Reader] | None = None,
    params: Mapping[str, Any] | None = None,
) -> Projection:
    """Collect what all checks read, and project it."""
    estate = Estate(
        target=TARGET,
        account="1",
        partition="test",
        regions=provider.regions,
        regions_open=provider.regions_open,
        params=resolve_params(found.parameters, params or {}),
        started=STARTED,
    )
    known = readers or {}
    answers = collect(
        provider,
        plan_readers(found, found.checks.values(), known.__getitem__, estate),
        Serial(),
        lambda _: None,
    )
    assert len(provider.asked) == len(set(provider.asked)), "a call was made twice"
    return project(answers, found, found.checks.values(), known.__getitem__, estate)
