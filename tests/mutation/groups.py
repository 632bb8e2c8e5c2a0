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


def _core(room: str, *names: str) -> tuple[str, ...]:
    return tuple(f"scanner/core/{room}/{name}.py" for name in names)


GROUPS = (
    Group(
        modules=("scanner/matching/*.py",),
        tests=_tests("matching", "filters", "agreement", "values_agreement"),
    ),
    Group(
        modules=("scanner/matching/logging_query/*.py",),
        tests=_tests("matching", "logging_queries"),
    ),
    Group(
        modules=("scanner/language/address_ranges.py",),
        tests=(
            *_tests("language", "address_ranges", "evaluation"),
            *_tests("matching", "values_agreement"),
        ),
    ),
    Group(
        modules=_core("policies", "federation"),
        tests=(
            *_tests("core", "policy_public", "policy_meaning"),
            *_tests("matching", "values_agreement"),
        ),
    ),
    Group(
        modules=_core(
            "policies",
            "conditions",
            "control",
            "delegation",
            "document",
            "effects",
            "queries",
            "truth",
        ),
        tests=_tests(
            "core",
            "policy_public",
            "policy_meaning",
            "policy_properties",
            "policy_reference",
            "policy_expansion",
        ),
    ),
    Group(
        modules=_core(
            "policies", "escalation", "methods", "permitted", "request_conditions", "wildcards"
        ),
        tests=_tests(
            "core",
            "wildcards",
            "escalation",
            "escalation_targets",
            "pathfinding",
            "policy_reference",
        ),
    ),
    Group(modules=_core("judging", "evaluate"), tests=_tests("core", "evaluate")),
    Group(
        modules=_core("judging", "assess", "criteria", "waive", "attestations"),
        tests=_tests("core", "assess", "algebra", "algebra_waived", "waive", "attest"),
    ),
    Group(
        modules=_core(
            "judging", "exit_codes", "baseline", "selection", "organization", "parameters"
        ),
        tests=_tests("core", "exits", "selection", "organization", "params", "algebra"),
    ),
    Group(
        modules=_core("reading", "known_values", "attributes", "answer_items"),
        tests=_tests("core", "known_values", "attributes", "items"),
    ),
    Group(
        modules=_core("reading", "completeness", "relations"),
        tests=_tests("core", "project", "counts", "bulk", "organization", "items"),
    ),
    Group(
        modules=tuple(
            f"scanner/providers/github/{name}.py" for name in ("authorship", "reviews", "branches")
        ),
        tests=(
            "tests/providers/test_github_writers.py",
            "tests/authored/test_reviews.py",
            "tests/authored/test_github_branches.py",
        ),
    ),
)
