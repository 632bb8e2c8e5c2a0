"""Checks that a listing is complete, by second sources that count or name the same resources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from scanner.core.reading.answer_lookup import AnswerLookup
from scanner.core.reading.context import ReadContext, Reader
from scanner.core.reading.read_scope import Bindings
from scanner.core.reading.request_builder import request_data
from scanner.model.findings import Counted
from scanner.model.kinds import CountMeaning, SecondSource
from scanner.model.values import ABSENT, RawValue, Unreadable

MOST_IDS: Final = 3
"""Unlisted ids that a gap writes out."""


Comparison = tuple[Counted, Unreadable | None]
"""What one second source reports, and the gap that it reveals in the listing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a listing returned."""

    number: int
    ids: frozenset[str]
    complete: bool
    """Only a complete listing is compared: another one is known to lack something anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletenessCheck:
    """Compares the listing of one kind in one scope with its second sources."""

    lookup: AnswerLookup
    readers: Callable[[str], Reader]
    context: ReadContext
    bindings: Bindings
    """What an expression of the kind may name."""

    def compare(self, sources: Sequence[SecondSource], listed: Listed) -> Iterator[Comparison]:
        """Each source beside the listing. Missing calls are noted in the lookup."""
        for source in sources:
            yield self._compare_one(source, listed)

    def _compare_one(self, source: SecondSource, listed: Listed) -> Comparison:
        nothing_counted = Counted(by=source.operation, means=source.means.value)
        data = self._data(source)
        if data is ABSENT and not source.needed:
            return nothing_counted, None
        value = source.value.evaluate({"answer": data})
        if source.means is CountMeaning.WHOLE:
            return nothing_counted, self._possibly_hidden(source, value)
        may_be_silent = source.means is not CountMeaning.EQUAL and not source.needed
        if may_be_silent and _is_silent(value):
            # A source that knows only some resources need not know this kind at all. One that must
            # be equal has to report a number: its silence is a gap (docs/decisions/0009).
            return nothing_counted, None
        return self._compare_number(source, value, listed)

    def _data(self, source: SecondSource) -> RawValue:
        request = source.source.request
        if request is None:
            reader = self.readers(source.source.reader)
            return self.lookup.run(reader, self.context)
        return request_data(self.lookup, request, dict(self.bindings))

    def _possibly_hidden(self, source: SecondSource, value: object) -> Unreadable | None:
        """The gap where nothing proves that the caller sees every resource of the listing."""
        # Azure and GitHub leave out of a list, with status 200, what the caller may not read:
        # an empty list would pass for an empty population (docs/decisions/0022, 0023).
        if value is True:
            return None
        unread = Unreadable("nothing shows that the caller can read every resource")
        if isinstance(value, Unreadable):
            unread = value
        return replace(
            unread,
            reason=f"the listing may be incomplete: {unread.reason}",
            gaps=unread.gaps or self._call_of(source),
            missing=False,
        )

    def _compare_number(
        self,
        source: SecondSource,
        value: object,
        listed: Listed,
    ) -> Comparison:
        number = _reported_number(source.means, value)
        if isinstance(number, Unreadable):
            reason = f"{source.operation} returned no count: {number.reason}"
            counted = Counted(by=source.operation, means=source.means.value)
            return counted, replace(number, reason=reason, missing=False)
        counted = Counted(
            by=source.operation,
            means=source.means.value,
            number=number,
        )
        difference = ""
        if listed.complete:
            difference = _difference(source, value, number, listed)
        if not difference:
            return counted, None
        return counted, Unreadable(difference, gaps=self._call_of(source))

    def _call_of(self, source: SecondSource) -> frozenset[str]:
        """The second source as the call that was lacking, so that a waiver can accept the gap."""
        return frozenset((f"{source.operation}@{self.context.region}",))


def _is_silent(value: object) -> bool:
    return isinstance(value, Unreadable) and value.missing


def _reported_number(means: CountMeaning, value: object) -> int | Unreadable:
    if isinstance(value, Unreadable):
        return value
    if means is CountMeaning.LISTS:
        # An open list will do: each id that it does hold must be listed.
        if not isinstance(value, list):
            return Unreadable("it returned no list of ids")
        if not all(isinstance(one, str) for one in value):
            return Unreadable("it returned no list of ids")
        return len(set(value))
    # Not isinstance: a boolean is an int for Python, and no count.
    if type(value) is int:
        return value
    return Unreadable("it returned no number")


def _difference(
    source: SecondSource,
    value: object,
    number: int,
    listed: Listed,
) -> str:
    """What a source reports and the listing lacks; empty: they agree."""
    if source.means is CountMeaning.EQUAL and number != listed.number:
        return f"{listed.number} listed, but {source.operation} counts {number}"
    if source.means is CountMeaning.AT_LEAST and number > listed.number:
        return f"{listed.number} listed, but {source.operation} counts at least {number}"
    if source.means is CountMeaning.LISTS and isinstance(value, list):
        unlisted = sorted(set(value) - listed.ids)
        if unlisted:
            return f"{source.operation} names {_first_ids(unlisted)}, which the listing lacks"
    return ""


def _first_ids(ids: Sequence[str]) -> str:
    written = ", ".join(ids[:MOST_IDS])
    if len(ids) <= MOST_IDS:
        return written
    return f"{written} and {len(ids) - MOST_IDS} more"
