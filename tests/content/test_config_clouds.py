"""Targets of REST clouds in `tscan.yaml` and on the command line: read, or refused at their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.content import load_library
from scanner.content.config import load_config, parse_target
from scanner.content.locations import Roots
from scanner.errors import ContentError, TscanError
from scanner.model.config import Exclusion
from scanner.model.library import Library

PACK = Path(__file__).parent / "pack"
TENANT = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library(
        Roots(kinds=PACK / "resources", checks=PACK / "checks", mappings=PACK / "mappings")
    )


def test_targets_of_several_clouds_are_read(tmp_path: Path, library: Library) -> None:
    text = f"""\
version: 1
targets:
  - aws: {{profile: audit}}
  - gcp:
      organization: "42"
      impersonate: reader@x.iam.gserviceaccount.com
      bulk: true
      exclude: [{{account: sandbox, reason: Nothing is there., approver: cto@example.com}}]
  - gcp: {{project: my-project, endpoint: "http://127.0.0.1:8080/base"}}
  - azure: {{tenant: {TENANT}, credential: azure_cli}}
  - azure: {{subscription: {TENANT}, bulk: true, endpoint: "https://arm.example.com"}}
  - github: {{organization: my-org, app_id: "12", private_key: tscan.pem}}
"""
    (tmp_path / "tscan.yaml").write_text(text)
    aws, organization, project, tenant, subscription, github = load_config(
        tmp_path / "tscan.yaml", library
    ).targets
    assert (aws.cloud, aws.profile, aws.settings) == ("aws", "audit", {})
    assert organization.settings == {
        "organization": "42",
        "impersonate": "reader@x.iam.gserviceaccount.com",
    }
    out = Exclusion(account="sandbox", reason="Nothing is there.", approver="cto@example.com")
    assert organization.exclude == (out,)
    assert project.settings == {"project": "my-project", "endpoint": "http://127.0.0.1:8080/base"}
    assert (tenant.cloud, tenant.settings) == (
        "azure",
        {"tenant": TENANT, "credential": "azure_cli"},
    )
    assert subscription.settings["endpoint"] == "https://arm.example.com"
    assert (organization.bulk, project.bulk, tenant.bulk, subscription.bulk) == (
        True,
        False,
        False,
        True,
    )
    assert github.settings == {"organization": "my-org", "app_id": "12", "private_key": "tscan.pem"}


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("gcp: {}", ":3:5: one of 'organization' and 'project' is needed"),
        (
            "gcp: {organization: '1', project: my-project}",
            ":3:5: one of 'organization' and 'project' is needed",
        ),
        ("gcp: {project: My_Project}", ":3:20: 'My_Project' is not the id of a project"),
        ("gcp: {organization: 42}", ":3:25: 'organization' must be a string, not a whole number"),
        ("gcp: {organization: my-org}", ":3:25: 'my-org' is not the number of an organization"),
        ("gcp: {projekt: my-project}", "unknown key 'projekt'"),
        (
            "gcp: {project: my-project, bulk: 'yes'}",
            ":3:38: 'bulk' must be true or false, not a string",
        ),
        ("github: {organization: my-org, bulk: true}", "unknown key 'bulk'"),
        (
            "gcp: {project: my-project, impersonate: nobody}",
            "'nobody' is not the address of a service account",
        ),
        ("azure: {tenant: acme}", ":3:21: 'acme' is not the id of a tenant"),
        (
            f"azure: {{tenant: {TENANT}, subscription: {TENANT}}}",
            "one of 'tenant' and 'subscription' is needed",
        ),
        (
            f"azure: {{tenant: {TENANT}, credential: browser}}",
            "'credential' is 'browser'; it must be one of",
        ),
        ("github: {}", ":3:5: 'organization' is missing"),
        ("github: {organization: a/b}", "'a/b' is not the login of an organization"),
        (
            "gcp: {project: my-project, endpoint: 'http://gateway.example.com'}",
            "is not an address of https",
        ),
        (
            "gcp: {project: my-project, endpoint: 'http://127.0.0.1.evil.example.com'}",
            "is not an address of https",
        ),
        (
            "gcp: {project: my-project, endpoint: 'http://127.0.0.1@evil.example.com'}",
            "is not an address of https",
        ),
        (
            "gcp: {project: my-project, endpoint: 'https://me@example.com'}",
            "is not an address of https",
        ),
        (
            "{gcp: {project: my-project}, aws: {}}",
            ":3:5: an item of 'targets' has 2 keys; at most 1 may be given",
        ),
        ("{}", ":3:5: an item of 'targets' is empty"),
        ("oracle: {}", "unknown key 'oracle'"),
        (
            "gcp: {organization: '1', exclude: ["
            "{account: a, reason: r, approver: p}, {account: a, reason: r, approver: p}]}",
            "account a is excluded twice",
        ),
        (
            "gcp: {organization: '1', exclude: [{account: a, reason: ' ', approver: p}]}",
            "'reason' is empty",
        ),
    ],
)
def test_a_mistake_is_shown_where_it_stands(
    tmp_path: Path, library: Library, target: str, problem: str
) -> None:
    (tmp_path / "tscan.yaml").write_text(f"version: 1\ntargets:\n  - {target}\n")
    with pytest.raises(ContentError) as caught:
        load_config(tmp_path / "tscan.yaml", library)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("text", "cloud", "identity"),
    [
        ("gcp:my-project", "gcp", "my-project"),
        ("gcp:example.com:old-shop", "gcp", "example.com:old-shop"),
        (f"azure:{TENANT}", "azure", TENANT),
        ("github:acme", "github", "acme"),
        ("aws", "aws", None),
        ("aws:123456789012", "aws", "123456789012"),
    ],
)
def test_the_command_line_names_a_target(text: str, cloud: str, identity: str | None) -> None:
    target = parse_target(text)
    assert (target.cloud, target.settings.get("id")) == (cloud, identity)


@pytest.mark.parametrize("text", ["", "gcp", "gcp:", "aws:", ":x", "oracle:x", "my-project"])
def test_other_texts_name_none(text: str) -> None:
    with pytest.raises(TscanError, match="is not a target"):
        parse_target(text)
