"""Records as in-toto Statements: the one place that knows their form in a store."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any, Final, NoReturn

from scanner.core.calendar import is_moment
from scanner.errors import TscanError
from scanner.history.records.seal import SealError, open_envelope
from scanner.model.answers import canonical
from scanner.model.history import Record, Segment

STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "https://tscan.dev/record/"
VERSION: Final = 1
_STREAM: Final = re.compile(r"log/([^/]+)/(?!0{12})([0-9]{12})\.json")
_PLAIN: Final = re.compile(r"[A-Za-z0-9.-]")
_NAMES: Final = {field.name for field in fields(Record)} - {"sha256"}
_SEGMENT: Final = {field.name for field in fields(Segment)}
_LISTS: Final = ("checks", "callers", "regions", "gaps", "together")
_MAPPINGS: Final = ("params", "counts", "controls")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
"""The one form of a time in a record: as texts they stand in the order of the clock."""


@lru_cache(maxsize=4096)
def stream_of(target: str) -> str:
    """The folder of a target's chain: `aws:123456789012` → `aws=123456789012`; no two targets share one."""
    cloud, _, account = target.partition(":")
    return f"{_escaped(cloud)}={_escaped(account)}"


def _escaped(text: str) -> str:
    return "".join(
        char if _PLAIN.fullmatch(char) else "".join(f"_{byte:02x}" for byte in char.encode())
        for char in text
    )


def record_key(stream: str, seq: int) -> str:
    """The name of a record's file."""
    return f"log/{stream}/{seq:012d}.json"


def place_of(key: str) -> tuple[str, int] | None:
    """Stream and number that a file's name says; None for a file that is no record."""
    found = _STREAM.fullmatch(key)
    return (found[1], int(found[2])) if found else None


def payload_of(record: Record) -> bytes:
    """The Statement of a record: its subjects are the segments, its predicate is the record."""
    predicate = {name: getattr(record, name) for name in _NAMES}
    predicate["segments"] = [
        {name: getattr(one, name) for name in _SEGMENT} for one in record.segments
    ]
    subjects = [{"name": one.path, "digest": {"sha256": one.sha256}} for one in record.segments]
    statement = {
        "_type": STATEMENT,
        "subject": subjects,
        "predicateType": f"{_PREDICATE}{VERSION}",
        "predicate": predicate,
    }
    return canonical(statement).encode()


def read_record(content: bytes, key: str) -> Record:
    """The record in a file; SealError for one that is damaged, TscanError for one of a newer tscan."""
    return read_sealed(content, key)[0]


def read_sealed(content: bytes, key: str) -> tuple[Record, bool]:
    """The same, and whether it is signed."""
    envelope = open_envelope(content)
    record = record_of(envelope.payload, key)
    return replace(record, sha256=hashlib.sha256(content).hexdigest()), bool(envelope.signatures)


def record_of(payload: bytes, key: str) -> Record:
    """The record in a Statement; errors as in `read_record`."""
    try:
        value = json.loads(payload, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise SealError("its Statement is not JSON") from None
    kind = value.get("predicateType") if isinstance(value, dict) else None
    if not isinstance(kind, str) or not kind.startswith(_PREDICATE):
        raise SealError("its Statement is not a record of tscan")
    number = kind.removeprefix(_PREDICATE)
    if number != str(VERSION):
        if number.isdecimal() and int(number[:9]) > VERSION:
            raise TscanError(
                f"{key} was written by a newer tscan (record format {number})", "upgrade tscan"
            )
        raise SealError(f"record format {number} is not known")
    record = _build(value.get("predicate"))
    _check(record)
    try:
        written = payload_of(record)
    except UnicodeEncodeError:
        raise SealError("its Statement holds what no record holds") from None
    if written != payload:
        raise SealError("its Statement is not the canonical text of a record")
    return record


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON value")


def _build(value: Any) -> Record:
    if not isinstance(value, dict) or value.keys() != _NAMES:
        raise SealError("its members are not those of a record")
    more = {name: tuple(value[name]) for name in _LISTS if _texts(value[name])}
    more |= {name: value[name] for name in _MAPPINGS if isinstance(value[name], dict)}
    segments = value["segments"]
    texts = _NAMES - {*_LISTS, *_MAPPINGS, "segments", "seq"}
    whole = len(more) == len(_LISTS) + len(_MAPPINGS) and all(
        isinstance(value[name], str) for name in texts
    )
    if not whole or type(value["seq"]) is not int or not isinstance(segments, list):
        raise SealError("a member of the record is of a wrong type")
    return Record(**{**value, **more, "segments": tuple(map(_segment, segments))})


def _check(record: Record) -> None:
    """What every reader of a record takes for granted, and no type says; SealError where it is not so."""
    for time in (record.started, record.finished):
        if not (_TIME.fullmatch(time) and is_moment(time)):
            raise SealError(f"'{time[:40]}' is no time of a record")
    if not all(map(_is_count, record.counts.values())):
        raise SealError("a count of the record is no count")
    if not _texts(list(record.controls.values())):
        raise SealError("a status of the record is no text")
    if not all(map(_is_parameter, record.params.values())):
        raise SealError("a parameter of the record is of a wrong type")
    kinds = [segment.kind for segment in record.segments]
    if kinds.count("answers") != 1 or "transitions" not in kinds:
        raise SealError("it does not name the answers and the transitions of its scan")
    if any(not one.path.startswith(f"segments/kind={one.kind}/dt=") for one in record.segments):
        raise SealError("a segment of the record does not lie where its kind does")
    if record.together and record.scan not in record.together:
        raise SealError("it is not among the scans that it was judged together with")
    if record.waivers_sha256 != next(
        (one.sha256 for one in record.segments if one.kind == "waivers"), ""
    ):
        raise SealError("its waivers are not those that it names")


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 53


def _is_parameter(value: Any) -> bool:
    """A figure, a text or a list of them."""
    return {*map(type, value if isinstance(value, list) else [value])} <= {bool, int, float, str}


def _texts(value: Any) -> bool:
    return isinstance(value, list) and {*map(type, value)} <= {str}


def _segment(value: Any) -> Segment:
    if not isinstance(value, dict) or value.keys() != _SEGMENT:
        raise SealError("a segment of the record is not described as one")
    counts = _is_count(value["rows"]) and _is_count(value["bytes"])
    if not counts or not _texts([value["kind"], value["path"], value["sha256"]]):
        raise SealError("a member of a segment is of a wrong type")
    return Segment(**value)
