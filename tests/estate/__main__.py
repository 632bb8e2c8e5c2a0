"""`python -m tests.estate scan | record FILE | demo DIR`: scan the estate over its API and show or
keep what comes of it, or record the two nights that `tscan demo` carries."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scanner.errors import EXIT_MISUSE
from tests.estate.acme.record import record
from tests.estate.seed import REGIONS, seed
from tests.estate.server import running


def main(arguments: list[str]) -> int:
    """0 when a verdict was reached, whichever; 2 when none could be."""
    match arguments:
        case ["scan", *more]:
            return _scan(more)
        case ["record", path]:
            Path(path).unlink(missing_ok=True)
            return _scan(["--quiet", "--snapshot", path])
        case ["demo", folder]:
            record(Path(folder), _environment)
            return 0
    sys.stderr.write(f"{__doc__}\n")
    return EXIT_MISUSE


def _scan(options: list[str]) -> int:
    started = time.monotonic()
    sys.stderr.write("starting a simulated AWS account on this machine (moto) and filling it …\n")
    with running() as endpoint, tempfile.TemporaryDirectory() as home:
        seed(endpoint)
        sys.stderr.write(
            f"ready after {time.monotonic() - started:.0f} s at {endpoint}; scanning it over its API\n"
        )
        # Configured, not chosen by options: a scan of chosen regions is of a scope of its own.
        config = Path(home) / "tscan.yaml"
        config.write_text(f"version: 1\ntargets: [{{aws: {{regions: [{', '.join(REGIONS)}]}}}}]\n")
        command = [
            sys.executable, "-m", "scanner", "scan", "--no-store", "--config", str(config), *options
        ]  # fmt: skip
        code = subprocess.run(command, env=_environment(endpoint, home), check=False).returncode
    if code == EXIT_MISUSE or code < 0:
        return EXIT_MISUSE
    sys.stderr.write(
        f"tscan's exit code was {code}: a verdict on the simulated account, not an error\n"
    )
    return 0


def _environment(endpoint: str, home: str) -> dict[str, str]:
    """The caller's environment without a way to a real account."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGIONS[0],
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": f"{home}/none",
        "AWS_SHARED_CREDENTIALS_FILE": f"{home}/none",
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
