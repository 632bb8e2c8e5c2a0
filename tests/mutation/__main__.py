"""Try the mutants: `python -m tests.mutation`, or `… matching policies/effects` for some.

With `--quick`, functions are not tried a second time in modules that are imported anew.
Prints those that no test noticed, and a count for each module; 1 where one is not listed in
`equivalents.tsv`.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path

from tests.mutation.groups import GROUPS, Group
from tests.mutation.running import ROOT, Outcome, run_mutants

EQUIVALENTS = Path(__file__).with_name("equivalents.tsv")


def equivalents() -> dict[tuple[str, str], str]:
    """The reason of each mutant that behaves as its module does, by file and text."""
    with EQUIVALENTS.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {(path, says): reason for path, says, reason in rows}


def main(arguments: list[str]) -> int:
    wanted = [one for one in arguments if one != "--quick"]
    known = equivalents()
    counts: Counter[tuple[str, str]] = Counter()

    def report(outcome: Outcome) -> None:
        kind = "noticed"
        if not outcome.noticed:
            is_known = (outcome.path, outcome.mutant.says) in known
            kind = "equivalent" if is_known else "survived"
        counts[outcome.path, kind] += 1
        if kind == "survived":
            print(f"survived  {outcome.label}", flush=True)

    for group in GROUPS:
        paths = [path for path in _paths(group) if _is_wanted(path, wanted)]
        if paths:
            run_mutants(paths, group.tests, report, quick="--quick" in arguments)
            for path in paths:
                kinds = ("noticed", "equivalent", "survived")
                figures = ", ".join(f"{counts[path, kind]} {kind}" for kind in kinds)
                print(f"{path}: {figures}", flush=True)
    return int(any(kind == "survived" for _, kind in counts))


def _paths(group: Group) -> list[str]:
    found = (path for pattern in group.modules for path in sorted(ROOT.glob(pattern)))
    return [path.relative_to(ROOT).as_posix() for path in found]


def _is_wanted(path: str, wanted: list[str]) -> bool:
    return not wanted or any(part in path for part in wanted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
