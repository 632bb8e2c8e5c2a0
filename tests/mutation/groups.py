"""Which tests must notice the mutants of which modules."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """Modules, and the test files that meet their mutants."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


def _tests(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/{folder}/test_{name}.py" for name in names)


GROUPS = (
    Group(
        modules=("scanner/matching/**/*.py",),
        tests=_tests("matching", "filters", "logging_queries", "agreement"),
    ),
    Group(
        modules=("scanner/language/address_ranges.py",),
        tests=(
            *_tests("language", "address_ranges", "evaluation"),
            *_tests("matching", "values_agreement"),
        ),
    ),
    Group(
        modules=("scanner/core/policies/*.py",),
        tests=_tests(
            "core",
            "policy_public",
            "policy_meaning",
            "policy_properties",
            "policy_reference",
            "policy_expansion",
            "wildcards",
            "escalation",
            "escalation_targets",
            "pathfinding",
        )
        + _tests("matching", "values_agreement"),
    ),
    Group(
        modules=("scanner/core/judging/*.py",),
        tests=_tests(
            "core",
            "assess",
            "algebra",
            "algebra_waived",
            "evaluate",
            "waive",
            "attest",
            "exits",
            "selection",
            "organization",
            "params",
        ),
    ),
    Group(
        modules=tuple(
            f"scanner/core/reading/{name}.py"
            for name in ("attributes", "known_values", "completeness", "answer_items", "relations")
        ),
        tests=_tests(
            "core",
            "attributes",
            "known_values",
            "items",
            "project",
            "counts",
            "bulk",
            "organization",
        ),
    ),
    Group(
        modules=tuple(
            f"scanner/providers/github/{name}.py" for name in ("authorship", "reviews", "branches")
        ),
        tests=("tests/authored/test_reviews.py", "tests/authored/test_github_branches.py"),
    ),
)
