"""Cost of a scan beside Prowler's, on the checks that both have (`pairs.tsv`), over one server, in
turn.

    python benchmarks/scan.py --server PATH --seeder PATH --prowler PATH [--scale 20 …] [--runs 3]
    [--latency-ms 60] [--json FILE]

CPU (user and system) and peak memory are of the whole process, as the kernel counts them; calls are
of the server's log. Without `--prowler` only this side is measured. Exit 1 beyond a budget: CPU
0.15, memory 1/4; with `--latency-ms`, wall time 1/10."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from agreement import Pair, expectations, pairs, verdict_of
from estate import Estate, Usage, arguments, environment, measured, scan, serving

CPU = 0.15
MEMORY = 0.25
WALL = 0.1
"""Where each answer is made late: beside that wait, moto itself is the bound."""
Run = tuple[Usage, int]


def common() -> list[Pair]:
    """The pairs that Prowler has a check for."""
    return [pair for pair in pairs() if pair.checks and pair.prowler]


def ours(estate: Estate, regions: Sequence[str], whole: bool) -> Run:
    """One scan with the common checks, or with all, and the calls it made."""
    checks = [] if whole else sorted({check for pair in common() for check in pair.checks})
    before = estate.position
    usage = scan(estate, regions, *(word for check in checks for word in ("--select", check)))
    return usage, len(estate.calls(before))


def theirs(estate: Estate, regions: Sequence[str], prowler: Path) -> Run:
    """One scan by Prowler with the common checks, and the calls it made."""
    checks = sorted({pair.prowler for pair in common()})
    folder = estate.folder / "prowler"
    folder.mkdir(exist_ok=True)
    for file in folder.glob("*.json"):
        file.unlink()
    command = [
        str(prowler),
        "aws",
        "--checks",
        *checks,
        "--region",
        *regions,
        "--no-banner",
        "--ignore-exit-code-3",
    ]
    command += [
        "--output-formats",
        "json-ocsf",
        "--output-directory",
        str(folder),
        "--output-filename",
        "out",
    ]
    before = estate.position
    usage = measured(
        [*command, "--log-level", "CRITICAL"], environment(estate.endpoint, estate.folder)
    )
    if not (folder / "out.ocsf.json").exists():
        raise SystemExit(f"Prowler gave no result (exit {usage.code}):\n{usage.output[-2000:]}")
    return usage, len(estate.calls(before))


def prowler_findings(path: Path) -> list[dict[str, Any]]:
    """Prowler's findings in the form of ours."""
    return [
        {
            "check": row["metadata"]["event_code"],
            "verdict": {"PASS": "pass", "FAIL": "fail"}.get(row["status_code"], "unknown"),
            "resource": {
                "id": resource["uid"],
                "name": resource["name"],
                "region": resource.get("region", ""),
            },
        }
        for row in json.loads(path.read_text())
        for resource in row["resources"]
    ]


def disagreements(estate: Estate, truth: Mapping[str, Any]) -> None:
    """Print the pairs on which the two differ, with what the ground truth says."""
    sides = (
        _by_check(json.loads((estate.folder / "result.json").read_text())["findings"]),
        _by_check(prowler_findings(estate.folder / "prowler" / "out.ocsf.json")),
    )
    agreed = total = 0
    for pair in common():
        rows = []
        for where, holds in expectations(truth, pair.property):
            we = verdict_of(sides[0], pair.checks, where, pair.outside)
            they = verdict_of(sides[1], (pair.prowler,), where, pair.outside)
            total += 1
            agreed += we == they
            if we != they:
                rows.append((where[1], where[2], "pass" if holds else "fail", we, they))
        if rows:
            name, region, truly, we, they = rows[0]
            where_text = f"{name} {region}".strip()
            print(
                f"  {pair.property}: {len(rows)} differ: {where_text}: truth {truly}, tscan {we}, Prowler {they}"
            )
    print(f"  verdicts on the common checks: {agreed} of {total} are the same")


def _by_check(findings: Sequence[dict[str, Any]]) -> Mapping[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for finding in findings:
        found[finding["check"]].append(finding)
    return found


def summary(runs: Sequence[Run]) -> dict[str, float]:
    """The medians of some runs."""
    return {
        "cpu": round(median(usage.cpu for usage, _ in runs), 2),
        "wall": round(median(usage.wall for usage, _ in runs), 1),
        "memory": round(median(usage.memory for usage, _ in runs)),
        "calls": round(median(calls for _, calls in runs)),
    }


def measure(estate: Estate, scale: int, chosen: argparse.Namespace) -> dict[str, Any]:
    """The figures at one scale, the two in turn."""
    truth = estate.seed(scale, chosen.seed)
    regions = truth["meta"]["regions"]
    estate.post("/estate-api/latency", {"ms": chosen.latency_ms})
    sides: dict[str, list[Run]] = {"tscan, all checks": [ours(estate, regions, True)], "tscan": []}
    for _ in range(chosen.runs):
        sides["tscan"].append(ours(estate, regions, False))
        if chosen.prowler:
            sides.setdefault("prowler", []).append(theirs(estate, regions, chosen.prowler))
    found: dict[str, Any] = {name: summary(runs) for name, runs in sides.items()}
    print(f"scale {scale}, medians of {chosen.runs} runs")
    for name, row in found.items():
        print(
            f"  {name:18} {row['cpu']:7.2f} s CPU {row['wall']:7.1f} s {row['memory']:6.0f} MB {row['calls']:6} calls"
        )
    if chosen.prowler:
        we, they = found["tscan"], found["prowler"]
        found["ratio"] = {
            name: round(we[name] / they[name], 3) for name in ("cpu", "wall", "memory", "calls")
        }
        print(
            "  ratio              "
            + ", ".join(f"{name} {value:.3f}" for name, value in found["ratio"].items())
        )
        disagreements(estate, truth)
    return found


def beyond(scale: int, ratio: Mapping[str, float], late: bool) -> list[str]:
    """The budgets that are missed."""
    budgets = {"wall": WALL} if late else {"cpu": CPU, "memory": MEMORY}
    return [
        f"scale {scale}: {name} {ratio[name]} > {budget}"
        for name, budget in budgets.items()
        if ratio[name] > budget
    ]


def main() -> int:
    parser = arguments(__doc__ or "")
    parser.add_argument(
        "--prowler", type=Path, help="Prowler's command, installed in an environment of its own"
    )
    parser.add_argument("--scale", type=int, nargs="+", default=[20])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--latency-ms", type=int, default=0, help="make each answer this much later"
    )
    parser.add_argument("--json", type=Path, help="also write the figures here")
    chosen = parser.parse_args()
    figures = {}
    for scale in chosen.scale:
        # A server of its own for each scale: what the last one left in its memory slows the next.
        with serving(chosen.server, chosen.seeder) as estate:
            figures[scale] = measure(estate, scale, chosen)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n")
    missed = [
        line
        for scale, found in figures.items()
        if "ratio" in found
        for line in beyond(scale, found["ratio"], chosen.latency_ms > 0)
    ]
    for line in missed:
        print(f"beyond the budget: {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
