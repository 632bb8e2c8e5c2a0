"""Takes each IAM action away that a scan uses, one at a time, and shows what becomes unknown by it.

    python benchmarks/least_privilege.py [--replay] [--only ACTION …]

The estate of `tests/estate` is filled, and an allow-list of IAM actions stands before it from then
on. The first scan is allowed exactly what `tscan permissions aws` prints; then, for every action
that it used, the whole scan is made again without that one. With `--replay` the first scan's
answers are refused instead, which takes seconds.

refused     requests that were refused
unknown     findings that were decided, or not there, and are unknown
name it     those of them whose reason is the operation
better      findings, controls, criteria or exit codes that improved: there must be none
differ      findings of which the replay says otherwise than the scan: there must be none

Exit 1 when the first scan was refused anything, something improved, the replay differs, an action
is printed and not asked for, or one that is not printed as being for names only turns nothing
unknown."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scanner.content import load_library
from scanner.model.answers import Snapshot
from scanner.model.findings import Assessment
from scanner.model.library import Library
from scanner.pipeline import judge
from tests.estate.guarded import Guarded, guarded
from tests.estate.refusing import Decision
from tests.estate.seed import REGIONS
from tests.helpers.withheld_actions import effect, printed, used, verdicts, without

FIRST = "iam:GenerateCredentialReport"
"""Asked only until a report exists: it is taken away before any other scan."""
HEAD = f"{'action taken away':52} {'refused':>7} {'unknown':>7} {'name it':>7} {'better':>6} {'differ':>6}"


@dataclass(slots=True, kw_only=True)
class Table:
    """What each action does, as it is found."""

    estate: Guarded
    library: Library
    allowed: frozenset[str]
    snapshot: Snapshot
    before: Assessment
    first: tuple[Snapshot, list[Decision]] | None
    """What a scan without `FIRST` brought; none: the answers are replayed."""
    totals: Counter[str] = field(default_factory=Counter)
    silent: list[str] = field(default_factory=list)

    def row(self, action: str) -> None:
        """Print the line of an action."""
        replay = judge([without(self.snapshot, {action}, REGIONS[0])], self.library)
        after, refused = replay, len(used(self.snapshot)[action])
        if self.first is not None:
            snapshot, decisions = (
                self.first if action == FIRST else self.estate.scan(self.allowed - {action})
            )
            after, refused = (
                judge([snapshot], self.library),
                sum(bool(one.lacking) for one in decisions),
            )
        found = effect(action, self.snapshot, self.before, after, self.library)
        differ = len(verdicts(after).items() ^ verdicts(replay).items())
        numbers = f"{refused:7} {found.turned:7} {found.naming:7} {len(found.gains):6} {differ:6}"
        print(f"{action:52} {numbers}", flush=True)
        for gain in found.gains:
            print(f"    {gain}")
        self.totals += Counter(better=len(found.gains), differ=differ)
        if not found.naming:
            self.silent.append(action)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--replay", action="store_true", help="refuse recorded answers instead of scanning again"
    )
    parser.add_argument("--only", action="append", default=[], metavar="ACTION")
    options = parser.parse_args()
    # One line for each operation that moto lacks, and scan.
    logging.disable(logging.CRITICAL)
    library = load_library()
    with guarded(library) as estate:
        allowed = printed()
        first = None if options.replay else estate.scan(allowed - {FIRST})
        started = time.monotonic()
        snapshot, decisions = estate.scan(allowed)
        asked, operations = used(snapshot), {one.operation for one in decisions}
        refused = sum(bool(one.lacking) for one in decisions)
        print(
            f"{len(allowed)} actions allowed, as printed; a scan of {time.monotonic() - started:.1f} s:"
        )
        print(
            f"{len(decisions)} requests of {len(operations)} operations, {len(asked)} actions, {refused} refusals"
        )
        print(HEAD)
        before = judge([snapshot], library)
        table = Table(
            estate=estate,
            library=library,
            allowed=allowed,
            snapshot=snapshot,
            before=before,
            first=first,
        )
        for action in options.only or asked:
            table.row(action)
    return _summary(table, len(options.only or asked), refused=refused, idle=allowed - asked.keys())


def _summary(table: Table, count: int, *, refused: int, idle: frozenset[str]) -> int:
    """Print what it comes to; the exit code."""
    names = printed() - printed(deciding=True)
    print(
        f"{count} actions taken away: {count - len(table.silent)} turn findings unknown that name the operation"
    )
    for action in table.silent:
        print(
            f"    {action}: {'for names only, and printed as such' if action in names else 'NOTHING TURNS'}"
        )
    print(
        f"{table.totals['better']} things got better, {table.totals['differ']} findings differ from the replay"
    )
    print(
        f"{len(idle)} actions are allowed and were not asked for{': ' if idle else ''}{', '.join(sorted(idle))}"
    )
    return int(
        bool(
            refused
            or idle
            or set(table.silent) - names
            or table.totals["better"]
            or table.totals["differ"]
        )
    )


if __name__ == "__main__":
    raise SystemExit(main())
