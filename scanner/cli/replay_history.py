"""Judges the evidence of history again, with each day's pack or today's: `tscan replay --from`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from scanner.cli.support.history_options import (
    HistoryContext,
    HistoryOptions,
    ended_within,
    open_history,
    period_between,
)
from scanner.cli.support.options import JudgingOptions, matching, parameters
from scanner.cli.support.output import show
from scanner.errors import EXIT_CLEAN, EXIT_FAILING, EXIT_UNREAD, TscanError
from scanner.rendering.sanitize import Json, sanitized

if TYPE_CHECKING:
    from scanner.formats import Report
    from scanner.history.ledger.ledger import Ledger
    from scanner.history.verification.rejudge import Judge, Rejudged
    from scanner.model.answers import Snapshot
    from scanner.model.attestations import Attestation
    from scanner.model.findings import Assessment
    from scanner.model.history import Record
    from scanner.model.library import Library
    from scanner.model.waivers import Waiver

SCHEMA: Final = "tscan.replay/1"


def replay_history(
    first: str, last: str, pack: str, options: JudgingOptions, history_options: HistoryOptions
) -> int:
    """Print one line, or one JSON document, for each scan of a period; the worst exit code.

    `pack` is `day` or `today`: whose checks judge.
    """
    from scanner.history.verification.rejudge import Rejudger

    _check_options(first, last, pack, options)
    history = open_history(history_options)
    again = Rejudger(history.ledger, _judge(history, options), history.library)
    codes: set[int] = set()
    for scan in again.run(_records(history, first, last), pack):
        # Written one by one: the assessments of a year do not fit into memory together.
        codes.add(_exit_code(scan, options))
        if options.format == ("json",):
            click.echo(_document(scan, options, history.ledger))
            continue
        for line in _lines(scan):
            show(f"{sanitized(line)}\n")
    # A period without a record is no clean period.
    if not codes:
        raise TscanError(f"no record ended between {first} and {last}", "see 'tscan history list'")
    for code in (EXIT_FAILING, EXIT_UNREAD):
        if code in codes:
            return code
    return EXIT_CLEAN


def _check_options(first: str, last: str, pack: str, options: JudgingOptions) -> None:
    """Refuse options that would be ignored: a replay must not look as if it had used them."""
    if not (first and last):
        raise TscanError("a range needs --from and --to", "give the first and the last day")
    if options.format not in ((), ("terminal",), ("json",)):
        raise TscanError(
            "a range is shown on standard output", "give --format terminal or --format json"
        )
    for name, given in _unusable(pack, options).items():
        if not given:
            continue
        hint = "leave it out"
        if name in ("--select", "--param"):
            hint = "judge with --pack today"
        raise TscanError(
            f"{name} has no meaning for history that is judged with the pack of {pack}", hint
        )


def _unusable(pack: str, options: JudgingOptions) -> dict[str, bool]:
    """Options that do not apply to history, each with whether it was given."""
    given = {
        "--severity": options.severity != "low",
        "--category": bool(options.category),
        "--waivers": options.waivers is not None,
        "--attestations": options.attestations is not None,
        "--details": options.details,
        "--controls": options.controls,
        "--quiet": options.quiet,
    }
    # Each record names its own checks and parameters: with the pack of the day those count.
    if pack == "day":
        given["--select"] = bool(options.select)
        given["--param"] = bool(options.param)
    return given


def _judge(history: HistoryContext, options: JudgingOptions) -> Judge:
    from scanner.pipeline import judge

    checks = None
    if options.select:
        checks = tuple(sorted(matching(options.select, history.library)))
    params = parameters(options, history.library)

    def judge_again(
        snapshots: Sequence[Snapshot],
        library: Library,
        waivers: tuple[Waiver, ...],
        attestations: tuple[Attestation, ...],
    ) -> Assessment:
        return judge(
            snapshots,
            library,
            checks=checks,
            params=params,
            waivers=waivers,
            attestations=attestations,
        )

    return judge_again


def _records(history: HistoryContext, first: str, last: str) -> Sequence[Record]:
    period = period_between(first, last, history.zone)
    return [record for record in history.records() if ended_within(record, period)]


def _report(scan: Rejudged, options: JudgingOptions) -> Report | None:
    """The report on a scan; None where it could not be re-evaluated."""
    from scanner.formats import Report
    from scanner.model.checks import Severity

    if scan.assessment is None or scan.library is None:
        return None
    return Report(
        assessment=scan.assessment, library=scan.library, fail_on=Severity(options.fail_on)
    )


def _exit_code(scan: Rejudged, options: JudgingOptions) -> int:
    report = _report(scan, options)
    if report is None:
        return EXIT_UNREAD
    return report.exit_code


def _document(scan: Rejudged, options: JudgingOptions, ledger: Ledger) -> str:
    """One scan as JSON on one line.

    `result` is what `tscan scan --format json` wrote, where the pack is the same.
    """
    from scanner.cli.support.evidence import first_seen_after
    from scanner.formats.json import document
    from scanner.history.verification.rejudge import record_head

    pack = {"of": scan.pack, "sha256": "", "recorded_sha256": scan.recorded_pack}
    if scan.library:
        pack["sha256"] = scan.library.sha256
    result: Json = None
    report = _report(scan, options)
    if report is not None:
        first_seen = first_seen_after(ledger, scan.records)
        result = document(replace(report, first_seen=first_seen))
    value = {
        "schema": SCHEMA,
        "records": [record_head(record) for record in scan.records],
        "pack": pack,
        "not_judged": scan.why_not,
        "result": result,
    }
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def _lines(scan: Rejudged) -> Iterator[str]:
    names = ", ".join(
        f"{record.seq:>4}  {record.chain}  {record.finished}" for record in scan.records
    )
    if scan.assessment is None or scan.library is None:
        yield f"{names}  not re-evaluated: {scan.why_not}"
        return
    source = "not the pack of the day"
    if scan.library.sha256 == scan.recorded_pack:
        source = "the pack of the day"
    counts = Counter(finding.verdict.value for finding in scan.assessment.findings)
    yield f"{names}  pack {scan.library.sha256[:16]} ({source}): {_shown(counts)}"
    recorded: Counter[str] = Counter()
    for record in scan.records:
        recorded.update(record.counts)
    # Counters are equal also where one has a count of 0 and the other none.
    if recorded != counts:
        yield f"      recorded with pack {scan.recorded_pack[:16]}: {_shown(recorded)}"


def _shown(counts: Mapping[str, int]) -> str:
    texts = [f"{count} {verdict}" for verdict, count in sorted(counts.items()) if count]
    return ", ".join(texts) or "no finding"
