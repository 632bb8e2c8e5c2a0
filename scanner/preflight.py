"""A look before a scan: each operation that needs no answer before it is called once, and what is refused is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanner.collect import Collection
from scanner.core.need import needs
from scanner.core.params import resolve_params
from scanner.core.permissions import Loss, losses, need_requests
from scanner.core.project import Estate, plan
from scanner.executors import EXECUTORS
from scanner.model.answers import Answer, Call, State
from scanner.model.config import Config, TargetConfig
from scanner.model.kinds import Request
from scanner.model.library import Library
from scanner.sources import PERMISSIONS, READERS, SOURCES, Rules

DEADLINE = 60.0
"""Seconds for one call; a look that takes minutes is a scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """What a target lets us read, as far as that is known without a listing's items."""

    target: str
    region: str
    """The one region that was asked."""
    answered: tuple[str, ...]
    """Operations that were allowed."""
    refused: tuple[Loss, ...]
    unclear: Mapping[str, str]
    """Operations that failed for another reason, with it."""
    untried: tuple[str, ...]
    """Operations whose arguments come out of a listing: only a scan can tell."""

    @property
    def clear(self) -> bool:
        """Whether all that was asked was allowed."""
        return not self.refused and not self.unclear


def preflight(
    config: Config, library: Library, *, checks: tuple[str, ...] | None = None, threads: int = 16
) -> list[Preflight]:
    """What every configured target refuses of the first calls of a scan; TscanError where one cannot be entered."""
    return [_target(target, config, library, checks, threads) for target in config.targets]


def _target(
    target: TargetConfig, config: Config, library: Library, checks: tuple[str, ...] | None, threads: int
) -> Preflight:
    session = SOURCES.get(target.cloud)().open(target, Rules(call_deadline=DEADLINE))
    default = PERMISSIONS.get(target.cloud)
    names = sorted(library.checks if checks is None else set(checks))
    selected = [library.checks[name] for name in names if library.checks[name].cloud == session.target.cloud]
    region = session.regions[0]
    estate = Estate(
        target=session.target,
        account=session.target.account,
        partition=session.partition,
        regions=(region,),
        regions_open="",
        params=resolve_params(library.parameters, {**config.params, **target.params}),
    )
    first = Collection(plan(library, selected, READERS.get, estate), {}).first
    answers = dict(session.answers)
    asked = {answer.call.operation for answer in answers.values()}
    calls = {call.operation: call for call in reversed(first) if call.operation not in asked}

    def then(call: Call, answer: Answer) -> list[Call]:
        answers[call.key] = answer
        return []

    EXECUTORS.get("threads" if threads > 1 else "serial")(threads).run(session, calls.values(), then)
    by_operation = {item.call.operation: item for item in answers.values()}
    # Without the list of regions, nothing that is read in each of them was read whole.
    blinding = [
        name for name, item in by_operation.items() if session.regions_open and item.reason == session.regions_open
    ]
    refused = [name for name, item in by_operation.items() if item.state is State.DENIED]
    requests = {
        request.operation: request for need in needs(library, selected).values() for request in need_requests(need)
    }
    unclear = {
        name: item.reason
        for name, item in sorted(by_operation.items())
        if item.state is not State.DENIED and not _allowed(item, requests.get(name))
    }
    return Preflight(
        target=session.target,
        region=region,
        answered=tuple(sorted(by_operation.keys() - unclear.keys() - set(refused))),
        refused=losses(library, selected, default, refused, blinding=blinding),
        unclear=unclear,
        untried=tuple(sorted(requests.keys() - by_operation.keys())),
    )


def _allowed(answer: Answer, request: Request | None) -> bool:
    """Whether an answer is one that a scan can use, or only lacks what more pages would bring."""
    if answer.state is State.DISABLED:
        return request is not None and request.disabled_is == "empty"
    return answer.state.whole or answer.state is State.PARTIAL
