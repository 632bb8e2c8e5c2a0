"""The long form: every operation of every cloud in every mode, and whole scans by the command line.

`python -m tests.nonsense calls [--seconds N]` and `python -m tests.nonsense scans [--seconds N]`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from scanner.client.rest.operations import clouds, operations
from scanner.model.answers import canonical
from tests.helpers.provider_models import model
from tests.nonsense.clients import (
    SECRET,
    Account,
    aws_names,
    may_answer_so,
    rest_call,
    rest_client,
    rest_may_answer_so,
)
from tests.nonsense.modes import MODES, SLOW
from tests.nonsense.scans import SUBSCRIPTION, connects, organization
from tests.nonsense.server import Nonsense, serving

MEBIBYTES = 512
TOKEN, HOOK = "ghx-s3cr3t-token-of-the-issue-api", "s3cr3t-header-of-the-webhook"
DEADLINE = 30


def _cases() -> list[tuple[str, str, str]]:
    names = [("aws", name) for name in aws_names()]
    for cloud in clouds():
        names += [(cloud, name) for name in operations(cloud)]
    return [(cloud, name, mode) for cloud, name in names for mode in MODES]


def _limit(mode: str) -> float:
    return 0.2 if mode in SLOW or "Retry-After" in mode or "ever" in mode else 10.0


def calls(seconds: float, seed: int) -> int:
    """Each operation in each mode, in random order, until the time is over."""
    cases = _cases()
    random.Random(seed).shuffle(cases)
    wrong: list[str] = []
    states: Counter[str] = Counter()
    started = time.monotonic()
    with serving(Nonsense(mode=MODES["silence"], pause=0.005)) as server:
        os.environ.update(AWS_ENDPOINT_URL=server.url, AWS_DEFAULT_REGION="us-east-1")
        account = Account.of("fast")
        for cloud, name, mode in cases:
            if time.monotonic() - started > seconds:
                break
            server.mode = MODES[mode]
            allowed, answer = _ask(server, account, (cloud, name, mode))
            states[f"{cloud} {answer.state.value}"] += 1
            written = canonical(answer.data) + answer.code + answer.message
            if SECRET in written or (answer.state.whole and not allowed):
                wrong.append(f"{name}: {mode}: {answer.state.value} {str(answer.data)[:60]}")
        stolen = len(server.stolen)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{sum(states.values())} of {len(cases)} calls, {len(MODES)} modes, peak {peak} MiB")
    print(
        f"{dict(sorted(states.items()))}; sent elsewhere: {stolen}; whole or leaking: {len(wrong)}"
    )
    print("\n".join(wrong[:40]))
    return 1 if wrong or stolen else 0


def _ask(server: Nonsense, account: Account, case: tuple[str, str, str]):  # type: ignore[no-untyped-def]
    cloud, name, mode = case
    if cloud == "aws":
        xml = "json" not in model(name).service_model.resolved_protocol
        server.change = lambda asked: replace(asked, xml=xml)
        return may_answer_so(name, mode), account.ask(name, _limit(mode))
    server.change = lambda asked: asked
    operation = operations(cloud)[name]
    answer = rest_client(cloud, server.url, _limit(mode)).request(rest_call(operation))
    return rest_may_answer_so(cloud, operation, mode), answer


def scans(seconds: float, seed: int) -> int:
    """`tscan scan` of AWS, Google Cloud, Azure and GitHub in each mode; GitHub alone answers."""
    modes = sorted(MODES)
    random.Random(seed).shuffle(modes)
    wrong: list[str] = []
    started, count, slowest, peak = time.monotonic(), 0, 0.0, 0
    with serving(Nonsense(mode=MODES["silence"])) as server, organization() as hub:
        server.change = lambda asked: replace(asked, secrets=(TOKEN, HOOK))
        for mode in modes:
            for good in (connects, lambda asked: None):
                if time.monotonic() - started > seconds:
                    break
                server.mode, server.good = MODES[mode], good
                with tempfile.TemporaryDirectory() as folder:
                    took = list(_scan(Path(folder), server, hub.settings, mode))
                count += 1
                slowest = max(slowest, float(took.pop()))
                wrong += map(str, took)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
        stolen = len(server.stolen)
    print(f"{count} scans, {len(modes)} modes, slowest {slowest:.0f} s, peak {peak} MiB")
    print(f"sent elsewhere: {stolen}; wrong: {len(wrong)}")
    print("\n".join(wrong[:40]))
    return 1 if wrong or stolen or peak > MEBIBYTES else 0


def _scan(folder: Path, server: Nonsense, hub: Mapping[str, str], mode: str) -> Iterator[object]:
    """What is wrong with one scan; last the seconds that it took."""
    address = f"github-issue://{TOKEN}@owner/name?api={server.url}"
    webhook = f"json://127.0.0.1:{server.port}/?+X-Secret={HOOK}"
    config = {
        "version": 1,
        "targets": [
            {"aws": {}},
            {"gcp": {"project": "acme-project", "endpoint": server.url}},
            {"azure": {"subscription": SUBSCRIPTION.named, "endpoint": server.url}},
            {"github": {"organization": hub["id"], "endpoint": hub["endpoint"]}},
        ],
        "alerts": [{"to": ["${ISSUES}", "${HOOK}"]}],
    }  # fmt: skip
    (folder / "tscan.yaml").write_text(json.dumps(config))
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing-secret-key", "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_SESSION_TOKEN": SECRET, "ISSUES": address, "HOOK": webhook, "NO_COLOR": "1",
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "scanner",
        "scan",
        "--deadline",
        str(DEADLINE),
        "--log-file",
        "log",
    ]
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, check=False, timeout=600
    )
    took = time.monotonic() - began
    said = done.stdout + done.stderr
    if done.returncode not in (1, 3):
        yield f"{mode}: exit {done.returncode}: {said[-300:]!r}"
    if not list(folder.glob(".tscan/log/github=*/*.json")):
        yield f"{mode}: GitHub's evidence was not committed"
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    for secret in (TOKEN, HOOK, SECRET, "testing-secret-key"):
        if any(secret.encode() in text for text in (said, *files)):
            yield f"{mode}: {secret} was written"
    yield took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("calls", "scans"))
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    return {"calls": calls, "scans": scans}[given.what](given.seconds, given.seed)


sys.exit(main())
