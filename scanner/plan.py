"""Evaluates Terraform plans: reads and reduces them to evidence, and judges that evidence."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from scanner import __version__
from scanner.client.redaction import text_redactor
from scanner.content.plan_maps import PlanMaps, reads_of
from scanner.core.judging.parameters import resolve_params
from scanner.core.plans.agreement import differing_blocks, without_trust
from scanner.core.plans.judging import judge_plans
from scanner.core.plans.map_reader import PlanEstate
from scanner.core.plans.projection import LiveWorld
from scanner.core.plans.reduction import Sources, reduce_plan
from scanner.core.reading.answer_lookup import AnswerLookup, read_data
from scanner.core.reading.inventory import with_inventory
from scanner.core.reading.projection import Estate, read_kinds
from scanner.errors import TscanError
from scanner.model.answers import Answer, Call, Snapshot, State, Target, canonical
from scanner.model.checks import Check
from scanner.model.library import Library
from scanner.model.plan_findings import PlanReport
from scanner.model.plan_maps import PlanReads
from scanner.providers import reader
from scanner.terraform.plan_file import read_plan
from scanner.terraform.plan_shape import check_depth, nested_too_deeply

_VALUE: Final = re.compile(r"^resources\[\d+\]\.(?:before|after|source\.waivers)\b")
"""Paths of values in a reduced plan; what stands elsewhere is a name."""
OPERATION: Final = "terraform:ShowPlan"
"""The call that a plan is the answer of."""


def collect_plans(
    paths: Sequence[str], maps: PlanMaps, sources: Sources, *, name: str, now: datetime
) -> Snapshot:
    """The evidence of some plans: what maps read of them, without secrets.

    TscanError for a file that is not a plan, and for one plan that is given twice.
    """
    reads = reads_of(maps)
    redactor = text_redactor()
    answers: dict[str, Answer] = {}
    started = _stamp(now)
    for path in paths:
        data = read_plan(path)
        reduced, redacted = redactor.clean(OPERATION, _reduced(data, path, reads, sources))
        _refuse_redacted_names(redacted, path)
        digest = _digest(reduced, path)
        call = Call(operation=OPERATION, region="", params={"plan": path, "sha256": digest})
        if call.key in answers:
            raise TscanError(f"{path} is given twice", "name each plan once")
        answers[call.key] = Answer(
            call=call,
            state=State.OK,
            data=reduced,
            started=started,
            finished=started,
            count=len(reduced["resources"]),
            redacted=redacted,
        )
    return Snapshot(
        id=hashlib.sha256("".join(sorted(answers)).encode()).hexdigest()[:32],
        target=Target(f"terraform:{name}"),
        started=started,
        finished=started,
        version=__version__,
        regions=(),
        checks=(),
        params={},
        callers=(),
        answers=answers,
    )


def _reduced(data: dict[str, Any], path: str, reads: PlanReads, sources: Sources) -> dict[str, Any]:
    differing = differing_blocks(data, sources)
    try:
        reduced = reduce_plan(data, reads, without_trust(sources, differing))
    except RecursionError as error:
        raise nested_too_deeply(path) from error
    check_depth(reduced, path)
    if differing:
        reduced["differing"] = differing
    return reduced


def _digest(reduced: Any, path: str) -> str:
    try:
        return hashlib.sha256(canonical(reduced).encode()).hexdigest()
    except UnicodeEncodeError as error:
        # JSON can escape half of a character, which nothing can write.
        hint = "give what terraform show -json wrote, unchanged"
        raise TscanError(f"{path} holds half of a character: a lone surrogate", hint) from error


def _refuse_redacted_names(redacted: Iterable[str], path: str) -> None:
    """TscanError where a name looks like a secret: without it, a resource cannot be told apart."""
    for place in redacted:
        if _VALUE.search(place) is None:
            message = f"{path}: a name looks like a secret, and none is kept ({place})"
            raise TscanError(message, "rename it; the keys of for_each and count are part of names")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanQuestion:
    """What is asked of some plans, and over what."""

    plans: Mapping[str, Mapping[str, Any]]
    """Reduced, by name."""
    checks: Sequence[Check]
    estate: PlanEstate
    live: LiveWorld


def plan_question(
    snapshot: Snapshot,
    library: Library,
    maps: PlanMaps,
    *,
    checks: Collection[str] | None = None,
    params: Mapping[str, Any] | None = None,
    account: str = "",
    over: Snapshot | None = None,
) -> PlanQuestion:
    """What is asked of the plans in a snapshot.

    `checks` are ids (None: all), `params` those that differ from their defaults. `over` is a scan
    of the account that the plans change.
    """
    plans = plans_in(snapshot)
    set_before = {} if over is None else over.params
    resolved = resolve_params(library.parameters, {**set_before, **(params or {})})
    clouds = {name.partition(".")[0] for name in maps} if over is None else {over.target.cloud}
    wanted = library.checks if checks is None else checks
    chosen = [
        library.checks[name]
        for name in sorted(wanted)
        if library.outline(name).kind.partition(".")[0] in clouds
    ]
    estate = PlanEstate(
        target=snapshot.target,
        params=resolved,
        started=snapshot.started,
        account=account,
    )
    live = LiveWorld()
    if over is not None:
        estate = replace(
            estate,
            started=over.started,
            partition=over.partition,
            account=account or over.target.account,
        )
        live = _live(over, library, chosen, resolved)
    return PlanQuestion(plans=plans, checks=chosen, estate=estate, live=live)


def judge_question(asked: PlanQuestion, library: Library, maps: PlanMaps) -> PlanReport:
    """What the plans make worse, better or leave as it is: a pure function of the question."""
    return judge_plans(asked.plans, library, maps, asked.checks, asked.estate, asked.live)


def plans_in(snapshot: Snapshot) -> dict[str, Mapping[str, Any]]:
    """The reduced plans in a snapshot by name; TscanError where it holds none."""
    plans: dict[str, Mapping[str, Any]] = {}
    for answer in snapshot.answers.values():
        if answer.call.operation == OPERATION:
            # A value that was redacted is unread, as in any answer.
            data: Any = read_data(answer)
            plans[answer.call.params["plan"]] = data
    if not plans:
        raise TscanError(f"{snapshot.target} holds no plan", "name a snapshot of tscan plan")
    return plans


def _live(
    over: Snapshot, library: Library, checks: Sequence[Check], params: Mapping[str, Any]
) -> LiveWorld:
    read = with_inventory(library, over.bulk)
    kinds = read_kinds(AnswerLookup(over.answers), read, checks, reader, Estate.of(over, params))
    return LiveWorld(account=over.target.account, regions=frozenset(over.regions), kinds=kinds)


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def target_name(source: Path | None) -> str:
    """The name of a target without one: the folder of its configuration."""
    return (source or Path.cwd()).resolve().name or "plan"
