"""Renders one finding with its evidence, condition and values: for people, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.model.answers import Answer, Snapshot
from scanner.model.checks import Check
from scanner.model.findings import Finding, Observation
from scanner.model.kinds import Kind
from scanner.providers import cli_command
from scanner.rendering.sanitize import Json, json_value, sanitized, shortened
from scanner.words import plural

SCHEMA: Final = "tscan.reperform/1"
_SHOWN: Final = 4000
"""Characters of one answer that are printed for people; all are in the JSON document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reperformed:
    """A finding that was evaluated again from its evidence."""

    snapshot: Snapshot
    """The snapshot that the evidence is from; without its answers."""
    record: str
    """The record in history; `` for a snapshot that was given as a file."""
    recorded: str
    """The verdict in history; `` where there is none."""
    pack_sha256: str
    check: Check
    kind: Kind
    finding: Finding
    observed: tuple[Observation, ...]
    params: Mapping[str, Any]
    """The parameters that the check reads, with the values that judged."""
    evidence: tuple[Answer, ...]
    """The answers without which the finding would be another."""
    beside: int
    """Answers of the same operations that make no difference to it."""
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether history has the same verdict; true where it has none to compare with."""
        return not self.recorded or self.recorded == self.finding.verdict.value

    @property
    def reads(self) -> Mapping[str, str]:
        """Attributes that the check reads, each with its expression over raw answers."""
        attributes = self.kind.attributes
        names = sorted(_self_members(self.check))
        return {
            name: " ".join(attributes[name].api.source.split())
            for name in names
            if name in attributes
        }


def _self_members(check: Check) -> set[str]:
    """The first members below `self` that a check's conditions name."""
    names: set[str] = set()
    for expression in check.expressions:
        for path in expression.paths:
            if path[0] == "self" and len(path) > 1:
                names.add(path[1])
    return names


def as_json(one: Reperformed) -> str:
    """The finding with every answer complete, as one JSON document in ASCII."""
    finding = one.finding
    resource = finding.resource
    without_waiver = ""
    if finding.without_waiver:
        without_waiver = finding.without_waiver.value
    document = {
        "schema": SCHEMA,
        "target": one.snapshot.target,
        "scan": one.snapshot.id,
        "started": one.snapshot.started,
        "finished": one.snapshot.finished,
        "version": one.snapshot.version,
        "record": one.record,
        "pack_sha256": one.pack_sha256,
        "check": {"id": one.check.id, "title": one.check.title, **_conditions(one.check)},
        "resource": {
            "kind": resource.kind,
            "id": resource.id,
            "name": resource.name,
            "region": resource.region,
        },
        "verdict": finding.verdict.value,
        "recorded": one.recorded,
        "reason": finding.reason,
        "waiver": finding.waiver,
        "without_waiver": without_waiver,
        "observed": [{"path": item.path, "value": json_value(item.value)} for item in one.observed],
        "reads": dict(one.reads),
        "params": json_value(one.params),
        "evidence": [_answer(one, answer) for answer in one.evidence],
        "beside": one.beside,
        "notes": list(one.notes),
    }
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _conditions(check: Check) -> dict[str, str]:
    conditions: dict[str, str] = {}
    if check.where:
        conditions["where"] = check.where.source.strip()
    conditions["pass_when"] = check.pass_when.source.strip()
    return conditions


def _answer(one: Reperformed, answer: Answer) -> dict[str, Json]:
    return {
        "operation": answer.call.operation,
        "region": answer.call.region,
        "params": json_value(answer.call.params),
        "attempt": answer.call.attempt,
        "state": answer.state.value,
        "code": answer.code,
        "message": answer.message,
        "caller": _caller(one, answer),
        "started": answer.started,
        "finished": answer.finished,
        "request_ids": list(answer.request_ids),
        "pages": answer.pages,
        "count": answer.count,
        "redacted": list(answer.redacted),
        "sha256": answer.sha256,
        "data": json_value(answer.data),
        "native": cli_command(one.snapshot.target.cloud, answer.call),
    }


def _caller(one: Reperformed, answer: Answer) -> str:
    """The identity that made the call; `` where the snapshot does not hold it."""
    callers = one.snapshot.callers
    if answer.caller < len(callers):
        return callers[answer.caller].id
    return ""


def as_text(one: Reperformed) -> str:
    """The finding for people; a long answer is cut, and a line says how much of it."""
    return "\n".join(map(sanitized, _lines(one))) + "\n"


def _lines(one: Reperformed) -> Iterator[str]:
    yield from _heading(one)
    yield from _condition(one)
    for number, answer in enumerate(one.evidence, 1):
        yield ""
        yield from _evidence(one, number, answer)
    # Several answers may each suffice: then the finding stays the same without any one of them.
    if not one.evidence:
        yield "No single answer decides the finding."
    yield ""
    others = plural(one.beside, "other answer")
    yield f"{others} of the same operations did not affect this finding."


def _heading(one: Reperformed) -> Iterator[str]:
    finding, snapshot = one.finding, one.snapshot
    yield f"{finding.check}  {finding.resource.id}  {finding.resource.region}".rstrip()
    yield f"  {one.check.title}"
    verdict = finding.verdict.value
    if finding.without_waiver:
        verdict += f" (waiver {finding.waiver}; {finding.without_waiver} without it)"
    yield f"verdict    {verdict}"
    if one.recorded and one.same:
        yield f"recorded   {one.recorded}"
    elif one.recorded:
        yield f"recorded   {one.recorded}: DIFFERS from what the evidence gives"
    if finding.reason:
        yield f"reason     {finding.reason}"
    times = f"{snapshot.started} to {snapshot.finished}"
    yield f"scan       {snapshot.id} of {snapshot.target}, {times}"
    if one.record:
        yield f"record     {one.record}"
    yield f"pack       {one.pack_sha256}"


def _condition(one: Reperformed) -> Iterator[str]:
    """The conditions of the check, and the values that decided them."""
    for name, source in _conditions(one.check).items():
        yield f"{name:<10} {' '.join(source.split())}"
    for item in one.observed:
        yield f"observed   {item.path} = {shortened(item.value, 400)}"
    for name, value in one.params.items():
        yield f"parameter  {name} = {shortened(value, 400)}"
    for name, source in one.reads.items():
        yield f"read       {name} from {source}"
    for note in one.notes:
        yield f"note       {note}"


def _evidence(one: Reperformed, number: int, answer: Answer) -> Iterator[str]:
    call = answer.call
    params = json.dumps(json_value(call.params), ensure_ascii=True)
    yield f"evidence {number}: {call.place} {params}"
    state = answer.state.value
    if answer.code:
        state += f" ({answer.code}: {answer.message})"
    yield f"  answer   {state}, {plural(answer.pages, 'page')}, {plural(answer.count, 'item')}"
    caller = _caller(one, answer) or "an unknown caller"
    yield f"  when     {answer.started} to {answer.finished} by {caller}"
    yield f"  request  {', '.join(answer.request_ids) or 'no request id'}"
    yield f"  sha256   {answer.sha256}"
    if answer.redacted:
        yield f"  redacted {', '.join(answer.redacted)}"
    yield f"  command  {cli_command(one.snapshot.target.cloud, call)}"
    # ASCII: the lines below are not sanitized one by one, and a line break in a name is an escape.
    text = json.dumps(json_value(answer.data), indent=2, ensure_ascii=True)
    for line in text[:_SHOWN].split("\n"):
        yield f"    {line}"
    if len(text) > _SHOWN:
        yield f"    … {len(text) - _SHOWN} more characters: see --format json"
