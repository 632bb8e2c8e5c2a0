"""Every kind of a cloud that is spoken to by declared requests agrees with what the provider publishes."""

from __future__ import annotations

import pytest
from models import SOURCES, problems, request_problems

from scanner.model.kinds import Request
from scanner.model.library import Library
from scanner.sources.rest.operations import clouds


@pytest.mark.parametrize("cloud", clouds())
def test_every_kind_agrees_with_the_models(library: Library, cloud: str) -> None:
    kinds = [kind for kind in library.kinds.values() if kind.cloud == cloud]
    assert kinds
    found = [text for kind in kinds for text in problems(kind, library)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("cloud", clouds())
def test_every_model_says_where_it_is_from(cloud: str) -> None:
    models = sorted((SOURCES / cloud / "models").glob("*.json"))
    assert models
    assert [path.name for path in models if '"source": "' not in path.read_text()] == []


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request(operation="github:repos/list-for-orgs"), "did you mean 'repos/list-for-org'?"),
        (Request(operation="github:repos/list-for-org", arguments={"organ": "o"}), "did you mean 'org'?"),
        (Request(operation="github:repos/list-for-org", items=("item",)), "did you mean 'items'?"),
    ],
)
def test_what_the_models_do_not_know_is_said(request_: Request, words: str) -> None:
    assert words in "\n".join(request_problems(request_))
