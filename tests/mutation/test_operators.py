"""The mutator changes one thing at a time, and what is listed as equivalent exists."""

from __future__ import annotations

import ast

import pytest

from tests.mutation.__main__ import EQUIVALENTS, equivalents
from tests.mutation.groups import GROUPS
from tests.mutation.operators import mutants_of
from tests.mutation.running import ROOT, _modules_to_forget


@pytest.mark.parametrize(
    ("text", "mutants"),
    [
        ("a < b", {"a >= b", "a <= b"}),
        ("a == b", {"a != b"}),
        ("a in b", {"a not in b"}),
        ("a is b", {"a is not b"}),
        ("a and b", {"a or b", "True and b", "a and True"}),
        ("a or b", {"a and b", "False or b", "a or False"}),
        ("not a", {"not not a"}),
        ("any(a)", {"all(a)"}),
        ("a.startswith(b)", {"a.endswith(b)"}),
        ("a + 1", {"a - 1", "a + 2"}),
        ("frozenset({'a', 'b'})", {"frozenset(('a',))", "frozenset(('b',))"}),
        ("[a for a in b if a]", {"[a for a in b]"}),
        ("a if b else c", {"a if True else c", "a if False else c"}),
        ("if a:\n    b\nelse:\n    c", {
            "if a:\n    pass\nelse:\n    c",
            "if a:\n    b\nelse:\n    pass",
            "if True:\n    b\nelse:\n    c",
        }),
        ("while a:\n    continue", {"while a:\n    break"}),
        ("def f():\n    return True", {"def f():\n    return False"}),
        # What decides nothing stays: types, decorators, messages.
        ("a: Final[dict[str, 1]]", set()),
        ("@frozen(slots=True)\ndef f(a: int | None) -> int | None:\n    b", set()),
        ("isinstance(a, int | str)", set()),
        ("f'{a + 1}'", set()),
    ],
)  # fmt: skip
def test_mutants_of_an_operator(text: str, mutants: set[str]) -> None:
    assert {ast.unparse(mutant.tree) for mutant in mutants_of(text)} == mutants


def test_the_tree_is_as_before_behind_its_mutants() -> None:
    text = "if a < 1 and b:\n    any(c)\nelse:\n    not d"
    trees = {id(mutant.tree): mutant.tree for mutant in mutants_of(text)}
    assert [ast.unparse(tree) for tree in trees.values()] == [text]


def test_equivalent_mutants_exist_and_have_a_reason() -> None:
    known = equivalents()
    for path in {path for path, _ in known}:
        made = {mutant.says for mutant in mutants_of((ROOT / path).read_text(encoding="utf-8"))}
        listed = {says for file, says in known if file == path}
        assert listed <= made, path
    assert all(len(reason) > 20 for reason in known.values())
    rows = EQUIVALENTS.read_text(encoding="utf-8").splitlines()
    assert len(rows) == len(known)


def test_groups_name_files_that_exist() -> None:
    for group in GROUPS:
        for pattern in group.modules:
            assert list(ROOT.glob(pattern)), pattern
        for name in group.tests:
            assert (ROOT / name).is_file(), name


def test_a_module_that_is_imported_anew_meets_tests_that_are_imported_anew() -> None:
    # A test module that stayed would go on testing the module without its mutant.
    forgotten = _modules_to_forget()
    assert {__name__, "tests", "scanner.registry"} <= {*forgotten}
    assert not {"pytest", "tests.mutation.running"} & {*forgotten}
