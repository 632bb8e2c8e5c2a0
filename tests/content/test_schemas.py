"""The published JSON Schemas, and that the loader's own reading of them is that of `jsonschema`."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from scanner.content.documents import Document, read_document
from scanner.content.schema_validator import schema_problems
from scanner.content.schemas import names, published, schema

DOCS = Path(__file__).parents[2] / "docs" / "schemas"
PACK = Path(__file__).parent / "pack"
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
}
STRANGE: tuple[Any, ...] = (None, True, 7, 1.5, "", "x", "A b", [], [7], ["x"], {}, {"x": 7})


def test_the_schemas_in_docs_are_those_of_the_package() -> None:
    in_docs = {path.stem: path.read_text() for path in DOCS.glob("*.json")}
    assert in_docs == {name: published(name) for name in names()}, (
        "run: python -m scanner.content.schemas"
    )


def test_there_is_a_schema_for_each_format() -> None:
    assert names() == sorted(FILES)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))


def _variants(data: Any) -> Iterator[Any]:
    """The document with one part replaced by something strange, left out, or doubled by an unknown key."""
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
def test_what_the_loader_accepts_is_what_editors_accept(name: str) -> None:
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
        # A text of spaces alone is empty to us; JSON Schema counts its characters.
        assert ours == theirs, text
        refused += not ours
    assert refused > 10
