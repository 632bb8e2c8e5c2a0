"""Which checks and kinds may depend on a word, by their files alone: never one too few."""

from __future__ import annotations

from functools import cache

from scanner.content.library import load_library
from scanner.core.permissions import kind_requests
from scanner.core.reading.inventory import all_inventory_types, with_inventory
from scanner.core.reading.read_plan import plan_reads, plan_requests
from scanner.model.library import Library
from scanner.reports.explain.content import parameters_read
from tests.helpers.library import shipped_library


@cache
def lazy() -> Library:
    return load_library(lazily=True)


@cache
def may_read(word: str) -> frozenset[str]:
    return frozenset(lazy().checks_that_may_read(word))


def test_every_kind_that_makes_a_call_names_it() -> None:
    named = cache(lambda word: frozenset(lazy().kinds_naming(word)))
    for name, kind in shipped_library().kinds.items():
        for request in kind_requests(kind):
            assert name in named(request.operation), request.operation


def test_every_check_that_reads_a_parameter_or_a_call_may_read_it() -> None:
    library = shipped_library()
    inventory = with_inventory(library, all_inventory_types(library))
    for name, check in library.checks.items():
        words = set(parameters_read(check, library))
        for source in (library, inventory):
            for plan in plan_reads(source, [check]).values():
                words.update(request.operation for request in plan_requests(plan))
        for word in words:
            assert name in may_read(word), word


def test_few_checks_are_left_to_read() -> None:
    assert len(may_read("access_key_max_age_days")) < 10
    assert len(may_read("s3:ListBuckets")) < 60
    # Where the files are not known, no check is left out.
    assert len(shipped_library().checks_that_may_read("s3:ListBuckets")) == len(lazy().checks)
