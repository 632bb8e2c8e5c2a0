"""An untouched store is as committed, whatever changed between its scans."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scanner.history.ledger.anchors import read_head
from scanner.history.records.seal import unsealed
from scanner.history.stores import open_store
from scanner.history.verification.verify import verify
from tests.history import sequences


def test_untouched_stores_are_as_committed() -> None:
    """The long form is `make history-long`; this sequence has a parameter that changed while
    other checks' verdicts did."""
    causes = sequences.run(1, seed=2, first=5)
    assert {"evidence", "params", "scope"} <= causes.keys()


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> sequences.Story:
    """One sequence of which the parameters of the last record decide verdicts."""
    folder = tmp_path_factory.mktemp("story")
    packs = sequences.make_packs(folder)
    story = sequences.Story(random.Random(5), packs, folder / "store")
    story.params = {"password_min_length": 8}
    story.run(3)
    story.params = {"password_min_length": 64}
    story.pack = 0
    story.run(1)
    return story


def payload(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"]))
    return found


def written(path: Path, statement: dict[str, Any]) -> None:
    text = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    path.write_bytes(unsealed(text.encode()))


def changed_parameter(path: Path) -> None:
    statement = payload(path)
    statement["predicate"]["params"] = {"password_min_length": 1}
    written(path, statement)


def changed_value(path: Path) -> None:
    statement = payload(path)
    statement["predicate"]["counts"]["fail"] += 1
    written(path, statement)


def changed_link(path: Path) -> None:
    statement = payload(path)
    statement["predicate"]["previous_sha256"] = "0" * 64
    written(path, statement)


def changed_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("change", [changed_byte, changed_value, changed_parameter, changed_link])
def test_one_change_of_the_newest_record_is_named(
    story: sequences.Story, change: Callable[[Path], None]
) -> None:
    """In a store without signatures, where nothing but the evidence speaks against it."""
    path = sorted((story.store / "log/aws=123456789012").iterdir())[-1]
    content = path.read_bytes()
    heads = [read_head(head) for head in verify(open_store(str(story.store))).heads.values()]
    change(path)
    try:
        found = sequences.deep(story.store, story.packs[0].library)
        kept_elsewhere = verify(open_store(str(story.store)), anchors=heads)
    finally:
        path.write_bytes(content)
    named = {damage.record for damage in found.damages}
    assert f"aws=123456789012/{int(path.stem)}" in named
    assert kept_elsewhere.damages
    assert not sequences.deep(story.store, story.packs[0].library).damages
