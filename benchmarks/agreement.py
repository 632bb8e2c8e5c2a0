"""Compares a scan's findings with the ground truth of a seeded estate, property by property.

    python benchmarks/agreement.py --server PATH --seeder PATH [--scale 20 100] [--seed 1 7]
    python benchmarks/agreement.py --truth truth.json --result result.json

`pairs.tsv` beside this file names the check for each property, or several that together ask it. A
resource outside the check's population counts as one of which the property holds only where the
pair says so (`outside` = true: "no password, so no second factor is asked"). Exit 1 when a paired
verdict differs or is missing."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from estate import scan, serving

PAIRS = Path(__file__).with_name("pairs.tsv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A property of the estate and the checks that together ask the same."""

    property: str
    checks: tuple[str, ...]
    outside: bool
    prowler: str
    note: str


def pairs() -> list[Pair]:
    """The pairs, in the order of the file; a property without a check is an omission, and its note
    says why."""
    with PAIRS.open(newline="") as file:
        return [
            Pair(
                property=row["property"],
                checks=tuple(row["check"].split()),
                outside=row["outside"] == "true",
                prowler=row["prowler"],
                note=row["note"],
            )
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def expectations(truth: Mapping[str, Any], name: str) -> Iterator[tuple[tuple[str, ...], bool]]:
    """What must be found: the names of a resource or a region, and whether the property holds of
    it."""
    for resource in truth["resources"]:
        if name in resource["expect"]:
            region = "" if resource["region"] == "*" else resource["region"]
            yield (resource["arn"], resource["id"], region), resource["expect"][name]
    for region, holds in truth["account"].get(name, {}).items():
        yield ("*", "*", "" if region == "*" else region), holds


def verdicts(findings: list[dict[str, Any]], where: tuple[str, ...]) -> set[str]:
    """The verdicts of all findings about a resource, or about what belongs to it (a user's keys)."""
    arn, short, region = where
    found = set()
    for finding in findings:
        resource = finding["resource"]
        same_place = not region or resource["region"] in ("", region)
        named = (
            arn == "*"
            or arn == resource["id"]
            or short == resource["name"]
            or resource["id"].startswith(f"{arn}/")
        )
        if same_place and named:
            found.add(finding["verdict"])
    return found


def verdict_of(
    by_check: Mapping[str, list[dict[str, Any]]],
    checks: Iterable[str],
    where: tuple[str, ...],
    outside: bool,
) -> str:
    """What some checks say of a resource together: the worst of their verdicts, or `missing`."""
    said = [verdicts(by_check.get(check, []), where) for check in checks]
    worst = {verdict for found in said for verdict in found}
    if "fail" in worst:
        return "fail"
    if "unknown" in worst:
        return "unknown"
    return "pass" if all(said) or outside else "missing"


def compare(truth: Mapping[str, Any], result: Mapping[str, Any]) -> int:
    """Prints the table; the number of verdicts that differ or are missing."""
    by_check: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for finding in result["findings"]:
        by_check[finding["check"]].append(finding)
    wrong = paired = total = 0
    for pair in pairs():
        wanted = list(expectations(truth, pair.property))
        if not pair.checks:
            print(f"  -   {pair.property:42} not paired: {pair.note}")
            continue
        paired += 1
        differ = []
        for where, holds in wanted:
            said = verdict_of(by_check, pair.checks, where, pair.outside)
            if said != ("pass" if holds else "fail"):
                differ.append((where[1], "pass" if holds else "fail", said))
        total += len(wanted)
        wrong += len(differ) or not wanted
        mark = "BAD" if differ or not wanted else "ok "
        print(
            f"  {mark} {pair.property:42} {len(wanted) - len(differ):4}/{len(wanted):<4} {' '.join(pair.checks)}"
        )
        for name, expected, said in differ[:5]:
            print(f"        {name}: expected {expected}, is {said}")
    print(f"{paired} properties paired, {total} verdicts, {wrong} differ or are missing")
    return wrong


def compare_fresh(server: Path, seeder: Path, scale: int, seed: int) -> int:
    """Scans an estate made for it and compares; the number of verdicts that differ or are missing."""
    with serving(server, seeder) as estate:
        truth = estate.seed(scale, seed)
        scan(estate, truth["meta"]["regions"])
        print(f"scale {scale}, seed {seed}")
        return compare(truth, json.loads((estate.folder / "result.json").read_text()))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--server", type=Path, help="the program that serves the estate")
    parser.add_argument("--seeder", type=Path, help="the program that fills it")
    parser.add_argument("--scale", type=int, nargs="+", default=[20, 100])
    parser.add_argument("--seed", type=int, nargs="+", default=[1, 7])
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--result", type=Path)
    chosen = parser.parse_args()
    if chosen.truth and chosen.result:
        return (
            1
            if compare(json.loads(chosen.truth.read_text()), json.loads(chosen.result.read_text()))
            else 0
        )
    if not (chosen.server and chosen.seeder):
        parser.error("give --server and --seeder, or --truth and --result")
    estates = [(scale, seed) for scale in chosen.scale for seed in chosen.seed]
    return (
        1 if sum(compare_fresh(chosen.server, chosen.seeder, *estate) for estate in estates) else 0
    )


if __name__ == "__main__":
    sys.exit(main())
