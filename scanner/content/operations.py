"""`operations.yaml`: the REST operations that a cloud may be asked, read and held against each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps
from scanner.content.documents import read_document
from scanner.content.locations import shown_path
from scanner.content.schema_validator import schema_problems
from scanner.errors import ContentError, Problem
from scanner.model.rest_operations import PLACEHOLDER, Page, RestOperation, RestOperations

_STRAY: Final = re.compile(r"[{}]|\.\.|//")
_WAYS: Final = ({"send", "next"}, {"send", "next", "more"}, {"link"}, {"header"})
"""The keys that say together how pages follow."""


def load_operations(path: Path, *, validate: bool = True) -> RestOperations:
    """The operations in a file by name; ContentError with every mistake in it.

    `validate` is False for a shipped file, which a test validates against its schema.
    """
    document = read_document(path.read_bytes(), path=shown_path(path))
    if isinstance(document, Problem):
        raise ContentError([document])
    problems = schema_problems(document, "operations") if validate else []
    if problems:
        raise ContentError(problems)
    reading = DocumentReader(document, [])
    found = {operation.name: operation for operation in _operations(reading)}
    if reading.problems:
        raise ContentError(reading.problems)
    return found


def _operations(reading: DocumentReader) -> Iterator[RestOperation]:
    for service, data in reading.data["services"].items():
        path: Steps = ("services", service)
        usual = _page(reading, (*path, "page"), data["page"]) if "page" in data else None
        for name, operation in data["operations"].items():
            yield _operation(reading, (*path, "operations", name), service, operation, usual)


def _operation(
    reading: DocumentReader, path: Steps, service: str, data: dict[str, Any], usual: Page | None
) -> RestOperation:
    above = reading.data["services"][service]
    _check_verb(reading, path, data)
    page = _page(reading, (*path, "page"), data["page"]) if "page" in data else usual
    if "post" in data and page is not None and not page.send:
        reading.wrong(
            (*path, "post"),
            "a POST is paged by a token",
            "write 'page: none', or 'send' with 'next'",
        )
    return RestOperation(
        name=f"{service}:{path[-1]}",
        post="post" in data,
        host=above["host"],
        path=data.get("get") or data.get("post", ""),
        version=data.get("version", above.get("version", "")),
        audience=above.get("audience", ""),
        page=page,
        permission=_texts(data["permission"]),
        root=data.get("root", ""),
        # What a service's lists always have, or may lack, an answer of one page need not.
        partial=(*(above.get("partial", ()) if page is not None else ()), *data.get("partial", ())),
        always=tuple(data.get("always", above.get("always", ()) if page is not None else ())),
        shared=data.get("shared", False),
        why=data.get("why", ""),
        graphql=data.get("graphql", ""),
        kql=data.get("kql", ""),
        total=data.get("total", ""),
        truncated=data.get("truncated", ""),
    )


def _check_verb(reading: DocumentReader, path: Steps, data: dict[str, Any]) -> None:
    if ("get" in data) == ("post" in data):
        reading.wrong(
            path, "one of 'get' and 'post' is needed", "name the path that is asked", key=True
        )
        return
    verb = "get" if "get" in data else "post"
    if verb == "post" and "why" not in data:
        reading.wrong(
            (*path, "post"), "a POST is on the list for a reason", "say in 'why' that it only reads"
        )
    for word in ("graphql", "kql"):
        if word in data and verb == "get":
            reading.wrong(
                (*path, word), "a query is asked by POST", "write 'post' instead of 'get'", key=True
            )
    text: str = data[verb]
    stray = _STRAY.search(PLACEHOLDER.sub("x", text))
    if stray:
        reading.wrong(
            (*path, verb),
            f"'{text}' is not a path: '{stray[0]}'",
            "placeholders are {name} and {+name}",
        )
    names = [match[2] for match in PLACEHOLDER.finditer(text)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        reading.wrong(
            (*path, verb), f"'{name}' fills two places of the path", "give each place its own name"
        )


def _page(reading: DocumentReader, path: Steps, data: Any) -> Page | None:
    if data == "none":
        return None
    if set(data) not in _WAYS:
        reading.wrong(
            path,
            "pages follow in one way",
            "write 'send' with 'next', or 'link', or 'header'",
            key=True,
        )
    return Page(
        send=data.get("send", ""),
        next=data.get("next", ""),
        more=data.get("more", ""),
        link=data.get("link", ""),
        header="header" in data,
    )


def _texts(data: str | list[str]) -> tuple[str, ...]:
    return (data,) if isinstance(data, str) else tuple(data)
