"""A provider on loopback that answers from a script: each operation has a list of responses, given in turn."""

from __future__ import annotations

import http.server
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Reply:
    """One scripted response."""

    status: int = 200
    body: str = "{}"
    kind: str = "application/x-amz-json-1.1"
    cut: int = 0
    """Bytes of the announced length that never come."""


@dataclass
class Provider:
    """The script and what was asked."""

    script: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Operation (or method and path) and body of every request."""
    url: str = ""

    def reply(self, name: str) -> Reply:
        replies = self.script.get(name) or self.script.get("*") or [Reply(500, "<no script/>", "text/xml")]
        return replies.pop(0) if len(replies) > 1 else replies[0]


def _handler(provider: Provider) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            target = self.headers.get("x-amz-target", "").rpartition(".")[2]
            action = urllib.parse.parse_qs(body).get("Action", [""])[0]
            name = target or action or f"{self.command} {self.path}"
            provider.asked.append((name, body))
            reply = provider.reply(name)
            raw = reply.body.encode()
            self.send_response(reply.status)
            self.send_header("content-type", reply.kind)
            self.send_header("x-amzn-requestid", f"id-{len(provider.asked)}")
            self.send_header("content-length", str(len(raw) + reply.cut))
            self.end_headers()
            self.wfile.write(raw)
            if reply.cut:
                self.close_connection = True

        do_GET = do_POST = _serve  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def serve(script: dict[str, list[Reply]]) -> Iterator[Provider]:
    """A provider that runs while the block does."""
    provider = Provider(script=script)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    server.daemon_threads = True
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def iam(operation: str, inside: str) -> Reply:
    """A response of IAM or STS."""
    result = f"<{operation}Result>{inside}</{operation}Result>"
    return Reply(
        body=f"<{operation}Response>{result}<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{operation}Response>",
        kind="text/xml",
    )


def query_error(code: str, status: int = 403, message: str = "no") -> Reply:
    """A refusal of IAM or STS."""
    inside = f"<Error><Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId>"
    body = f"<ErrorResponse>{inside}</ErrorResponse>"
    return Reply(status, body, "text/xml")


def ec2_error(code: str, status: int = 403, message: str = "no") -> Reply:
    """A refusal of EC2."""
    inside = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>r</RequestID>"
    body = f"<Response>{inside}</Response>"
    return Reply(status, body, "text/xml")


def json_error(code: str, status: int = 400, message: str = "no") -> Reply:
    """A refusal of a service that speaks JSON."""
    return Reply(status, f'{{"__type":"{code}","message":"{message}"}}')


CALLER = iam(
    "GetCallerIdentity",
    "<Arn>arn:aws:iam::123456789012:user/auditor</Arn><UserId>u</UserId><Account>123456789012</Account>",
)
ALIAS = iam(
    "ListAccountAliases", "<IsTruncated>false</IsTruncated><AccountAliases><member>acme</member></AccountAliases>"
)


def regions(*names: str) -> Reply:
    """An answer of DescribeRegions."""
    rows = "".join(f"<item><regionName>{name}</regionName></item>" for name in names)
    return Reply(
        body=f"<DescribeRegionsResponse><regionInfo>{rows}</regionInfo></DescribeRegionsResponse>", kind="text/xml"
    )


@dataclass
class Ticks:
    """A clock that only sleep moves."""

    time: float = 0.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.slept.append(seconds)
