"""Client CPU a call over many stubbed projects: a scan whole, the door alone, and sockets alone.

python benchmarks/rest.py [--projects 1000]

The server is a process of its own, so that only the client is counted: user and system time, all
threads. `scan` also plans, reads kinds and makes snapshots; `door` makes each request and its
answer, redacted; `sockets` is the floor: as many requests written to and read from sockets by
asyncio, with nothing made of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from scanner import pipeline
from scanner.client.interfaces import Rules
from scanner.client.rest.connect import rest_context
from scanner.client.rest.rest_client import RestClient
from scanner.content import load_library
from scanner.content.locations import Roots
from scanner.content.operations import load_operations
from scanner.model.answers import Call
from scanner.model.config import Config, TargetConfig
from scanner.model.rest_operations import RestOperations
from scanner.providers.gcp import connect
from scanner.providers.gcp.profile import GcpProfile

PACK = Path(__file__).resolve().parent.parent / "tests/recordings/pack"
BUCKETS = 3
MORE = """
      folders.list: {get: /v3/folders, permission: x}
      organizations.get: {get: "/v3/organizations/{organization}", permission: x, page: none}
      projects.list: {get: /v3/projects, permission: x}
"""


def project(number: int) -> dict[str, object]:
    """A project as Resource Manager lists it."""
    return {
        "projectId": f"stub-{number:06d}",
        "name": f"projects/{number}",
        "state": "ACTIVE",
        "displayName": "Stub",
    }


def bucket(number: int) -> dict[str, object]:
    """A bucket as Cloud Storage lists it."""
    return {
        "kind": "storage#bucket",
        "id": f"bucket-{number}",
        "name": f"bucket-{number}",
        "selfLink": f"https://www.googleapis.com/storage/v1/b/bucket-{number}",
        "projectNumber": "42",
        "metageneration": "2",
        "location": "EUROPE-WEST1",
        "storageClass": "STANDARD",
        "timeCreated": "2026-01-29T19:59:58.666Z",
        "updated": "2026-01-29T19:59:58.666Z",
        "labels": {"owner": "team", "env": "production"},
        "softDeletePolicy": {
            "retentionDurationSeconds": "604800",
            "effectiveTime": "2026-01-29T19:59:58.666Z",
        },
        "iamConfiguration": {
            "bucketPolicyOnly": {"enabled": True},
            "uniformBucketLevelAccess": {"enabled": True, "lockedTime": "2026-04-29T19:59:58.666Z"},
            "publicAccessPrevention": "enforced",
        },
        "locationType": "region",
    }


def serve(port: int, projects: int) -> None:
    """The stub: each kind of request has one response, made once."""
    policy = {
        "kind": "storage#policy",
        "etag": "CAE=",
        "bindings": [
            {
                "role": "roles/storage.legacyBucketOwner",
                "members": ["projectEditor:stub", "projectOwner:stub"],
            },
            {"role": "roles/storage.legacyBucketReader", "members": ["projectViewer:stub"]},
        ],
    }
    bodies = {
        b"/v3/organizations": {"displayName": "stub"},
        b"/v3/folders": {},
        b"/v3/projects": {"projects": [project(number) for number in range(projects)]},
        b"/storage/v1/b?": {
            "kind": "storage#buckets",
            "items": [bucket(number) for number in range(BUCKETS)],
        },
        b"/storage/v1/b/": policy,
    }
    replies = {start: _reply(json.dumps(body).encode()) for start, body in bodies.items()}

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport, self.buffer = transport, b""

        def data_received(self, data: bytes) -> None:
            self.buffer += data
            while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
                line, self.buffer = self.buffer[:end], self.buffer[end + 4 :]
                path = line.split(b" ", 2)[1]
                self.transport.write(
                    next(reply for start, reply in replies.items() if path.startswith(start))
                )  # type: ignore[attr-defined]

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(
            Protocol, "127.0.0.1", port, backlog=512
        )
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(run())


def _reply(body: bytes) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\nVary: Origin\r\nServer: stub\r\n"
        f"Date: Thu, 05 Feb 2026 19:50:31 GMT\r\nX-Goog-Request-Id: 0123456789\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def server(projects: int) -> Iterator[str]:
    """The stub in a process of its own."""
    command = [sys.executable, __file__, "--serve", "--projects", str(projects)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def listed() -> RestOperations:
    """The operations that are asked."""
    with tempfile.TemporaryDirectory() as folder:
        text = (PACK / "operations.yaml").read_text()
        path = Path(folder) / "operations.yaml"
        path.write_text(
            re.sub(
                r"( +projects\.get: .*\n)",
                lambda match: match[1] + MORE.lstrip("\n"),
                text,
                count=1,
            )
        )
        return load_operations(path)


def door(url: str, calls: int, at_once: int = 128) -> None:
    """As many declared calls, made by the real client."""
    config = TargetConfig(cloud="gcp", settings={"endpoint": url})
    context = rest_context(config, Rules(), GcpProfile(), listed(), lambda _: None)  # type: ignore[arg-type, return-value]
    client = RestClient(context, frozenset())
    for start in range(0, calls, at_once):
        numbers = range(start, min(start + at_once, calls))
        asked = [
            Call(operation="storage:buckets.getIamPolicy", region="", params={"bucket": f"b{n}"})
            for n in numbers
        ]
        with ThreadPoolExecutor(at_once) as pool:
            assert all(answer.state.whole for answer in pool.map(client.request, asked))


def scan(url: str, projects: int) -> int:
    """Every project, collected by the real client; how many calls were made."""
    library = load_library(
        Roots(kinds=PACK / "resources", checks=PACK / "checks", mappings=PACK / "mappings")
    )
    known = listed()
    config = Config(
        targets=(TargetConfig(cloud="gcp", settings={"organization": "1", "endpoint": url}),)
    )
    answers = 0
    with patch.object(connect, "operations", lambda _: known):
        for snapshot in pipeline.scan(config, library, checks=("gcp-storage-bucket-closed",)):
            assert all(answer.state.whole for answer in snapshot.answers.values())
            answers += len(snapshot.answers)
    assert answers == projects * (1 + BUCKETS) + 3
    return answers


def floor(url: str, calls: int, at_once: int = 128) -> None:
    """The same number of requests over sockets, and nothing else."""
    port = int(url.rpartition(":")[2])
    request = (
        b"GET /storage/v1/b/x/iam HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n"
    )
    left = iter(range(calls))

    async def worker() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))  # type: ignore[index]
        writer.close()

    async def run() -> None:
        await asyncio.gather(*(worker() for _ in range(at_once)))

    asyncio.run(run())


def measured(what: Callable[[], object]) -> tuple[float, float, float]:
    """User, system and elapsed seconds."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    what()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return (
        after.ru_utime - before.ru_utime,
        after.ru_stime - before.ru_stime,
        time.perf_counter() - began,
    )


def main() -> None:
    """Print milliseconds of client CPU a call."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=int, default=1000)
    parser.add_argument("--serve", action="store_true")
    arguments = parser.parse_args()
    if arguments.serve:
        serve(0, arguments.projects)
        return
    with server(20) as url:
        scan(url, 20)  # imports, and the connections' first use
    with server(arguments.projects) as url:
        calls = arguments.projects * (1 + BUCKETS) + 3
        rows = {
            "scan": measured(lambda: scan(url, arguments.projects)),
            "door": measured(lambda: door(url, calls)),
            "sockets": measured(lambda: floor(url, calls)),
        }
    for name, (user, system, elapsed) in rows.items():
        each = 1000 / calls
        print(
            f"{name:8} {calls} calls: {(user + system) * each:.3f} ms CPU a call"
            f" ({user * each:.3f} user, {system * each:.3f} system), {elapsed:.1f} s"
        )


if __name__ == "__main__":
    main()
