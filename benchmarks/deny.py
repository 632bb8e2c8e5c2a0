"""Denies each operation that a scan uses, one at a time, and shows that nothing improves by it.

    python benchmarks/deny.py --server PATH --seeder PATH [--scale 8] [--only Operation …]

For every operation in the server's log the whole scan is made again with that operation refused by
the server:

unknown     findings that were decided and now are not; `name it` of these say which call
fail        findings that fail with it as without it
exit        the exit code without and with the refusal (2: the account could not be entered)
better      findings, controls, criteria or exit codes that improved: there must be none

The making of the credential report is refused before the first report exists; the base is the scan
after that. Exit 1 when anything improved, or an unknown finding names no call."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from estate import Estate, arguments, environment, serving

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scanner.content import load_library
from scanner.core.judging.exit_codes import exit_code
from scanner.errors import EXIT_MISUSE, TscanError
from scanner.model.checks import Severity
from scanner.model.config import Config, TargetConfig
from scanner.model.findings import Assessment, Verdict
from scanner.model.library import Library
from scanner.pipeline import judge, scan
from tests.helpers.refusals import changed, improvements

FIRST = "iam:GenerateCredentialReport"
_CALL = re.compile(r"\b[a-z0-9]+:[A-Z]\w+")
HEAD = (
    f"{'operation denied':48} {'unknown':>8} {'name it':>8} {'fail':>6} {'exit':>8} {'better':>7}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scans:
    """One account, scanned again and again with one library."""

    estate: Estate
    library: Library
    config: Config

    def denied(self, *operations: str) -> Assessment | None:
        """What a scan says while these operations are refused; None where the account cannot be
        entered."""
        self.estate.deny(*operations)
        try:
            return judge(scan(self.config, self.library), self.library)
        except TscanError:
            return None
        finally:
            self.estate.deny()

    def row(self, operation: str, base: Assessment, after: Assessment | None) -> int:
        """Print the line of an operation; how much of it must not be."""
        code = exit_code(base, self.library, Severity.HIGH)
        if after is None:
            print(
                f"{operation:48} {'the account cannot be entered':>24} {code:>4} → {EXIT_MISUSE} {0:>7}"
            )
            return 0
        moved = [finding for finding in changed(base, after) if finding.verdict is Verdict.UNKNOWN]
        name = operation.partition(":")[2]
        naming = sum(f":{name} " in f"{finding.reason} " for finding in moved)
        failing = sum(finding.verdict is Verdict.FAIL for finding in after.findings)
        gains = list(improvements(base, after, self.library))
        codes = f"{code} → {exit_code(after, self.library, Severity.HIGH)}"
        print(
            f"{operation:48} {len(moved):8} {naming:8} {failing:6} {codes:>8} {len(gains):7}",
            flush=True,
        )
        for gain in gains:
            print(f"    {gain}")
        silent = [finding for finding in moved if not _CALL.search(finding.reason)]
        for finding in silent[:3]:
            print(f"    names no call: {finding.check} {finding.resource.id}: {finding.reason}")
        return len(gains) + len(silent)


def table(scans: Scans, only: list[str]) -> int:
    """Print a line for each operation; how much got better."""
    print(HEAD)
    unmade = scans.denied(FIRST)
    before = scans.estate.position
    base = scans.denied()
    if base is None:
        raise SystemExit("the account cannot be entered")
    used = {f"{row['service']}:{row['op']}" for row in scans.estate.calls(before)}
    wrong = scans.row(FIRST, base, unmade)
    chosen = sorted(name for name in used - {FIRST} if not only or name.partition(":")[2] in only)
    for operation in chosen:
        wrong += scans.row(operation, base, scans.denied(operation))
    print(f"{len(chosen) + 1} operations denied, {wrong} things got better or name no call")
    return wrong


def main() -> int:
    parser = arguments(__doc__ or "")
    parser.add_argument("--scale", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], metavar="OPERATION")
    chosen = parser.parse_args()
    with serving(chosen.server, chosen.seeder) as estate:
        regions = estate.seed(chosen.scale, chosen.seed)["meta"]["regions"]
        os.environ.update(environment(estate.endpoint))
        config = Config(targets=(TargetConfig(regions=tuple(regions)),))
        scans = Scans(estate=estate, library=load_library(), config=config)
        return 1 if table(scans, chosen.only) else 0


if __name__ == "__main__":
    raise SystemExit(main())
