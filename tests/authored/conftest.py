"""The shipped library, loaded once."""

from __future__ import annotations

import pytest

from scanner.model.library import Library
from tests.helpers.library import shipped_library


@pytest.fixture(scope="session")
def library() -> Library:
    return shipped_library()
