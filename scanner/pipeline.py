"""The whole way: targets → snapshots → findings → controls → criteria."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from scanner import __version__
from scanner.collect import Progress, collect
from scanner.core.assess import assess_control, assess_criterion
from scanner.core.coverage import coverage
from scanner.core.evaluate import evaluate_check
from scanner.core.need import answer_paths, secret_paths
from scanner.core.params import resolve_params
from scanner.core.project import Estate, plan, project
from scanner.executors import EXECUTORS
from scanner.model.answers import Snapshot
from scanner.model.checks import Check
from scanner.model.config import Config, TargetConfig
from scanner.model.findings import Assessment, CheckResult, CoverageRow
from scanner.model.library import Library
from scanner.sources import READERS, SOURCES, Rules

CALL_DEADLINE = 60.0
"""Seconds that one call may take with its retries."""


def scan(
    config: Config,
    library: Library,
    *,
    checks: tuple[str, ...] | None = None,
    deadline: float = 3600.0,
    threads: int = 16,
    progress: Callable[[Progress], None] = lambda _: None,
) -> list[Snapshot]:
    """The evidence of every target that the configuration names: one snapshot each.

    `checks` are the ids to collect for (none: all of the target's cloud); `deadline` is in seconds.
    Raises `TscanError` where a target cannot be entered.
    """
    return [_scan_target(target, config, library, checks, deadline, threads, progress) for target in config.targets]


def _scan_target(
    target: TargetConfig,
    config: Config,
    library: Library,
    checks: tuple[str, ...] | None,
    deadline: float,
    threads: int,
    progress: Callable[[Progress], None],
) -> Snapshot:
    started = _now()
    rules = Rules(
        secrets=secret_paths(library),
        read=answer_paths(library),
        call_deadline=CALL_DEADLINE,
        scan_deadline=deadline,
    )
    session = SOURCES.get(target.cloud)().open(target, rules)
    selected = [check for check in _selected(library, checks) if check.cloud == session.target.cloud]
    set_params = {**config.params, **target.params}
    estate = Estate(
        target=session.target,
        account=session.target.account,
        partition=session.partition,
        regions=session.regions,
        regions_open=session.regions_open,
        params=resolve_params(library.parameters, set_params),
    )
    executor = EXECUTORS.get("threads" if threads > 1 else "serial")(threads)
    answers = collect(session, plan(library, selected, READERS.get, estate), executor, progress)
    return Snapshot(
        id=f"{started[:19].replace('-', '').replace(':', '')}Z-{secrets.token_hex(4)}",
        target=session.target,
        name=session.name,
        partition=session.partition,
        started=started,
        finished=_now(),
        version=__version__,
        regions=session.regions,
        regions_excluded=session.regions_excluded,
        regions_open=session.regions_open,
        checks=tuple(check.id for check in selected),
        params=set_params,
        callers=session.callers,
        answers=answers,
    )


def judge(
    snapshots: Sequence[Snapshot],
    library: Library,
    *,
    checks: tuple[str, ...] | None = None,
    params: Mapping[str, Any] | None = None,
    categories: Mapping[str, tuple[str, ...]] | None = None,
) -> Assessment:
    """What the evidence says by this library: a pure function; the clock is the end of each snapshot.

    `checks` and `params` default to those that each snapshot was made with; `categories` keeps only the named
    categories of a framework.
    """
    results: list[CheckResult] = []
    rows: list[CoverageRow] = []
    for snapshot in snapshots:
        found, covered = _judge_target(snapshot, library, checks, params)
        results.extend(found)
        rows.extend(covered)
    by_check: dict[str, list[CheckResult]] = {}
    for result in results:
        by_check.setdefault(result.check, []).append(result)
    set_params = {name for snapshot in snapshots for name in {**snapshot.params, **(params or {})}}
    targets = frozenset(snapshot.target for snapshot in snapshots)
    controls = {
        name: assess_control(control, by_check, targets=targets, library=library, params_set=frozenset(set_params))
        for name, control in sorted(library.controls.items())
    }
    chosen = categories or {}
    return Assessment(
        id="+".join(snapshot.id for snapshot in snapshots),
        started=min(snapshot.started for snapshot in snapshots),
        finished=max(snapshot.finished for snapshot in snapshots),
        version=__version__,
        pack_sha256=library.sha256,
        params=_stated_params(snapshots, library, params),
        callers=tuple(caller for snapshot in snapshots for caller in snapshot.callers),
        targets=tuple(_target(snapshot) for snapshot in snapshots),
        coverage=tuple(rows),
        results=tuple(results),
        controls=tuple(controls.values()),
        criteria=tuple(
            assess_criterion(criterion, controls, framework=framework.id)
            for framework in library.frameworks.values()
            for criterion in framework.criteria
            if framework.id not in chosen or criterion.category in chosen[framework.id]
        ),
    )


def _judge_target(
    snapshot: Snapshot, library: Library, checks: tuple[str, ...] | None, params: Mapping[str, Any] | None
) -> tuple[list[CheckResult], tuple[CoverageRow, ...]]:
    wanted = snapshot.checks if checks is None else checks
    selected = [check for check in _selected(library, wanted) if check.cloud == snapshot.target.cloud]
    values = resolve_params(library.parameters, {**snapshot.params, **(params or {})})
    projection = project(snapshot.answers, library, selected, READERS.get, Estate.of(snapshot, values))
    now = datetime.fromisoformat(snapshot.finished)
    results = [
        evaluate_check(
            check,
            projection.resources[check.kind],
            projection.gaps[check.kind],
            target=snapshot.target,
            params=values,
            now=now,
        )
        for check in selected
    ]
    return results, coverage(snapshot.target, snapshot.answers.values(), projection.unanswered, projection.settled)


def _selected(library: Library, checks: tuple[str, ...] | None) -> list[Check]:
    """The chosen checks that the library has, in order of id; those that it lacks read as not run."""
    names = sorted(library.checks if checks is None else set(checks) & set(library.checks))
    return [library.checks[name] for name in names]


def _stated_params(
    snapshots: Sequence[Snapshot], library: Library, params: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    """Every parameter with the value that judged, by target where they differ from the defaults."""
    defaults = {name: item.default for name, item in sorted(library.parameters.items()) if item.has_default}
    return {
        "defaults": defaults,
        "set": {snapshot.target: dict(sorted({**snapshot.params, **(params or {})}.items())) for snapshot in snapshots},
    }


def _target(snapshot: Snapshot) -> Mapping[str, Any]:
    return {
        "id": snapshot.target,
        "name": snapshot.name,
        "regions": list(snapshot.regions),
        "regions_excluded": list(snapshot.regions_excluded),
        "regions_open": snapshot.regions_open,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
