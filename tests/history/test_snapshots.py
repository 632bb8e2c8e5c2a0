"""The snapshot file: what is written is read back, and nothing else is."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.errors import ContentError, TscanError
from scanner.history.snapshots import snapshot_parser
from scanner.history.snapshots.snapshot_file import read_snapshot, snapshot_bytes, write_snapshot
from scanner.model.answers import Answer, Call, Caller, Snapshot, State, Target, canonical

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
TIMES = st.datetimes().map(lambda time: time.isoformat(timespec="milliseconds") + "Z")
PARAMS = st.dictionaries(TEXT, JSON, max_size=3)
CALLS = st.builds(
    Call,
    operation=TEXT,
    region=TEXT,
    params=PARAMS,
    attempt=st.integers(0, 9),
    items=TEXTS,
    absent_on=TEXTS,
    wait=st.floats(0, 5),
)
ANSWERS = st.builds(
    Answer,
    call=CALLS,
    state=st.sampled_from(State),
    data=JSON,
    code=TEXT,
    message=TEXT,
    caller=st.just(0),
    started=TEXT,
    finished=TEXT,
    request_ids=TEXTS,
    pages=st.integers(0, 99),
    count=st.integers(0, 99),
    retries=st.integers(0, 9),
    redacted=TEXTS,
)
SNAPSHOTS = st.builds(
    Snapshot,
    id=TEXT,
    target=TEXT.map(Target),
    name=TEXT,
    partition=TEXT,
    started=TIMES,
    finished=TIMES,
    version=TEXT,
    regions=TEXTS,
    regions_excluded=TEXTS,
    regions_why=TEXT,
    regions_approver=TEXT,
    kinds_excluded=TEXTS,
    configuration=TEXT,
    regions_open=TEXT,
    checks=TEXTS,
    params=PARAMS,
    callers=st.lists(
        st.builds(Caller, id=TEXT, account=TEXT, detail=st.dictionaries(TEXT, TEXT, max_size=2)),
        max_size=2,
    ).map(tuple),
    answers=st.lists(ANSWERS, max_size=4).map(
        lambda found: {answer.call.key: answer for answer in found}
    ),
    bulk=TEXTS,
)


def answer(name: str, **more: Any) -> Answer:
    call = Call(operation="s3:GetBucketPolicy", region="us-east-1", params={"Bucket": name})
    return Answer(call=call, state=State.OK, data={"Policy": f"π {name}"}, **more)


def snapshot(*names: str) -> Snapshot:
    found = [answer(name) for name in names]
    return Snapshot(
        id="s-1",
        target=Target("aws:123456789012"),
        started="2026-01-01T00:00:00.000Z",
        finished="2026-01-01T00:01:00.000Z",
        version="0.1.0",
        regions=("us-east-1",),
        checks=("c",),
        params={"days": 90},
        callers=(Caller(id="arn:x", account="123456789012"),),
        answers={one.call.key: one for one in found},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "snapshot.jsonl"


@settings(max_examples=80, deadline=None)
@given(SNAPSHOTS)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, whole: Snapshot
) -> None:
    folder = tmp_path_factory.mktemp("round")
    for name in ("a.jsonl", "a.jsonl.gz"):
        write_snapshot(folder / name, whole)
        assert read_snapshot(folder / name) == whole
    assert (
        gzip.decompress((folder / "a.jsonl.gz").read_bytes()) == (folder / "a.jsonl").read_bytes()
    )


@pytest.mark.parametrize("name", ["s.jsonl", "s.jsonl.gz"])
def test_the_same_snapshot_is_the_same_file(tmp_path: Path, name: str) -> None:
    write_snapshot(tmp_path / name, snapshot("a", "b"))
    first = (tmp_path / name).read_bytes()
    (tmp_path / "other").mkdir()
    write_snapshot(tmp_path / "other" / name, snapshot("b", "a"))
    assert (tmp_path / "other" / name).read_bytes() == first


def test_only_the_owner_may_read_it_and_nothing_else_is_left(path: Path) -> None:
    path.write_text("old")
    os.chmod(path, 0o644)
    write_snapshot(path, snapshot("a"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == [path.name]


def test_a_failure_leaves_what_was_there(path: Path) -> None:
    path.write_text("old")
    broken = answer("x", message="\ud800")
    with pytest.raises(UnicodeEncodeError):
        write_snapshot(
            path, Snapshot(**{**_fields(snapshot("a")), "answers": {broken.call.key: broken}})
        )
    assert path.read_text() == "old"
    assert os.listdir(path.parent) == [path.name]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TscanError, match="cannot be written"):
        write_snapshot(tmp_path / "no" / "s.jsonl", snapshot("a"))
    with pytest.raises(TscanError, match="cannot be read"):
        read_snapshot(tmp_path / "no" / "s.jsonl")


def _fields(whole: Snapshot) -> dict[str, Any]:
    return {name: getattr(whole, name) for name in Snapshot.__slots__}


def refused(path: Path, raw: bytes) -> str:
    path.write_bytes(raw)
    with pytest.raises(ContentError) as caught:
        read_snapshot(path)
    problem = caught.value.problems[0]
    assert problem.hint
    assert problem.path == str(path)
    return f"{problem.line}:{problem.column}: {problem.message}"


def sealed(*texts: str, count: int | None = None, **footer: Any) -> bytes:
    """Lines with a footer that fits them: edited by someone who can count."""
    body = "".join(text + "\n" for text in texts).encode()
    last = {
        "answers": len(texts) - 1 if count is None else count,
        "finished": "2026-01-01T00:01:00.000Z",
    }
    digest = hashlib.sha256(body + canonical(last).encode()).hexdigest()
    return body + canonical({**last, "digest": digest, **footer}).encode() + b"\n"


WHOLE = snapshot_bytes(snapshot("a", "b", "c"))
LINES = WHOLE.decode().splitlines()


def test_every_cut_is_refused(path: Path) -> None:
    for length in range(0, len(WHOLE), 3):
        message = refused(path, WHOLE[:length])
        assert int(message.partition(":")[0]) <= len(LINES), message


def test_every_changed_byte_is_refused(path: Path) -> None:
    for position in range(0, len(WHOLE), 3):
        changed = bytearray(WHOLE)
        changed[position] ^= 1
        refused(path, bytes(changed))


def test_every_cut_of_a_packed_file_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(WHOLE, mtime=0)
    for length in range(0, len(packed), 5):
        refused(tmp_path / "s.jsonl.gz", packed[:length])


def edited(line: int, change: Callable[[dict[str, Any]], Any]) -> str:
    value = json.loads(LINES[line])
    change(value)
    return canonical(value)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "1:1: the file is truncated"),
        (b"\x89PNG\r\n\x1a\n\n", "1:1: the line is not UTF-8"),
        (b"hello\n", "1:1: the line is not JSON"),
        (b"[1]\n", "1:1: the line is not a JSON object"),
        (b'{"a": 1}\n', "1:1: not a snapshot"),
        (b'{"schema":"tscan.snapshot/2"}\n', "1:1: unknown schema tscan.snapshot/2"),
        (b'{"schema":"tscan.snapshot/x"}\n', "1:1: unknown schema tscan.snapshot/x"),
        (b'{"schema":"tscan.snapshot/1"}\n', "1:1: 'id' is missing"),
        (WHOLE + b"{}\n", "6:1: there is text after the last line"),
        (WHOLE + WHOLE, "6:1: there is text after the last line"),
        (("\n".join([LINES[0], *LINES[2:]]) + "\n").encode(), "4:1: the file was changed"),
        (sealed(LINES[0], LINES[1], LINES[1]), "3:1: the same call has two answers"),
        (sealed(LINES[0], LINES[2], LINES[1]), "3:1: the answers are not sorted"),
        (sealed(LINES[0], LINES[1], count=2), "3:1: 2 answers were written, 1 are here"),
        (sealed(LINES[0], LINES[1], digest="0"), "3:1: the file was changed"),
        (sealed(LINES[0], LINES[1], answers=True), "'answers' has the wrong type"),
        (
            sealed(LINES[0], LINES[1].replace("π a", "π z")),
            "2:1: the answer to s3:GetBucketPolicy was changed",
        ),
        (sealed(LINES[0], LINES[1], finished="tomorrow"), "'finished' has the wrong type"),
        (
            sealed(edited(0, lambda v: v.update(started="2026-01-01T00:00:00+99:00"))),
            "'started' has the wrong type",
        ),
        (sealed(LINES[0], "[" * 200_000), "2:1: the line is not JSON"),
        (sealed(LINES[0], '{"a":NaN}'), "2:1: the line is not JSON"),
        (
            sealed(LINES[0].replace(":", ": ", 1), LINES[1]),
            "1:1: the line is not canonical JSON",
        ),
        (
            sealed(LINES[0], LINES[1].replace('"code":', '"code":"twice","code":')),
            "2:1: the line is not canonical",
        ),
        (sealed(edited(0, lambda v: v.update(regions="all"))), "'regions' has the wrong type"),
        (sealed(edited(0, lambda v: v.update(more=1))), "unknown member 'more'"),
        (
            sealed(edited(0, lambda v: v.update(callers=[{"id": 1}]))),
            "'callers' has the wrong type",
        ),
        (
            sealed(LINES[0], edited(1, lambda v: v["outcome"].update(state="fine"))),
            "'outcome.state' has the wrong type",
        ),
        (
            sealed(LINES[0], edited(1, lambda v: v["outcome"].update(pages=-1))),
            "'outcome.pages' has the wrong type",
        ),
        (
            sealed(LINES[0], edited(1, lambda v: v["outcome"].update(caller=5))),
            "caller 5 is not in the header",
        ),
        (
            sealed(LINES[0], edited(1, lambda v: v["call"].pop("params"))),
            "'call.params' is missing",
        ),
    ],
)
def test_what_is_not_a_whole_snapshot_is_refused(path: Path, raw: bytes, words: str) -> None:
    assert words in refused(path, raw)


def test_a_newer_file_asks_for_an_upgrade(path: Path) -> None:
    path.write_bytes(b'{"schema":"tscan.snapshot/2"}\n')
    with pytest.raises(ContentError, match="upgrade tscan"):
        read_snapshot(path)


def test_a_huge_line_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_parser, "LONGEST_LINE", 1 << 20)
    assert "2:1: the line is longer" in refused(path, LINES[0].encode() + b"\n" + b"x" * (2 << 20))


def test_plain_text_under_a_packed_name(tmp_path: Path) -> None:
    assert "1:1: the file cannot be unpacked" in refused(tmp_path / "s.gz", WHOLE)
