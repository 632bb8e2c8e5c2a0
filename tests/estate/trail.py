"""CloudTrail before a server: its event history, made from the calls that the server itself was
asked.

moto answers LookupEvents with 500. As the real one, this one tells of a call late, twice and in no
order, page by page."""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from tests.estate.refusing import Start, _form, _named

ACCOUNT: Final = "123456789012"
SECRET: Final = "AKIA" + "3QZ7XW5LMT2RV6KD"
"""What a caller sent: detection would replace an event that holds it whole."""
_SCOPE: Final = re.compile(r"Credential=([^/]+)/\d{8}/([^/]*)/([^/]+)/aws4_request")
_READS: Final = ("Get", "List", "Describe", "Head", "Lookup", "Batch", "Generate")
_WRITTEN: Final = {"s3:PutPublicAccessBlock": "PutBucketPublicAccessBlock"}
"""Operations whose events have another name."""
_NAMES: Final = re.compile(r"(Name|Id|Identifier|Arn)$")
PAGE: Final = 2


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Trail:
    """A WSGI application before another one, whose changing calls it tells of."""

    application: Any = None
    clock: Callable[[], datetime] = _now
    """What an event is dated by, and by which it is told."""
    lag: timedelta = timedelta(0)
    """How long after a call its event is told."""
    copies: int = 1
    events: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    """Pages that were asked for."""
    regions: set[str] = field(default_factory=set)

    def before(self, application: Any) -> Trail:
        """The same, with what it stands before."""
        self.application = application
        return self

    def __call__(self, environ: dict[str, Any], start: Start) -> Any:
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if scope is None:
            return self.application(environ, start)
        key, region, signed = scope.groups()
        operation = next(_named(signed, environ), "")
        if operation == "cloudtrail:LookupEvents":
            return self._told(region, _body(environ), start)
        if not operation or operation.partition(":")[2].startswith(_READS):
            return self.application(environ, start)
        said: list[str] = []
        names = _resources(environ)

        def noted(status: str, *more: Any) -> Any:
            said.append(status)
            return start(status, *more)

        answer = self.application(environ, noted)
        self._note(operation, key, region, names, failed=not said[0].startswith("2"))
        return answer

    def _note(
        self, operation: str, key: str, region: str, names: list[str], *, failed: bool
    ) -> None:
        service, _, name = operation.partition(":")
        number = f"event-{len(self.events)}"
        detail = {
            "eventID": number,
            "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/{key}"},
            "sourceIPAddress": "192.0.2.7",
            "requestParameters": {"note": SECRET},
            **({"errorCode": "AccessDenied"} if failed else {}),
        }
        self.events.append(
            {
                "region": region,
                "EventId": number,
                "EventName": _WRITTEN.get(operation, name),
                "EventSource": f"{service}.amazonaws.com",
                "EventTime": self.clock().timestamp(),
                "ReadOnly": "false",
                "Username": key,
                "Resources": [{"ResourceName": one} for one in names],
                "CloudTrailEvent": json.dumps(detail),
            }
        )

    def _told(self, region: str, request: Mapping[str, Any], start: Start) -> list[bytes]:
        self.asked += 1
        self.regions.add(region)
        known = self.clock().timestamp() - self.lag.total_seconds()
        begins, ends = float(request["StartTime"]), float(request["EndTime"])
        found = [
            {name: value for name, value in event.items() if name != "region"}
            for event in self.events * self.copies
            if event["region"] == region
            and event["EventTime"] <= known
            and begins <= event["EventTime"] <= ends
        ]
        random.Random(region).shuffle(found)
        first = int(request.get("NextToken", "0"))
        page: dict[str, Any] = {"Events": found[first : first + PAGE]}
        if first + PAGE < len(found):
            page["NextToken"] = str(first + PAGE)
        body = json.dumps(page).encode()
        start(
            "200 OK",
            [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))],
        )
        return [body]


def _body(environ: dict[str, Any]) -> Mapping[str, Any]:
    """The members of a JSON request; its body can be read again."""
    raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(raw)
    found: Mapping[str, Any] = json.loads(raw or b"{}")
    return found


def _resources(environ: dict[str, Any]) -> list[str]:
    """What a request names: a bucket in its path, or the members that are called so."""
    form: Mapping[str, Any] = _form(environ)
    if not form and "json" in environ.get("CONTENT_TYPE", ""):
        form = _body(environ)
    bucket = urlsplit(environ.get("RAW_URI") or environ["PATH_INFO"]).path.split("/")[1]
    names = [
        value for name, value in form.items() if _NAMES.search(name) and isinstance(value, str)
    ]
    return [*([bucket] if bucket else []), *names]
