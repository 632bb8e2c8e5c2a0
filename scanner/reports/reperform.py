"""One finding with all that it stands on: for people, and as JSON."""

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
from scanner.rendering.sanitize import json_value, sanitized, shortened

SCHEMA: Final = "tscan.reperform/1"
_SHOWN: Final = 4000
"""Characters of one answer that people are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reperformed:
    """A finding that was made again from its evidence."""

    snapshot: Snapshot
    """Where the evidence was; without its answers."""
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
        """Whether history says the same, where it says anything."""
        return not self.recorded or self.recorded == self.finding.verdict.value

    @property
    def reads(self) -> Mapping[str, str]:
        """Attributes that the check reads, each with the expression over raw answers that gives it."""
        names = {
            path[1]
            for one in self.check.expressions
            for path in one.paths
            if path[0] == "self" and path[1:]
        }
        known = self.kind.attributes
        return {
            name: " ".join(known[name].api.source.split())
            for name in sorted(names)
            if name in known
        }


def as_json(one: Reperformed) -> str:
    """All of it, with every answer whole; one document, ASCII."""
    finding, resource = one.finding, one.finding.resource
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
        "without_waiver": finding.without_waiver.value if finding.without_waiver else "",
        "observed": [{"path": item.path, "value": json_value(item.value)} for item in one.observed],
        "reads": dict(one.reads),
        "params": json_value(one.params),
        "evidence": [_answer(one, answer) for answer in one.evidence],
        "beside": one.beside,
        "notes": list(one.notes),
    }
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _conditions(check: Check) -> dict[str, str]:
    asked = {"where": check.where.source.strip()} if check.where else {}
    return {**asked, "pass_when": check.pass_when.source.strip()}


def _answer(one: Reperformed, answer: Answer) -> dict[str, Any]:
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
    callers = one.snapshot.callers
    return callers[answer.caller].id if answer.caller < len(callers) else ""


def as_text(one: Reperformed) -> str:
    """For people; long answers are cut, and the cut is said."""
    return "\n".join(sanitized(line) for line in _lines(one)) + "\n"


def _lines(one: Reperformed) -> Iterator[str]:
    finding, resource = one.finding, one.finding.resource
    yield f"{finding.check}  {resource.id}  {resource.region}".rstrip()
    yield f"  {one.check.title}"
    yield f"verdict    {finding.verdict.value}{_accepted(finding)}"
    if one.recorded:
        yield f"recorded   {one.recorded}{'' if one.same else ': NOT what the evidence gives'}"
    if finding.reason:
        yield f"reason     {finding.reason}"
    yield f"scan       {one.snapshot.id} of {one.snapshot.target}, {one.snapshot.started} to {one.snapshot.finished}"
    if one.record:
        yield f"record     {one.record}"
    yield f"pack       {one.pack_sha256}"
    yield from _judged(one)
    for number, answer in enumerate(one.evidence, 1):
        yield ""
        yield from _evidence(one, number, answer)
    if not one.evidence:
        yield "No single answer decides it."
    yield ""
    yield f"{one.beside} other answers of the same operations make no difference to this finding."


def _accepted(finding: Finding) -> str:
    return (
        f" (waiver {finding.waiver}; {finding.without_waiver} without it)"
        if finding.without_waiver
        else ""
    )


def _judged(one: Reperformed) -> Iterator[str]:
    """What was asked, and the values that answered it."""
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
    yield f"evidence {number}: {call.place} {json.dumps(json_value(call.params), ensure_ascii=True)}"
    code = f" ({answer.code}: {answer.message})" if answer.code else ""
    yield f"  answer   {answer.state.value}{code}, {answer.pages} pages, {answer.count} items"
    yield f"  when     {answer.started} to {answer.finished} by {_caller(one, answer) or 'an unknown caller'}"
    yield f"  request  {', '.join(answer.request_ids) or 'no id was given'}"
    yield f"  sha256   {answer.sha256}"
    if answer.redacted:
        yield f"  redacted {', '.join(answer.redacted)}"
    yield f"  shown by {cli_command(one.snapshot.target.cloud, call)}"
    text = json.dumps(json_value(answer.data), indent=2, ensure_ascii=True)
    for line in text[:_SHOWN].split("\n"):
        yield f"    {line}"
    if len(text) > _SHOWN:
        yield f"    … {len(text) - _SHOWN} characters more: --format json shows all of it"
