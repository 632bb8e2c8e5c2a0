"""The index of helpers in tests/README.md names each of them."""

from __future__ import annotations

import re

from tests.conftest import ROOT


def test_every_helper_is_in_the_index() -> None:
    index = set(re.findall(r"^\| `(\w+\.py)` \|", (ROOT / "tests/README.md").read_text(), re.M))
    helpers = {path.name for path in (ROOT / "tests/helpers").glob("*.py")} - {"__init__.py"}
    assert helpers == index
