"""Hand-made mutants still apply: a patch of text that is no longer there proves nothing."""

from __future__ import annotations

from tests.conftest import ROOT
from tests.core.mutants import MUTANTS as CORE
from tests.language.mutants import MUTANTS as LANGUAGE


def test_every_mutant_of_the_core_changes_one_place() -> None:
    found = {one.name: (ROOT / one.path).read_text("utf-8").count(one.old) for one in CORE}
    assert {name: count for name, count in found.items() if count != 1} == {}


def test_every_mutant_of_the_language_changes_one_place() -> None:
    folder = ROOT / "scanner/language"
    found = {
        one.title: (folder / one.file).read_text("utf-8").count(one.before) for one in LANGUAGE
    }
    assert {title: count for title, count in found.items() if count != 1} == {}


def test_the_tests_of_every_mutant_exist() -> None:
    missing = [
        (one.name, test)
        for one in CORE
        for test in one.tests
        if not (ROOT / "tests/core" / test).exists()
    ]
    assert missing == []
