"""A seeded estate to measure against: its server, its log of calls, and the cost of a process that
scans it.

The server and the seeder are programs whose paths the user gives (`--server`, `--seeder`). The
server takes `--port` and `--log`, writes one JSON line for each call, and answers
`/estate-api/mark` and `/estate-api/deny`; the seeder takes `--endpoint`, `--scale` and `--seed`,
and prints the ground truth as JSON. Nothing of `scanner` is imported here: the peak memory of a
child counts what its parent held when it was made."""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_START_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process cost."""

    cpu: float
    """Seconds, user and system."""
    wall: float
    memory: float
    """Peak resident size in MB."""
    code: int
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """A server that holds a seeded estate."""

    endpoint: str
    log: Path
    seeder: Path
    folder: Path

    def seed(self, scale: int, seed: int) -> dict[str, Any]:
        """Fill the server anew; the ground truth."""
        command = [sys.executable, str(self.seeder), "--endpoint", self.endpoint]
        command += ["--scale", str(scale), "--seed", str(seed)]
        done = subprocess.run(
            command,
            env=environment(self.endpoint),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        truth: dict[str, Any] = json.loads(done.stdout)
        return truth

    def post(self, path: str, content: Mapping[str, Any]) -> None:
        """Tell the server something that AWS has no call for."""
        request = urllib.request.Request(
            f"{self.endpoint}{path}", data=json.dumps(content).encode(), method="POST"
        )
        urllib.request.urlopen(request, timeout=30).close()

    def deny(self, *actions: str) -> None:
        """Refuse these operations (`iam:ListUsers`) from now on, and no others."""
        self.post("/estate-api/deny", {"actions": actions})

    def calls(self, since: int = 0) -> list[dict[str, Any]]:
        """The calls that the server has answered, from a position on."""
        with self.log.open() as file:
            rows = [json.loads(line) for line in file]
        return [row for row in rows[since:] if "op" in row]

    @property
    def position(self) -> int:
        """How many lines the log has."""
        with self.log.open() as file:
            return sum(1 for _ in file)


def arguments(description: str) -> argparse.ArgumentParser:
    """The options that every script over an estate has."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--server", type=Path, required=True, help="the program that serves the estate"
    )
    parser.add_argument("--seeder", type=Path, required=True, help="the program that fills it")
    return parser


@contextmanager
def serving(server: Path, seeder: Path) -> Iterator[Estate]:
    """An empty estate on a free port; it ends with the block."""
    with tempfile.TemporaryDirectory(prefix="tscan-bench-") as folder:
        log = Path(folder, "calls.jsonl")
        log.touch()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, str(server), "--port", str(port), "--log", str(log)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            endpoint = f"http://127.0.0.1:{port}"
            _wait(f"{endpoint}/moto-api/", process)
            yield Estate(endpoint=endpoint, log=log, seeder=seeder, folder=Path(folder))
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("the server did not start")


def environment(endpoint: str, home: Path | None = None) -> dict[str, str]:
    """The caller's environment without a way to a real account."""
    # Compiled modules are kept, as they are wherever a program is installed: else one that was not
    # compiled when it was installed pays for that at each start.
    dropped = ("AWS_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **({"HOME": str(home)} if home else {}),
    }


def measured(command: Sequence[str], env: Mapping[str, str]) -> Usage:
    """Run a command to its end, its output captured, and say what it cost."""
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        process = subprocess.Popen(
            command, env=dict(env), stdout=output, stderr=subprocess.STDOUT, cwd=ROOT
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        output.seek(0)
        text = output.read().decode(errors="replace")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Usage(
        cpu=used.ru_utime + used.ru_stime,
        wall=wall,
        memory=used.ru_maxrss / unit,
        code=process.returncode,
        output=text,
    )


def scan(estate: Estate, regions: Sequence[str], *options: str) -> Usage:
    """One `tscan scan` of the estate; `snapshot` and `result.json` in its folder are what it wrote."""
    snapshot, result = estate.folder / "snapshot.jsonl", estate.folder / "result.json"
    snapshot.unlink(missing_ok=True)
    result.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "scanner",
        "scan",
        "--quiet",
        "--no-store",
        "--snapshot",
        str(snapshot),
    ]
    command += [
        "--format",
        f"json={result}",
        *(word for region in regions for word in ("--region", region)),
        *options,
    ]
    usage = measured(command, environment(estate.endpoint))
    if not result.exists():
        raise SystemExit(f"the scan gave no result (exit {usage.code}):\n{usage.output}")
    return usage
