"""A stub of AWS with an organization of many accounts: a few operations answer, every other one has
nothing to list.

python -m tests.estate.organization [ACCOUNTS]       serves on loopback and prints its address
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import queue
import re
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, unquote

REGIONS = ("eu-west-1", "us-east-1", "us-west-2")
EACH = 4
"""Resources of each kind in each place."""
PAGE = 20
_CREDENTIAL = re.compile(r"Credential=(\w+)/\d+/([\w-]+)/([\w-]+)/")


def account_id(number: int) -> str:
    """The id of the account with this number; 0 leads the organization."""
    return str(100_000_000_000 + number)


@dataclass
class Organization:
    """What the stub says, and how often it was asked."""

    accounts: int = 3
    closed: frozenset[str] = frozenset()
    refusing: frozenset[str] = frozenset()
    """Accounts whose role cannot be assumed."""
    throttled: frozenset[str] = frozenset()
    """Accounts in which EC2 refuses nine of ten requests for their rate."""
    unlisted: str = ""
    """The error code of ListAccounts, or `page` for one from the second page on."""
    lifetime: float = 3600.0
    """Seconds for which credentials of a role are good."""
    clock: float = 0.0
    """Seconds by which this clock is ahead."""
    stale: int = 0
    """Requests with credentials of a role that are refused as expired before one is served."""
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Requests by account and operation."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.clock)

    def reply(self, headers: dict[str, str], line: str, body: str) -> tuple[int, str, str]:
        """Status, content type and body."""
        found = _CREDENTIAL.search(headers.get("authorization", ""))
        key, region, service = found.groups() if found else ("", "", "")
        account = key[4:16] if key.startswith("ASIA") else account_id(0)
        form = (
            {name: values[0] for name, values in parse_qs(body).items()}
            if "Action=" in body
            else {}
        )
        target = headers.get("x-amz-target", "").rpartition(".")[2]
        operation = target or form.get("Action", "") or line
        self.asked[account, operation] += 1
        if self.stale and key.startswith("ASIA"):
            self.stale -= 1
            return _error(service, "ExpiredToken", "json" if target else "xml")
        if service == "ec2" and account in self.throttled and self.asked[account, operation] % 10:
            return _error(service, "RequestLimitExceeded", "xml")
        if target:
            return self._json(operation, json.loads(body or "{}"))
        if form:
            return self._query(operation, service, account, region, form)
        if service == "s3" and line.split(" ")[1].split("?")[0] == "/":
            rows = "".join(
                f"<Bucket><Name>b-{account}-{number}</Name><BucketRegion>{REGIONS[number % 3]}</BucketRegion></Bucket>"
                for number in range(EACH)
            )
            return (
                200,
                "text/xml",
                f"<ListAllMyBucketsResult><Buckets>{rows}</Buckets></ListAllMyBucketsResult>",
            )
        return (
            (200, "text/xml", "<Nothing/>")
            if service in ("s3", "s3control")
            else (200, "application/json", "{}")
        )

    def _json(self, operation: str, body: dict[str, Any]) -> tuple[int, str, str]:
        said: dict[str, Any] = {}
        if operation == "DescribeOrganization":
            said = {"Organization": {"Id": "o-example", "MasterAccountId": account_id(0)}}
        elif operation == "ListAccounts":
            start = int(body.get("NextToken", "0"))
            if self.unlisted and (start or self.unlisted != "page"):
                return _error("", "AccessDeniedException", "json")
            said = {
                "Accounts": [
                    self._account(n) for n in range(start, min(start + PAGE, self.accounts))
                ]
            }
            if start + PAGE < self.accounts:
                said["NextToken"] = str(start + PAGE)
        return 200, "application/x-amz-json-1.1", json.dumps(said)

    def _account(self, number: int) -> dict[str, str]:
        identity = account_id(number)
        state = "SUSPENDED" if identity in self.closed else "ACTIVE"
        return {"Id": identity, "Name": f"team-{number}", "State": state, "Status": state}

    def _query(
        self, operation: str, service: str, account: str, region: str, form: dict[str, str]
    ) -> Any:
        inside = ""
        if operation == "AssumeRole":
            to = form["RoleArn"].split(":")[4]
            if to in self.refusing:
                return _error(service, "AccessDenied", "xml")
            until = (self.now() + timedelta(seconds=self.lifetime)).strftime("%Y-%m-%dT%H:%M:%SZ")
            inside = (
                f"<Credentials><AccessKeyId>ASIA{to}</AccessKeyId><SecretAccessKey>stub</SecretAccessKey>"
                f"<SessionToken>stub</SessionToken><Expiration>{until}</Expiration></Credentials>"
            )
        elif operation == "GetCallerIdentity":
            arn = f"arn:aws:sts::{account}:assumed-role/tscan-read/tscan"
            inside = f"<Arn>{arn}</Arn><UserId>u</UserId><Account>{account}</Account>"
        elif service == "ec2":
            return (
                200,
                "text/xml",
                f"<{operation}Response>{_ec2(operation, account, region)}</{operation}Response>",
            )
        return (
            200,
            "text/xml",
            f"<{operation}Response><{operation}Result>{inside}</{operation}Result></{operation}Response>",
        )


def _ec2(operation: str, account: str, region: str) -> str:
    rows = [f"{account[-4:]}{region}{number}" for number in range(EACH)]
    match operation:
        case "DescribeRegions":
            return (
                "<regionInfo>"
                + "".join(f"<item><regionName>{name}</regionName></item>" for name in REGIONS)
                + "</regionInfo>"
            )
        case "DescribeVolumes":
            items = "".join(
                f"<item><volumeId>vol-{row}</volumeId><encrypted>true</encrypted></item>"
                for row in rows
            )
            return f"<volumeSet>{items}</volumeSet>"
        case "DescribeSecurityGroups":
            items = "".join(
                f"<item><groupId>sg-{row}</groupId><groupName>{row}</groupName><ipPermissions/></item>"
                for row in rows
            )
            return f"<securityGroupInfo>{items}</securityGroupInfo>"
        case "GetEbsEncryptionByDefault":
            return "<ebsEncryptionByDefault>true</ebsEncryptionByDefault>"
    return ""


def _error(service: str, code: str, form: str) -> tuple[int, str, str]:
    if form == "json":
        return 400, "application/x-amz-json-1.1", json.dumps({"__type": code, "message": "no"})
    inside = f"<Error><Code>{code}</Code><Message>no</Message></Error>"
    if service == "ec2":
        return (
            503,
            "text/xml",
            f"<Response><Errors>{inside}</Errors><RequestID>r</RequestID></Response>",
        )
    return 403, "text/xml", f"<ErrorResponse>{inside}<RequestId>r</RequestId></ErrorResponse>"


class _Connection(asyncio.Protocol):
    """One connection, kept open; as little work for a request as can be."""

    def __init__(self, organization: Organization, there: set[asyncio.BaseTransport]) -> None:
        self._organization = organization
        self._there = there
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._there.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._there.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            line, *rest = self._buffer[:end].decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (row.partition(":") for row in rest)
            }
            whole = end + 4 + int(headers.get("content-length", "0"))
            if len(self._buffer) < whole:
                return
            body = self._buffer[end + 4 : whole].decode()
            self._buffer = self._buffer[whole:]
            self._transport.write(self._response(headers, unquote(line), body))

    def _response(self, headers: dict[str, str], line: str, body: str) -> bytes:
        status, kind, text = self._organization.reply(headers, line, body)
        date = format_datetime(self._organization.now(), usegmt=True)
        raw = text.encode()
        head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ndate: {date}\r\ncontent-length: {len(raw)}\r\n\r\n"
        return head.encode() + raw


async def _serve(organization: Organization, tell: Any) -> None:
    loop = asyncio.get_running_loop()
    there: set[asyncio.BaseTransport] = set()
    server = await loop.create_server(
        lambda: _Connection(organization, there), "127.0.0.1", 0, backlog=1024
    )
    tell(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        await (
            asyncio.Event().wait()
        )  # `serve_forever` would wait for who holds a connection open, from 3.12 on
    finally:
        server.close()
        for transport in [*there]:
            transport.close()
        await asyncio.sleep(0)  # closing takes a turn of the loop


def _process(organization: Organization, sending: Any) -> None:
    asyncio.run(_serve(organization, sending.send))


@contextmanager
def served(organization: Organization) -> Iterator[str]:
    """The address of the stub, in a process of its own while the block runs."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_process, args=(organization, sending), daemon=True)
    process.start()
    try:
        yield receiving.recv()
    finally:
        process.terminate()
        process.join()


@contextmanager
def beside(organization: Organization) -> Iterator[str]:
    """The address of the stub, in a thread while the block runs, so that what it was asked can be
    looked at."""
    loop = asyncio.new_event_loop()
    said: queue.Queue[str] = queue.Queue()
    task = loop.create_task(_serve(organization, said.put))

    def work() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield said.get()
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        loop.close()


if __name__ == "__main__":
    asyncio.run(_serve(Organization(accounts=int(sys.argv[1]) if len(sys.argv) > 1 else 3), print))
