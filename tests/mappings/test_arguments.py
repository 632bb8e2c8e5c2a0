"""A mapping is an argument: every link says why in a sentence of its own."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from scanner.model.library import Library
from tests.helpers.mapping_arguments import Argument

WINDOW = 8
"""Words in a row that two sentences may not share: longer agreement is a template, not an argument."""

FORBIDDEN = ("compliant", "compliance", "certified", "effective", "effectively", "passed the audit")
"""Words of a verdict that only an auditor gives. (`non-compliant` and the like are caught too.)"""


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def shared_runs(arguments: list[Argument]) -> dict[str, list[str]]:
    """Runs of `WINDOW` words that stand in more than one argument, with the places."""
    places: dict[str, set[str]] = defaultdict(set)
    for argument in arguments:
        words = _words(argument.text)
        for start in range(len(words) - WINDOW + 1):
            places[" ".join(words[start : start + WINDOW])].add(argument.place)
    return {run: sorted(where) for run, where in places.items() if len(where) > 1}


def test_every_argument_is_a_sentence(arguments: list[Argument]) -> None:
    assert arguments
    wrong = [
        a
        for a in arguments
        if len(a.text) < 40 or not a.text.endswith(".") or not a.text[0].isupper()
    ]
    assert wrong == []


def test_no_two_arguments_share_a_run_of_words(arguments: list[Argument]) -> None:
    assert shared_runs(arguments) == {}


def test_a_template_with_another_name_in_it_is_noticed() -> None:
    template = "This check shows that {} is set as the statement of the control asks for."
    copies = [
        Argument(place=name, text=template.format(name)) for name in ("encryption", "logging")
    ]
    assert shared_runs(copies)


@pytest.mark.parametrize("word", FORBIDDEN)
def test_no_mapping_gives_an_auditors_verdict(
    library: Library, arguments: list[Argument], word: str
) -> None:
    texts = [argument.text for argument in arguments]
    for control in library.controls.values():
        texts += [
            control.title,
            control.statement,
            control.why,
            control.does_not_prove,
            control.population,
        ]
    for manual in library.manual.values():
        texts += [manual.control, manual.evidence]
    for framework in library.frameworks.values():
        for criterion in framework.criteria:
            texts += [criterion.title, criterion.does_not_prove]
    assert [text for text in texts if re.search(rf"\b{word}\b", text, re.IGNORECASE)] == []
