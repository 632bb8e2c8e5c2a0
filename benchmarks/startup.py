"""What starting costs: the modules that `--help` loads, and its CPU beside Python that imports
click alone.

    python benchmarks/startup.py [--runs 15]

Exit 1 when a module is loaded that only a scan or a report needs, or above 1.3 times the CPU of
`import click`."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from statistics import median

FORBIDDEN = ("aiohttp", "azure", "boto3", "botocore", "duckdb", "google", "jsonschema", "rich")
MOST_RATIO = 1.3
_IMPORTED = re.compile(r"^import time:\s+(\d+) \|\s+(\d+) \|\s+(\S+)", re.M)
ROOT = Path(__file__).resolve().parents[1]


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


def cpu(*command: str) -> float:
    """Milliseconds of CPU, user and system, of one run of a Python command."""
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return (used.ru_utime + used.ru_stime) * 1000


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    loaded = modules("-m", "scanner", "--help")
    bad = sorted({name.partition(".")[0] for name in loaded} & set(FORBIDDEN))
    ours, peer = [], []
    for _ in range(runs):
        peer.append(cpu("-c", "import click"))
        ours.append(cpu("-m", "scanner", "--help"))
    ratio = median(ours) / median(peer)
    own = {name: spent for name, spent in loaded.items() if name.startswith("scanner")}
    print(
        f"modules loaded by --help: {len(loaded)}, {len(own)} of them ours ({sum(own.values()) / 1000:.1f} ms)"
    )
    more = loaded.keys() - modules("-c", "import click").keys() - own.keys()
    print(f"beyond click and ours: {', '.join(sorted(more)) or 'none'}")
    print(f"forbidden: {', '.join(bad) or 'none'}")
    print(
        f"CPU, medians of {runs}: --help {median(ours):.0f} ms, import click {median(peer):.0f} ms, ratio {ratio:.2f}"
    )
    return 1 if bad or ratio > MOST_RATIO else 0


if __name__ == "__main__":
    raise SystemExit(main())
