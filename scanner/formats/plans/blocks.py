"""Folds the findings of a plan by block: what the formats for pipelines list, and where it is."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from scanner.core.plans.addresses import without_indices
from scanner.formats.plans import PlanView
from scanner.model.plan_findings import PlanChange, PlanFinding, PlanReport
from scanner.rendering.sanitize import shortened_text
from scanner.words import plural

MOST_LISTED: Final = 5_000
"""Blocks in one file. GitHub shows no more results of one upload; the others are counted."""
_NAMED: Final = 3
"""Instances of one block that are named; the others are counted."""
_CALLS: Final = 10
"""Module calls that are shown."""
_NAME: Final = 300
"""Characters of one name that are shown."""
_SENTENCE: Final = 600
_ORDER: Final = tuple(PlanChange)


class SourceLines(NamedTuple):
    """Lines of a file, by its path in the user's repository."""

    path: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One check on one block: its instances by count and for_each are one piece of news."""

    view: PlanView
    instances: tuple[PlanFinding, ...]

    @property
    def first(self) -> PlanFinding:
        """The instance that speaks for all."""
        return self.instances[0]

    @property
    def address(self) -> str:
        """The address without indices."""
        return without_indices(self.first.address)

    @property
    def names(self) -> str:
        """Addresses of the instances, on one line: `a["x"], a["y"] and 3 more`."""
        shown = [shortened_text(one.address, _NAME) for one in self.instances[:_NAMED]]
        more = len(self.instances) - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more else "")

    @property
    def sentence(self) -> str:
        """What is wrong after the plan, on one line."""
        return shortened_text(self.view.sentence(self.first), _SENTENCE)

    @property
    def lines(self) -> SourceLines | None:
        """Where it is annotated; None: its lines are not known, or not in the repository."""
        location = self.first.location
        if location is None:
            return None
        path = self._path(location.file)
        if path.startswith(("/", "../")):
            return None
        return SourceLines(path, location.line, max(location.line, location.last))

    @property
    def calls(self) -> tuple[str, ...]:
        """The module calls that lead to the block, outermost first, and what its lines lack."""
        location = self.first.location
        if location is None:
            return ()
        found = [f"called at {self._path(call)}" for call in location.calls[:_CALLS]]
        if location.note:
            found.append(location.note)
        return tuple(shortened_text(one, _NAME) for one in found)

    def _path(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self.view.source, path))

    @property
    def expired(self) -> str:
        """That a waiver accepted it until a day that has passed, on one line; empty: none did."""
        why = next((one.expired_waiver for one in self.instances if one.expired_waiver), "")
        return shortened_text(f"waiver expired: {why}", _SENTENCE) if why else ""

    @property
    def details(self) -> tuple[str, ...]:
        """What stands below the sentence: the calls that lead there, and an expired waiver."""
        return (*self.calls, self.expired) if self.expired else self.calls

    @property
    def message(self) -> str:
        """What is wrong, of which instances, and which calls lead there: some lines."""
        return "\n".join([self.sentence, self.names, *self.details, self.first.check])

    @property
    def fingerprint(self) -> str:
        """The same for every plan of one configuration, wherever its lines move."""
        parts = (self.first.check, self.view.source, self.address)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def folded(view: PlanView, findings: Iterable[PlanFinding]) -> list[Block]:
    """Findings by block, in the order of the first instance of each."""
    groups: dict[tuple[str, str, PlanChange], list[PlanFinding]] = {}
    for one in findings:
        groups.setdefault((one.check, without_indices(one.address), one.change), []).append(one)
    return [Block(view=view, instances=tuple(group)) for group in groups.values()]


def most_severe_first(view: PlanView) -> list[Block]:
    """What is annotated, by severity."""
    return sorted(folded(view, view.news), key=_gravity)


def _gravity(block: Block) -> tuple[int, int, str, str]:
    first = block.first
    return -first.severity.rank, _ORDER.index(first.change), first.check, first.address


def of_change(view: PlanView, *changes: PlanChange) -> Iterator[PlanFinding]:
    """The findings with one of these changes that no waiver accepts."""
    for one in view.report.findings:
        if one.change in changes and not one.waiver:
            yield one


def counts_text(report: PlanReport) -> str:
    """What the plan does, in numbers: `1 worse, 0 weakened, …`."""
    counts = {change: report.count(change) for change in PlanChange}
    waived = sum(bool(one.waiver) for one in report.findings)
    text = (
        f"{counts[PlanChange.WORSE]} worse, {counts[PlanChange.WEAKENED]} weakened, "
        f"{counts[PlanChange.BETTER]} better, {counts[PlanChange.ALREADY]} already failing, "
        f"{counts[PlanChange.OPEN]} not known before apply"
    )
    expired = sum(bool(one.expired_waiver) for one in report.findings)
    if waived:
        text += f", {waived} waived"
    return f"{text}, {plural(expired, 'waiver')} expired" if expired else text
