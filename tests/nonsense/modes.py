"""Kinds of nonsense: what a server sends in place of an answer, bytes and headers alike.

Each is a function of what was asked to the pieces that are sent; `PAUSE` is a moment without any.
"""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

PAUSE: Final = b""
LARGE: Final = 17 << 20
"""Bytes: more than one response may have."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request, and where its answer must not lead."""

    line: str
    """`GET /path HTTP/1.1`."""
    headers: dict[str, str]
    """By name in lower case."""
    body: bytes = b""
    elsewhere: str = "http://127.0.0.1:9"
    """A server that nobody may be sent to."""
    xml: bool = False
    """Whether the operation speaks XML."""
    large: int = LARGE
    secrets: tuple[str, ...] = field(default=())
    """Credentials that were sent, beside those of the headers."""

    @property
    def credential(self) -> str:
        """What the request authenticates with."""
        for name in ("x-amz-security-token", "authorization", "x-secret"):
            if name in self.headers:
                return self.headers[name].rpartition(" ")[2]
        return next(iter(self.secrets), "no-credential-was-sent")


Pieces = Iterable[bytes]
Mode = Callable[[Asked], Pieces]


def reply(
    body: bytes,
    *headers: str | bytes,
    status: str = "200 OK",
    length: int | None = None,
    kind: str = "application/json",
) -> bytes:
    lines: list[bytes] = [f"HTTP/1.1 {status}".encode(), f"Content-Type: {kind}".encode()]
    if length is None:
        length = len(body)
    if length >= 0:
        lines.append(f"Content-Length: {length}".encode())
    lines += [one.encode("latin-1") if isinstance(one, str) else one for one in headers]
    return b"\r\n".join([*lines, b"", body])


def body(json_form: bytes, xml_form: bytes | None = None) -> Mode:
    """A body with status 200; in the form of the protocol, where there are two."""
    xml_body = json_form if xml_form is None else xml_form

    def mode(asked: Asked) -> Pieces:
        if asked.xml:
            return [reply(xml_body, kind="text/xml")]
        return [reply(json_form)]

    return mode


def raw(*pieces: bytes) -> Mode:
    return lambda asked: pieces


def with_header(*headers: str | bytes, status: str = "500 No", text: bytes = b"{}") -> Mode:
    return lambda asked: [reply(text, *headers, status=status)]


def endless(head: bytes, piece: bytes) -> Mode:
    return lambda asked: itertools.chain([head], itertools.repeat(piece))


def drip(head: bytes, piece: bytes) -> Mode:
    """A piece, a moment, a piece, for ever."""
    return lambda asked: itertools.chain([head], itertools.cycle([piece, PAUSE]))


def _echo(asked: Asked) -> Pieces:
    said = {"message": f"you sent {asked.credential}", "Users": asked.credential}
    return [reply(json.dumps(said).encode())]


def _echo_refusal(asked: Asked) -> Pieces:
    said = {"message": f"bad token {asked.credential}", "error": {"message": asked.credential}}
    return [reply(json.dumps(said).encode(), status="403 No")]


def _echo_header(asked: Asked) -> Pieces:
    names = ("x-request-id", "x-amzn-requestid", "x-github-request-id", "location", "link")
    return [reply(b"{}", *(f"{name}: {asked.credential}" for name in names), status="400 No")]


def _redirect(status: str) -> Mode:
    def mode(asked: Asked) -> Pieces:
        return [reply(b"{}", f"Location: {asked.elsewhere}/stolen", status=status)]

    return mode


def _next_page(asked: Asked) -> Pieces:
    link = f'Link: <{asked.elsewhere}/stolen>; rel="next"'
    said = {"nextLink": f"{asked.elsewhere}/stolen", "@odata.nextLink": f"{asked.elsewhere}/stolen"}
    return [reply(json.dumps({**said, "value": [], "items": []}).encode(), link)]


def _large(asked: Asked) -> Pieces:
    return [reply(b" " * asked.large)]


def _bomb(asked: Asked) -> Pieces:
    return [reply(gzip.compress(b" " * asked.large), "Content-Encoding: gzip")]


def _dense(asked: Asked) -> Pieces:
    many = b"[" + b"{}," * (asked.large // 24) + b"{}]"
    return [reply(b'{"nonsense": ' + many + b"}")]


def _large_header(asked: Asked) -> Pieces:
    return [b"HTTP/1.1 200 OK\r\nX: " + b"y" * asked.large + b"\r\n\r\n"]


OK: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED: Final = OK + b"Transfer-Encoding: chunked\r\n\r\n"
DIGITS: Final = "9" * 5000
BOMB: Final = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">'.encode() for n in range(9))
    + b"]><x>&j;</x>"
)
XXE: Final = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
)

BODIES: Final[dict[str, Mode]] = {
    "empty": body(b""),
    "blank": body(b"   \r\n"),
    "html": body(b"<!DOCTYPE html><html><body>Log in</body></html>"),
    "braces": body(b"{}", b"<x/>"),
    "null": body(b"null"),
    "list": body(b"[]"),
    "list of numbers": body(b"[1, 2]"),
    "text": body(b'"ok"'),
    "number": body(b"7"),
    "cut JSON": body(b'{"Users": [{"Arn": "a', b"<ListUsersResponse><ListUsersResult><Us"),
    "cut body": lambda asked: [reply(b'{"a": 1}', length=900)],
    "not UTF-8": body(b'{"a": "\xff\xfe"}', b"<x>\xff\xfe</x>"),
    "NaN": body(b'{"a": NaN}'),
    "1e999": body(b'{"a": 1e999}'),
    "a number of 5,000 digits": body(b'{"a": ' + DIGITS.encode() + b"}"),
    "900 deep": body(b'{"a":' * 900 + b"1" + b"}" * 900, b"<a>" * 900 + b"</a>" * 900),
    "100,000 deep": body(b"[" * 100_000, b"<a>" * 100_000),
    "half a character": body(b'{"\\ud800": "\\ud800"}'),
    "nulls": body(b'{"Users": null, "items": null, "value": null, "data": null, "kind": null}'),
    "another document": body(
        b'{"nonsense": [1], "other": {"a": "b"}}',
        b"<DescribeNonsenseResponse><nonsense/></DescribeNonsenseResponse>",
    ),
    "an error with status 200": body(
        b'{"__type": "AccessDeniedException", "message": "no", "error": {"code": 403}}',
        b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>",
    ),
    "an error of another protocol": body(
        b'{"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "no"}}',
        b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>",
    ),
    "an entity bomb": body(b'{"a": ', BOMB),
    "an external entity": body(b'{"a": ', XXE),
    "oversized": _large,
    "a gzip bomb": _bomb,
    "no gzip": lambda asked: [reply(b"7", "Content-Encoding: gzip")],
    "dense": _dense,
    "100,000 members": body(
        json.dumps({f"k{number}": number for number in range(100_000)}).encode(), b"<x/>"
    ),
    "endless": endless(OK + b"\r\n", b" " * 65536),
    "endless chunks": endless(CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "slow body": drip(OK + b"\r\n", b" "),
    "slow chunks": drip(CHUNKED, b"1\r\n \r\n"),
    "the credential repeated": _echo,
    "the credential repeated in a refusal": _echo_refusal,
    "a page elsewhere": _next_page,
}  # fmt: skip

HEADERS: Final[dict[str, Mode]] = {
    "silence": drip(b"", PAUSE),
    "closed at once": raw(),
    "half a status line": drip(b"HTTP/1.1 2", PAUSE),
    "no HTTP": raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "HTTP/0.9": raw(b"{}"),
    "HTTP/2": raw(b"HTTP/2 200\r\n\r\n{}"),
    "a status of 5,000 digits": raw(f"HTTP/1.1 {DIGITS} OK\r\n\r\n".encode()),
    "status 99": raw(b"HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\n{}"),
    "status 999": with_header(status="999 What"),
    "status 204": raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "status 206": with_header("Content-Range: bytes 0-1/2", status="206 Partial Content"),
    "status 304": raw(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    "100 Continue for ever": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "100 Continue, slowly": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "103 and no more": raw(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "301": _redirect("301 Moved Permanently"),
    "302": _redirect("302 Found"),
    "303": _redirect("303 See Other"),
    "307": _redirect("307 Temporary Redirect"),
    "308": _redirect("308 Permanent Redirect"),
    "headers for ever": endless(OK, b"X: y\r\n" * 1000),
    "headers, slowly": drip(OK, b"X: y\r\n"),
    "a header that is too long": _large_header,
    "5,000 headers": lambda asked: [OK + b"X: y\r\n" * 5000 + b"\r\n{}"],
    "a header without a colon": raw(OK + b"nonsense\r\nContent-Length: 2\r\n\r\n{}"),
    "a length of 5,000 digits": raw(OK + f"Content-Length: {DIGITS}\r\n\r\n{{}}".encode()),
    "a length below 0": raw(OK + b"Content-Length: -2\r\n\r\n{}"),
    "a length that is no number": raw(OK + b"Content-Length: two\r\n\r\n{}"),
    "two lengths": raw(OK + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}       "),
    "an unknown coding": raw(OK + b"Transfer-Encoding: nonsense\r\n\r\n{}"),
    "a chunk of -1": raw(CHUNKED + b"-1\r\n{}"),
    "a chunk of 5,000 digits": raw(CHUNKED + DIGITS.encode() + b"\r\n{}"),
    "a chunk that is none": raw(CHUNKED + b"zz\r\n{}"),
    "trailers for ever": endless(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: y\r\n" * 1000),
    "trailers, slowly": drip(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: y\r\n"),
    "a Date of the year 99999": with_header("Date: Mon, 01 Jan 99999 00:00:00 GMT"),
    "a Date of 5,000 digits": with_header(f"Date: {DIGITS}"),
    "a Date of the year 1": with_header("Date: Mon, 01 Jan 0001 00:00:00 +2359"),
    "a Retry-After of 5,000 digits": with_header(f"Retry-After: {DIGITS}", status="429 Slow"),
    "a Retry-After of the year 9999": with_header(
        "Retry-After: Fri, 31 Dec 9999 23:59:59 -2359", status="503 Later"
    ),
    "a Retry-After below 0": with_header("Retry-After: -5", status="503 Later"),
    "a Retry-After that is no number": with_header("Retry-After: NaN", status="429 Slow"),
    "a request id that is not UTF-8": with_header(
        *(f"{name}: ".encode() + b"\xff\xfe\x80" for name in ("x-amzn-requestid", "x-request-id"))
    ),
    "a request id with control characters": with_header(
        "x-amzn-requestid: \x1b[31m", "x-github-request-id: \x1b[31m\x07"
    ),
    "a request id of 60,000 characters": with_header("x-amzn-requestid: " + "x" * 60_000),
    "a Link that is none": with_header("Link: <<<>>>;;;rel=next,,,", status="200 OK", text=b"7"),
    "the credential repeated in headers": _echo_header,
    "an unknown encoding": with_header("Content-Encoding: x", status="200 OK", text=b"7"),
    "another type": lambda asked: [reply(b"\x89PNG\r\n\x1a\n", kind="image/png")],
}  # fmt: skip
MODES: Final = {**BODIES, **HEADERS}
SLOW: Final = frozenset(
    name
    for name in MODES
    if "slow" in name or name in ("silence", "half a status line", "100 Continue, slowly")
)
"""Modes that end by a time limit alone."""
