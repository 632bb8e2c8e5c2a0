"""The library that the mappings belong to, loaded once, and every argument that they make."""

from __future__ import annotations

import pytest

from scanner.model.library import Library
from tests.helpers.library import shipped_library
from tests.helpers.mapping_arguments import Argument


@pytest.fixture(scope="session")
def library() -> Library:
    """The pack in the checkout."""
    return shipped_library()


@pytest.fixture(scope="session")
def arguments(library: Library) -> list[Argument]:
    """Every `why` of the mappings but those of controls themselves."""
    found: list[Argument] = []
    for control in library.controls.values():
        found += [
            Argument(place=f"{control.id} checks {link.id}", text=link.why)
            for link in control.checks
        ]
        found += [
            Argument(place=f"{control.id} lacking {lack.id}", text=lack.why)
            for lack in control.lacking
        ]
        found += [
            Argument(place=f"{control.id} must_have {number}", text=need.why)
            for number, need in enumerate(control.must_have)
        ]
    for framework in library.frameworks.values():
        for criterion in framework.criteria:
            found += [
                Argument(place=f"{criterion.id} controls {link.control}", text=link.why)
                for link in criterion.controls
            ]
    return found
