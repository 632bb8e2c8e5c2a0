"""Serializes records as in-toto Statements, and parses them strictly.

No other module knows their format.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, fields, replace
from functools import lru_cache
from typing import Final, NoReturn

from scanner.core.calendar import is_time
from scanner.errors import TscanError
from scanner.history.records.seal import SealError, open_envelope
from scanner.model.answers import Exclusion, canonical
from scanner.model.history import Record, Segment

STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "urn:tscan:record:"
VERSION: Final = 1
_STREAM: Final = re.compile(r"log/([^/]+)/(?!0{12})([0-9]{12})\.json")
_UNESCAPED: Final = re.compile(r"[A-Za-z0-9.-]")
_MEMBERS: Final = {field.name for field in fields(Record)} - {"sha256"}
_SEGMENT_MEMBERS: Final = {field.name for field in fields(Segment)}
_EXCLUSION_MEMBERS: Final = {field.name for field in fields(Exclusion)}
_LISTS: Final = ("checks", "callers", "regions", "gaps", "together", "scope")
_MAPPINGS: Final = ("params", "counts", "controls")
_MAX_COUNT: Final = 1 << 53
"""Larger integers are not exact in every reader of JSON."""
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
"""The only format of a time in a record: sorted as text, times are in order."""


@lru_cache(maxsize=4096)
def stream_of(chain: str) -> str:
    """The folder of a chain: `aws:123456789012` → `aws=123456789012`.

    No two chains share one.
    """
    cloud, _, account = chain.partition(":")
    return f"{_escaped(cloud)}={_escaped(account)}"


def _escaped(text: str) -> str:
    return "".join(map(_escaped_character, text))


def _escaped_character(char: str) -> str:
    if _UNESCAPED.fullmatch(char):
        return char
    return "".join(f"_{byte:02x}" for byte in char.encode())


def record_key(stream: str, seq: int) -> str:
    """The name of a record's file."""
    return f"log/{stream}/{seq:012d}.json"


def stream_and_number(key: str) -> tuple[str, int] | None:
    """Stream and number in the name of a file; None for a file that is not a record."""
    found = _STREAM.fullmatch(key)
    if found is None:
        return None
    return found[1], int(found[2])


def payload_of(record: Record) -> bytes:
    """The Statement of a record: its subjects are the segments, its predicate is the record."""
    predicate = {name: getattr(record, name) for name in _MEMBERS}
    predicate["segments"] = list(map(_segment_members, record.segments))
    predicate["exclusions"] = list(map(asdict, record.exclusions))
    # As subjects, segments are covered by the signature for every tool that knows in-toto.
    subjects = list(map(_subject, record.segments))
    statement = {
        "_type": STATEMENT,
        "subject": subjects,
        "predicateType": f"{_PREDICATE}{VERSION}",
        "predicate": predicate,
    }
    return canonical(statement).encode()


def _subject(segment: Segment) -> dict[str, object]:
    return {"name": segment.path, "digest": {"sha256": segment.sha256}}


def _segment_members(segment: Segment) -> dict[str, str | int]:
    return {name: getattr(segment, name) for name in _SEGMENT_MEMBERS}


def read_record(content: bytes, key: str) -> Record:
    """The record in a file.

    SealError for one that is damaged, TscanError for the format of a newer version.
    """
    return read_sealed(content, key)[0]


def read_sealed(content: bytes, key: str) -> tuple[Record, bool]:
    """The same, and whether it is signed."""
    envelope = open_envelope(content)
    record = record_of(envelope.payload, key)
    # Of the file, and not of the Statement: the next record chains the signatures too.
    sha256 = hashlib.sha256(content).hexdigest()
    return replace(record, sha256=sha256), bool(envelope.signatures)


def record_of(payload: bytes, key: str) -> Record:
    """The record in a Statement; errors as in `read_record`."""
    try:
        value = json.loads(payload, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise SealError("its Statement is not JSON") from None
    _check_predicate_type(value, key)
    record = _parse(value.get("predicate"))
    _check_values(record)
    try:
        rewritten = payload_of(record)
    except UnicodeEncodeError:
        raise SealError("its Statement has unexpected content") from None
    # Only the text that tscan writes is read: two readers can never understand one record
    # differently.
    if rewritten != payload:
        raise SealError("its Statement is not in canonical form")
    return record


def _check_predicate_type(value: object, key: str) -> None:
    predicate_type = value.get("predicateType") if isinstance(value, dict) else None
    if not isinstance(predicate_type, str) or not predicate_type.startswith(_PREDICATE):
        raise SealError("its Statement is not a record of tscan")
    version = predicate_type.removeprefix(_PREDICATE)
    if version == str(VERSION):
        return
    if version.isdecimal() and int(version[:9]) > VERSION:
        raise TscanError(
            f"{key} was written by a newer tscan (record format {version})", "upgrade tscan"
        )
    raise SealError(f"unknown record format {version}")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")


def _parse(value: object) -> Record:
    """The record in a predicate.

    SealError unless it has exactly the members of a record, of their types.
    """
    if not isinstance(value, dict) or value.keys() != _MEMBERS:
        raise SealError("it lacks members of a record or has others")
    if not all(_is_well_typed(name, member) for name, member in value.items()):
        raise SealError("a member of the record has the wrong type")
    members = dict(value)
    for name in _LISTS:
        members[name] = tuple(value[name])
    members["segments"] = tuple(map(_parse_segment, value["segments"]))
    members["exclusions"] = tuple(map(_parse_exclusion, value["exclusions"]))
    return Record(**members)


def _is_well_typed(name: str, member: object) -> bool:
    if name in _LISTS:
        return _is_texts(member)
    if name in _MAPPINGS:
        return isinstance(member, dict)
    if name == "renamed":
        return isinstance(member, dict) and _is_texts(list(member.values()))
    if name in ("exclusions", "segments"):
        return isinstance(member, list)
    # type(), since True is an int too, and would be written as another text.
    return type(member) is (int if name == "seq" else str)


def _check_values(record: Record) -> None:
    """SealError for a value that readers of a record do not expect, though its type is right."""
    for time in (record.started, record.finished):
        if not (_TIME.fullmatch(time) and is_time(time)):
            raise SealError(f"'{time[:40]}' is not a valid time")
    if not all(map(_is_count, record.counts.values())):
        raise SealError("a count of the record is not a number ≥ 0")
    if not _is_texts(list(record.controls.values())):
        raise SealError("a status of the record is not text")
    if not all(map(_is_parameter, record.params.values())):
        raise SealError("a parameter of the record has the wrong type")
    _check_segments(record)
    if record.together and record.scan not in record.together:
        raise SealError("its own scan is missing from the group it was judged with")
    if record.waivers_sha256 != _waivers_digest(record):
        raise SealError("it lists other waivers than its evidence")


def _check_segments(record: Record) -> None:
    kinds = [segment.kind for segment in record.segments]
    if kinds.count("answers") != 1 or "transitions" not in kinds:
        raise SealError("it does not name the evidence and transitions of its scan")
    for segment in record.segments:
        # A path elsewhere would let a record claim any file of the store, or one beside it.
        if not segment.path.startswith(f"segments/kind={segment.kind}/dt="):
            raise SealError("a segment of the record is in the wrong folder")


def _waivers_digest(record: Record) -> str:
    """The digest of the first waivers among the segments; `` where there are none."""
    return next((one.sha256 for one in record.segments if one.kind == "waivers"), "")


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < _MAX_COUNT


def _is_parameter(value: object) -> bool:
    """Whether a value is a number, a text, a boolean or a list of them."""
    items = value if isinstance(value, list) else [value]
    types = set(map(type, items))
    return types <= {bool, int, float, str}


def _is_texts(value: object) -> bool:
    if not isinstance(value, list):
        return False
    types = set(map(type, value))
    return types <= {str}


def _parse_exclusion(value: object) -> Exclusion:
    if not isinstance(value, dict) or value.keys() != _EXCLUSION_MEMBERS:
        raise SealError("an exclusion of the record is not an object")
    texts = [member for name, member in value.items() if name != "ids"]
    if not _is_texts(texts) or not _is_texts(value["ids"]):
        raise SealError("a member of an exclusion has the wrong type")
    return Exclusion(**{**value, "ids": tuple(value["ids"])})


def _parse_segment(value: object) -> Segment:
    if not isinstance(value, dict) or value.keys() != _SEGMENT_MEMBERS:
        raise SealError("a segment of the record is not an object")
    texts = [value["kind"], value["path"], value["sha256"]]
    are_counts = _is_count(value["rows"]) and _is_count(value["bytes"])
    if not are_counts or not _is_texts(texts):
        raise SealError("a member of a segment has the wrong type")
    return Segment(**value)
