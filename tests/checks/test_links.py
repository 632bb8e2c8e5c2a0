"""Shipped checks: each links its provider's own documentation, and is found by the trade's words."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from scanner.cli.checks.search import ranked
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


# -- search ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("search", "first"),
    [
        ("MFA", {"aws-iam-root-mfa-enabled", "aws-iam-user-console-mfa", "azure-entra-mfa-enforced"}),
        ("IMDSv2", {"aws-ec2-instance-imdsv2-required"}),
        ("imds", {"aws-ec2-instance-imdsv2-required"}),
        ("PITR", {"aws-rds-instance-restorable-recently", "aws-rds-cluster-restorable-recently"}),
        ("dynamodb pitr", {"aws-dynamodb-pitr-enabled"}),
        ("OS Login", {"gcp-compute-oslogin", "gcp-compute-oslogin-instances"}),
        ("flow logs", {"aws-ec2-vpc-flow-logs-enabled", "azure-vnet-flow-logs"}),
        ("drift", {"aws-cloudformation-stack-not-drifted"}),
        ("DLQ", {"aws-events-target-has-dlq", "aws-sqs-queue-has-dlq"}),
        ("WAF", {"aws-elbv2-waf-associated", "azure-appgw-waf-and-tls"}),
        ("TLS", {"aws-cloudfront-tls", "aws-elbv2-listener-encrypted"}),
        ("worm", {"aws-s3-log-bucket-object-lock", "aws-backup-vault-locked"}),
        ("least  PRIVILEGE", {"aws-iam-no-full-admin-policy", "aws-iam-administrators-listed"}),
        ("aws-s3-bucket-versioned", {"aws-s3-bucket-versioned"}),
    ],
)  # fmt: skip
def test_a_word_of_the_trade_finds_its_checks(search: str, first: set[str]) -> None:
    found = [check.id for check in ranked(CHECKS.values(), search)]
    assert first & set(found[:2])
    assert first <= set(found[:12])


def test_every_word_of_a_search_is_in_what_it_finds() -> None:
    both = {check.id for check in ranked(CHECKS.values(), "s3 public")}
    for word in ("s3", "public"):
        assert both <= {check.id for check in ranked(CHECKS.values(), word)}
    assert "aws-s3-bucket-policy-not-public" in both
    assert ranked(CHECKS.values(), "s3 nosuchword") == []
    # A word is found where one begins: not "EKS" in "weeks", nor "rop" in "drop".
    assert not [check for check in ranked(CHECKS.values(), "eks") if check.cloud != "aws"]
    # Signs mean themselves.
    assert ranked(CHECKS.values(), ".*") == []


def test_keywords_are_words_that_title_and_sentence_lack() -> None:
    repeated: dict[str, list[str]] = {}
    for name, check in CHECKS.items():
        shown = f"{check.title} {check.fails}".casefold()
        words = [word for word in check.keywords if word.casefold() in shown]
        if words or len(set(check.keywords)) < len(check.keywords):
            repeated[name] = words
    assert repeated == {}
