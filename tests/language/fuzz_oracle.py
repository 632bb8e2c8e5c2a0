"""Differential fuzzing against Google's CEL.

Three promises are tested: on data that was wholly read, true and false are the oracle's; on data
with holes, true and false are the oracle's for every completion tried; and the fast path equals
the careful one. Run `python -m tests.language.fuzz_oracle --cases 120000 --seed 1` for the long
form.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from scanner.language import ExpressionErrors, compile_expression
from scanner.language.types import BOOL, DYN, INT, STRING, TIMESTAMP, Type
from scanner.model.values import OpenList, Unreadable
from tests.language.expressions import Writer, ours, theirs
from tests.language.generate import LS, completed, damaged, place, schema, value
from tests.language.oracle import FAILED, environment, evaluate

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
_RATES = (0.0, 0.0, 0.03, 0.03, 0.1, 0.3)
_COMPLETIONS = 5
_MAPPED = re.compile("does not apply to (string and )?record")
_RAW: dict[str, Type] = {"self": DYN, "params": DYN}


def is_settled(outcome: Any) -> bool:
    """Whether an outcome is a value all through."""
    if isinstance(outcome, list):
        return type(outcome) is list and all(map(is_settled, outcome))
    return not isinstance(outcome, Unreadable)


class Fuzz:
    """One run: a seed, counts of what was tried, and the first differences found."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.differences: list[str] = []
        self._oracle = environment(("self", "params", "now"))

    def run(self, cases: int) -> None:
        """Try a number of cases; a case is one expression on one set of data."""
        while self.counts["cases"] < cases and len(self.differences) < 5:
            names: dict[str, Type] = {
                "self": schema(self.rng),
                "params": schema(self.rng, "params", 1),
            }
            for _ in range(25):
                self.expression({**names, "now": TIMESTAMP})

    def expression(self, names: dict[str, Type]) -> None:
        """Write one expression and try it on several sets of data."""
        rng = self.rng
        kind = rng.choice((BOOL,) * 9 + (INT, STRING, LS))
        try:
            source = Writer(rng).write(kind, place(names), rng.randint(2, 5))
        except LookupError:
            return
        try:
            program = compile_expression(ours(source), names)
            raw = compile_expression(ours(source), {**_RAW, "now": TIMESTAMP})
        except ExpressionErrors as error:
            self.counts["refused"] += 1
            if (
                "nested more" not in str(error)
                and "longer than" not in str(error)
                and "parts" not in str(error)
            ):
                self.differences.append(f"refused: {source}\n{error}")
            return
        self.counts["expressions"] += 1
        compiled = self.compile_for_oracle(theirs(source))
        for rate in _RATES:
            self.case(program, raw, compiled, names, rate)

    def compile_for_oracle(self, source: str) -> Any:
        """The oracle's program; its checker sometimes takes a sum of two `dyn` for an int, and
        is then left out."""
        try:
            return self._oracle.compile(source)
        except RuntimeError as error:
            self.counts["not checked by the oracle"] += 1
            if "found no matching overload" not in str(error):
                self.differences.append(f"the oracle refuses: {source}\n{error}")
            return self._oracle.compile(source, disable_check=True)

    def case(
        self, program: Any, raw: Any, compiled: Any, names: dict[str, Type], rate: float
    ) -> None:
        """Try one expression on one set of data."""
        rng = self.rng
        scope = {
            name: damaged(rng, value(rng, kind), rate)
            for name, kind in names.items()
            if name != "now"
        }
        scope["now"] = NOW
        self.counts["cases"] += 1
        outcome, careful = program.evaluate(scope), program.evaluate_slowly(scope)
        if type(outcome) is not type(careful) or outcome != careful:
            self.differences.append(
                f"paths differ: {program.source}\n{scope}\nfast {outcome!r} careful {careful!r}"
            )
        self.counts[
            f"{'settled' if is_settled(outcome) else 'unread'} {'holes' if rate else 'whole'}"
        ] += 1
        explained = program.explain(scope)
        if explained.outcome != careful or len(explained.observed) > 20:
            self.differences.append(f"explain differs: {program.source}\n{scope}\n{explained}")
        self.compare_raw(raw, scope, outcome, rate)
        self.compare(program.source, compiled, names, scope, outcome, rate)

    def compare_raw(self, raw: Any, scope: dict[str, Any], outcome: Any, rate: float) -> None:
        """Over raw data an expression may be open, but never settles otherwise than over typed
        data.

        Raw, a mapping has no members and no size, and is not gone over: it may stand where a
        list was meant.
        """
        expected = raw.explain(scope).outcome
        if expected != raw.evaluate(scope):
            self.differences.append(f"raw paths differ: {raw.source}\n{scope}\n{expected!r}")
        is_open = isinstance(expected, Unreadable | OpenList)
        mapping = is_open and _MAPPED.search(expected.reason)
        may_be_open = bool(rate or mapping) and not is_settled(expected)
        if is_settled(outcome) and expected != outcome and not may_be_open:
            self.differences.append(
                f"raw differs: {raw.source}\n{scope}\ntyped {outcome!r} raw {expected!r}"
            )

    def compare(
        self,
        source: str,
        compiled: Any,
        names: dict[str, Type],
        scope: dict[str, Any],
        outcome: Any,
        rate: float,
    ) -> None:
        """Compare with the oracle on the data, or on completions of data with holes."""
        if not is_settled(outcome):
            if not rate and evaluate(compiled, scope) is not FAILED:
                self.counts["needlessly unread"] += 1
                self.counts[f"  because {outcome.reason[:60]}: {source[:90]}"] += 1
            return
        for _ in range(_COMPLETIONS if rate else 1):
            full = {name: completed(self.rng, scope[name], kind) for name, kind in names.items()}
            expected = evaluate(compiled, full)
            self.counts["compared"] += 1
            if type(expected) is not type(outcome) or expected != outcome:
                results = f"ours {outcome!r} oracle {expected!r}"
                self.differences.append(f"oracle differs: {source}\n{scope}\n{full}\n{results}")
                return


def main() -> int:
    """The long form: counts on standard output, 1 when anything differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=120_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.perf_counter()
    fuzz = Fuzz(options.seed)
    fuzz.run(options.cases)
    for name, count in sorted(fuzz.counts.items()):
        if not name.startswith("  ") or count > options.cases / 5_000:
            print(f"{name}: {count}")
    print(f"differences: {len(fuzz.differences)}; {time.perf_counter() - started:.1f} s")
    for difference in fuzz.differences:
        print(f"\n{difference}")
    return 1 if fuzz.differences else 0


if __name__ == "__main__":
    raise SystemExit(main())
