"""Parse snapshot files line by line; every line must match its digest, its types and its place."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from scanner.core.calendar import is_time
from scanner.errors import ContentError, Problem
from scanner.model.answers import (
    Account,
    AccountState,
    Answer,
    Call,
    Caller,
    Snapshot,
    State,
    Target,
    canonical,
)

LONGEST_LINE: Final = 64 << 20
"""Bytes. Far more than any answer has, and little enough to keep in memory."""
_SCHEMA: Final = "tscan.snapshot/"
_VERSION: Final = 1
_AGAIN: Final = "scan again; changed evidence is not accepted"

JsonObject = dict[str, Any]
Test = Callable[[object], bool]
"""Whether a JSON value is of the type that a member must have."""
Shape = Mapping[str, Test]
"""The members of a JSON object."""


def _text(value: object) -> bool:
    return isinstance(value, str)


def _nonempty_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _nonempty_texts(value: object) -> bool:
    return _texts(value) and bool(value)


def _count(value: object) -> bool:
    # In Python True is an int; in JSON it is no number.
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _true(value: object) -> bool:
    return value is True


def _object(value: object) -> bool:
    return isinstance(value, dict)


def _any(_: object) -> bool:
    return True


def _state(value: object) -> bool:
    return isinstance(value, str) and value in State._value2member_map_


def _caller(value: object) -> bool:
    if not isinstance(value, dict) or value.keys() != {"id", "account", "detail"}:
        return False
    detail = value["detail"]
    if not isinstance(detail, dict):
        return False
    return all(map(_text, (value["id"], value["account"], *detail.values())))


def _callers(value: object) -> bool:
    return isinstance(value, list) and all(map(_caller, value))


def _account(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    if value.keys() != {"id", "name", "state", "reason", "approver"}:
        return False
    if not all(map(_text, value.values())):
        return False
    return value["state"] in AccountState._value2member_map_


def _accounts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_account, value))


_HEADER: Final[Shape] = {
    "schema": _text,
    "id": _text,
    "target": _text,
    "name": _text,
    "partition": _text,
    "version": _text,
    "regions_open": _text,
    "started": is_time,
    "regions": _texts,
    "regions_excluded": _texts,
    "checks": _texts,
    "params": _object,
    "callers": _callers,
}
_HEADER_OPTIONAL: Final[Shape] = {
    "management_open": _nonempty_text,
    "unentered": _nonempty_text,
    "accounts": _accounts,
    "organization_only": _true,
    "clock_skew": _number,
    "bulk": _nonempty_texts,
    "configuration": _nonempty_text,
    "kinds_excluded": _nonempty_texts,
    "regions_approver": _nonempty_text,
    "regions_why": _nonempty_text,
    "scope": _nonempty_texts,
}
"""Members that a header has only where they hold something."""
_LINE: Final[Shape] = {
    "call": _object,
    "data": _any,
    "outcome": _object,
    "sha256": _text,
}
_CALL: Final[Shape] = {
    "operation": _text,
    "region": _text,
    "items": _texts,
    "absent_on": _texts,
    "params": _object,
    "attempt": _count,
    "wait": _number,
}
_OUTCOME: Final[Shape] = {
    "code": _text,
    "message": _text,
    "started": _text,
    "finished": _text,
    "request_ids": _texts,
    "redacted": _texts,
    "caller": _count,
    "pages": _count,
    "count": _count,
    "retries": _count,
    "state": _state,
}
_FOOTER: Final[Shape] = {
    "answers": _count,
    "digest": _text,
    "finished": is_time,
}


class SnapshotParser:
    """Parses one file. The first problem ends it: nothing after it can be trusted."""

    def __init__(self, name: str, file: io.BufferedReader) -> None:
        self._name = name
        self._file = file
        self._line = 0
        self._text = ""
        self._digest = hashlib.sha256()

    def read(self) -> Snapshot:
        """The snapshot; ContentError at the first line that is wrong."""
        header = self._header(self._next())
        answers: dict[str, Answer] = {}
        previous = ""
        while True:
            digest = self._digest.copy()
            line = self._next()
            if "digest" in line:
                self._footer(line, answers, digest)
                return _snapshot(header, answers, line["finished"])
            answer = self._answer(line, len(header["callers"]))
            key = answer.call.key
            # Of two answers to one call a reader would take the last; somebody may have added it.
            if key == previous:
                self._wrong("the same call has two answers", _AGAIN)
            if key < previous:
                self._wrong("the answers are not sorted by call", _AGAIN)
            answers[key] = answer
            previous = key

    def _next(self) -> JsonObject:
        """The next line as a JSON object; ContentError where there is none."""
        self._line += 1
        try:
            raw = self._file.readline(LONGEST_LINE + 1)
        except (EOFError, zlib.error, OSError) as error:
            self._wrong(
                f"the file cannot be unpacked ({error})",
                "it is truncated or damaged; use a complete copy",
            )
        if len(raw) > LONGEST_LINE:
            self._wrong(
                f"the line is longer than {LONGEST_LINE >> 20} MB",
                "not a snapshot of tscan",
            )
        if not raw:
            self._wrong(
                "the file is truncated: its last line is missing", "it is cut off; use a whole copy"
            )
        if not raw.endswith(b"\n"):
            self._wrong("the line is truncated", "use a complete copy", column=len(raw))
        self._digest.update(raw)
        return self._parse(raw[:-1])

    def _parse(self, raw: bytes) -> JsonObject:
        hint = _AGAIN
        if self._line == 1:
            hint = "not a snapshot of tscan"
        try:
            self._text = raw.decode()
            # Python accepts NaN and Infinity, which are not JSON.
            value = json.loads(self._text, parse_constant=_refuse)
        except UnicodeDecodeError as error:
            self._wrong("the line is not UTF-8", hint, column=error.start + 1)
        except json.JSONDecodeError as error:
            self._wrong(f"the line is not JSON: {error.msg}", hint, column=error.colno)
        except (ValueError, RecursionError) as error:
            self._wrong(f"the line is not JSON: {error}", hint)
        if not isinstance(value, dict):
            self._wrong("the line is not a JSON object", hint)
        return value

    def _header(self, value: JsonObject) -> JsonObject:
        self._schema(value.get("schema"))
        optional = {name: test for name, test in _HEADER_OPTIONAL.items() if name in value}
        self._check(value, {**_HEADER, **optional}, "")
        self._canonical(canonical(value))
        return value

    def _schema(self, schema: object) -> None:
        if not isinstance(schema, str) or not schema.startswith(_SCHEMA):
            self._wrong(
                "not a snapshot of tscan",
                f"its first line has the schema {_SCHEMA}{_VERSION}",
            )
        number = schema.removeprefix(_SCHEMA)
        if number != str(_VERSION):
            hint = "the file was not written by tscan"
            # Python refuses to read a number of several thousand digits: nine are enough.
            if number.isdecimal() and int(number[:9]) > _VERSION:
                hint = "upgrade tscan"
            self._wrong(f"unknown schema {schema}", hint)

    def _answer(self, value: JsonObject, callers: int) -> Answer:
        self._check(value, _LINE, "")
        call, outcome = value["call"], value["outcome"]
        self._check(call, _CALL, "call.")
        self._check(outcome, _OUTCOME, "outcome.")
        # A header may name no caller at all; every answer then has caller 0.
        if callers <= outcome["caller"] and outcome["caller"]:
            self._wrong(f"caller {outcome['caller']} is not in the header", _AGAIN)
        data = canonical(value["data"])
        digest = hashlib.sha256(data.encode("utf-8", "surrogatepass")).hexdigest()
        if digest != value["sha256"]:
            self._wrong(
                f"the answer to {call['operation']} was changed: its SHA-256 differs", _AGAIN
            )
        rest = f'"outcome":{canonical(outcome)},"sha256":"{digest}"}}'
        self._canonical(f'{{"call":{canonical(call)},"data":{data},{rest}')
        return _build_answer(call, value["data"], outcome)

    def _footer(
        self,
        footer: JsonObject,
        answers: Mapping[str, Answer],
        digest: hashlib._Hash,
    ) -> None:
        """Check the last line; `digest` is that of all lines before it."""
        self._check(footer, _FOOTER, "")
        self._canonical(canonical(footer))
        digest.update(
            canonical({"answers": footer["answers"], "finished": footer["finished"]}).encode()
        )
        if footer["digest"] != digest.hexdigest():
            self._wrong("the file was changed: its digest differs", _AGAIN)
        if footer["answers"] != len(answers):
            self._wrong(
                f"{footer['answers']} answers were written, {len(answers)} are here", _AGAIN
            )
        if self._file.read(1):
            self._line += 1
            self._wrong("there is text after the last line", _AGAIN)

    def _check(self, value: JsonObject, shape: Shape, place: str) -> None:
        """Check that an object has every member of a shape, each of its type, and no other."""
        for name, has_type in shape.items():
            if name not in value:
                self._wrong(f"'{place}{name}' is missing", _AGAIN)
            if not has_type(value[name]):
                self._wrong_member(name, f"'{place}{name}' has the wrong type")
        for name in value:
            if name not in shape:
                self._wrong_member(name, f"unknown member '{place}{name}'")

    def _wrong_member(self, name: str, message: str) -> NoReturn:
        self._wrong(message, _AGAIN, column=self._text.find(f'"{name}":') + 1)

    def _canonical(self, text: str) -> None:
        # This also refuses a key that is written twice: the parser keeps only the last of the two.
        if text != self._text:
            self._wrong("the line is not canonical JSON", _AGAIN)

    def _wrong(self, message: str, hint: str, column: int = 1) -> NoReturn:
        raise ContentError(
            [Problem(self._name, self._line, max(column, 1), message, hint)]
        ) from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")


def _snapshot(header: JsonObject, answers: Mapping[str, Answer], finished: str) -> Snapshot:
    return Snapshot(
        id=header["id"],
        target=Target(header["target"]),
        name=header["name"],
        partition=header["partition"],
        started=header["started"],
        finished=finished,
        version=header["version"],
        regions=tuple(header["regions"]),
        regions_excluded=tuple(header["regions_excluded"]),
        regions_open=header["regions_open"],
        checks=tuple(header["checks"]),
        params=header["params"],
        callers=tuple(Caller(**caller) for caller in header["callers"]),
        answers=answers,
        accounts=tuple(map(_build_account, header.get("accounts", ()))),
        management_open=header.get("management_open", ""),
        unentered=header.get("unentered", ""),
        organization_only=header.get("organization_only", False),
        clock_skew=header.get("clock_skew"),
        bulk=tuple(header.get("bulk", ())),
        configuration=header.get("configuration", ""),
        kinds_excluded=tuple(header.get("kinds_excluded", ())),
        regions_approver=header.get("regions_approver", ""),
        regions_why=header.get("regions_why", ""),
        scope=tuple(header.get("scope", ())),
    )


def _build_account(members: JsonObject) -> Account:
    return Account(**{**members, "state": AccountState(members["state"])})


def _build_answer(call: JsonObject, data: Any, outcome: JsonObject) -> Answer:
    request = Call(
        operation=call["operation"],
        region=call["region"],
        params=call["params"],
        attempt=call["attempt"],
        items=tuple(call["items"]),
        absent_on=tuple(call["absent_on"]),
        wait=call["wait"],
    )
    return Answer(
        call=request,
        state=State(outcome["state"]),
        data=data,
        code=outcome["code"],
        message=outcome["message"],
        caller=outcome["caller"],
        started=outcome["started"],
        finished=outcome["finished"],
        request_ids=tuple(outcome["request_ids"]),
        pages=outcome["pages"],
        count=outcome["count"],
        retries=outcome["retries"],
        redacted=tuple(outcome["redacted"]),
    )
