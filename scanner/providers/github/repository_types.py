"""Counts the repositories of an organization by kind, and by the language of their code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call
from scanner.model.values import OpenList, Unreadable
from scanner.providers.github.branches import REPOSITORIES, repositories_call, rows_in


def repository_types(
    context: ReadContext,
) -> Generator[Call, Answer, dict[str, int] | Unreadable]:
    """By kind and by language, how many repositories there are; one may count several times."""
    answer = yield repositories_call(context.account)
    rows = rows_in(answer, "items")
    if isinstance(rows, OpenList):
        return rows.rest
    if isinstance(rows, Unreadable):
        return rows
    counts: Counter[str] = Counter()
    for row in rows:
        if not isinstance(row, Mapping):
            return Unreadable(f"{REPOSITORIES} returned no repository")
        counts.update(_types_of(row))
    return dict(counts)


def _types_of(repository: Mapping[str, Any]) -> Iterator[str]:
    if repository.get("archived") is True:
        yield "archived repository"
    else:
        yield "repository"
    if repository.get("has_pages") is True:
        yield "site of a repository"
    language = repository.get("language")
    if isinstance(language, str) and language:
        yield f"code in {language}"
