"""The lazy registry: names, entry points, and what a missing package reads like."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from scanner import registry
from scanner.errors import TscanError
from scanner.registry import Registry


@pytest.fixture
def thing(monkeypatch: pytest.MonkeyPatch) -> Registry[Any]:
    plugins = [
        EntryPoint(name="theirs", value="json:dumps", group="things"),
        EntryPoint(name="ours", value="json:dumps", group="things"),
    ]
    monkeypatch.setattr(
        registry, "entry_points", lambda group: plugins if group == "things" else []
    )
    return Registry("things", ours="json:loads", lost="no_such_package_xyz.inside:x")


def test_names_of_ours_and_of_other_packages(thing: Registry[Any]) -> None:
    assert thing.names == ("lost", "ours", "theirs")


def test_another_package_adds_and_never_replaces(thing: Registry[Any]) -> None:
    import json

    assert thing.get("theirs") is json.dumps
    assert thing.get("ours") is json.loads


def test_a_name_that_is_not_there(thing: Registry[Any]) -> None:
    with pytest.raises(TscanError) as caught:
        thing.get("our")
    assert (caught.value.message, caught.value.hint) == (
        "things has no 'our'",
        "did you mean 'ours'?",
    )


def test_nothing_is_imported_before_it_is_used() -> None:
    sys.modules.pop("this", None)
    lazy: Registry[Any] = Registry("nothing", zen="this:s")
    assert lazy.names == ("zen",)
    assert "this" not in sys.modules


def test_a_missing_package_names_the_extra_that_brings_it(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needs_botocore_here.py").write_text("import botocore\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "botocore", None)
    with pytest.raises(TscanError) as caught:
        Registry[Any]("x", aws="needs_botocore_here:y").get("aws")
    assert caught.value.message == "'aws' needs botocore, which is not installed"
    assert caught.value.hint == "in the checkout of tscan: pip install '.[aws]'"


def test_a_module_of_ours_that_is_missing_is_a_defect(thing: Registry[Any]) -> None:
    with pytest.raises(ModuleNotFoundError):
        thing.get("lost")
