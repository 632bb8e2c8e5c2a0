"""A provider on loopback that answers from a script: each operation has a list of responses, given
in turn."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from scanner.providers.aws.session import AwsSession
from tests.helpers.loopback import Handler, serving


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
        replies = (
            self.script.get(name)
            or self.script.get("*")
            or [Reply(500, "<no script/>", "text/xml")]
        )
        return replies.pop(0) if len(replies) > 1 else replies[0]


def _handler(provider: Provider) -> type[Handler]:
    class Scripted(Handler):
        def serve(self) -> None:
            body = self.body().decode()
            target = self.headers.get("x-amz-target", "").rpartition(".")[2]
            action = urllib.parse.parse_qs(body).get("Action", [""])[0]
            name = target or action or f"{self.command} {self.path}"
            provider.asked.append((name, body))
            reply = provider.reply(name)
            self.send_response(reply.status)
            self.send_header("content-type", reply.kind)
            self.send_header("x-amzn-requestid", f"id-{len(provider.asked)}")
            self.give(reply.body.encode(), reply.cut)

    return Scripted


@contextmanager
def serve(script: dict[str, list[Reply]]) -> Iterator[Provider]:
    """A provider that runs while the block does."""
    provider = Provider(script=script)
    with serving(_handler(provider)) as provider.url:
        yield provider


def iam(operation: str, inside: str) -> Reply:
    """A response of IAM or STS."""
    result = f"<{operation}Result>{inside}</{operation}Result>"
    return Reply(
        body=f"<{operation}Response>{result}<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{operation}Response>",
        kind="text/xml",
    )


def query_error(code: str, status: int = 403, message: str = "no") -> Reply:
    """A refusal of IAM or STS."""
    inside = (
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId>"
    )
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
    "ListAccountAliases",
    "<IsTruncated>false</IsTruncated><AccountAliases><member>acme</member></AccountAliases>",
)


def regions(*names: str) -> Reply:
    """An answer of DescribeRegions."""
    rows = "".join(f"<item><regionName>{name}</regionName></item>" for name in names)
    return Reply(
        body=f"<DescribeRegionsResponse><regionInfo>{rows}</regionInfo></DescribeRegionsResponse>",
        kind="text/xml",
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


Open = Callable[..., tuple[AwsSession, Provider, Ticks]]
"""Opens an account whose provider follows a script: the session, the provider and its clock."""
