"""Does `covers` agree with an independent matcher, over random filters, sets and events?

Where a filter misses an event of a set, the event that was found must be of the set and must not
match the filter. Where it misses none, no random event may be of the set and not match. And a set
of one event is covered exactly where the event matches. The long form:
`python -m tests.matching.agreement --cases 20000`.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from scanner.matching import (
    UndecidedError,
    missed_by_filter,
    missed_by_selectors,
    triggering_series,
)
from scanner.matching.json_values import READINGS, Reading
from tests.matching.generate import Generator, Selectors
from tests.matching.reference import (
    Open,
    alarm_notifies,
    matches_delimited,
    matches_json,
    matches_selectors,
    matches_terms,
    message_of,
    value_at,
)
from tests.matching.values_agreement import Values

GRAMMARS = ("json_pattern", "terms", "delimited", "event_selectors")
Event = dict[str, Any]
Matches = Callable[[Event], bool]


class Agreement:
    """One run: what was tried, and the differences."""

    def __init__(self, seed: int) -> None:
        self.generator = Generator(seed)
        self.selectors = Selectors(seed)
        self.counts: Counter[str] = Counter()
        self.differences: list[str] = []

    def run(self, cases: int, grammars: Sequence[str] = GRAMMARS) -> None:
        """Try a number of cases of each grammar, up to a difference."""
        for grammar in grammars:
            for _ in range(cases):
                if self.differences:
                    return
                getattr(self, grammar)()

    def _reading(self) -> tuple[Reading, Open]:
        reading = self.generator.random.choice(READINGS)
        return reading, Open(missing_differs=reading.missing_differs, converts=reading.converts)

    def _compare(
        self,
        what: str,
        missed: Event | None,
        *,
        in_set: Matches,
        matches: Matches,
        events: list[Event],
    ) -> None:
        grammar = what.split(":", 1)[0]
        self.counts[f"{grammar} {'covered' if missed is None else 'missed'}"] += 1
        if missed is not None:
            self.counts[f"{grammar} pairs"] += 1
            if not in_set(missed) or matches(missed):
                self.differences.append(f"{what}\n  wrongly missed: {missed}")
            return
        for event in events:
            self.counts[f"{grammar} pairs"] += 1
            if in_set(event) and not matches(event):
                self.differences.append(f"{what}\n  wrongly covered: {event}")

    def json_pattern(self) -> None:
        """A JSON pattern against a set, and against one event."""
        reading, how = self._reading()
        pattern, events = self.generator.pattern(), self.generator.pattern(2)
        known = [self.generator.event() for _ in range(10)]
        try:
            missed = missed_by_filter(pattern, events, reading)
        except UndecidedError:
            self.counts["json undecided"] += 1
            return
        self._compare(
            f"json: {pattern!r} on {events!r}, {reading}",
            missed,
            in_set=lambda event: matches_json(events, event, how),
            matches=lambda event: matches_json(pattern, event, how),
            events=known,
        )
        if not reading.converts:
            self._exact("json", pattern, known[0], reading, matches_json(pattern, known[0], how))

    def _exact(
        self, grammar: str, pattern: str, event: Event, reading: Reading, match: bool
    ) -> None:
        """The set of one event is covered exactly where the event matches."""
        # No pattern says that a field is an empty object, and nothing else.
        below = event.get("c", {"d": 0})
        if isinstance(below, dict) and below and {} not in (*event.values(), *below.values()):
            self.counts[f"{grammar} pairs"] += 1
            covered = missed_by_filter(pattern, only(event), reading) is None
            if covered != match:
                self.differences.append(f"{grammar}: {pattern!r} on {event}, {reading}: {covered}")

    def terms(self) -> None:
        """A pattern of terms against a set."""
        reading, how = self._reading()
        pattern, events = self.generator.terms(), self.generator.pattern(2)
        try:
            missed = missed_by_filter(pattern, events, reading)
        except UndecidedError:
            self.counts["terms undecided"] += 1
            return
        self._compare(
            f"terms: {pattern!r} on {events!r}, {reading}",
            missed,
            in_set=lambda event: matches_json(events, event, how),
            matches=lambda event: matches_terms(pattern, message_of(event)),
            events=[self.generator.event() for _ in range(10)],
        )

    def delimited(self) -> None:
        """A pattern of fields between spaces against a set: one that asks nothing matches all."""
        reading, how = self._reading()
        pattern, events = self.generator.delimited(), self.generator.pattern(2)
        try:
            missed = missed_by_filter(pattern, events, reading)
        except UndecidedError:
            self.counts["delimited undecided"] += 1
            return
        self._compare(
            f"delimited: {pattern!r} on {events!r}, {reading}",
            missed,
            in_set=lambda event: matches_json(events, event, how),
            matches=lambda event: matches_delimited(pattern, message_of(event)),
            events=[self.generator.event() for _ in range(10)],
        )

    def event_selectors(self) -> None:
        """Event selectors against a set."""
        reading, how = self._reading()
        basic, advanced = self.selectors.basic(), self.selectors.advanced()
        if self.selectors.random.random() < 0.5:
            basic = []
        events = self.selectors.events()
        self._compare(
            f"selectors: {basic} {advanced} on {events!r}, {reading}",
            missed_by_selectors(basic, advanced, events, reading),
            in_set=lambda event: matches_json(events, event, how),
            matches=lambda event: matches_selectors(basic, advanced, event, how),
            events=[self.selectors.trail_event() for _ in range(20)],
        )

    def alarms(self) -> None:
        """Every alarm of a small grid against a simulation of its states."""
        operators = [
            f"{way}{'OrEqualTo' * equal}Threshold"
            for way in ("GreaterThan", "LessThan")
            for equal in (0, 1)
        ]
        grid = product(
            ("Sum", "Maximum", "Minimum", "Average", "SampleCount"),
            operators,
            (-1.0, 0.0, 0.5, 1.0, 2.0, 100.0),
            ("missing", "notBreaching", "breaching", "ignore"),
            (1, 10**9),
        )
        for statistic, operator, threshold, missing, events in grid:
            found = triggering_series(statistic, operator, threshold, missing, events)
            for series in ("ones", "ones and zeros", "zeros"):
                self.counts["alarms"] += 1
                right = alarm_notifies(statistic, operator, threshold, missing, series, events)
                if (series in found) != right:
                    alarm = f"{statistic} {operator} {threshold} {missing}"
                    self.differences.append(f"alarm: {alarm}, {series}, {events}: {right}")


def only(event: Event) -> str:
    """The set of events that have these fields as the event has them."""
    tests: list[str] = []
    paths = ["a", "b", "c.d", "c.e"] if "c" in event else ["a", "b", "c"]
    for path in paths:
        value = value_at(event, path)
        if isinstance(value, bool) or value is None:
            words = {True: "TRUE", False: "FALSE", None: "NULL"}[value]
            tests.append(f"$.{path} IS {words}")
        elif isinstance(value, str):
            tests.append(f'$.{path} = "{value}"')
        elif isinstance(value, int):
            tests.append(f"$.{path} = {value}")
        else:
            tests.append(f"$.{path} NOT EXISTS")
    return "{ " + " && ".join(tests) + " }"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    differences: list[str] = []
    filters, values = Agreement(options.seed), Values(options.seed)
    filters.run(options.cases)
    filters.alarms()
    values.run(options.cases)
    for run in (filters, values):
        differences += run.differences
        for name, count in sorted(run.counts.items()):
            print(f"{count:>9,} {name}")
    print(f"{len(differences):>9,} differences")
    print("\n".join(differences[:5]))
    sys.exit(bool(differences))


if __name__ == "__main__":
    main()
