"""Scans targets into snapshots, and judges snapshots: findings, controls, criteria."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain
from operator import attrgetter
from pathlib import PurePath
from typing import Any, Final, TypeVar

from scanner import __version__
from scanner.client.boundary import guarded
from scanner.client.failures import Failure
from scanner.client.interfaces import (
    Connector,
    NotConnectable,
    Rules,
    Session,
    Unreachable,
)
from scanner.collect import Asks, Collected, Progress, collect_all, estate
from scanner.core.judging.assess import assess_controls
from scanner.core.judging.attestations import assess_attestations, attested_controls, stale_controls
from scanner.core.judging.criteria import assess_criteria
from scanner.core.judging.evaluate import evaluate_check
from scanner.core.judging.notes import clock_skew_notes, loosened_notes
from scanner.core.judging.organization import (
    evaluate_unreachable,
    missing_accounts,
    organization_kinds_once,
    without_account_kinds,
)
from scanner.core.judging.parameters import resolve_params
from scanner.core.judging.waive import Waived, apply_waivers
from scanner.core.permissions import with_permissions
from scanner.core.reading.coverage import coverage
from scanner.core.reading.exclusions import exclusions, kinds_left_out
from scanner.core.reading.inventory import (
    target_inventory_types,
    with_every_reading,
    with_inventory,
)
from scanner.core.reading.projection import Estate, Projection, plan_readers, project
from scanner.core.reading.read_plan import kept_parts, plan_reads, secret_paths
from scanner.core.reading.types_in_use import (
    TypesInUse,
    inventory_requests,
    read_types,
    type_readers,
)
from scanner.errors import NotConnectedError, TscanError
from scanner.executors import EXECUTORS
from scanner.model.answers import Answer, Caller, Snapshot, Target
from scanner.model.attestations import Attestation, AttestationResult
from scanner.model.checks import Check
from scanner.model.config import Config, TargetConfig
from scanner.model.findings import (
    Assessment,
    CheckResult,
    ControlResult,
    CoverageRow,
    InventoryRead,
    Population,
    UnassessedType,
)
from scanner.model.kinds import Scope
from scanner.model.library import Library
from scanner.model.waivers import Waiver
from scanner.providers import PROVIDERS, permissions_of, reader

Row = TypeVar("Row")

CALL_DEADLINE: Final = 60.0
"""Seconds that one call may take with its retries."""
NAMED: Final = 4
"""Snapshots whose ids make the id of an assessment, written out."""


def scan(
    config: Config,
    library: Library,
    *,
    checks: tuple[str, ...] | None = None,
    scope: tuple[str, ...] = (),
    deadline: float = 3600.0,
    threads: int = 16,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Iterator[Snapshot]:
    """The evidence of every target that the configuration names, each as soon as it is whole.

    `checks` are the ids to collect for (none: all of the target's cloud); `scope` says how the scan
    differs from the configured one; `deadline` is in seconds. Raises `TscanError` where no
    configured target can be connected; one of several that cannot is a gap.
    """
    selected = _selected(library, checks)
    found = _connect(config, _rules(library, selected, deadline))
    _check_distinct([connector.target for _, connector in found])

    def readers(
        number: int,
        session: Session,
        started: str,
    ) -> list[Asks]:
        target = found[number][0]
        values = resolve_params(library.parameters, {**config.params, **target.params})
        mine = _of_cloud(selected, session.target)
        read = with_inventory(library, target_inventory_types(target, library, mine))
        where = estate(session, values, started)
        planned: list[Asks] = [*plan_readers(read, mine, reader, where)]
        # Of a selection nobody wants to know what it does not read.
        if checks is None:
            planned.extend(type_readers(library, where, reader))
        return planned

    executor = EXECUTORS.get("threads" if threads > 1 else "serial")(threads)
    connectors = [connector for _, connector in found]
    for collected in collect_all(connectors, readers, executor, progress):
        target = found[collected.number][0]
        mine = _of_cloud(selected, collected.opened.target)
        names = tuple(check.id for check in mine)
        snapshot = _snapshot(collected, names, {**config.params, **target.params})
        excluded: tuple[str, ...] = ()
        if checks is not None:
            excluded = kinds_left_out(library, snapshot.target.cloud, mine)
        yield replace(
            snapshot,
            bulk=target_inventory_types(target, library, mine),
            scope=scope,
            configuration=PurePath(config.path).name,
            kinds_excluded=excluded,
            regions_approver=target.regions_approver,
            regions_why=target.regions_why,
        )


def _rules(
    library: Library,
    selected: Sequence[Check],
    deadline: float,
) -> Rules:
    # Of every kind and not only those of the selected checks: an answer is redacted in the same way
    # in every scan.
    ways = with_every_reading(library)
    scopes = {need.kind.scope for need in plan_reads(library, selected).values()}
    return Rules(
        secrets=secret_paths(ways),
        keeps=kept_parts(ways),
        call_deadline=CALL_DEADLINE,
        scan_deadline=deadline,
        organization=Scope.MANAGEMENT in scopes,
    )


def _connect(config: Config, rules: Rules) -> list[tuple[TargetConfig, Connector]]:
    """Every target behind each configured one, with it; TscanError where none can be connected."""
    found: list[tuple[TargetConfig, Connector]] = []
    errors: list[NotConnectedError] = []
    ends = time.monotonic() + rules.scan_deadline
    for target in config.targets:
        # One deadline for all: a target that is slow to connect leaves the next ones less.
        left = replace(rules, scan_deadline=max(1.0, ends - time.monotonic()))
        connectors = _connectors(target, left)
        if isinstance(connectors, NotConnectedError):
            errors.append(connectors)
            connectors = (_not_connected(target, connectors),)
        found.extend((target, connector) for connector in connectors)
    # One target that is out of reach does not cost the evidence of the others: it is a gap in every
    # check. Where there are no others, there is nothing to commit.
    if errors and len(errors) == len(config.targets):
        raise errors[0]
    return found


def _connectors(target: TargetConfig, rules: Rules) -> Sequence[Connector] | NotConnectedError:
    """The targets behind a configured one, or why it cannot be connected."""
    provider = PROVIDERS.get(target.cloud)
    try:
        connectors = guarded(f"connect {target.cloud}", lambda: provider.connect(target, rules))
    except NotConnectedError as error:
        return error
    if isinstance(connectors, Failure):
        reason = f"{connectors.code} ({connectors.message})"
        return NotConnectedError(
            f"{target.cloud} cannot be connected: {reason}", "an answer was not understood"
        )
    return connectors


def _not_connected(target: TargetConfig, error: NotConnectedError) -> Connector:
    """Stands for a configured target that cannot be connected."""
    identity = target.named or "not-connected"
    return NotConnectable(
        Unreachable(target=Target(f"{target.cloud}:{identity}"), why=error.message)
    )


def _check_distinct(targets: Sequence[Target]) -> None:
    for number, target in enumerate(targets):
        if target in targets[:number]:
            message = f"two configured targets are {target}"
            raise TscanError(message, "its resources would count twice: remove one")


def _snapshot(
    collected: Collected,
    checks: tuple[str, ...],
    params: Mapping[str, Any],
) -> Snapshot:
    started, opened = collected.started, collected.opened
    time = started[:19].replace("-", "").replace(":", "")
    evaluate_unreachable = ""
    if isinstance(opened, Unreachable):
        evaluate_unreachable = opened.why
    return Snapshot(
        id=f"{time}Z-{secrets.token_hex(4)}",
        target=opened.target,
        name=opened.name,
        partition=opened.partition,
        started=started,
        finished=collected.finished,
        version=__version__,
        regions=opened.regions,
        regions_excluded=opened.regions_excluded,
        regions_open=opened.regions_open,
        checks=checks,
        params=params,
        callers=opened.callers,
        answers=collected.answers,
        accounts=opened.accounts,
        management_open=opened.management_open,
        organization_only=opened.organization_only,
        unentered=evaluate_unreachable,
        clock_skew=opened.clock_skew,
    )


def judge(
    snapshots: Iterable[Snapshot],
    library: Library,
    *,
    checks: tuple[str, ...] | None = None,
    params: Mapping[str, Any] | None = None,
    categories: Mapping[str, tuple[str, ...]] | None = None,
    waivers: Sequence[Waiver] = (),
    attestations: Sequence[Attestation] = (),
) -> Assessment:
    """The verdicts of this library on the evidence: a pure function; the clock is the end of each
    snapshot.

    The snapshots are of different targets, and are taken one at a time; TscanError where there is
    none, or two of one target. `checks` and `params` default to those that each snapshot was made
    with; `categories` keeps the named ones of a framework; `waivers` count on a snapshot's day,
    `attestations` on the last one.
    """
    seen: list[Snapshot] = []
    judged: list[_Judged] = []
    for snapshot in _with_missing(snapshots, seen):
        judged.append(_judge_target(snapshot, library, checks, params))
    if not seen:
        raise TscanError("there is no snapshot to judge", "name at least one")
    last_day = max(_end(snapshot) for snapshot in seen).date()
    stated = assess_attestations(attestations, last_day)
    assess = _assessing(library, seen, params, stated)
    found = _waived(judged, seen, library, waivers, assess)
    controls = assess(found.results, accepted=found.controls)
    return Assessment(
        id=_name(seen),
        started=min(snapshot.started for snapshot in seen),
        finished=max(snapshot.finished for snapshot in seen),
        version=__version__,
        pack_sha256=library.sha256,
        params=_stated_params(seen, library, params),
        callers=_callers(seen),
        targets=tuple(_target(snapshot) for snapshot in seen),
        coverage=tuple(found.coverage),
        populations=_of_all(judged, attrgetter("populations")),
        unassessed=_of_all(judged, attrgetter("unassessed")),
        inventories=_of_all(judged, attrgetter("inventories")),
        results=tuple(found.results),
        controls=tuple(controls.values()),
        criteria=assess_criteria(library, controls, categories or {}),
        waivers=found.waivers,
        attestations=stated,
        notes=(*clock_skew_notes(seen), *loosened_notes(seen, library, params)),
    )


def _of_all(judged: Sequence[_Judged], rows: Callable[[_Judged], Sequence[Row]]) -> tuple[Row, ...]:
    """The rows of all snapshots, one snapshot after the other."""
    return tuple(chain.from_iterable(map(rows, judged)))


def _callers(snapshots: Sequence[Snapshot]) -> tuple[Caller, ...]:
    """Each caller once."""
    callers: dict[str, Caller] = {}
    for snapshot in snapshots:
        for caller in snapshot.callers:
            callers[caller.id] = caller
    return tuple(callers.values())


def _with_missing(snapshots: Iterable[Snapshot], seen: list[Snapshot]) -> Iterator[Snapshot]:
    """The snapshots, and one for each account of an organization that they lack; `seen` keeps all
    but the answers.
    """
    for snapshot in snapshots:
        # Resources that are judged twice would count twice in every population.
        if any(snapshot.target == one.target for one in seen):
            raise TscanError(
                f"{snapshot.id}: a second snapshot of {snapshot.target}", "judge one at a time"
            )
        seen.append(replace(snapshot, answers={}))
        yield snapshot
    # An account whose evidence was left out must not vanish from the verdict.
    for snapshot in list(missing_accounts(seen)):
        seen.append(snapshot)
        yield snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """The verdicts on one snapshot."""

    results: Sequence[CheckResult]
    coverage: Sequence[CoverageRow]
    populations: Sequence[Population] = ()
    unassessed: Sequence[UnassessedType] = ()
    inventories: Sequence[InventoryRead] = ()


def _assessing(
    library: Library,
    seen: Sequence[Snapshot],
    params: Mapping[str, Any] | None,
    stated: Sequence[AttestationResult],
) -> Callable[..., Mapping[str, ControlResult]]:
    """The function that assesses every control, given results."""
    params_set: set[str] = set(params or {})
    for snapshot in seen:
        params_set.update(snapshot.params)
    return partial(
        assess_controls,
        library,
        targets=frozenset(snapshot.target for snapshot in seen),
        params_set=frozenset(params_set),
        attested=attested_controls(stated),
        stale=stale_controls(stated),
    )


def _waived(
    judged: Sequence[_Judged],
    seen: Sequence[Snapshot],
    library: Library,
    waivers: Sequence[Waiver],
    assess: Callable[[Sequence[CheckResult]], Mapping[str, ControlResult]],
) -> Waived:
    """The results of all snapshots together, with what waivers accept of them."""
    results: list[CheckResult] = []
    rows: list[CoverageRow] = []
    for one in judged:
        results.extend(one.results)
        rows.extend(one.coverage)

    def statuses(results: Sequence[CheckResult]) -> Mapping[str, str]:
        return {name: control.status.value for name, control in assess(results).items()}

    return apply_waivers(
        Waived(results=organization_kinds_once(results, seen, library), coverage=rows),
        waivers,
        library,
        days={snapshot.target: _end(snapshot).date() for snapshot in seen},
        statuses=statuses,
    )


def _judge_target(
    snapshot: Snapshot,
    library: Library,
    checks: tuple[str, ...] | None,
    params: Mapping[str, Any] | None,
) -> _Judged:
    chosen = snapshot.checks if checks is None else checks
    selected = _of_cloud(_selected(library, chosen), snapshot.target)
    # Every check of the target is unknown: without this it would have no finding, and none fails.
    if snapshot.unentered:
        covered = coverage(snapshot.target, snapshot.answers.values(), (), frozenset())
        return _Judged(results=evaluate_unreachable(snapshot, selected, library), coverage=covered)
    values = resolve_params(library.parameters, {**snapshot.params, **(params or {})})
    read = with_inventory(library, snapshot.bulk)
    answers = with_permissions(
        snapshot.answers, read, selected, permissions_of(snapshot.target.cloud)
    )
    where = Estate.of(snapshot, values)
    projection = project(answers, read, selected, reader, where)
    types = read_types(answers, read, selected, reader, where)
    results: list[CheckResult] = []
    for check in selected:
        result = evaluate_check(
            check,
            projection.resources[check.kind],
            projection.gaps[check.kind],
            target=snapshot.target,
            title=library.kinds[check.kind].title,
            params=values,
            now=_end(snapshot),
        )
        results.append(result)
    return _Judged(
        results=without_account_kinds(results, snapshot, library),
        coverage=coverage(
            snapshot.target,
            _needed(answers, projection, types, library),
            projection.unanswered,
            projection.known_absent,
            projection.stood_for,
        ),
        populations=projection.populations,
        unassessed=types.unassessed,
        inventories=types.inventories,
    )


def _needed(
    answers: Mapping[str, Answer], projection: Projection, types: TypesInUse, library: Library
) -> list[Answer]:
    """The answers without those that only inventories of types use: no verdict needs these."""
    requests = inventory_requests(library, library.inventories)
    counting = {request.operation for request in requests}
    needed: list[Answer] = []
    for key, answer in answers.items():
        is_beside = key in types.keys or answer.call.operation in counting
        if key in projection.keys or not is_beside:
            needed.append(answer)
    return needed


def _end(snapshot: Snapshot) -> datetime:
    """The clock of a snapshot's verdicts."""
    return datetime.fromisoformat(snapshot.finished)


def _of_cloud(checks: Iterable[Check], target: Target) -> list[Check]:
    return [check for check in checks if check.cloud == target.cloud]


def _selected(library: Library, checks: tuple[str, ...] | None) -> list[Check]:
    """The chosen checks that the library has, by id; those that it lacks count as not run."""
    if checks is None:
        checks = tuple(library.checks)
    # A snapshot of another library may name checks that this one lacks, or by their earlier ids.
    names = set(map(library.current_id, checks)) & set(library.checks)
    return [library.checks[name] for name in sorted(names)]


def _stated_params(
    snapshots: Sequence[Snapshot],
    library: Library,
    params: Mapping[str, Any] | None,
) -> Mapping[str, Any]:
    """Every parameter with the value that judged, by target where they differ from the defaults."""
    defaults: dict[str, Any] = {}
    for name, item in sorted(library.parameters.items()):
        if item.has_default:
            defaults[name] = item.default
    chosen: dict[str, dict[str, Any]] = {}
    for snapshot in snapshots:
        merged = {**snapshot.params, **(params or {})}
        chosen[snapshot.target] = dict(sorted(merged.items()))
    return {"defaults": defaults, "set": chosen}


def _name(snapshots: Sequence[Snapshot]) -> str:
    """The id of one snapshot, or one that stands for several."""
    names = [snapshot.id for snapshot in snapshots]
    if len(names) <= NAMED:
        return "+".join(names)
    digest = hashlib.sha256(" ".join(names).encode()).hexdigest()[:12]
    return f"{names[0]}+{len(names) - 1}-{digest}"


def _target(snapshot: Snapshot) -> Mapping[str, Any]:
    return {
        "id": snapshot.target,
        "name": snapshot.name,
        "regions": list(snapshot.regions),
        "regions_excluded": list(snapshot.regions_excluded),
        "regions_open": snapshot.regions_open,
        "unentered": snapshot.unentered,
        "clock_skew": snapshot.clock_skew,
        "exclusions": [asdict(exclusion) for exclusion in exclusions(snapshot)],
        "accounts": [asdict(account) for account in snapshot.accounts],
    }
