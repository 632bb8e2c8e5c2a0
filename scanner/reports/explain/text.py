"""Renders an explanation for people: one screen, or with details everything."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from scanner.rendering.sanitize import sanitized
from scanner.rendering.wrap import wrapped
from scanner.reports.explain.model import SCHEMA, Explanation, Fact, Failure, Link, Mend, Result
from scanner.words import plural

T = TypeVar("T")

MEND: Final = 3
"""Resources to mend that are shown, and that JSON holds, without details."""
_LINKS: Final = 5
_FAILING: Final = 5
_NOTES: Final = 3
_FAILURES: Final = 2
_WITHOUT_FINDINGS: Final = frozenset({"parameter", "operation", "permission"})
_FEW_FACTS: Final = ("severity", "statement", "why", "fix", "fails", "default", "set", "stricter")
"""Facts that are shown without details although there is a result."""
_PLACES: Final = ("framework", "category", "resources", "cloud", "kind", "target", "type")
"""Facts that stand in the line below the title."""
_WORST: Final = (
    "fail",
    "deviating",
    "unknown",
    "not shown",
    "incomplete",
    "needs evidence",
    "accepted",
    "waived",
    "not run",
    "pass",
)
"""How statuses begin, the worst first; what is not in scope comes behind them."""


def as_json(explanation: Explanation) -> str:
    """The explanation as one JSON document."""
    # Not above: the text for people does not wait for it.
    from scanner.rendering.dataclass_json import dumps

    return dumps(SCHEMA, explanation)


class Whole(str):
    """A line that is not wrapped."""

    __slots__ = ()


def as_text(
    explanation: Explanation,
    *,
    details: bool = False,
    width: int | None = None,
    inputs: str = "",
) -> str:
    """The explanation for people, every line sanitized; wrapped where there is a width.

    `inputs` are the arguments by which the commands that are suggested find what was explained.
    """
    parts: list[str] = []
    for line in _lines(explanation, details, inputs):
        safe = sanitized(line)
        if width is None or not safe or isinstance(line, Whole):
            parts.append(f"{safe}\n")
        else:
            parts.append(wrapped(safe, width))
    return "".join(parts)


def _lines(explanation: Explanation, details: bool, inputs: str) -> Iterator[str]:
    yield f"{explanation.id}  {explanation.title}"
    yield f"  {_kind(explanation)}"
    result = explanation.result
    if result is not None:
        has_findings = explanation.type not in _WITHOUT_FINDINGS
        yield from _status(result, details, has_findings=has_findings)
    yield from _facts(explanation, details)
    yield from _links("Rests on", explanation.rests_on, details)
    if result is not None:
        yield from _failing(explanation, result, details)
        yield from _mend(result, details)
    heading = "Checked by" if explanation.type == "resource" else "Used by"
    yield from _links(heading, explanation.used_by, details)
    if result is not None:
        yield from _next(explanation, result, details, inputs)
        return
    yield ""
    yield "Newest result: none, because no scan was committed yet: tscan scan"


def _kind(explanation: Explanation) -> str:
    """`criterion of SOC 2 …, Security`: what the id names, with what places it."""
    places: list[str] = []
    for fact in explanation.facts:
        if fact.heading in (
            "framework",
            "category",
            "resources",
            "cloud",
            "kind",
            "target",
            "type",
        ):
            places += fact.lines
    return ", ".join((explanation.type, *places))


def _status(result: Result, details: bool, *, has_findings: bool) -> Iterator[str]:
    counts = [f"{count} {verdict}" for verdict, count in result.counts.items() if count]
    shown = "; ".join(text for text in (result.status, ", ".join(counts)) if text)
    # A parameter and an operation have no findings of their own: those of their checks are below.
    if shown or has_findings:
        yield f"  result    {shown or 'no finding'} ({_scans(result)})"
    for note in _some(result.notes, _NOTES, details):
        yield f"            {note}"


def _scans(result: Result) -> str:
    if len(result.scans) == 1:
        return f"{result.scans[0].target}, {result.scans[0].finished[:16]}Z"
    ends = sorted(scan.finished for scan in result.scans)
    return f"{plural(len(ends), 'target')}, {ends[0][:16]}Z to {ends[-1][:16]}Z"


def _facts(explanation: Explanation, details: bool) -> Iterator[str]:
    for fact in explanation.facts:
        if not details and not _is_shown(fact, explanation):
            continue
        # What places it stands in the line above.
        if fact.heading in _PLACES:
            continue
        first, *others = fact.lines
        yield f"  {fact.heading:<8}  {first}"
        for line in others:
            yield f"  {'':<8}  {line}"


def _is_shown(fact: Fact, explanation: Explanation) -> bool:
    """Whether a fact is on the screen without details: a result needs the room of the others."""
    if explanation.result is None:
        return True
    # The fix stands at each resource to mend.
    if fact.heading == "fix" and explanation.result.failing:
        return False
    return fact.heading in _FEW_FACTS


def _failing(explanation: Explanation, result: Result, details: bool) -> Iterator[str]:
    # Of a resource the checks are listed with their verdicts; of a check it is the check itself.
    if explanation.type in ("resource", "check") or not result.failing:
        return
    yield ""
    yield f"Failing checks: {len(result.failing)}"
    for check in _some(result.failing, _FAILING, details):
        share = f"{check.failing} of {check.resources}"
        yield f"  {check.severity:<8}  {share:<8}  {check.title}"
        if details:
            yield f"  {'':<8}  {'':<8}  {check.id}"
    yield from _more(len(result.failing), _FAILING, details)


# -- links -----------------------------------------------------------------------------------------


def _links(heading: str, links: Sequence[Link], details: bool) -> Iterator[str]:
    if not links:
        return
    yield ""
    yield f"{heading}: {_counted(links)}"
    shown = list(links)
    if not details:
        # What deviates comes first: it is what somebody looks for.
        shown.sort(key=_badness)
    for link in _some(shown, _LINKS, details):
        yield f"  {_link_label(link)}{link.title or link.note}"
        if details and link.title and link.note:
            yield f"      {link.note}"
    yield from _more(len(links), _LINKS, details)


def _badness(link: Link) -> int:
    for place, status in enumerate(_WORST):
        if link.status.startswith(status):
            return place
    return len(_WORST)


def _counted(links: Sequence[Link]) -> str:
    counts: dict[str, int] = {}
    for link in links:
        counts[link.type] = counts.get(link.type, 0) + 1
    return ", ".join(_plural(count, noun) for noun, count in counts.items())


def _plural(count: int, noun: str) -> str:
    if noun == "criterion" and count != 1:
        return f"{count} criteria"
    if noun == "missing evidence":
        return f"{count} missing"
    return plural(count, noun)


def _link_label(link: Link) -> str:
    if link.status:
        return f"{link.status:<14}  {link.id}  "
    return f"{link.id}  "


# -- what to mend ----------------------------------------------------------------------------------


def _mend(result: Result, details: bool) -> Iterator[str]:
    if not result.mend:
        return
    yield ""
    heading = "Mend first"
    if result.failing_resources > len(result.mend):
        heading += f" (of {plural(result.failing_resources, 'failing resource')})"
    yield heading
    # A single resource is the subject itself, or the only one that fails.
    most = _FAILURES
    if len(result.mend) == 1:
        most = 2 * _FAILURES
    for number, resource in enumerate(result.mend, 1):
        yield f"  {number}. {_resource(resource)}"
        yield from _failures(resource.failures, most, details)


def _failures(failures: Sequence[Failure], most: int, details: bool) -> Iterator[str]:
    for failure in _some(failures, most, details):
        yield from _failure(failure, details)
    hidden = len(failures) - most
    if hidden > 0 and not details:
        yield f"     … and {plural(hidden, 'more failure')} of it"


def _resource(resource: Mend) -> str:
    places = [place for place in (resource.region, resource.target) if place]
    name = resource.name
    if resource.name != resource.resource and len(resource.resource) <= 60:
        name = f"{resource.name} ({resource.resource})"
    return f"{name}, {', '.join(places)}"


def _failure(failure: Failure, details: bool) -> Iterator[str]:
    since = ""
    if failure.first_seen:
        since = f", since {failure.first_seen[:10]}"
    yield f"     {failure.severity}{since}: {failure.sentence}"
    if details and failure.observed:
        yield f"       observed: {failure.observed}"
    yield from _fix(failure, details)


def _fix(failure: Failure, details: bool) -> Iterator[str]:
    label = "fix:"
    if failure.command:
        # Not wrapped: a copied command must be whole.
        yield Whole(f"       {label} {failure.command}")
        label = "    "
    for line in _fix_text(failure, details):
        yield f"       {label} {line}"
        label = "    "


def _fix_text(failure: Failure, details: bool) -> Sequence[str]:
    """The whole text with details; else its first sentence, and nothing beside a command."""
    if details:
        return failure.fix
    if failure.command:
        return ()
    sentence, stop, _ = " ".join(failure.fix).partition(". ")
    return (f"{sentence}{stop}".rstrip(),)


def _next(explanation: Explanation, result: Result, details: bool, inputs: str) -> Iterator[str]:
    commands = list(_commands(explanation, result))
    if not details:
        commands.append(f"tscan explain {shlex.quote(explanation.id)} --details")
    yield ""
    yield "Next"
    for command in commands:
        yield Whole(f"  {command} {inputs}".rstrip())


def _commands(explanation: Explanation, result: Result) -> Iterator[str]:
    option = {
        "criterion": "--criterion",
        "objective": "--criterion",
        "control": "--control",
        "check": "--check",
        "resource": "--resource",
    }.get(explanation.type)
    if option and sum(result.counts.values()):
        yield f"tscan findings {option} {shlex.quote(explanation.id)}"
    if explanation.type in ("criterion", "objective", "control") and result.failing:
        yield f"tscan explain {shlex.quote(result.failing[0].id)}"


def _some(items: Sequence[T], most: int, details: bool) -> Sequence[T]:
    if details:
        return items
    return items[:most]


def _more(count: int, most: int, details: bool) -> Iterator[str]:
    if count > most and not details:
        yield f"  … and {count - most} more: --details"
