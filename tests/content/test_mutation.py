"""Faults in conditions: what counts as one, and that the pack's examples notice nine of ten."""

from __future__ import annotations

import pytest

from scanner.cli import run
from scanner.content.mutation import MutationResult, Survivor, mutate
from scanner.language.mutation import Mutant, mutants
from scanner.language.parser import parse
from scanner.language.tree import text
from scanner.model.library import Library
from tests.helpers.library import shipped_library
from tests.helpers.long_form import amount, some

pytestmark = pytest.mark.slow

LEAST = 0.90
"""Share of faults that examples must notice, over the pack."""
WEAKEST = 0.60
"""The same for any one check that has at least five faults."""


@pytest.fixture(scope="module")
def library() -> Library:
    return shipped_library()


@pytest.mark.parametrize(
    ("source", "faulty"),
    [
        ("self.a == 1", {"(self.a != 1)", "(self.a == 2)", "(self.a == 0)"}),
        ("self.a < 5", {"(self.a <= 5)", "(self.a >= 5)", "(self.a < 6)", "(self.a < 4)"}),
        ("self.on", {"!(self.on)"}),
        ("!self.on", {"self.on"}),
        ("self.a && self.b", {
            "(self.a || self.b)", "self.a", "self.b", "(!(self.a) && self.b)", "(self.a && !(self.b))",
        }),
        ("self.a == 'x'", {"(self.a != 'x')", "(self.a == 'x~')"}),
        ("self.a == true", {"(self.a != true)", "(self.a == false)"}),
        ("self.a in self.b", {"!((self.a in self.b))"}),
        ("has(self.a)", {"!(has(self.a))"}),
        ("self.l.all(i, i.on)", {"self.l.exists(i, i.on)", "!(self.l.all(i, i.on))", "self.l.all(i, !(i.on))"}),
        ("self.a ? self.b : self.c", {"(self.a ? self.c : self.b)", "(!(self.a) ? self.b : self.c)"}),
        ("size(self.a) > 0", {
            "(size(self.a) >= 0)", "(size(self.a) <= 0)", "(size(self.a) > 1)", "(size(self.a) > -1)",
        }),
        ("self.a - self.b < self.c", {
            "((self.a - self.b) <= self.c)", "((self.a - self.b) >= self.c)", "((self.a + self.b) < self.c)",
        }),
    ],
)  # fmt: skip
def test_faults_are_one_step_away(source: str, faulty: set[str]) -> None:
    found = list(mutants(source))
    assert {mutant.source for mutant in found} == faulty
    assert len(found) == len(faulty)


def test_every_fault_can_be_read_again_and_differs(library: Library) -> None:
    count = 0
    for check in library.checks.values():
        for expression in check.expressions:
            whole = text(parse(expression.source))
            for mutant in mutants(expression.source):
                assert text(parse(mutant.source)) == mutant.source != whole
                count += 1
    assert count > 1000


def test_an_example_that_differs_at_the_fault_notices_it(library: Library) -> None:
    result = mutate(library.checks["aws-s3-bucket-versioned"], library)
    assert result.total == result.killed == 2


def test_the_examples_of_the_pack_notice_faults(library: Library) -> None:
    results = [mutate(check, library) for check in some(library.checks.values(), 80)]
    killed, total = (
        sum(result.killed for result in results),
        sum(result.total for result in results),
    )
    assert total > amount(400, 1500)
    assert killed / total >= LEAST, "run 'tscan checks mutate --quiet' and add examples"
    assert [
        one.check for one in results if one.total >= 5 and one.killed / one.total < WEAKEST
    ] == []


def test_a_fault_that_no_example_notices_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mutant = Mutant(at=(1, 6), fault="a <= b becomes a < b", source="a < b")
    survivor = Survivor(condition="pass_when", mutant=mutant)
    result = MutationResult(check="aws-s3-bucket-versioned", total=2, survivors=(survivor,))
    monkeypatch.setattr("scanner.content.mutation.mutate", lambda *_: result)
    assert run(["checks", "mutate", "aws-s3-bucket-versioned"]) == 1
    assert capsys.readouterr().out == (
        "aws-s3-bucket-versioned: examples notice 1 of 2 faults\n"
        "  not noticed: pass_when 1:6: a <= b becomes a < b\n"
        "1 of 2 faults in 1 check noticed: 50.0 %\n"
    )


def test_survivors_are_listed_and_decide_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["checks", "mutate", "aws-s3-bucket-versioned", "--threshold", "100"]) == 0
    assert (
        "aws-s3-bucket-versioned: examples notice 2 of 2 faults\n2 of 2 faults in 1 check noticed: 100.0 %\n"
        in capsys.readouterr().out
    )
    assert run(["checks", "mutate", "aws-no-such-check"]) == 2
