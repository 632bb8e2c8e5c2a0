"""What several tests of history look at, made once."""

from __future__ import annotations

import pytest

from tests.history.nights import Nights, make_nights


@pytest.fixture(scope="session")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    return make_nights(tmp_path_factory.mktemp("nights"))
