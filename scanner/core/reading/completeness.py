"""Second sources: what else counts or names the resources of a listing, held against what was listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scanner.core.reading.answer_lookup import AnswerLookup
from scanner.core.reading.context import ReadContext, Reader
from scanner.core.reading.request_builder import make_call
from scanner.model.findings import Counted
from scanner.model.kinds import Count, Means
from scanner.model.values import ABSENT, Unreadable

NAMED = 3
"""Ids that a gap writes out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a listing brought."""

    number: int
    ids: frozenset[str]
    whole: bool
    """Only a whole listing is held against anything: of another one it is known that it lacks something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletenessCheck:
    """Where the second sources of one unit are asked."""

    door: AnswerLookup
    readers: Callable[[str], Reader]
    context: ReadContext
    base: Mapping[str, Any]
    """What an expression of the kind may name."""

    def against(
        self, sources: Sequence[Count], listed: Listed
    ) -> Iterator[tuple[Counted, Unreadable | None]]:
        """Each source with what it says, and the gap that it shows."""
        for source in sources:
            raw = self._asked(source)
            if raw is ABSENT and not source.needed:
                yield Counted(by=source.operation, means=source.means.value), None
                continue
            value = source.value.evaluate({"answer": raw})
            if source.means is Means.WHOLE:
                yield (
                    Counted(by=source.operation, means=source.means.value),
                    self._hiding(source, value),
                )
            elif _is_silent(value) and source.means is not Means.EQUAL and not source.needed:
                # A source that may know of some only need not speak of this kind at all.
                yield Counted(by=source.operation, means=source.means.value), None
            else:
                yield self._held(source, value, listed)

    def _asked(self, source: Count) -> Any:
        if source.source.request is None:
            return self.door.run(self.readers(source.source.reader), self.context)
        call = make_call(source.source.request, dict(self.base))
        return call if isinstance(call, Unreadable) else self.door.read(call, source.source.request)

    def _hiding(self, source: Count, value: Any) -> Unreadable | None:
        """The gap where it is not shown that a listing leaves nothing out."""
        if value is True:
            return None
        unread = value if isinstance(value, Unreadable) else Unreadable("it gives no word on it")
        reason = f"nothing shows that the listing is whole: {unread.reason}"
        return replace(
            unread, reason=reason, gaps=unread.gaps or self._place(source), missing=False
        )

    def _held(self, source: Count, value: Any, listed: Listed) -> tuple[Counted, Unreadable | None]:
        said = Counted(by=source.operation, means=source.means.value)
        number = _number(source.means, value)
        if isinstance(number, Unreadable):
            reason = f"{source.operation} did not count them: {number.reason}"
            return said, replace(number, reason=reason, missing=False)
        said = replace(said, number=number)
        wrong = _difference(source, value, listed) if listed.whole else ""
        return said, Unreadable(wrong, gaps=self._place(source)) if wrong else None

    def _place(self, source: Count) -> frozenset[str]:
        """The second source as the call that was lacking, so that a waiver can accept what it shows."""
        return frozenset((f"{source.operation}@{self.context.region}",))


def _is_silent(value: Any) -> bool:
    return isinstance(value, Unreadable) and value.missing


def _number(means: Means, value: Any) -> int | Unreadable:
    if isinstance(value, Unreadable):
        return value
    if means is Means.LISTS:
        # An open list is one too: each of the ids that it holds must be among the listed ones all the same.
        whole = isinstance(value, list) and all(isinstance(one, str) for one in value)
        return len(set(value)) if whole else Unreadable("it gives no list of ids")
    return value if type(value) is int else Unreadable("it gives no number")


def _difference(source: Count, value: Any, listed: Listed) -> str:
    """What a source says that the listing does not; empty: they agree."""
    match source.means:
        case Means.EQUAL if value != listed.number:
            return f"{listed.number} are listed, {source.operation} counts {value}"
        case Means.AT_LEAST if value > listed.number:
            return f"{listed.number} are listed, {source.operation} counts {value} at least"
        case Means.LISTS if unlisted := sorted(set(value) - listed.ids):
            rest = f" and {len(unlisted) - NAMED} more" if len(unlisted) > NAMED else ""
            return f"{source.operation} names {', '.join(unlisted[:NAMED])}{rest}, not listed"
    return ""
