"""What each command costs before its work begins: CPU beside Python that imports click alone.

    python benchmarks/startup.py [--runs 7]

Exit 1 when `--help` loads a module that only a scan or a report needs, or when a command is beyond
its budget. CPU is user and system time of the whole process, the least of the runs: what else the
machine does can only add to it."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FORBIDDEN: Final = (
    "aiohttp",
    "azure",
    "boto3",
    "botocore",
    "duckdb",
    "google",
    "jsonschema",
    "rich",
)
MOST_RATIO: Final = 1.3
"""Of `--help` to `import click`."""
_IMPORTED = re.compile(r"^import time:\s+(\d+) \|\s+(\d+) \|\s+(\S+)", re.M)
ROOT = Path(__file__).resolve().parents[1]
MISUSE: Final = 300
"""Milliseconds for a wrong option, file or id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command with its exit code and its budget in milliseconds."""

    line: str
    code: int
    budget: int


COMMANDS: Final = (
    Command(line="checks list", code=0, budget=350),
    Command(line="checks show aws-s3-bucket-versioned", code=0, budget=400),
    Command(line="demo", code=1, budget=900),
    Command(line="demo --nope", code=2, budget=MISUSE),
    Command(line="demo --format html", code=2, budget=MISUSE),
    Command(line="demo --checks no/such/folder", code=2, budget=MISUSE),
    Command(line="demo --select no-such-check", code=2, budget=MISUSE),
    Command(line="checks show no-such-check", code=2, budget=MISUSE),
    Command(line="replay no-such.snapshot.jsonl.gz", code=2, budget=MISUSE),
    Command(line="scan --config no-such.yaml", code=2, budget=MISUSE),
    Command(line="drift 1 2 --store no-such-store", code=2, budget=MISUSE),
)


def modules(*command: str) -> dict[str, int]:
    """The modules that a Python command imports, with the microseconds that each took by itself."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name: int(alone) for alone, _, name in _IMPORTED.findall(done.stderr)}


def cpu(command: Sequence[str], folder: str, code: int) -> float:
    """Milliseconds of CPU, user and system, of one run of a Python command in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # Modules are compiled once in an installation, and not before each command.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != code:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}, not {code}")
    return (used.ru_utime + used.ru_stime) * 1000


def least(runs: int, folder: str) -> tuple[float, float, dict[str, float]]:
    """The least CPU of `import click`, of `--help`, and of each command, run in turn."""
    peer: list[float] = []
    help_: list[float] = []
    found: dict[str, list[float]] = {command.line: [] for command in COMMANDS}
    for _ in range(runs):
        peer.append(cpu(["-c", "import click"], folder, 0))
        help_.append(cpu(["-m", "scanner", "--help"], folder, 0))
        for command in COMMANDS:
            words = ["-m", "scanner", *command.line.split()]
            found[command.line].append(cpu(words, folder, command.code))
    return min(peer), min(help_), {line: min(spent) for line, spent in found.items()}


def beyond(peer: float, help_: float, found: dict[str, float]) -> Iterator[str]:
    """The commands that are beyond their budgets."""
    if help_ > MOST_RATIO * peer:
        yield "--help"
    for command in COMMANDS:
        if found[command.line] > command.budget:
            yield command.line


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    loaded = modules("-m", "scanner", "--help")
    bad = sorted({name.partition(".")[0] for name in loaded} & set(FORBIDDEN))
    own = {name: spent for name, spent in loaded.items() if name.startswith("scanner")}
    more = loaded.keys() - modules("-c", "import click").keys() - own.keys()
    print(f"modules loaded by --help: {len(loaded)}, {len(own)} of them ours")
    print(f"beyond click and ours: {', '.join(sorted(more)) or 'none'}")
    print(f"forbidden: {', '.join(bad) or 'none'}")
    with tempfile.TemporaryDirectory() as folder:
        peer, help_, found = least(runs, folder)
    print(f"\nCPU in ms, the least of {runs} runs\n{'import click':<44}{peer:5.0f}")
    print(f"{'--help':<44}{help_:5.0f}  {help_ / peer:.2f} x, of {MOST_RATIO} x")
    for command in COMMANDS:
        print(f"{command.line:<44}{found[command.line]:5.0f}  of {command.budget}")
    late = list(beyond(peer, help_, found))
    if late:
        print(f"beyond the budget: {', '.join(late)}")
    return 1 if bad or late else 0


if __name__ == "__main__":
    raise SystemExit(main())
