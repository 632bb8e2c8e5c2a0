"""Filters findings, and renders them as a table, CSV and JSON: `tscan.findings/1`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from scanner.core.judging.links import Links
from scanner.errors import TscanError
from scanner.formats import Report
from scanner.formats.json import finding_rows, links_in_scope, written
from scanner.model.checks import Severity
from scanner.model.findings import Finding, Verdict
from scanner.model.library import Library
from scanner.rendering.csv_cells import CellValue, csv_text
from scanner.rendering.fix_command import fix_command
from scanner.rendering.sanitize import sanitized, shortened
from scanner.rendering.wrap import wrapped
from scanner.words import did_you_mean, plural

SCHEMA: Final = "tscan.findings/1"
DEFAULT_VERDICTS: Final = (Verdict.FAIL.value, Verdict.UNKNOWN.value)
"""What is shown unless verdicts are named: what somebody has to act on."""
ALL: Final = "all"
GLOBAL: Final = "global"
"""How a filter names the region of a resource that has none."""
_VERDICTS: Final = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED, Verdict.PASS)
_OBSERVED: Final = 3
COLUMNS: Final = (
    "verdict",
    "severity",
    "check",
    "title",
    "resource",
    "name",
    "kind",
    "region",
    "target",
    "what",
    "observed",
    "controls",
    "criteria",
    "first_seen",
    "waiver",
    "why",
    "fix",
    "command",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Values that a finding must have, by what they are about; empty: any."""

    control: tuple[str, ...] = ()
    criterion: tuple[str, ...] = ()
    verdict: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    resource: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    check: tuple[str, ...] = ()
    target: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The findings that filters let through, worst first, and what the verdicts left out."""

    report: Report
    scans: Mapping[str, str]
    """The end of each scan by target."""
    findings: tuple[Finding, ...]
    left_out: Mapping[Verdict, int]
    """Findings that only the choice of verdicts left out."""


# -- filtering -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facet:
    """Something that findings are filtered by."""

    option: str
    known: Collection[str]
    """The values that there are."""
    values: Callable[[Finding], Collection[str]]
    """Those of one finding."""
    observed: bool = False
    """Whether the evidence is what the known values come from."""


def listed(report: Report, scans: Mapping[str, str], filters: Filters) -> Listed:
    """The findings of a report that the filters let through.

    TscanError for a value that nothing has: a misspelt one would show no finding, as if all were
    well.
    """
    kept = list(report.assessment.findings)
    for facet in _facets(report):
        wanted = _wanted(facet, getattr(filters, facet.option))
        if wanted:
            kept = [finding for finding in kept if not wanted.isdisjoint(facet.values(finding))]
    verdicts = _verdicts(filters.verdict)
    counts = Counter(finding.verdict for finding in kept)
    shown = [finding for finding in kept if finding.verdict in verdicts]
    return Listed(
        report=report,
        scans=scans,
        findings=tuple(sorted(shown, key=_worst_first)),
        left_out={name: counts[name] for name in _VERDICTS if name not in verdicts},
    )


def _facets(report: Report) -> Iterator[_Facet]:
    library = report.library
    findings = report.assessment.findings
    links = Links(library)
    names: set[str] = set()
    regions: set[str] = set()
    for finding in findings:
        names.update(_resource_names(finding))
        regions.update(_region_names(finding))
    names.discard("")
    for target in report.assessment.targets:
        # A region in which nothing was found is known as well: it has no finding.
        regions.update(target["regions"])
    yield _Facet(option="resource", known=names, values=_resource_names, observed=True)
    yield _Facet(option="region", known=regions, values=_region_names, observed=True)
    yield _Facet(
        option="target",
        known={str(target["id"]) for target in report.assessment.targets},
        values=lambda finding: (finding.resource.target,),
        observed=True,
    )
    yield _Facet(
        option="check",
        known={*library.checks, *library.aliases},
        values=lambda finding: _check_names(finding, library),
    )
    yield _Facet(
        option="severity",
        known=[severity.value for severity in Severity],
        values=lambda finding: (finding.severity.value,),
    )
    yield _Facet(
        option="control",
        known=library.controls,
        values=lambda finding: links.deciding_controls(finding.check),
    )
    yield _Facet(
        option="criterion",
        known=links.criterion_names(),
        values=lambda finding: links.criterion_names_of(finding.check),
    )


def _resource_names(finding: Finding) -> tuple[str, str]:
    resource = finding.resource
    return (resource.id, resource.name)


def _check_names(finding: Finding, library: Library) -> list[str]:
    """The id of its check, and the earlier ones."""
    earlier = [old for old, new in library.aliases.items() if new == finding.check]
    return [finding.check, *earlier]


def _region_names(finding: Finding) -> tuple[str]:
    return (finding.resource.region or GLOBAL,)


def _verdicts(texts: Sequence[str]) -> frozenset[Verdict]:
    facet = _Facet(
        option="verdict",
        known=[*(verdict.value for verdict in Verdict), ALL],
        values=lambda finding: (finding.verdict.value,),
    )
    wanted = _wanted(facet, texts) or frozenset(DEFAULT_VERDICTS)
    if ALL in wanted:
        return frozenset(Verdict)
    return frozenset(Verdict(name) for name in wanted)


def _wanted(facet: _Facet, texts: Sequence[str]) -> frozenset[str]:
    """The known values that options name; each may hold several, with commas."""
    wanted: set[str] = set()
    for text in texts:
        # A name may hold a comma itself.
        parts = [text]
        if text not in facet.known:
            parts = [part.strip() for part in text.split(",")]
        for part in parts:
            wanted |= _matching(facet, part)
    return frozenset(wanted)


def _matching(facet: _Facet, text: str) -> set[str]:
    """The known values that a text means: its own, that in other letter case, or a pattern's."""
    if text in facet.known:
        return {text}
    if "*" in text:
        found = {name for name in facet.known if fnmatchcase(name, text)}
    else:
        found = {name for name in facet.known if name.casefold() == text.casefold()}
    if not found:
        where = " in this evidence" if facet.observed else ""
        raise TscanError(
            sanitized(f"--{facet.option} {text}: there is no such {facet.option}{where}"),
            sanitized(did_you_mean(text, facet.known)),
        )
    return found


def _worst_first(finding: Finding) -> tuple[int, int, str, str, str, str]:
    resource = finding.resource
    return (
        _VERDICTS.index(finding.verdict),
        -finding.severity.rank,
        finding.check,
        resource.target,
        resource.region,
        resource.id,
    )


# -- for people ------------------------------------------------------------------------------------


def as_table(shown: Listed, width: int | None = None) -> Iterator[str]:
    """Two lines for each finding and a last line with what is left out; wrapped to a width."""
    for line in _lines(shown):
        safe = sanitized(line)
        if width is None or not safe:
            yield f"{safe}\n"
        else:
            yield wrapped(safe, width)


def _lines(shown: Listed) -> Iterator[str]:
    several = len(shown.scans) > 1
    for finding in shown.findings:
        resource = finding.resource
        places = [resource.name or resource.id]
        # A region is itself a resource of some checks, and would stand there twice.
        if resource.region != resource.name:
            places.append(resource.region or GLOBAL)
        if several:
            places.append(resource.target)
        yield f"{finding.verdict.value:<7}  {finding.severity.value:<8}  {'  '.join(places)}"
        yield f"  {finding.check}: {_what(finding, shown.report)}"
    yield ""
    yield _total(shown)


def _total(shown: Listed) -> str:
    total = plural(len(shown.findings), "finding")
    hidden = [f"{count} {verdict.value}" for verdict, count in shown.left_out.items() if count]
    if not hidden:
        return total
    return f"{total}; not listed: {', '.join(hidden)} (--verdict all)"


def _what(finding: Finding, report: Report) -> str:
    """What is wrong, why it is not known, or else the state that the check found."""
    check = report.library.checks[finding.check]
    if finding.verdict is Verdict.PASS:
        return check.title
    if finding.verdict is Verdict.UNKNOWN or finding.without_waiver is Verdict.UNKNOWN:
        return finding.reason
    sentence = report.failure(finding)
    return sentence or finding.reason or f"not met: {check.title}"


# -- for programs ----------------------------------------------------------------------------------


def as_csv(shown: Listed) -> Iterator[str]:
    """Lines of CSV for a spreadsheet: one row for each finding."""
    links = links_in_scope(shown.report)
    rows = (_row(finding, shown.report, links) for finding in shown.findings)
    for line in csv_text(COLUMNS, rows):
        yield line.decode()


def _row(finding: Finding, report: Report, links: Links) -> Sequence[CellValue]:
    check = report.library.checks[finding.check]
    resource = finding.resource
    observed = [f"{item.path} = {shortened(item.value)}" for item in finding.observed[:_OBSERVED]]
    return (
        finding.verdict.value,
        finding.severity.value,
        finding.check,
        check.title,
        resource.id,
        resource.name,
        resource.kind,
        resource.region,
        resource.target,
        _what(finding, report),
        observed,
        links.controls_of(finding.check),
        links.criteria_of(finding.check),
        report.first_seen(finding),
        finding.waiver,
        check.why,
        " ".join(line.strip() for line in check.fix.splitlines()),
        fix_command(check.fix),
    )


def as_json(shown: Listed) -> str:
    """One JSON document; each finding as in the result of a scan."""
    scans = [{"target": target, "finished": end} for target, end in sorted(shown.scans.items())]
    left_out = {verdict.value: count for verdict, count in shown.left_out.items()}
    return written(
        {
            "schema": SCHEMA,
            "scans": scans,
            "left_out": left_out,
            "findings": finding_rows(shown.report, shown.findings),
        }
    )
