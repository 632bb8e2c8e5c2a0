"""`python -m tests.plans.parity [ESTATE...]`: plans beside live scans, with a real Terraform.

Exit code 1 where a plan says what the account does not, or leaves open what it should decide.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from scanner.content.library import load_library
from scanner.content.plan_maps import load_plan_maps
from scanner.errors import EXIT_MISUSE
from tests.plans.parity.comparison import (
    CONTRADICTION,
    OPEN_IN_PLAN,
    OUTCOMES,
    Comparison,
    compare,
    shortfalls,
)
from tests.plans.parity.proof import LONG, SERVICES, Scope, prove
from tests.plans.parity.terraform import find_tools


def main(names: list[str]) -> int:
    """Run the estates that are named, or those of the long form."""
    estates = names or list(LONG)
    unknown = sorted(set(estates) - set(LONG))
    tools = find_tools()
    if unknown or isinstance(tools, str):
        reason = tools if isinstance(tools, str) else f"no estate {', '.join(unknown)}"
        sys.stderr.write(f"nothing was compared: {reason}\n")
        return EXIT_MISUSE
    library = load_library()
    maps = load_plan_maps(library)
    problems: list[str] = []
    for estate in estates:
        with tempfile.TemporaryDirectory() as folder:
            proof = prove(estate, tools, Path(folder), library, Scope.whole(library))
            compared = compare(proof, library, maps)
        for comparison in compared:
            sys.stdout.write("\n".join(_table(estate, comparison)) + "\n\n")
        problems.extend(f"{estate}: {one}" for one in shortfalls(compared))
    sys.stdout.write("\n".join(problems or ["no contradiction"]) + "\n")
    return 1 if problems else 0


def _table(estate: str, comparison: Comparison) -> Iterator[str]:
    """One line for each service, and one for each verdict that is not the same."""
    decided, wanted = comparison.decided(SERVICES)
    yield f"{estate}, {comparison.name}: {decided} of {wanted} decided"
    yield f"  {'':12}" + "".join(f"{name:>19}" for name in OUTCOMES)
    for service, counts in comparison.counts().items():
        yield f"  {service:12}" + "".join(f"{counts[name]:>19}" for name in OUTCOMES)
    yield from _rows(comparison, (CONTRADICTION, OPEN_IN_PLAN))


def _rows(comparison: Comparison, outcomes: Iterable[str]) -> Iterator[str]:
    for outcome in outcomes:
        for row in comparison.of(outcome):
            where = row.plan.address or row.resource
            yield f"  {outcome}: {row.check} {where}"
            yield f"    plan: {row.plan.verdict} {row.plan.reason}"
            yield f"    live: {row.scan.verdict} {row.scan.reason}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
