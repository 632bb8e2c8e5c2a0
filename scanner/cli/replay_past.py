"""`tscan replay --from --to`: the evidence of history, judged again by the pack of its day or by today's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from scanner.cli.support.history_options import HistoryContext, between, open_past
from scanner.cli.support.options import Judging, matching, parameters
from scanner.cli.support.output import show
from scanner.errors import EXIT_CLEAN, EXIT_FAILING, EXIT_UNREAD, TscanError
from scanner.rendering.sanitize import sanitized

if TYPE_CHECKING:
    from scanner.history.verification.rejudge import Judge, Rejudged
    from scanner.model.history import Record

SCHEMA: Final = "tscan.replay/1"


def replay_past(first: str, last: str, pack: str, options: Judging, **place: Any) -> int:
    """One line for each scan of a period, or one JSON document on each line; the gravest exit code."""
    from scanner.history.verification.rejudge import Rejudge

    _check(first, last, pack, options)
    past = open_past(checks=options.checks, mappings=options.mappings, **place)
    again = Rejudge(past.ledger, _judge(past, options), past.library)
    shown = False
    codes = {EXIT_CLEAN}
    for one in again.run(_within(past, first, last), pack):
        shown = True
        codes.add(_exit(one, options))
        if options.format == ("json",):
            click.echo(_document(one, options))
            continue
        for line in _lines(one):
            show(f"{sanitized(line)}\n")
    if not shown:
        raise TscanError(f"no record ended between {first} and {last}", "see 'tscan history list'")
    return next(code for code in (EXIT_FAILING, EXIT_UNREAD, EXIT_CLEAN) if code in codes)


def _check(first: str, last: str, pack: str, options: Judging) -> None:
    if not (first and last):
        raise TscanError("a range needs --from and --to", "give the first and the last day")
    if options.format not in ((), ("terminal",), ("json",)):
        raise TscanError(
            "a range is shown on standard output", "give --format terminal or --format json"
        )
    unfit = {
        "--severity": options.severity != "low",
        "--category": bool(options.category),
        "--waivers": options.waivers is not None,
        "--attestations": options.attestations is not None,
        "--controls": options.controls,
        "--quiet": options.quiet,
    }
    if pack == "day":
        unfit |= {"--select": bool(options.select), "--param": bool(options.param)}
    for name, given in unfit.items():
        if given:
            hint = "judge with --pack today" if name in ("--select", "--param") else "leave it out"
            raise TscanError(
                f"{name} has no meaning for history that is judged with the pack of {pack}", hint
            )


def _judge(past: HistoryContext, options: Judging) -> Judge:
    from scanner.pipeline import judge

    checks = tuple(sorted(matching(options.select, past.library))) if options.select else None
    params = parameters(options, past.library)
    return lambda snapshots, library, waivers, attestations: judge(
        snapshots, library, checks=checks, params=params, waivers=waivers, attestations=attestations
    )


def _within(past: HistoryContext, first: str, last: str) -> Sequence[Record]:
    from scanner.core.calendar import moment

    period = between(first, last, past.zone)
    return [
        record
        for target in past.targets
        for record in past.ledger.records(target)
        if period.start <= moment(record.finished) < period.end
    ]


def _report(one: Rejudged, options: Judging) -> Any:
    from scanner.formats import Report
    from scanner.model.checks import Severity

    if one.assessment is None or one.library is None:
        return None
    return Report(assessment=one.assessment, library=one.library, fail_on=Severity(options.fail_on))


def _exit(one: Rejudged, options: Judging) -> int:
    report = _report(one, options)
    return EXIT_UNREAD if report is None else int(report.exit_code)


def _document(one: Rejudged, options: Judging) -> str:
    """One scan as JSON on one line; `result` is what `tscan scan --format json` wrote, where the pack is the same."""
    from scanner.formats.json import document
    from scanner.history.verification.rejudge import record_head

    report = _report(one, options)
    value = {
        "schema": SCHEMA,
        "records": [record_head(record) for record in one.records],
        "pack": {
            "of": one.pack,
            "sha256": one.library.sha256 if one.library else "",
            "recorded_sha256": one.recorded_pack,
        },
        "not_judged": one.why_not,
        "result": None if report is None else document(report),
    }
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def _lines(one: Rejudged) -> Iterator[str]:
    names = ", ".join(
        f"{record.seq:>4}  {record.target}  {record.finished}" for record in one.records
    )
    if one.assessment is None or one.library is None:
        yield f"{names}  not judged again: {one.why_not}"
        return
    same = (
        "the pack of the day"
        if one.library.sha256 == one.recorded_pack
        else "not the pack of the day"
    )
    counts = _counts(one)
    yield f"{names}  pack {one.library.sha256[:16]} ({same}): {_said(counts)}"
    recorded: dict[str, int] = {}
    for record in one.records:
        for verdict, count in record.counts.items():
            recorded[verdict] = recorded.get(verdict, 0) + count
    if {name: count for name, count in recorded.items() if count} != counts:
        yield f"      recorded with pack {one.recorded_pack[:16]}: {_said(recorded)}"


def _counts(one: Rejudged) -> dict[str, int]:
    from collections import Counter

    findings = one.assessment.findings if one.assessment else ()
    return dict(Counter(finding.verdict.value for finding in findings))


def _said(counts: dict[str, int]) -> str:
    return (
        ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()) if count)
        or "no finding"
    )
