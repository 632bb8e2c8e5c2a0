"""Shipped checks: each links its provider's own documentation, and is found by the trade's words."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from scanner.model.checks import Check
from tests.helpers.library import shipped_library

CHECKS = shipped_library().checks
HOSTS = {
    "aws": "docs.aws.amazon.com",
    "azure": "learn.microsoft.com",
    "gcp": "cloud.google.com",
    "github": "docs.github.com",
}
PLAIN_PATH = re.compile(r"(/[A-Za-z0-9_.-]+)+")


def outside(check: Check) -> list[str]:
    """Links of a check that are no plain page of its provider's documentation."""
    found: list[str] = []
    for link in check.links:
        parts = urlsplit(link)
        rest = parts.query or parts.fragment
        if parts.netloc != HOSTS[check.cloud] or not PLAIN_PATH.fullmatch(parts.path) or rest:
            found.append(link)
    return found


def test_every_check_links_its_providers_documentation() -> None:
    assert [name for name, check in CHECKS.items() if not check.links] == []
    assert {name: outside(check) for name, check in CHECKS.items() if outside(check)} == {}


@pytest.mark.parametrize("cloud", HOSTS)
def test_a_link_leads_to_the_page_of_a_feature(cloud: str) -> None:
    """A page that half of the checks have is the front page of a provider, and helps nobody."""
    checks = [check for check in CHECKS.values() if check.cloud == cloud]
    pages: dict[str, set[str]] = {}
    for check in checks:
        for link in check.links:
            pages.setdefault(link, set()).add(check.id)
    most = max(map(len, pages.values()))
    assert most <= max(3, len(checks) // 10)
    depths = {urlsplit(link).path.strip("/").count("/") for link in pages}
    assert min(depths) >= 2
