"""Tests permissions before a scan, and names the checks that would be unknown.

Each operation that needs no other answer is called once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from scanner.client.interfaces import Connector, Rules, Session, Unreachable
from scanner.collect import Asks, Collected, Collection, collect_all, estate
from scanner.core.judging.parameters import resolve_params
from scanner.core.permissions import Loss, losses, reads_organization
from scanner.core.reading.answer_lookup import AnswerLookup
from scanner.core.reading.inventory import target_inventory_types, with_inventory
from scanner.core.reading.projection import Estate, plan_readers
from scanner.core.reading.read_plan import plan_reads, plan_requests
from scanner.core.reading.types_in_use import inventory_requests, type_readers
from scanner.executors import EXECUTORS
from scanner.model.answers import Answer, Call, State
from scanner.model.checks import Check
from scanner.model.config import Config, TargetConfig
from scanner.model.kinds import Request, Scope
from scanner.model.library import Library
from scanner.providers import PROVIDERS, reader

DEADLINE = 60.0
"""Seconds for one call; a preflight that takes minutes is a scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """What a target lets tscan read, as far as that is known without a listing's items."""

    target: str
    closed: str = ""
    """Why the target could not be connected; then nothing else is known."""
    region: str = ""
    """The one region in which calls were made."""
    answered: tuple[str, ...] = ()
    """Operations that were allowed."""
    refused: tuple[Loss, ...] = ()
    unclear: Mapping[str, str] = field(default_factory=dict)
    """Operations that failed for another reason, with it."""
    untried: tuple[str, ...] = ()
    """Operations whose arguments come out of a listing: only a scan can tell."""

    @property
    def clear(self) -> bool:
        """Whether all calls were allowed."""
        return not self.closed and not self.refused and not self.unclear


@dataclass(frozen=True, slots=True)
class _Probe:
    """Calls that are made for their state alone."""

    calls: tuple[Call, ...]

    def ask(self, lookup: AnswerLookup) -> None:
        """Request them all; nothing follows from their answers."""
        for call in self.calls:
            lookup.ask(call)


def preflight(
    config: Config,
    library: Library,
    *,
    checks: tuple[str, ...] | None = None,
    threads: int = 16,
) -> Iterator[Preflight]:
    """What each target refuses of the first calls of a scan; TscanError where a configured one
    cannot be connected.
    """
    names = sorted(library.checks if checks is None else set(checks))
    selected = [library.checks[name] for name in names]
    rules = Rules(call_deadline=DEADLINE, organization=reads_organization(library, selected))
    targets: list[TargetConfig] = []
    connectors: list[Connector] = []
    for target in config.targets:
        for connector in PROVIDERS.get(target.cloud).connect(target, rules):
            targets.append(target)
            connectors.append(connector)

    def read(number: int) -> Library:
        target = targets[number]
        mine = [check for check in selected if check.cloud == target.cloud]
        return with_inventory(library, target_inventory_types(target, library, mine))

    def readers(
        number: int,
        session: Session,
        started: str,
    ) -> Iterable[_Probe]:
        made = {answer.call.operation for answer in session.answers.values()}
        where = _one_region(session, started, config, targets[number], library)
        mine = _of_cloud(selected, session)
        units: list[Asks] = [*plan_readers(read(number), mine, reader, where)]
        if checks is None:
            units.extend(type_readers(library, where, reader))
        # Reversed, so that the first call of an operation is the one that stays.
        first = {call.operation: call for call in reversed(Collection(units, {}).first)}
        calls = [call for operation, call in sorted(first.items()) if operation not in made]
        return [_Probe(tuple(calls))]

    executor = EXECUTORS.get("threads" if threads > 1 else "serial")(threads)
    for collected in collect_all(connectors, readers, executor, lambda _: None):
        yield _report(collected, read(collected.number), selected)


def _of_cloud(checks: Sequence[Check], session: Session) -> list[Check]:
    return [check for check in checks if check.cloud == session.target.cloud]


def _one_region(
    session: Session,
    started: str,
    config: Config,
    target: TargetConfig,
    library: Library,
) -> Estate:
    """The target with one of its regions, which stands for all."""
    values = resolve_params(library.parameters, {**config.params, **target.params})
    everywhere = estate(session, values, started)
    return replace(everywhere, regions=session.regions[:1], regions_open="")


def _report(
    collected: Collected,
    library: Library,
    checks: Sequence[Check],
) -> Preflight:
    session = collected.opened
    if isinstance(session, Unreachable):
        return Preflight(target=session.target, closed=session.why)
    selected = _of_cloud(checks, session)
    answers = {answer.call.operation: answer for answer in collected.answers.values()}
    requests = _requests(library, selected)
    # No verdict needs them, and an inventory that is not in use refuses nothing.
    counting = inventory_requests(library, [session.target.cloud])
    beside = {request.operation for request in counting} - requests.keys()
    refused: list[str] = []
    unclear: dict[str, str] = {}
    for name, answer in sorted(answers.items()):
        if answer.state is State.DENIED:
            refused.append(name)
        elif name not in beside and _is_unclear(answer, requests.get(name), session):
            unclear[name] = answer.reason
    found = losses(
        library,
        selected,
        PROVIDERS.get(session.target.cloud).permissions_of,
        refused,
        blinding=_blinding(session, answers),
    )
    return Preflight(
        target=session.target,
        region=", ".join(session.regions[:1]),
        answered=tuple(sorted(answers.keys() - unclear.keys() - set(refused))),
        refused=found,
        unclear=unclear,
        untried=tuple(sorted(requests.keys() - answers.keys())),
    )


def _requests(library: Library, checks: Sequence[Check]) -> dict[str, Request]:
    """By operation: the requests that the checks need."""
    requests: dict[str, Request] = {}
    for need in plan_reads(library, checks).values():
        for request in plan_requests(need):
            requests[request.operation] = request
    return requests


def _blinding(session: Session, answers: Mapping[str, Answer]) -> dict[str, Scope]:
    """By operation: the scope whose extent is not known because that operation was refused."""
    blinding: dict[str, Scope] = {}
    for name, answer in answers.items():
        if answer.reason in session.regions_open:
            blinding[name] = Scope.REGION
        if answer.reason in session.management_open:
            blinding[name] = Scope.MANAGEMENT
    return blinding


def _is_unclear(answer: Answer, request: Request | None, session: Session) -> bool:
    return not _usable(answer, request) and not _settled(answer, session)


def _settled(answer: Answer, session: Session) -> bool:
    """Whether the connection made sense of an answer: it left neither the regions nor the leader
    open.
    """
    if answer.call.key not in session.answers:
        return False
    left_open = answer.reason in session.regions_open or answer.reason in session.management_open
    return not left_open


def _usable(answer: Answer, request: Request | None) -> bool:
    """Whether a scan can use an answer, or only lacks what further pages would bring."""
    if answer.state is State.DISABLED:
        return request is not None and request.disabled_is == "empty"
    return answer.state.whole or answer.state is State.PARTIAL
