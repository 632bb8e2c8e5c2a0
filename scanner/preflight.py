"""A look before a scan: each operation that needs no answer before it is called once, and what is refused is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from scanner.client.interfaces import Rules, Session, Unreachable
from scanner.collect import Collected, Collection, collect_all, estate
from scanner.core.judging.parameters import resolve_params
from scanner.core.permissions import Loss, asks_organization, losses, need_requests
from scanner.core.reading.answer_lookup import AnswerLookup
from scanner.core.reading.inventory import asked_in_bulk, in_bulk
from scanner.core.reading.projection import plan
from scanner.core.reading.read_plan import plan_reads
from scanner.executors import EXECUTORS
from scanner.model.answers import Answer, Call, State
from scanner.model.checks import Check
from scanner.model.config import Config, TargetConfig
from scanner.model.kinds import Request, Scope
from scanner.model.library import Library
from scanner.providers import PROVIDERS, reader

DEADLINE = 60.0
"""Seconds for one call; a look that takes minutes is a scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """What a target lets us read, as far as that is known without a listing's items."""

    target: str
    closed: str = ""
    """Why the target could not be entered; then nothing else is known."""
    region: str = ""
    """The one region that was asked."""
    answered: tuple[str, ...] = ()
    """Operations that were allowed."""
    refused: tuple[Loss, ...] = ()
    unclear: Mapping[str, str] = field(default_factory=dict)
    """Operations that failed for another reason, with it."""
    untried: tuple[str, ...] = ()
    """Operations whose arguments come out of a listing: only a scan can tell."""

    @property
    def clear(self) -> bool:
        """Whether all that was asked was allowed."""
        return not self.closed and not self.refused and not self.unclear


@dataclass(frozen=True, slots=True)
class _Probe:
    """Calls that are asked for their outcome alone."""

    calls: tuple[Call, ...]

    def ask(self, door: AnswerLookup) -> None:
        """Ask them all; nothing follows from what they say."""
        for call in self.calls:
            door.ask(call)


def preflight(
    config: Config, library: Library, *, checks: tuple[str, ...] | None = None, threads: int = 16
) -> Iterator[Preflight]:
    """What each target refuses of the first calls of a scan; TscanError where a configured one cannot be entered."""
    selected = [
        library.checks[name] for name in sorted(library.checks if checks is None else set(checks))
    ]
    rules = Rules(call_deadline=DEADLINE, organization=asks_organization(library, selected))
    found = [
        (target, door)
        for target in config.targets
        for door in PROVIDERS.get(target.cloud).connect(target, rules)
    ]

    def read(number: int) -> Library:
        target = found[number][0]
        mine = [check for check in selected if check.cloud == target.cloud]
        return in_bulk(library, asked_in_bulk(target, library, mine))

    def units(number: int, session: Session, started: str) -> Iterable[_Probe]:
        asked = {answer.call.operation for answer in session.answers.values()}
        first = _first(session, started, config, found[number][0], read(number), selected)
        return [
            _Probe(
                tuple(call for operation, call in sorted(first.items()) if operation not in asked)
            )
        ]

    executor = EXECUTORS.get("threads" if threads > 1 else "serial")(threads)
    for collected in collect_all([door for _, door in found], units, executor, lambda _: None):
        yield _report(collected, read(collected.number), selected)


def _of_cloud(checks: Sequence[Check], session: Session) -> list[Check]:
    return [check for check in checks if check.cloud == session.target.cloud]


def _first(
    session: Session,
    started: str,
    config: Config,
    target: TargetConfig,
    library: Library,
    checks: Sequence[Check],
) -> dict[str, Call]:
    """By operation: a call that a scan begins with, in one region."""
    values = resolve_params(library.parameters, {**config.params, **target.params})
    place = replace(estate(session, values, started), regions=session.regions[:1], regions_open="")
    calls = Collection(plan(library, _of_cloud(checks, session), reader, place), {}).first
    return {call.operation: call for call in reversed(calls)}


def _report(collected: Collected, library: Library, checks: Sequence[Check]) -> Preflight:
    session = collected.opened
    if isinstance(session, Unreachable):
        return Preflight(target=session.target, closed=session.why)
    selected = _of_cloud(checks, session)
    answers = {answer.call.operation: answer for answer in collected.answers.values()}
    blinding = {
        name: scope
        for name, item in answers.items()
        for scope, why in (
            (Scope.REGION, session.regions_open),
            (Scope.MANAGEMENT, session.management_open),
        )
        if item.reason in why
    }
    refused = [name for name, item in answers.items() if item.state is State.DENIED]
    requests = {
        request.operation: request
        for need in plan_reads(library, selected).values()
        for request in need_requests(need)
    }
    unclear = {
        name: item.reason
        for name, item in sorted(answers.items())
        if item.state is not State.DENIED
        and not _allowed(item, requests.get(name))
        and not _settled(item, session)
    }
    default = PROVIDERS.get(session.target.cloud).permissions_of
    return Preflight(
        target=session.target,
        region=", ".join(session.regions[:1]),
        answered=tuple(sorted(answers.keys() - unclear.keys() - set(refused))),
        refused=losses(library, selected, default, refused, blinding=blinding),
        unclear=unclear,
        untried=tuple(sorted(requests.keys() - answers.keys())),
    )


def _settled(answer: Answer, session: Session) -> bool:
    """Whether opening the target knew what to make of an answer: it left neither the regions nor the leader open."""
    mine = answer.call.key in session.answers
    return mine and not any(
        answer.reason in why for why in (session.regions_open, session.management_open)
    )


def _allowed(answer: Answer, request: Request | None) -> bool:
    """Whether an answer is one that a scan can use, or only lacks what more pages would bring."""
    if answer.state is State.DISABLED:
        return request is not None and request.disabled_is == "empty"
    return answer.state.whole or answer.state is State.PARTIAL
