"""Make the IPE sheets (information produced by the entity): the source of every figure, as rows.

An auditor opens them as spreadsheets, and traces each figure to its call, time and record.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scanner.client.secret_detection import AWS_SECRET, forms
from scanner.core.periods.decisions import attestation_periods, waiver_periods
from scanner.core.periods.excluded import excluded_spans
from scanner.core.periods.sampling import seeds_before
from scanner.core.reading.read_plan import kept_parts, secret_paths
from scanner.history.export.control_rows import control_rows
from scanner.history.export.unassessed_rows import unassessed_rows
from scanner.history.snapshots.archived_inputs import ArchivedInputs
from scanner.history.verification.rejudge import Rejudged, name_of
from scanner.model.answers import Snapshot
from scanner.model.checks import Check, Parameter
from scanner.model.decisions import AttestationSpan, WaiverSpan
from scanner.model.findings import Assessment, Counted, CoverageRow, Population
from scanner.model.history import Record
from scanner.model.library import Library
from scanner.model.period import Draw, ExcludedSpan
from scanner.providers import cli_command
from scanner.rendering.csv_cells import CellValue

Row = Mapping[str, CellValue]
"""Values by column."""
SheetRow = tuple[str, Row]
"""The name of a sheet, and a row of it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of the IPE sheets."""

    meaning: str
    columns: tuple[str, ...]

    def cells(self, row: Row) -> Sequence[CellValue]:
        """The values of a row in the order of the columns; KeyError where one is missing."""
        return [row[column] for column in self.columns]


SHEETS: Final[Mapping[str, Sheet]] = {
    "scans": Sheet(
        "Each scan of the period: times, callers, version, pack, parameters, clock skew and "
        "verdicts, which count each check on each resource. `clock` is how the times contradict "
        "the scan before.",
        (
            "record",
            "target",
            "scope",
            "scan",
            "started",
            "finished",
            "tscan_version",
            "pack_sha256",
            "waivers_sha256",
            "attestations_sha256",
            "callers",
            "regions",
            "regions_excluded",
            "regions_not_known",
            "checks",
            "calls",
            "incomplete_calls",
            "clock_skew_seconds",
            "clock",
            "parameters_set",
            "verdicts",
            "judged_with",
            "record_sha256",
        ),
    ),
    "calls": Sheet(
        "Each call of each scan: caller, operation, parameters and state. `complete` means that "
        "the last page was reached; `cli_command` is the same request for the provider's CLI.",
        (
            "record",
            "operation",
            "region",
            "parameters",
            "attempt",
            "caller",
            "started",
            "finished",
            "state",
            "complete",
            "error_code",
            "pages",
            "items",
            "retries",
            "request_ids",
            "redacted",
            "answer_sha256",
            "cli_command",
        ),
    ),
    "populations": Sheet(
        "Each listing compared with each second source that counts or names the same resources; "
        "empty cells if there is none.",
        (
            "record",
            "target",
            "kind",
            "region",
            "listed",
            "listing_complete",
            "counted_by",
            "means",
            "counted",
            "difference",
        ),
    ),
    "refusals": Sheet(
        "Needed calls without a complete answer.",
        (
            "record",
            "target",
            "operation",
            "region",
            "state",
            "reason",
            "answers",
            "unanswered",
            "waiver",
        ),
    ),
    "unassessed": Sheet(
        "Types of resources in use that no check of the scan reads, by the inventories that count "
        "them. A row without a type is an inventory that did not answer, or is not in use.",
        ("record", "target", "region", "type", "count", "by", "counts", "state", "reason"),
    ),
    "waivers": Sheet(
        "Each waiver that scans of the period used: what it accepts, its approver, its expiry and "
        "its records.",
        (
            "target",
            "waiver",
            "accepts",
            "reason",
            "approver",
            "author",
            "compensating",
            "opened",
            "committed",
            "expires",
            "first_record",
            "first_read",
            "last_record",
            "last_read",
            "standings",
        ),
    ),
    "draws": Sheet(
        "Each sample that was drawn from this store, whatever its period: who, when, with which "
        "seed, and the other seeds with which the same control and period was drawn before. Empty "
        "if the package has only some targets.",
        (
            "control",
            "start",
            "end",
            "draw",
            "seed",
            "size",
            "drawn",
            "by",
            "seeds_before",
            "population_sha256",
            "resources",
        ),
    ),
    "exclusions": Sheet(
        "What scans of the period knew and did not read by decision: regions, accounts, kinds. "
        "`decided` names the configuration file, the options or the provider; an empty `why` "
        "means that no reason is given.",
        (
            "target",
            "what",
            "id",
            "why",
            "decided",
            "approver",
            "records",
            "first_record",
            "last_record",
        ),
    ),
    "attestations": Sheet(
        "Each attestation that scans of the period used, with the reference to its evidence.",
        (
            "attestation",
            "control",
            "statement",
            "by",
            "dated",
            "valid_until",
            "evidence",
            "first_read",
            "last_read",
        ),
    ),
    "checks": Sheet(
        "The text of every check that was evaluated, by pack.",
        (
            "pack_sha256",
            "check",
            "title",
            "severity",
            "kind",
            "where",
            "passes_when",
            "if_empty",
            "if_none_in_scope",
            "why",
        ),
    ),
    "controls": Sheet(
        "The statement of every control by clauses, with their evidence and its limits, by pack.",
        (
            "pack_sha256",
            "control",
            "clause",
            "checks",
            "attestations",
            "elsewhere",
            "population",
            "when_empty",
            "when_empty_why",
            "does_not_prove",
        ),
    ),
    "links": Sheet(
        "What each check is to each control, and what its failure means for it, by pack.",
        ("pack_sha256", "control", "check", "role", "why", "deviation"),
    ),
    "parameters": Sheet(
        "Every parameter with its default, by pack; `scans.csv` has the values that were set.",
        ("pack_sha256", "parameter", "meaning", "type", "default"),
    ),
    "redaction": Sheet(
        "Redaction rules, applied before anything is written: declared secrets by operation, and "
        "detectors.",
        ("pack_sha256", "rule", "operation", "path"),
    ),
    "not_judged": Sheet(
        "Scans without populations and refusals, because they could not be re-evaluated.",
        ("record", "target", "why"),
    ),
}


def scan_row(record: Record, snapshot: Snapshot) -> Row:
    """A row of `scans`."""
    answers = snapshot.answers.values()
    return {
        "record": name_of(record),
        "target": record.target,
        "scope": record.scope,
        "scan": record.scan,
        "started": record.started,
        "finished": record.finished,
        "tscan_version": record.version,
        "pack_sha256": record.pack_sha256,
        "waivers_sha256": record.waivers_sha256,
        "attestations_sha256": record.attestations_sha256,
        "callers": [caller.id for caller in snapshot.callers],
        "regions": record.regions,
        "regions_excluded": snapshot.regions_excluded,
        "regions_not_known": snapshot.regions_open,
        "checks": len(record.checks),
        "calls": len(snapshot.answers),
        "incomplete_calls": sum(not answer.state.whole for answer in answers),
        "clock_skew_seconds": snapshot.clock_skew,
        "clock": record.clock,
        "parameters_set": record.params,
        "verdicts": record.counts,
        "judged_with": record.together,
        "record_sha256": record.sha256,
    }


def call_rows(record: Record, snapshot: Snapshot) -> Iterator[Row]:
    """Rows of `calls`, in the order of the evidence."""
    name = name_of(record)
    # A snapshot may name no caller at all; every answer then has caller 0.
    callers = dict(enumerate(caller.id for caller in snapshot.callers))
    # In the order of the evidence, so that a sheet can be laid beside it.
    for key in sorted(snapshot.answers):
        answer = snapshot.answers[key]
        call = answer.call
        yield {
            "record": name,
            "operation": call.operation,
            "region": call.region,
            "parameters": call.params,
            "attempt": call.attempt,
            "caller": callers.get(answer.caller, ""),
            "started": answer.started,
            "finished": answer.finished,
            "state": answer.state.value,
            "complete": answer.state.whole,
            "error_code": answer.code,
            "pages": answer.pages,
            "items": answer.count,
            "retries": answer.retries,
            "request_ids": answer.request_ids,
            "redacted": answer.redacted,
            "answer_sha256": answer.sha256,
            "cli_command": cli_command(snapshot.target.cloud, call),
        }


def decision_rows(
    chains: Iterable[Sequence[Record]],
    in_period: Callable[[Record], bool],
    inputs: ArchivedInputs,
) -> Iterator[SheetRow]:
    """Rows of `waivers` and `attestations`. The chains are complete: a waiver may begin earlier."""
    records: list[Record] = []
    for chain in chains:
        records += filter(in_period, chain)
        for span in waiver_periods(chain, in_period, inputs.waivers):
            yield "waivers", _waiver(span)
    for statement in attestation_periods(records, inputs.attestations):
        yield "attestations", _attestation(statement)


def _waiver(span: WaiverSpan) -> Row:
    return {
        "target": span.target,
        "waiver": span.waiver,
        "accepts": span.accepts,
        "reason": span.reason,
        "approver": span.approver,
        "author": span.author,
        "compensating": span.compensating,
        "opened": span.opened.isoformat(),
        "committed": span.committed,
        "expires": span.expires.isoformat(),
        "first_record": span.first_seq,
        "first_read": span.first_read,
        "last_record": span.last_seq,
        "last_read": span.last_read,
        "standings": [str(standing) for standing in span.standings],
    }


def _attestation(span: AttestationSpan) -> Row:
    return {
        "attestation": span.attestation,
        "control": span.control,
        "statement": span.statement,
        "by": span.by,
        "dated": span.dated.isoformat(),
        "valid_until": span.valid_until.isoformat(),
        "evidence": span.evidence,
        "first_read": span.first_read,
        "last_read": span.last_read,
    }


def exclusion_rows(chains: Iterable[Sequence[Record]]) -> Iterator[SheetRow]:
    """Rows of `exclusions`; the chains hold the records of the period alone."""
    for records in chains:
        for span in excluded_spans(records):
            for identity in span.ids:
                yield "exclusions", _exclusion(span, identity)


def _exclusion(span: ExcludedSpan, identity: str) -> Row:
    return {
        "target": span.target,
        "what": span.what,
        "id": identity,
        "why": span.why,
        "decided": span.decided,
        "approver": span.approver,
        "records": span.records,
        "first_record": span.first_seq,
        "last_record": span.last_seq,
    }


def draw_rows(draws: Sequence[Draw]) -> Iterator[SheetRow]:
    """Rows of `draws`."""
    for draw in draws:
        yield (
            "draws",
            {
                "control": draw.control,
                "start": draw.start,
                "end": draw.end,
                "draw": draw.number,
                "seed": draw.seed,
                "size": draw.size,
                "drawn": draw.drawn,
                "by": draw.by,
                "seeds_before": seeds_before(draw, draws),
                "population_sha256": draw.population_sha256,
                "resources": draw.items,
            },
        )


def rejudged_rows(rejudged: Rejudged, targets: Collection[str]) -> Iterator[SheetRow]:
    """Rows of `populations`, `refusals` and `not_judged` about these targets."""
    assessment = rejudged.assessment
    if assessment is None:
        for record in rejudged.records:
            if record.target in targets:
                yield "not_judged", _not_judged(record, rejudged.why_not)
    else:
        yield from _assessment_rows(rejudged.records, assessment, targets)


def _assessment_rows(
    records: Iterable[Record],
    assessment: Assessment,
    targets: Collection[str],
) -> Iterator[SheetRow]:
    names = {record.target: name_of(record) for record in records}
    # Accounts of an organization are judged together; rows of those that were not selected, but
    # not rows about the organization itself, are left out.
    left_out = names.keys() - set(targets)
    for population in assessment.populations:
        if population.target not in left_out:
            for row in _population_rows(names.get(population.target, ""), population):
                yield "populations", row
    for row in unassessed_rows(names, assessment):
        if row["target"] not in left_out:
            yield "unassessed", row
    for gap in assessment.coverage:
        if gap.target not in left_out and _is_refusal(gap):
            yield "refusals", _refusal(names.get(gap.target, ""), gap)


def _not_judged(record: Record, why: str) -> Row:
    return {"record": name_of(record), "target": record.target, "why": why}


def _population_rows(record: str, population: Population) -> Iterator[Row]:
    """A row for each second source; one with empty cells where there is none."""
    for source in population.counts or (Counted(by="", means=""),):
        # Empty, and not 0: where nothing was counted, nothing is shown to agree.
        difference = None
        if source.number is not None:
            difference = population.listed - source.number
        yield {
            "record": record,
            "target": population.target,
            "kind": population.kind,
            "region": population.region,
            "listed": population.listed,
            "listing_complete": population.whole,
            "counted_by": source.by,
            "means": source.means,
            "counted": source.number,
            "difference": difference,
        }


def _is_refusal(coverage: CoverageRow) -> bool:
    return not coverage.state.whole or coverage.unanswered > 0


def _refusal(record: str, coverage: CoverageRow) -> Row:
    return {
        "record": record,
        "target": coverage.target,
        "operation": coverage.operation,
        "region": coverage.region,
        "state": coverage.state.value,
        "reason": coverage.reason,
        "answers": coverage.answers,
        "unanswered": coverage.unanswered,
        "waiver": coverage.waiver,
    }


def pack_rows(library: Library) -> Iterator[SheetRow]:
    """Rows of `checks`, `controls`, `links`, `parameters` and `redaction` for one pack."""
    pack = library.sha256
    for _, control in sorted(library.controls.items()):
        yield from control_rows(pack, control)
    for _, check in sorted(library.checks.items()):
        yield "checks", _check(pack, check)
    for name, parameter in sorted(library.parameters.items()):
        yield "parameters", _parameter(pack, name, parameter)
    for operation, paths in sorted(secret_paths(library).items()):
        for path in paths:
            yield "redaction", _redaction(pack, "declared", operation, path)
    for operation, kept in sorted(kept_parts(library).items()):
        for path, pattern in sorted(kept.items()):
            yield "redaction", _redaction(pack, f"declared, but for {pattern}", operation, path)
    for name in sorted({AWS_SECRET, *(form.name for form in forms())}):
        yield "redaction", _redaction(pack, f"detected: {name}", "any", "any text")


def _check(pack: str, check: Check) -> Row:
    where = ""
    if check.where:
        where = check.where.source.strip()
    return {
        "pack_sha256": pack,
        "check": check.id,
        "title": check.title,
        "severity": check.severity.value,
        "kind": check.kind,
        "where": where,
        "passes_when": check.pass_when.source.strip(),
        "if_empty": check.if_empty.value,
        "if_none_in_scope": check.if_none_in_scope.value,
        "why": check.why,
    }


def _parameter(pack: str, name: str, parameter: Parameter) -> Row:
    default: object = "(to be set)"
    if parameter.has_default:
        default = parameter.default
    # Other values, such as durations, have no form of their own in a spreadsheet.
    if not isinstance(default, (str, int, float, list, dict)):
        default = str(default)
    return {
        "pack_sha256": pack,
        "parameter": name,
        "meaning": parameter.meaning,
        "type": parameter.type,
        "default": default,
    }


def _redaction(pack: str, rule: str, operation: str, path: str) -> Row:
    return {"pack_sha256": pack, "rule": rule, "operation": operation, "path": path}
