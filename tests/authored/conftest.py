"""The shipped library, loaded once."""

from __future__ import annotations

import pytest

from scanner.content import load_library
from scanner.model.library import Library


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library()
