"""What `covers` says of random queries and entries, held against the reference.

Run by hand: `python -m tests.matching.fuzz_logging_queries --cases 20000`."""

from __future__ import annotations

import argparse
from collections import Counter
from random import Random

from scanner.matching.logging_query.coverage import covers
from scanner.matching.logging_query.tokens import QueryError
from tests.matching.logging_queries import Case, holds, make_case

MOST_SHOWN = 5
OPEN = "whether it matches every such entry is not known"


def compare(case: Case) -> str:
    """How both answers relate: `covered`, `left out`, `open` or a difference."""
    try:
        said = covers(case.query, case.description)
    except QueryError as error:
        return "open" if OPEN in str(error) else f"refused: {error}"
    matched = [holds(case.tree, entry) for entry in case.entries]
    if said:
        return "covered" if all(matched) else "covered, but an entry does not match"
    # The sample may lack the entry that does not match; the whole small world has it.
    if all(matched) and all(holds(case.tree, entry) for entry in case.every_entry()):
        return "left out, but every entry matches"
    return "left out"


def run(cases: int, seed: int) -> tuple[Counter[str], list[Case]]:
    """The outcomes of so many cases, and the first of those that differ."""
    rng = Random(seed)
    outcomes: Counter[str] = Counter()
    differing: list[Case] = []
    for _ in range(cases):
        case = make_case(rng)
        outcome = compare(case)
        outcomes[outcome] += 1
        if outcome not in ("covered", "left out", "open"):
            differing.append(case)
        if len(differing) == MOST_SHOWN:
            break
    return outcomes, differing


def main() -> None:
    """Print the outcomes; exit code 1 where one differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    outcomes, differing = run(arguments.cases, arguments.seed)
    for outcome, count in outcomes.most_common():
        print(f"{count:>8}  {outcome}")
    for case in differing:
        print(f"{compare(case)}\n  {case.query!r}\n  {case.description!r}")
    raise SystemExit(bool(differing))


if __name__ == "__main__":
    main()
