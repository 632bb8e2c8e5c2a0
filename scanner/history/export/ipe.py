"""Information produced by the entity: where every figure comes from, as rows for an auditor's spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from typing import Any, Final

from scanner.client.secret_detection import PLUGINS
from scanner.core.periods.decisions import attestation_spans, waiver_spans
from scanner.core.reading.read_plan import secret_paths
from scanner.history.snapshots.archived_inputs import ArchivedInputs
from scanner.history.verification.rejudge import Rejudged, name_of
from scanner.model.answers import Snapshot
from scanner.model.findings import Counted, CoverageRow, Population
from scanner.model.history import Record
from scanner.model.library import Library
from scanner.providers import cli_command

Row = Sequence[Any]
Rows = Iterator[Row]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of the IPE sheets."""

    meaning: str
    columns: tuple[str, ...]


SHEETS: Final[Mapping[str, Sheet]] = {
    "scans": Sheet(
        "Each scan of the period: when, by whom, with which version, pack, parameters and clock, and what it says.",
        (
            "record", "target", "scan", "started", "finished", "tscan_version", "pack_sha256", "waivers_sha256",
            "attestations_sha256", "callers", "regions", "regions_excluded", "regions_not_known", "checks", "calls",
            "not_whole", "clock_skew_seconds", "parameters_set", "verdicts", "judged_with", "record_sha256",
        ),
    ),
    "calls": Sheet(
        "Each call of each scan: who asked what, exactly, and how the answer ended. `whole` says that the last page "
        "was reached; `native` is the provider's own command for the same question.",
        (
            "record", "operation", "region", "parameters", "attempt", "caller", "started", "finished", "state",
            "whole", "error_code", "pages", "items", "retries", "request_ids", "redacted", "answer_sha256", "native",
        ),
    ),
    "populations": Sheet(
        "Each listing beside each second source that counts the same or names some of it; none: the cells are empty.",
        (
            "record", "target", "kind", "region", "listed", "listed_whole", "counted_by", "means", "counted",
            "difference",
        ),
    ),
    "refusals": Sheet(
        "What was meant to be read and was not read whole.",
        ("record", "target", "operation", "region", "state", "reason", "answers", "unanswered", "waiver"),
    ),
    "waivers": Sheet(
        "Each waiver that scans of the period were given: what is accepted, by whom, until when, and in which records.",
        (
            "target", "waiver", "accepts", "reason", "approver", "author", "compensating", "opened", "committed",
            "expires", "first_record", "first_read", "last_record", "last_read", "standings",
        ),
    ),
    "attestations": Sheet(
        "Each statement of a person that scans of the period were given, and where its evidence is said to lie.",
        (
            "attestation", "control", "statement", "by", "dated", "valid_until", "evidence", "first_read", "last_read",
        ),
    ),
    "checks": Sheet(
        "The text of every check that judged, by pack.",
        ("pack_sha256", "check", "title", "severity", "kind", "asked_where", "passes_when", "if_empty", "why"),
    ),
    "parameters": Sheet(
        "Every parameter with its default, by pack; what the entity set stands with each scan.",
        ("pack_sha256", "parameter", "meaning", "type", "default"),
    ),
    "redaction": Sheet(
        "What is replaced before anything is written: declared secrets by operation, and what detection knows.",
        ("pack_sha256", "rule", "operation", "path"),
    ),
    "not_judged": Sheet(
        "Scans whose populations and refusals are not listed, because they could not be judged again.",
        ("record", "target", "why"),
    ),
}  # fmt: skip


def scan_row(record: Record, snapshot: Snapshot) -> Row:
    """A row of `scans`."""
    return (
        name_of(record), record.target, record.scan, record.started, record.finished, record.version,
        record.pack_sha256, record.waivers_sha256, record.attestations_sha256,
        [caller.id for caller in snapshot.callers], record.regions,
        snapshot.regions_excluded, snapshot.regions_open, len(record.checks), len(snapshot.answers),
        sum(not answer.state.whole for answer in snapshot.answers.values()), snapshot.clock_skew, record.params,
        record.counts, record.together, record.sha256,
    )  # fmt: skip


def call_rows(record: Record, snapshot: Snapshot) -> Rows:
    """Rows of `calls`, in the order of the evidence."""
    name = name_of(record)
    callers = snapshot.callers
    for key in sorted(snapshot.answers):
        one = snapshot.answers[key]
        call = one.call
        caller = callers[one.caller].id if one.caller < len(callers) else ""
        yield (
            name, call.operation, call.region, call.params, call.attempt, caller, one.started, one.finished,
            one.state.value, one.state.whole, one.code, one.pages, one.count, one.retries, one.request_ids,
            one.redacted, one.sha256, cli_command(snapshot.target.cloud, call),
        )  # fmt: skip


def said_rows(
    chains: Iterable[Sequence[Record]], inside: Callable[[Record], bool], said: ArchivedInputs
) -> Iterator[tuple[str, Row]]:
    """Rows of `waivers` and `attestations`; the chains are whole, `inside` tells the records of the period."""
    read: list[Record] = []
    for chain in chains:
        read += [record for record in chain if inside(record)]
        for span in waiver_spans(chain, inside, said.waivers):
            *cells, _ = astuple(span)
            yield "waivers", (*map(_cell, cells), [str(one) for one in span.standings])
    for statement in attestation_spans(read, said.attestations):
        yield "attestations", tuple(map(_cell, astuple(statement)))


def _cell(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def judged_rows(one: Rejudged, targets: Collection[str]) -> Iterator[tuple[str, Row]]:
    """Rows of `populations`, `refusals` and `not_judged` about these targets, each with the name of its sheet."""
    names = {record.target: name_of(record) for record in one.records}
    if one.assessment is None:
        for record in (record for record in one.records if record.target in targets):
            yield "not_judged", (name_of(record), record.target, one.why_not)
        return
    left_out = names.keys() - set(targets)
    for row in one.assessment.populations:
        if row.target not in left_out:
            yield from (
                ("populations", cells) for cells in _population(names.get(row.target, ""), row)
            )
    for gap in one.assessment.coverage:
        if gap.target not in left_out and (not gap.state.whole or gap.unanswered):
            yield "refusals", _refusal(names.get(gap.target, ""), gap)


def _population(record: str, row: Population) -> Rows:
    for one in row.counts or (Counted(by="", means=""),):
        difference = None if one.number is None else row.listed - one.number
        yield (
            record, row.target, row.kind, row.region, row.listed, row.whole, one.by, one.means, one.number, difference,
        )  # fmt: skip


def _refusal(record: str, row: CoverageRow) -> Row:
    return (
        record, row.target, row.operation, row.region, row.state.value, row.reason, row.answers, row.unanswered,
        row.waiver,
    )  # fmt: skip


def pack_rows(library: Library) -> Iterator[tuple[str, Row]]:
    """Rows of `checks`, `parameters` and `redaction` for one pack."""
    pack = library.sha256
    for _, check in sorted(library.checks.items()):
        asked = check.where.source.strip() if check.where else ""
        row = (
            pack, check.id, check.title, check.severity.value, check.kind, asked, check.pass_when.source.strip(),
            check.if_empty.value, check.why,
        )  # fmt: skip
        yield "checks", row
    for name, parameter in sorted(library.parameters.items()):
        default = parameter.default if parameter.has_default else "(to be set)"
        shown = default if isinstance(default, (str, int, float, list, dict)) else str(default)
        yield "parameters", (pack, name, parameter.meaning, parameter.type, shown)
    for operation, paths in sorted(secret_paths(library).items()):
        for path in paths:
            yield "redaction", (pack, "declared", operation, path)
    for name in sorted(PLUGINS):
        yield "redaction", (pack, f"detected: {name}", "any", "where no attribute reads")
