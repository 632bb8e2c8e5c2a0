"""Read `operations.yaml`: the REST operations of a cloud that may be called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from scanner.content.document_reader import DocumentReader, Steps
from scanner.content.documents import read_document
from scanner.content.locations import shown_path
from scanner.content.requests import texts
from scanner.content.schema_validator import schema_problems
from scanner.errors import ContentError, Problem
from scanner.model.rest_operations import PLACEHOLDER, Page, RestOperation, RestOperations

_STRAY: Final = re.compile(r"[{}]|\.\.|//")
_WAYS: Final = ({"send", "next"}, {"send", "next", "more"}, {"link"}, {"header"})
"""The sets of keys that say how pages follow."""


def load_operations(path: Path, *, validate: bool = True) -> RestOperations:
    """The operations in a file by name; ContentError with every mistake in it.

    `validate` is False for a shipped file, which a test validates against its schema.
    """
    document = read_document(path.read_bytes(), path=shown_path(path))
    if isinstance(document, Problem):
        raise ContentError([document])
    if validate:
        problems = schema_problems(document, "operations")
        if problems:
            raise ContentError(problems)
    reader = DocumentReader(document, [])
    found = {operation.name: operation for operation in _operations(reader)}
    if reader.problems:
        raise ContentError(reader.problems)
    return found


def _operations(reader: DocumentReader) -> Iterator[RestOperation]:
    for service, data in reader.data["services"].items():
        path: Steps = ("services", service)
        usual = None
        if "page" in data:
            usual = _page(reader, (*path, "page"), data["page"])
        for name, operation in data["operations"].items():
            yield _operation(reader, (*path, "operations", name), data, operation, usual)


def _operation(
    reader: DocumentReader,
    path: Steps,
    service: dict[str, Any],
    data: dict[str, Any],
    usual: Page | None,
) -> RestOperation:
    """One operation; `service` gives what it leaves out, and `usual` how its pages follow."""
    _check_verb(reader, path, data)
    page = usual
    if "page" in data:
        page = _page(reader, (*path, "page"), data["page"])
    # A link is an address alone, and the next page of a POST needs its body as well.
    if "post" in data and page is not None and not page.send:
        hint = "write 'page: none', or 'send' with 'next'"
        reader.wrong((*path, "post"), "a POST is paged by a token", hint)
    # What a service's lists always have, or may lack, an answer of one page need not.
    of_lists: dict[str, Any] = {}
    if page is not None:
        of_lists = service
    return RestOperation(
        name=f"{path[1]}:{path[-1]}",
        post="post" in data,
        host=service["host"],
        path=data.get("get") or data.get("post", ""),
        version=data.get("version", service.get("version", "")),
        audience=service.get("audience", ""),
        page=page,
        permission=texts(data["permission"]),
        root=data.get("root", ""),
        partial=(*of_lists.get("partial", ()), *data.get("partial", ())),
        always=tuple(data.get("always", of_lists.get("always", ()))),
        shared=data.get("shared", False),
        why=data.get("why", ""),
        graphql=data.get("graphql", ""),
        kql=data.get("kql", ""),
        total=data.get("total", ""),
        truncated=data.get("truncated", ""),
        may_be_empty=data.get("may_be_empty", False),
    )


def _check_verb(reader: DocumentReader, path: Steps, data: dict[str, Any]) -> None:
    if ("get" in data) == ("post" in data):
        message = "one of 'get' and 'post' is needed"
        reader.wrong(path, message, "name the path to request", key=True)
    elif "get" in data:
        for word in ("graphql", "kql"):
            if word in data:
                hint = "write 'post' instead of 'get'"
                reader.wrong((*path, word), "a query is sent by POST", hint, key=True)
        _check_path(reader, (*path, "get"), data["get"])
    else:
        # A POST may change things: each that is allowed was reviewed, and says why it only reads.
        if "why" not in data:
            hint = "say in 'why' that it only reads"
            reader.wrong((*path, "post"), "a POST needs a reason, 'why'", hint)
        _check_path(reader, (*path, "post"), data["post"])


def _check_path(reader: DocumentReader, path: Steps, text: str) -> None:
    """Note braces that are no placeholder, and steps by which a path could leave its service."""
    stray = _STRAY.search(PLACEHOLDER.sub("x", text))
    if stray:
        message = f"'{text}' is not a path: '{stray[0]}'"
        reader.wrong(path, message, "placeholders are {name} and {+name}")
    counts = Counter(match[2] for match in PLACEHOLDER.finditer(text))
    for name in sorted(counts):
        if counts[name] > 1:
            message = f"'{name}' is twice in the path"
            reader.wrong(path, message, "give each placeholder its own name")


def _page(reader: DocumentReader, path: Steps, data: str | dict[str, Any]) -> Page | None:
    """How pages follow; None for an answer of one page (`none`)."""
    if isinstance(data, str):
        return None
    # With a token that is read and never sent, each page would be the first one.
    if set(data) not in _WAYS:
        hint = "write 'send' with 'next', or 'link', or 'header'"
        reader.wrong(path, "a page has exactly one way to the next", hint, key=True)
    return Page(
        send=data.get("send", ""),
        next=data.get("next", ""),
        more=data.get("more", ""),
        link=data.get("link", ""),
        header="header" in data,
    )
