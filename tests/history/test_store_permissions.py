"""`tscan permissions store`: follows from the operations in the store's code, so that neither can
change alone."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.cli import run
from scanner.history.stores import STORES
from scanner.history.stores import VERSIONS as VERSION_STORES
from scanner.history.stores.permissions import PERMISSIONS, USES, VERSIONS, permissions_for

STORES_CODE = Path(__file__).parents[2] / "scanner/history/stores"


def attributes_of(file: str, owner: str) -> Iterator[tuple[str, ast.Call]]:
    """The methods of a name that a module calls."""
    for node in ast.walk(ast.parse((STORES_CODE / file).read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if ast.unparse(node.func.value) == owner:
            yield node.func.attr, node


def test_every_operation_of_the_store_has_its_permissions() -> None:
    made = {name for name, _ in attributes_of("object_storage.py", "obstore")}
    assert made == {"put", "get", "list", "delete"}
    for scheme, table in PERMISSIONS.items():
        assert set(table) - set(VERSIONS) == made, scheme


def test_every_operation_on_versions_has_its_permissions() -> None:
    made: set[str] = set()
    for name, call in attributes_of("object_versions.py", "self._client"):
        if name == "get_paginator":
            (argument,) = call.args
            made.add(ast.literal_eval(argument))
        else:
            made.add(name)
    assert made == set(VERSIONS)
    # Only these stores have versions.
    assert set(VERSION_STORES._builtin) == {"s3"}
    assert [scheme for scheme, table in PERMISSIONS.items() if set(VERSIONS) & set(table)] == ["s3"]


def test_every_bucket_has_a_table() -> None:
    assert {*PERMISSIONS, "file"} == set(STORES._builtin)


class Counting:
    """A store that notes which operations its methods make."""

    parallel = 1

    def __init__(self, store: Any, seen: set[str]) -> None:
        self._store = store
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        if name in ("put_new", "put", "get", "list", "delete"):
            self._seen.add(name.removesuffix("_new"))
        return getattr(self._store, name)


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The operations that commands make."""
    from scanner.history import stores

    found: set[str] = set()
    opened = stores.open_store
    for module in (
        "scanner.history.stores",
        "scanner.history.ledger.commit",
    ):
        monkeypatch.setattr(f"{module}.open_store", lambda place: Counting(opened(place), found))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return found


def test_a_use_makes_no_operation_that_it_was_not_granted(seen: set[str]) -> None:
    from tests.helpers.estate_recording import SNAPSHOT

    assert run(["history", "add", str(SNAPSHOT), "--quiet"]) == 1
    assert seen == set(USES["scan"])
    seen.clear()
    for command in (["history", "list"], ["verify", "--deep"], ["history", "show", "1"]):
        run(command)
    assert seen == set(USES["read"]) == set(USES["verify"]) - set(VERSIONS)
    run(["history", "compact"])
    assert seen <= set(USES["compact"])


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert run(["permissions", "store", *words]) == 0
    return json.loads(capsys.readouterr().out)


def test_s3_is_allowed_on_the_prefix_alone(capsys: pytest.CaptureFixture[str]) -> None:
    document = printed(capsys, "--store", "s3://bucket/a/tscan/")
    listing, objects = document["Statement"]
    assert listing == {
        "Effect": "Allow",
        "Action": ["s3:ListBucket"],
        "Resource": "arn:aws:s3:::bucket",
        "Condition": {"StringLike": {"s3:prefix": ["a/tscan/*"]}},
    }
    assert objects["Resource"] == "arn:aws:s3:::bucket/a/tscan/*"
    assert objects["Action"] == ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    whole = printed(capsys, "--store", "s3://bucket")["Statement"]
    assert "Condition" not in whole[0]
    assert whole[1]["Resource"] == "arn:aws:s3:::bucket/*"


@pytest.mark.parametrize("scheme", sorted(PERMISSIONS))
def test_reading_writes_nothing_and_only_compacting_deletes(scheme: str) -> None:
    writes = set(PERMISSIONS[scheme]["put"])
    deletes = set(PERMISSIONS[scheme]["delete"])
    for use in ("read", "verify"):
        assert not (writes | deletes) & set(permissions_for(scheme, use))
    assert deletes <= set(permissions_for(scheme, "compact"))
    # Google Cloud Storage counts writing an object again as deleting it.
    assert (deletes <= set(permissions_for(scheme, "scan"))) is (scheme == "gs")


def test_the_other_clouds_get_a_role(capsys: pytest.CaptureFixture[str]) -> None:
    role = printed(capsys, "--store", "gs://bucket/tscan", "--for", "read")
    assert role["includedPermissions"] == ["storage.objects.get", "storage.objects.list"]
    assert "gs://bucket" in role["description"]
    role = printed(capsys, "--store", "az://container/tscan")
    assert [name.rpartition("/")[2] for name in role["DataActions"]] == ["read", "write"]
    assert role["Actions"] == []


def test_the_configured_store_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tscan.yaml").write_text("version: 1\nstore: s3://ours/history\n")
    assert run(["permissions", "store", "--for", "verify", "--format", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "s3:GetObjectVersion  get_object, head_object" in lines
    assert "s3:ListBucketVersions  list_object_versions" in lines


@pytest.mark.parametrize("store", [".tscan", "file:///tmp/x", "ftp://x", "s3://", "s3://b*/x"])
def test_what_is_no_bucket_is_misuse(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["permissions", "store", "--store", store]) == 2
    assert "hint: " in capsys.readouterr().err
