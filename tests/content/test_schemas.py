"""The published JSON Schemas: shipped content satisfies them, and loads refuse what they refuse."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from scanner.content import schema_validator
from scanner.content.documents import Document, read_document
from scanner.content.locations import ContentFile, default_roots
from scanner.content.pack import Pack
from scanner.content.schema_validator import schema_problems
from scanner.content.schemas import names, schema

PACK = Path(__file__).parent / "pack"
ROOT = Path(__file__).parents[2]
FILES = {
    "check": "checks/aws/s3/aws-s3-bucket-encrypted.yaml",
    "parameters": "checks/parameters.yaml",
    "cloud": "resources/aws.yaml",
    "kind": "resources/aws/s3.bucket.yaml",
    "control": "mappings/controls/ENC-01.yaml",
    "manual": "mappings/manual.yaml",
    "framework": "mappings/soc2-2017/framework.yaml",
    "criteria": "mappings/soc2-2017/CC6.yaml",
    "config": "tscan.yaml",
    "waivers": "waivers.yaml",
    "operations": "operations.yaml",
    "attestation": "attestations/MC-01-2026.yaml",
    "plan_cloud": "plans/aws.yaml",
    "plan_map": "plans/aws/s3.bucket.yaml",
}
STRANGE: tuple[Any, ...] = (
    None,
    True,
    7,
    1.5,
    7.0,
    "",
    " ",
    "x",
    "A b",
    "x\n",
    [],
    [7],
    ["x"],
    {},
    {"x": 7},
)


def test_there_is_a_schema_for_each_format() -> None:
    assert names() == sorted(FILES)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))


def _format(file: ContentFile) -> str:
    part, *inside = file.name.split("/")
    if part == "checks":
        return "parameters" if inside == ["parameters.yaml"] else "check"
    if part == "resources":
        return "cloud" if len(inside) == 1 else "kind"
    if inside == ["manual.yaml"]:
        return "manual"
    if inside[0] == "controls":
        return "control"
    return "framework" if inside[-1] == "framework.yaml" else "criteria"


def test_every_shipped_file_satisfies_its_schema() -> None:
    """A load trusts shipped files: this is where they are validated."""
    pack = Pack()
    pack.collect(default_roots())
    files = [(file.name, file.content, _format(file)) for file in pack.files]
    for path in sorted((ROOT / "scanner" / "providers").glob("*/operations.yaml")):
        files.append((path.parent.name, path.read_bytes(), "operations"))
    for path in sorted((ROOT / "scanner" / "plans").glob("*/*.yaml")):
        files.append((path.stem, path.read_bytes(), "plan_map"))
    for path in sorted((ROOT / "scanner" / "plans").glob("*.yaml")):
        files.append((path.stem, path.read_bytes(), "plan_cloud"))
    seen: dict[str, int] = {}
    for name, content, format_name in files:
        document = read_document(content, path=name)
        assert isinstance(document, Document), document
        assert schema_problems(document, format_name) == []
        seen[format_name] = seen.get(format_name, 0) + 1
    assert seen.keys() == FILES.keys() - {"attestation", "config", "waivers"}
    assert seen["check"] > 300
    assert seen["kind"] > 100
    assert seen["operations"] >= 3


def test_without_files_of_a_user_nothing_of_jsonschema_is_loaded() -> None:
    program = (
        "import sys\n"
        "from scanner.content import load_library\n"
        "from scanner.client.rest.operations import clouds, operations\n"
        "library = load_library(lazily=True)\n"
        "library.checks['aws-s3-bucket-versioned']\n"
        "assert [operations(cloud) for cloud in clouds()]\n"
        "assert 'jsonschema' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def _variants(data: Any) -> Iterator[Any]:
    """The document with one part replaced by something strange, left out, or beside an unknown key."""
    for path in list(_paths(data)):
        for strange in STRANGE:
            changed = copy.deepcopy(data)
            _parent(changed, path)[path[-1]] = strange
            yield changed
        changed = copy.deepcopy(data)
        del _parent(changed, path)[path[-1]]
        yield changed
        changed = copy.deepcopy(data)
        if isinstance(_parent(changed, path), dict):
            _parent(changed, path)["unheard_of"] = "x"
            yield changed


def _paths(data: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    for key, value in items:
        yield (*at, key)
        yield from _paths(value, (*at, key))


def _parent(data: Any, path: tuple[Any, ...]) -> Any:
    for step in path[:-1]:
        data = data[step]
    return data


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_loader_accepts_what_the_published_schema_accepts(name: str) -> None:
    path = PACK / FILES[name]
    document = read_document(path.read_bytes(), path=path.name)
    assert isinstance(document, Document)
    assert schema_problems(document, name) == []
    validator = jsonschema.Draft202012Validator(schema(name))
    validator.validate(document.data)
    refused = 0
    for variant in _variants(document.data):
        text = yaml.dump(variant, Dumper=yaml.CSafeDumper, sort_keys=False)
        changed = read_document(text.encode(), path=path.name)
        assert isinstance(changed, Document), text
        ours, theirs = not schema_problems(changed, name), validator.is_valid(changed.data)
        # Python's own reading of the schema is laxer in two places that editors and we are not:
        # 7.0 is an integer to it, and `$` matches before a final line feed.
        if "7.0" in text or "x\n" in _texts(changed.data):
            assert theirs or not ours, text
        else:
            assert ours == theirs, text
        refused += not ours
    assert refused > 10


def _texts(data: Any) -> list[str]:
    return [text for path in _paths(data) if isinstance(text := _parent(data, path)[path[-1]], str)]


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            "check",
            "id: aws-s3-bucket-encrypted",
            "id: |\n  aws-s3-bucket-encrypted",
            "is not an id of",
        ),
        ("waivers", "id: W-1", "id: |\n      W-1", "is not an id such as W-001"),
    ],
)
def test_a_final_line_feed_is_part_of_a_text(name: str, old: str, new: str, message: str) -> None:
    text = (PACK / FILES[name]).read_text(encoding="utf-8")
    assert old in text
    document = read_document(text.replace(old, new, 1).encode(), path="x.yaml")
    assert isinstance(document, Document)
    assert any(message in str(problem) for problem in schema_problems(document, name))


def _problems(rule: dict[str, Any], text: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    whole = {"properties": {"version": {"const": 1}, "x": rule}}
    monkeypatch.setattr(schema_validator, "schema", lambda _: whole)
    schema_validator._validator.cache_clear()
    document = read_document(f"version: 1\nx: {text}\n".encode(), path="x.yaml")
    assert isinstance(document, Document)
    try:
        return [str(problem) for problem in schema_problems(document, "any")]
    finally:
        schema_validator._validator.cache_clear()


def test_of_several_forms_the_message_is_about_the_one_that_is_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = {"type": "string", "pattern": "^none$", "title": "none"}
    mapping = {
        "type": "object",
        "properties": {"size": {"type": "integer"}},
        "required": ["size"],
        "additionalProperties": False,
    }
    for keyword in ("anyOf", "oneOf"):
        rule = {keyword: [text, mapping]}
        assert _problems(rule, "none", monkeypatch) == []
        assert _problems(rule, "{size: 1}", monkeypatch) == []
        assert _problems(rule, "{size: big}", monkeypatch) == [
            "x.yaml:2:11: 'size' must be a whole number, not a string"
        ]
        assert _problems(rule, "[]", monkeypatch) != []


def test_a_keyword_without_a_message_of_ours_still_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _problems({"multipleOf": 5}, "7", monkeypatch) == [
        "x.yaml:2:4: 7 is not a multiple of 5"
    ]


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("check", "if_empty: ", "none_means: ", "'none_means' is now 'if_empty'"),
        ("parameters", "stricter: ", "tighter: ", "'tighter' is now 'stricter'"),
        ("kind", "completeness:", "count_from:", "'count_from' is now 'completeness'"),
        ("cloud", "completeness:", "count_from:", "'count_from' is now 'completeness'"),
    ],
)
def test_a_file_of_an_earlier_format_is_refused_in_one_line(
    name: str, old: str, new: str, words: str
) -> None:
    text = (PACK / FILES[name]).read_text(encoding="utf-8")
    if old not in text:
        text += f"{old} []\n"
    document = read_document(text.replace(old, new, 1).encode(), path="x.yaml")
    assert isinstance(document, Document)
    (problem,) = schema_problems(document, name)
    assert problem.message == (
        f"written for an earlier version of the content format ({words}):"
        " read it with the release that wrote it"
    )
    line = text.replace(old, new, 1).split("\n")[problem.line - 1]
    assert line[problem.column - 1 :].startswith(new.strip(" :"))
