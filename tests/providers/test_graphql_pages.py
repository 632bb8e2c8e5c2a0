"""A connection of a GraphQL query that is cut off at `first:` says so, and what reads it listens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from scanner.client.rest.operations import clouds, operations
from scanner.model.library import Library
from scanner.model.values import OpenList
from scanner.providers.github.connections import FIRST, nodes
from tests.conftest import ROOT

_CONNECTION = re.compile(r"(\w+)\s*\(([^()]*\b(?:first|last)\s*:\s*(\d+)[^()]*)\)\s*\{")
_PAGE_INFO = re.compile(r"\bpageInfo\s*\{[^{}]*\bhasNextPage\b[^{}]*\}")


def connections(query: str) -> Iterator[tuple[str, int, str]]:
    """Name, size and own selection of each connection; what lies in connections below is left out."""
    for found in _CONNECTION.finditer(query):
        yield found[1], int(found[3]), own_selection(query, found.end())


def own_selection(query: str, start: int) -> str:
    """The selection that begins behind a brace, without what `nodes` and `edges` hold."""
    depth, position = 1, start
    while depth:
        depth += {"{": 1, "}": -1}.get(query[position], 0)
        position += 1
    selection = query[start : position - 1]
    return re.split(r"\b(?:nodes|edges)\s*\{", selection, maxsplit=1)[0] + after_nodes(selection)


def after_nodes(selection: str) -> str:
    """What follows the braces of `nodes` or `edges`."""
    below = re.search(r"\b(?:nodes|edges)\s*\{", selection)
    if below is None:
        return ""
    depth, position = 1, below.end()
    while depth:
        depth += {"{": 1, "}": -1}.get(selection[position], 0)
        position += 1
    return selection[position:]


def silent(query: str) -> list[str]:
    """Connections that are cut off without a word."""
    return [name for name, _, own in connections(query) if not _PAGE_INFO.search(own)]


def queries() -> list[tuple[str, str]]:
    """Every GraphQL query of every cloud, by operation."""
    every = [one for cloud in clouds() for one in operations(cloud).values()]
    return [(one.name, one.graphql) for one in every if one.graphql]


@pytest.mark.parametrize(("operation", "query"), queries())
def test_every_connection_says_whether_it_was_cut_off(operation: str, query: str) -> None:
    assert list(connections(query))
    assert silent(query) == []


def unpaged() -> list[str]:
    """Operations of GitHub's REST interface that take a page size, and are read without pages."""
    path = ROOT / "scanner/providers/github/models/github.json"
    model = json.loads(path.read_text(encoding="utf-8"))
    found: list[str] = []
    for one in operations("github").values():
        name = one.name.partition(":")[2]
        arguments = model["shapes"][model["operations"][name]["input"]["shape"]]
        if "per_page" in arguments["members"] and one.page is None:
            found.append(name)
    return found


def test_every_list_of_githubs_rest_interface_is_read_page_by_page() -> None:
    # Of this one no list is read, only whether it is of all repositories.
    assert unpaged() == ["apps/list-repos-accessible-to-installation"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("{ a(first: 10) { nodes { b } } }", ["a"]),
        ("{ a(first: 10) { pageInfo { endCursor } nodes { b } } }", ["a"]),
        (
            "{ a(first: 10) { nodes { b(last: 5) { pageInfo { hasNextPage } nodes { c } } } } }",
            ["a"],
        ),
        (
            "{ a(x: 1, first: 1) { pageInfo { hasNextPage } nodes { b(first: 2) { nodes { c } } } } }",
            ["b"],
        ),
        ("{ a(first: 10) { nodes { b } pageInfo { endCursor hasNextPage } } }", []),
    ],
)
def test_a_connection_without_page_info_is_found(query: str, found: list[str]) -> None:
    assert silent(query) == found


@pytest.mark.parametrize(("operation", "query"), queries())
def test_a_query_that_loses_its_page_info_is_found(operation: str, query: str) -> None:
    """Each connection of each query in turn: that is what the test of the queries would meet."""
    for found in _PAGE_INFO.finditer(query):
        without = query[: found.start()] + query[found.end() :]
        assert len(silent(without)) == 1, found[0]


def test_a_connection_is_read_as_long_as_it_is_asked_for() -> None:
    asked: dict[str, int] = {}
    for _, query in queries():
        asked |= {name: size for name, size, _ in connections(query)}
    assert asked.pop("history") == 50  # its further pages are fetched
    assert asked == FIRST


def test_only_readers_read_queries(library: Library) -> None:
    """A declared request takes lists as they come: that one of them was cut off, a reader sees."""
    asked = {operation for operation, _ in queries()}
    for kind in library.kinds.values():
        declared = [*kind.details.values()]
        if kind.listing is not None and kind.listing.request is not None:
            declared.append(kind.listing.request)
        assert [one.operation for one in declared if one.operation in asked] == [], kind.id


@pytest.mark.parametrize(
    ("found", "open_for"),
    [
        ({"nodes": [1], "pageInfo": {"hasNextPage": False}}, ""),
        ({"nodes": [1], "pageInfo": {"hasNextPage": True}}, "only the first 1 reviews"),
        ({"nodes": [1], "pageInfo": {"hasNextPage": "no"}}, "only the first 1 reviews"),
        ({"nodes": [1] * 100, "pageInfo": {"hasNextPage": False}}, ""),
        ({"nodes": [1] * 100, "pageInfo": {}}, "only the first 100 reviews"),
        ({"nodes": [1] * 99, "pageInfo": None}, "only the first 99 reviews"),
        ({"nodes": [1] * 100}, "only the first 100 reviews"),
        ({"nodes": [1] * 99}, ""),
        ({"pageInfo": {"hasNextPage": False}}, "returned no reviews"),
        ({"nodes": {}, "pageInfo": {"hasNextPage": False}}, "returned no reviews"),
        (None, "returned no reviews"),
    ],
)
def test_a_connection_that_may_have_more_stays_open(found: Any, open_for: str) -> None:
    rows = nodes({"reviews": found}, "reviews")
    reason = rows.reason if isinstance(rows, OpenList) else ""
    assert bool(reason) == bool(open_for)
    assert open_for in reason
