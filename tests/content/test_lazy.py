"""Content that is read on first use: how little a command reads, and that nothing gets lost by it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scanner.content import load_library
from scanner.content.documents import read_head
from scanner.errors import ContentError
from scanner.model.library import LazyMapping
from tests.content.conftest import Pack
from tests.helpers.library import shipped_library

CHECK = "checks/aws/s3/aws-s3-bucket-encrypted.yaml"
KIND = "resources/aws/s3.bucket.yaml"
NAME = "aws-s3-bucket-encrypted"
COUNTED = """
import collections, json, sys
from scanner.content.pack import Pack
from scanner.cli import run
read = collections.Counter()
def counted(self, file, format_name, whole=Pack.read):
    read[format_name] += 1
    return whole(self, file, format_name)
Pack.read = counted
code = run(sys.argv[1:])
print(json.dumps({"code": code, "read": read, "modules": sorted(sys.modules)}))
"""
NOT_FOR_LISTS = {"jsonschema", "rich", "botocore", "scanner.pipeline", "scanner.collect", "pyarrow"}


def counted(*command: str) -> dict[str, Any]:
    """A command in a process of its own: exit code, files parsed by format, modules loaded."""
    done = subprocess.run(
        [sys.executable, "-c", COUNTED, *command], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_list_of_checks_parses_no_check_and_no_kind() -> None:
    found = counted("checks", "list")
    assert found["code"] == 0
    assert found["read"]["control"] > 0
    assert not {"check", "kind"} & found["read"].keys()
    assert not NOT_FOR_LISTS & set(found["modules"])


def test_one_check_parses_itself_and_its_kinds() -> None:
    found = counted("checks", "show", "aws-s3-bucket-versioned")
    assert found["code"] == 0
    assert found["read"]["check"] == 1
    # A bucket leads to trails, those to metric filters, alarms, topics, subscriptions.
    assert 1 <= found["read"]["kind"] <= 8
    assert not NOT_FOR_LISTS & set(found["modules"])


@pytest.mark.parametrize(
    "command",
    [("checks", "show", "aws-s3-bucket-versionde"), ("demo", "--select", "aws-s3-bucket-versionde")],
)  # fmt: skip
def test_a_wrong_id_parses_no_check_and_loads_nothing_that_judges(command: tuple[str, ...]) -> None:
    found = _counted_misuse(*command)
    assert not {"check", "kind"} & found["read"].keys()
    # The terminal's format is looked up first, and brings rich.
    assert not (NOT_FOR_LISTS - {"rich"}) & set(found["modules"])


def _counted_misuse(*command: str) -> dict[str, Any]:
    found = counted(*command)
    assert found["code"] == 2
    return found


def test_a_wrong_format_parses_nothing() -> None:
    found = _counted_misuse("demo", "--format", "html")
    assert found["read"] == {}
    assert not NOT_FOR_LISTS & set(found["modules"])


def test_the_outline_of_each_check_and_kind_is_what_its_file_says() -> None:
    at_once, lazily = shipped_library(), load_library(lazily=True)
    assert isinstance(lazily.kinds, LazyMapping)
    for name, check in at_once.checks.items():
        entry = lazily.outline(name)
        outlined = (entry.cloud, entry.kind, entry.title, entry.severity)
        assert outlined == (check.cloud, check.kind, check.title, check.severity)
        assert lazily.service(name) == at_once.kinds[check.kind].service
        assert len(entry.file) == 64
    for name, kind in at_once.kinds.items():
        known = lazily.kinds.entry(name)
        assert (known.service, known.nature) == (kind.service, kind.nature)


def test_kinds_that_are_read_on_first_use_are_the_same() -> None:
    at_once, lazily = shipped_library(), load_library(lazily=True)
    assert list(lazily.kinds) == list(at_once.kinds)
    for name, kind in at_once.kinds.items():
        other = lazily.kinds[name]
        assert other.type == kind.type
        assert len(other.completeness) == len(kind.completeness)
        assert [*other.attributes] == [*kind.attributes]
        assert [request.operation for request in other.details.values()] == [
            request.operation for request in kind.details.values()
        ]
        assert {name: one.kind for name, one in other.relations.items()} == {
            name: one.kind for name, one in kind.relations.items()
        }
        assert other.path == kind.path


def test_an_unknown_kind_is_unknown(pack: Pack) -> None:
    kinds = load_library(pack.roots(), lazily=True).kinds
    assert "aws.s3.nope" not in kinds
    assert kinds.get("aws.s3.nope") is None


def test_a_kind_that_is_read_late_shows_its_mistakes_to_whoever_needs_it(pack: Pack) -> None:
    place = pack.change(KIND, "name: it.Name", "name: ‸that.Name")
    library = load_library(pack.roots(), lazily=True)
    for _ in range(2):
        with pytest.raises(ContentError) as caught:
            library.kinds["aws.s3.bucket"]
        assert place in str(caught.value)
    with pytest.raises(ContentError):
        library.checks[NAME]


def test_mistakes_of_a_users_checks_are_all_shown(pack: Pack, tmp_path: Path) -> None:
    """The kind that the second one needs is read in between."""
    mine = tmp_path / "mine"
    mine.mkdir()
    text = (pack.folder / CHECK).read_text(encoding="utf-8")
    for name in ("aws-s3-first", "aws-s3-second"):
        own = text.replace(NAME, name).replace("self.default_encryption", f"self.no_{name[7:]}")
        (mine / f"{name}.yaml").write_text(own, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        load_library(pack.roots(more_checks=(mine,)), lazily=True)
    shown = str(caught.value)
    assert "no_first" in shown
    assert "no_second" in shown


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("id: a\ntitle: One\n", {"id": "a", "title": "One"}),
        ("id: 'a'\ntitle: >-\n  One\n  two\n", {"id": "a", "title": "One two"}),
        ("x: {id: inner, title: [t]}\nid: a\n", {"id": "a"}),
        ("x:\n  - id: inner\nid: a\ntitle: One\nid: b\n", {"id": "a", "title": "One"}),
        ("title: [One]\nid: a\n", {"id": "a"}),
        ("id: a\ntitle: 'One\n", {"id": "a"}),
        ("", {}),
        ("- id: a\n", {}),
        ("id\n", {}),
    ],
)
def test_a_head_holds_the_texts_at_the_top(text: str, head: dict[str, str]) -> None:
    assert read_head(text.encode(), ("id", "title")) == head


def test_a_head_is_read_no_further_than_needed() -> None:
    assert read_head(b"id: a\ntitle: b\nrest: [\n", ("id", "title")) == {"id": "a", "title": "b"}
