"""Matching a pattern anywhere in a text, in time proportional to the text.

Patterns that leave no choice at any character (one-pass) run on Python's `re`, which then never backtracks
over more than one path; all others run on a deterministic automaton that is built as texts need it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import combinations
from threading import Lock
from typing import Final

from scanner.language.patterns import (
    Choice,
    Edge,
    One,
    Part,
    Ranges,
    Repeat,
    Sequence,
    read_pattern,
)

_MOST_STATES: Final = 2_000
_ONE_PASS_POSITIONS: Final = 200


@lru_cache(maxsize=1024)
def matcher(pattern: str) -> Callable[[str], bool]:
    """A predicate on texts: whether the pattern matches anywhere; PatternError when it is not in the language."""
    part = read_pattern(pattern)
    program = _Program(part)
    if _is_one_pass(part, program):
        search = re.compile(_rewritten(part)).search
        return lambda text: search(text) is not None
    return _Automaton(program).matches


class _Program:
    """A Thompson automaton: numbered states, each either a character, an edge, a jump or the end."""

    def __init__(self, part: Part) -> None:
        self.ranges: dict[int, Ranges] = {}
        self.edges: dict[int, str] = {}
        self.jumps: dict[int, tuple[int, ...]] = {}
        self._last = 0
        self.start = self._build(part, 0)

    def _state(self) -> int:
        self._last += 1
        return self._last

    def _build(self, part: Part, then: int) -> int:
        match part:
            case Sequence(parts=parts):
                for inner in reversed(parts):
                    then = self._build(inner, then)
                return then
            case Choice(parts=parts):
                targets = tuple(self._build(inner, then) for inner in parts)
                state = self._state()
                self.jumps[state] = targets
                return state
            case Repeat():
                return self._repeat(part, then)
            case One(ranges=ranges):
                state = self._state()
                self.ranges[state] = ranges
            case Edge(mark=mark):
                state = self._state()
                self.edges[state] = mark
        self.jumps[state] = (then,)
        return state

    def _repeat(self, repeat: Repeat, then: int) -> int:
        if repeat.most is None:
            loop = self._state()
            self.jumps[loop] = (self._build(repeat.part, loop), then)
            then = loop
        else:
            end = then
            for _ in range(repeat.most - repeat.least):
                entry = self._build(repeat.part, then)
                then = self._state()
                self.jumps[then] = (entry, end)
        for _ in range(repeat.least):
            then = self._build(repeat.part, then)
        return then

    def closure(self, states: Iterable[int], *, at_start: bool, at_end: bool) -> frozenset[int]:
        """The states that are reached without reading a character; 0 is the end of the pattern."""
        pending, found = list(states), set[int]()
        while pending:
            state = pending.pop()
            if state in found:
                continue
            found.add(state)
            mark = self.edges.get(state)
            blocked = (mark == "^" and not at_start) or (mark == "$" and not at_end)
            if state and state not in self.ranges and not blocked:
                pending.extend(self.jumps[state])
        return frozenset(
            state
            for state in found
            if state in self.ranges or state == 0 or self.edges.get(state) == "$"
        )


class _Automaton:
    """A deterministic automaton over classes of characters, built lazily and forgotten when it grows too large."""

    def __init__(self, program: _Program) -> None:
        self._program = program
        points = {low for ranges in program.ranges.values() for low, _ in ranges}
        points |= {high + 1 for ranges in program.ranges.values() for _, high in ranges}
        self._points = sorted(points)
        self._moves: list[dict[str, int]] = []
        self._states: list[frozenset[int]] = []
        self._numbers: dict[frozenset[int], int] = {}
        self._by_class: dict[tuple[int, int], int] = {}
        self._lock = Lock()
        self._clear()

    def _clear(self) -> None:
        for memory in (self._moves, self._states, self._numbers, self._by_class):
            memory.clear()
        self._number(self._program.closure([self._program.start], at_start=True, at_end=False))

    def _number(self, state: frozenset[int]) -> int:
        number = self._numbers.get(state)
        if number is None:
            number = self._numbers[state] = len(self._states)
            self._states.append(state)
            self._moves.append({})
        return number

    def matches(self, text: str) -> bool:
        """Whether the pattern matches anywhere in the text."""
        with self._lock:
            return self._matches(text)

    def _matches(self, text: str) -> bool:
        moves, current = self._moves, 0
        if 0 in self._states[0]:
            return True
        for character in text:
            following = moves[current].get(character)
            if following is None:
                following = self._move(current, character)
            if following < 0:
                return True
            current = following
        return 0 in self._program.closure(self._states[current], at_start=not text, at_end=True)

    def _move(self, current: int, character: str) -> int:
        """The number of the next state, or -1 when the pattern has matched."""
        code = ord(character)
        key = (current, bisect_right(self._points, code))
        following = self._by_class.get(key)
        if following is None:
            closed = self._step(current, code)
            if len(self._states) >= _MOST_STATES:
                self._clear()
                return -1 if 0 in closed else self._number(closed)
            following = self._by_class[key] = -1 if 0 in closed else self._number(closed)
        if len(self._moves[current]) < 256:
            self._moves[current][character] = following
        return following

    def _step(self, current: int, code: int) -> frozenset[int]:
        program = self._program
        targets = [program.start]
        for state in self._states[current]:
            if any(low <= code <= high for low, high in program.ranges.get(state, ())):
                targets.extend(program.jumps[state])
        return program.closure(targets, at_start=False, at_end=False)


def _is_one_pass(part: Part, program: _Program) -> bool:
    """Whether no character ever leaves a choice, so that a backtracking engine is linear."""
    if len(program.ranges) > _ONE_PASS_POSITIONS or _has_inner_edge(part):
        return False
    if _has_loop(part) and not _is_anchored(part):
        return False
    starts = [[program.start], *(program.jumps[state] for state in program.ranges)]
    return all(_is_decided(program, start) for start in starts)


def _is_decided(program: _Program, start: Iterable[int]) -> bool:
    closed = program.closure(start, at_start=True, at_end=True)
    sets = [program.ranges[state] for state in closed if state in program.ranges]
    return all(not _overlap(left, right) for left, right in combinations(sets, 2))


def _overlap(left: Ranges, right: Ranges) -> bool:
    return any(a <= d and c <= b for a, b in left for c, d in right)


def _is_anchored(part: Part) -> bool:
    return isinstance(part, Sequence) and bool(part.parts) and isinstance(part.parts[0], Edge)


def _has_inner_edge(part: Part) -> bool:
    """Whether an edge stands anywhere but first (`^`) or last (`$`) in the whole pattern."""
    if not isinstance(part, Sequence):
        return _has_edge(part)
    last = len(part.parts) - 1
    for place, inner in enumerate(part.parts):
        if isinstance(inner, Edge):
            if (inner.mark == "^" and place != 0) or (inner.mark == "$" and place != last):
                return True
        elif _has_edge(inner):
            return True
    return False


def _has_edge(part: Part) -> bool:
    match part:
        case Edge():
            return True
        case Sequence(parts=parts) | Choice(parts=parts):
            return any(map(_has_edge, parts))
        case Repeat(part=inner):
            return _has_edge(inner)
        case _:
            return False


def _has_loop(part: Part) -> bool:
    match part:
        case Sequence(parts=parts) | Choice(parts=parts):
            return any(map(_has_loop, parts))
        case Repeat(part=inner, most=most):
            return most is None or _has_loop(inner)
        case _:
            return False


def _rewritten(part: Part) -> str:
    """The same pattern in Python's notation, with every class spelled out."""
    match part:
        case One(ranges=ranges):
            spelled = "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)
            return f"[{spelled}]" if spelled else "(?!)"
        case Edge(mark=mark):
            return r"\A" if mark == "^" else r"\Z"
        case Sequence(parts=parts):
            return "".join(map(_rewritten, parts))
        case Choice(parts=parts):
            return "(?:" + "|".join(map(_rewritten, parts)) + ")"
        case Repeat(part=inner, least=least, most=most):
            return f"(?:{_rewritten(inner)}){{{least},{'' if most is None else most}}}"
