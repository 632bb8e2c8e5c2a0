"""What loading the library costs, each time in a process of its own.

    python benchmarks/library.py [--checks 400] [--runs 5] [--profile]

Two loads: the pack as it is shipped, and the shipped kinds and mappings with so many checks: the
shipped ones and copies of them, each condition of a copy different, so that nothing can be
remembered. `compile` is the making of a program for every condition that a check or an attribute
has, as its first evaluation does. Exit 1 when a library of 400 checks, its checks' conditions
compiled, takes more than 250 ms of CPU."""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

MOST_MS = 250.0
BUDGET_FOR = 400


def copies(folder: Path, count: int) -> None:
    """Write so many more checks: copies of the shipped ones under other ids and with other
    conditions."""
    files = sorted((ROOT / "checks").rglob("*-*.yaml"))
    for number in range(count):
        source = files[number % len(files)]
        below = folder / source.parent.relative_to(ROOT / "checks")
        below.mkdir(parents=True, exist_ok=True)
        name = f"{source.stem}-copy-{number}"
        text = source.read_text().replace(f"id: {source.stem}\n", f"id: {name}\n", 1)
        (below / f"{name}.yaml").write_text(_varied(text, number))


def _varied(text: str, number: int) -> str:
    """The check with one more term in its condition, written on one line or folded."""
    head, mark, tail = text.partition("\npass_when: ")
    line, _, rest = tail.partition("\n")
    if line.startswith((">", "|")):
        lines = rest.split("\n")
        end = next(at for at, one in enumerate(lines) if one and not one.startswith(" "))
        lines.insert(end, f"  && self.id != 'copy-{number}'")
        return f"{head}{mark}{line}\n" + "\n".join(lines)
    condition = line.strip('"')
    return f"{head}{mark}>-\n  ({condition})\n  && self.id != 'copy-{number}'\n{rest}"


def load(more: str, profile: bool) -> dict[str, float]:
    """Milliseconds of CPU of this process: imports, the load, and the compilation of conditions."""
    started = time.process_time()
    from scanner.content import default_roots, load_library

    imported = time.process_time()
    roots = default_roots(checks=[more] if more else [])
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    library = load_library(roots)
    profiler.disable()
    loaded = time.process_time()
    checks = list(_conditions(library))
    for program in checks:
        _compile(program)
    compiled = time.process_time()
    for kind in library.kinds.values():
        for attribute in kind.attributes.values():
            _compile(attribute.api)
    whole = time.process_time()
    if profile:
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(25)
    return {
        "checks": len(library.checks),
        "conditions": len(checks),
        "import": (imported - started) * 1000,
        "load": (loaded - imported) * 1000,
        "compile": (compiled - loaded) * 1000,
        "compile attributes": (whole - compiled) * 1000,
    }


def _conditions(library: Any) -> Iterator[Any]:
    for check in library.checks.values():
        yield from (
            condition for condition in (check.where, check.pass_when) if condition is not None
        )


def _compile(program: Any) -> None:
    # What an evaluation does first; the run after it fails for want of a scope.
    with suppress(Exception):
        program._fast({}, 0)


def measure(label: str, more: str, runs: int, *, profile: bool) -> float:
    """Print the medians; milliseconds of load and compiled conditions."""
    rows: list[dict[str, float]] = []
    for number in range(runs):
        command = [sys.executable, __file__, "--child", "--more", more]
        wanted = [*command, "--profile"] if profile and number == 0 else command
        rows.append(
            json.loads(subprocess.run(wanted, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)
        )
    kept = rows[1:] if profile and runs > 1 else rows
    found = {name: median(row[name] for row in kept) for name in rows[0]}
    print(
        f"{label}: {found['checks']:.0f} checks, {found['conditions']:.0f} conditions;"
        f" CPU in ms, medians of {len(kept)}"
    )
    print(
        "  "
        + ", ".join(
            f"{name} {found[name]:.0f}"
            for name in ("import", "load", "compile", "compile attributes")
        )
    )
    return found["load"] + found["compile"]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checks", type=int, default=BUDGET_FOR)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--profile", action="store_true", help="also print where the first load spends its time"
    )
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--more", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        print(json.dumps(load(chosen.more, chosen.profile)))
        return 0
    measure("shipped", "", chosen.runs, profile=False)
    with tempfile.TemporaryDirectory() as folder:
        shipped = len(list((ROOT / "checks").rglob("*-*.yaml")))
        copies(Path(folder), max(0, chosen.checks - shipped))
        spent = measure("synthetic", folder, chosen.runs, profile=chosen.profile)
    print(
        f"load and compiled conditions: {spent:.0f} ms; budget {MOST_MS:.0f} ms for {BUDGET_FOR} checks"
    )
    return 1 if chosen.checks == BUDGET_FOR and spent > MOST_MS else 0


if __name__ == "__main__":
    raise SystemExit(main())
