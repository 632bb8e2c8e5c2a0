"""Reading of a snapshot's lines: every one is checked against its digest, its types and its place."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from scanner.core.calendar import is_moment
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
"""Bytes; far above any answer, far below what harms."""
_SCHEMA: Final = "tscan.snapshot/"
_VERSION: Final = 1
_AGAIN: Final = "scan again; evidence that was changed is no evidence"

Test = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _state(value: Any) -> bool:
    return isinstance(value, str) and value in State._value2member_map_


def _caller(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"id", "account", "detail"}
        and _text(value["id"])
        and _text(value["account"])
        and isinstance(value["detail"], dict)
        and all(map(_text, value["detail"].values()))
    )


def _callers(value: Any) -> bool:
    return isinstance(value, list) and all(map(_caller, value))


def _account(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"id", "name", "state", "reason", "approver"}
        and all(map(_text, value.values()))
        and value["state"] in AccountState._value2member_map_
    )


def _accounts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_account, value))


def _said(value: Any) -> bool:
    return isinstance(value, str) and value != ""


_HEADER: Final[Mapping[str, Test]] = {
    **dict.fromkeys(
        ("schema", "id", "target", "name", "partition", "version", "regions_open"), _text
    ),
    "started": is_moment,
    **dict.fromkeys(("regions", "regions_excluded", "checks"), _texts),
    "params": _mapping,
    "callers": _callers,
}
_HEADER_MORE: Final[Mapping[str, Test]] = {
    **dict.fromkeys(("management_open", "unentered"), _said),
    "accounts": _accounts,
    "organization_only": lambda value: value is True,
    "clock_skew": _number,
    "bulk": lambda value: _texts(value) and bool(value),
}
"""Members that stand in a header only where they say something."""
_LINE: Final[Mapping[str, Test]] = {
    "call": _mapping,
    "data": lambda _: True,
    "outcome": _mapping,
    "sha256": _text,
}
_CALL: Final[Mapping[str, Test]] = {
    **dict.fromkeys(("operation", "region"), _text),
    **dict.fromkeys(("items", "absent_on"), _texts),
    "params": _mapping,
    "attempt": _count,
    "wait": _number,
}
_OUTCOME: Final[Mapping[str, Test]] = {
    **dict.fromkeys(("code", "message", "started", "finished"), _text),
    **dict.fromkeys(("request_ids", "redacted"), _texts),
    **dict.fromkeys(("caller", "pages", "count", "retries"), _count),
    "state": _state,
}
_FOOTER: Final[Mapping[str, Test]] = {"answers": _count, "digest": _text, "finished": is_moment}


class SnapshotReader:
    """One reading of one file; the first thing that is wrong ends it, for what follows cannot be trusted."""

    def __init__(self, name: str, file: io.BufferedReader) -> None:
        self._name = name
        self._file = file
        self._line = 0
        self._text = ""
        self._digest = hashlib.sha256()

    def read(self) -> Snapshot:
        """The snapshot; ContentError at the line that is wrong."""
        header = self._header(self._next())
        answers: dict[str, Answer] = {}
        last = ""
        while True:
            before = self._digest.copy()
            value = self._next()
            if "digest" in value:
                return self._finish(header, answers, value, before)
            answer = self._answer(value, len(header["callers"]))
            key = answer.call.key
            if key == last:
                self._wrong("the same call is answered twice", _AGAIN)
            if key < last:
                self._wrong("the answers are not in the order of their calls", _AGAIN)
            answers[key] = answer
            last = key

    def _next(self) -> dict[str, Any]:
        """The next line as a mapping."""
        self._line += 1
        try:
            raw = self._file.readline(LONGEST_LINE + 1)
        except (EOFError, zlib.error, OSError) as error:
            self._wrong(
                f"the file cannot be unpacked ({error})",
                "it is cut off or damaged; use a whole copy",
            )
        if len(raw) > LONGEST_LINE:
            self._wrong(
                f"the line is longer than {LONGEST_LINE >> 20} MB",
                "this is not a snapshot of tscan",
            )
        if not raw:
            self._wrong("the file ends without its last line", "it is cut off; use a whole copy")
        if not raw.endswith(b"\n"):
            self._wrong("the line is cut off", "use a whole copy", column=len(raw))
        self._digest.update(raw)
        return self._parse(raw[:-1])

    def _parse(self, raw: bytes) -> dict[str, Any]:
        hint = "this is not a snapshot of tscan" if self._line == 1 else _AGAIN
        try:
            self._text = raw.decode()
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

    def _header(self, value: dict[str, Any]) -> dict[str, Any]:
        schema = value.get("schema")
        if not isinstance(schema, str) or not schema.startswith(_SCHEMA):
            self._wrong(
                "this is not a snapshot of tscan",
                f"its first line names the schema {_SCHEMA}{_VERSION}",
            )
        number = schema.removeprefix(_SCHEMA)
        if number != str(_VERSION):
            newer = number.isdecimal() and int(number[:9]) > _VERSION
            self._wrong(
                f"schema {schema} is not known",
                "upgrade tscan" if newer else "this file was not made by tscan",
            )
        more = {name: test for name, test in _HEADER_MORE.items() if name in value}
        self._check(value, {**_HEADER, **more}, "")
        self._canonical(canonical(value))
        return value

    def _answer(self, value: dict[str, Any], callers: int) -> Answer:
        self._check(value, _LINE, "")
        call, outcome = value["call"], value["outcome"]
        self._check(call, _CALL, "call.")
        self._check(outcome, _OUTCOME, "outcome.")
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
        return _build(call, value["data"], outcome)

    def _finish(
        self,
        header: dict[str, Any],
        answers: dict[str, Answer],
        footer: dict[str, Any],
        digest: hashlib._Hash,
    ) -> Snapshot:
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
            self._wrong("something follows the last line", _AGAIN)
        return Snapshot(
            id=header["id"],
            target=Target(header["target"]),
            name=header["name"],
            partition=header["partition"],
            started=header["started"],
            finished=footer["finished"],
            version=header["version"],
            regions=tuple(header["regions"]),
            regions_excluded=tuple(header["regions_excluded"]),
            regions_open=header["regions_open"],
            checks=tuple(header["checks"]),
            params=header["params"],
            callers=tuple(Caller(**caller) for caller in header["callers"]),
            answers=answers,
            accounts=tuple(
                Account(**{**account, "state": AccountState(account["state"])})
                for account in header.get("accounts", ())
            ),
            management_open=header.get("management_open", ""),
            unentered=header.get("unentered", ""),
            organization_only=header.get("organization_only", False),
            clock_skew=header.get("clock_skew"),
            bulk=tuple(header.get("bulk", ())),
        )

    def _check(self, value: Mapping[str, Any], shape: Mapping[str, Test], place: str) -> None:
        """Every member is there, of its type, and no other."""
        for name, test in shape.items():
            if name not in value:
                self._wrong(f"'{place}{name}' is missing", _AGAIN)
            if not test(value[name]):
                self._wrong(
                    f"'{place}{name}' is of a wrong type",
                    _AGAIN,
                    column=self._text.find(f'"{name}":') + 1,
                )
        for name in value:
            if name not in shape:
                self._wrong(
                    f"'{place}{name}' is not known",
                    _AGAIN,
                    column=self._text.find(f'"{name}":') + 1,
                )

    def _canonical(self, text: str) -> None:
        # Also what shows a key that is written twice: only one of the two is left after parsing.
        if text != self._text:
            self._wrong("the line is not in canonical JSON", _AGAIN)

    def _wrong(self, message: str, hint: str, column: int = 1) -> NoReturn:
        raise ContentError(
            [Problem(self._name, self._line, max(column, 1), message, hint)]
        ) from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON value")


def _build(call: dict[str, Any], data: Any, outcome: dict[str, Any]) -> Answer:
    asked = Call(
        operation=call["operation"],
        region=call["region"],
        params=call["params"],
        attempt=call["attempt"],
        items=tuple(call["items"]),
        absent_on=tuple(call["absent_on"]),
        wait=call["wait"],
    )
    return Answer(
        call=asked,
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
