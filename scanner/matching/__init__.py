"""Decides whether a provider's filter matches all events of a set, by the provider's own rules.

Sets of events are written as JSON filter patterns of CloudWatch Logs: `{ $.eventName = "X" }`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, Final

from scanner.matching.alarms import triggering_series
from scanner.matching.event_selectors import recorded
from scanner.matching.formula import And, Formula, Not, Search
from scanner.matching.json_values import READINGS, Reading, find_event
from scanner.matching.log_patterns import parse_json_pattern
from scanner.matching.log_syntax import LONGEST, FilterSyntaxError
from scanner.matching.log_terms import Term, check_delimited, missed_message, parse_terms
from scanner.matching.texts import UndecidedError, wildcard

__all__ = [
    "FilterSyntaxError",
    "UndecidedError",
    "filter_covers",
    "missed_by_filter",
    "missed_by_selectors",
    "parse_json_pattern",
    "scan_filter_matches",
    "selectors_cover",
    "triggering_series",
]

Event = dict[str, Any]
_OPEN: Final = "whether the filter matches all events depends on what its documentation leaves open"


@lru_cache(maxsize=4096)
def filter_covers(pattern: str, events: str) -> bool:
    """Whether a filter pattern of CloudWatch Logs matches each of the events.

    Raises ValueError where no documented grammar takes the pattern, or its rules do not decide.
    """
    return _agreed(partial(missed_by_filter, pattern, events))


def selectors_cover(basic: Sequence[object], advanced: Sequence[object], events: str) -> bool:
    """Whether CloudTrail's event selectors, records of a trail, record each of the events."""
    return _formula_covers(recorded(basic, advanced), events)


def scan_filter_matches(pattern: str, repository: str) -> bool:
    """Whether a filter of ECR's scan rules matches a repository's name."""
    # https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-filters.html
    if "*" not in pattern:
        return pattern in repository
    return wildcard(pattern).matches(repository)


@lru_cache(maxsize=4096)
def _formula_covers(covering: Formula, events: str) -> bool:
    return _agreed(partial(_missed, parse_json_pattern(events), covering))


def _agreed(missed: Callable[[Reading], Event | None]) -> bool:
    """Whether nothing is missed; every way to read the documentation must agree."""
    outcomes = {missed(reading) is None for reading in READINGS}
    if len(outcomes) > 1:
        raise UndecidedError(_OPEN)
    return outcomes.pop()


def missed_by_filter(pattern: str, events: str, reading: Reading) -> Event | None:
    """One of the events that the pattern does not match; None: it matches all."""
    if len(pattern) > LONGEST:
        raise FilterSyntaxError(f"the filter is longer than {LONGEST} characters", LONGEST)
    population = parse_json_pattern(events)
    bare = pattern.strip()
    if bare.startswith("{"):
        return _missed(population, parse_json_pattern(pattern), reading)
    if bare.startswith("["):
        check_delimited(bare)
        return None
    return _missed_by_terms(population, parse_terms(pattern), reading)


def missed_by_selectors(
    basic: Sequence[object],
    advanced: Sequence[object],
    events: str,
    reading: Reading,
) -> Event | None:
    """One of the events that the selectors do not record; None: they record all."""
    return _missed(parse_json_pattern(events), recorded(basic, advanced), reading)


def _missed(population: Formula, covering: Formula, reading: Reading) -> Event | None:
    search = Search(partial(find_event, reading=reading))
    found = search.solutions(And((population, Not(covering))))
    return next((event for _, event in found), None)


def _missed_by_terms(
    population: Formula,
    terms: Sequence[Term],
    reading: Reading,
) -> Event | None:
    search = Search(partial(find_event, reading=reading))
    undecided: UndecidedError | None = None
    for literals, event in search.solutions(population):
        try:
            missed = missed_message(terms, literals, event)
        except UndecidedError as error:
            undecided = error
            continue
        if missed is not None:
            return missed
    if undecided is not None:
        raise undecided
    return None
