"""`tscan permissions gcp | azure | github`: what is printed follows from the reviewed lists and the
chosen checks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_hcl
import yaml
from tree_sitter import Language, Parser

from scanner.cli import run
from scanner.content import library
from scanner.content.library import load_library
from scanner.content.locations import Roots
from tests.helpers.small_provider import _write

HEAD = "version: 1\nkind: {kind}\ntitle: {kind}\nservice: X\nnature: state\nscope: {scope}\n"
KINDS = {
    "gcp.folder": ("management", '"cloudresourcemanager:folders.list"', "folders"),
    "gcp.project": ("account", '"cloudresourcemanager:projects.list"', "projects"),
    "azure.user": ("management", '"graph:ListUsers"', "value"),
    "azure.own": ("account", '"Microsoft.Resources:Subscriptions_List"', "value"),
    "github.member": ("account", '"github:orgs/list-members"', "items"),
}
BODY = """\
list: {{call: {call}, items: {items}}}
id: it.id
name: it.id
attributes: {{good: {{meaning: ., type: bool, api: it.good}}}}
"""
BULK = """\
bulk:
  call: cloudasset:assets.list
  asks: assetTypes
  items: assets
  tells: assetType
  type: x/Project
  item: resource.data
"""
CHECK = """\
version: 1
id: {id}
title: {id}
severity: high
resource: {kind}
if_empty: fail
pass_when: self.good
why: Because.
fix: Mend it.
refs: []
examples:
  pass: [{{resource: {{good: true}}}}]
  fail: [{{resource: {{good: false}}}}]
  unknown: [{{resource: {{}}, unreadable: [good]}}]
"""


@pytest.fixture(scope="module", autouse=True)
def _small_library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    path = tmp_path_factory.mktemp("pack")
    for kind, (scope, call, items) in KINDS.items():
        cloud, noun = kind.split(".")
        text = HEAD.format(kind=kind, scope=scope) + BODY.format(call=call, items=items)
        _write(
            path / f"resources/{cloud}/{noun}.yaml", text + (BULK if kind == "gcp.project" else "")
        )
        _write(
            path / f"checks/{cloud}/x/{cloud}-{noun}.yaml",
            CHECK.format(id=f"{cloud}-{noun}", kind=kind),
        )
    _write(path / "checks/parameters.yaml", "version: 1\nparameters: {}\n")
    (path / "mappings").mkdir()
    small = load_library(
        Roots(kinds=path / "resources", checks=path / "checks", mappings=path / "mappings")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "load_library", lambda *_, **__: small)
        yield


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["permissions", *arguments]) == 0
    return capsys.readouterr().out


ABOVE = {"resourcemanager.folders.list", "resourcemanager.organizations.get"}


def test_the_role_of_google_cloud_is_one_of_the_organization(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = printed(capsys, "gcp")
    role = yaml.safe_load(text)
    assert set(role["includedPermissions"]) == ABOVE | {
        "resourcemanager.projects.get",
        "resourcemanager.projects.list",
    }
    assert role["stage"] == "GA"
    assert "#   gcloud services enable cloudresourcemanager.googleapis.com" in text
    assert set(
        json.loads(printed(capsys, "gcp", "--format", "json"))["includedPermissions"]
    ) == set(role["includedPermissions"])
    assert (
        printed(capsys, "gcp", "--format", "apis")
        == "gcloud services enable cloudresourcemanager.googleapis.com\n"
    )


def test_the_role_of_a_project_holds_nothing_of_the_organization(
    capsys: pytest.CaptureFixture[str],
) -> None:
    role = yaml.safe_load(printed(capsys, "gcp", "--project"))
    assert role["includedPermissions"] == [
        "resourcemanager.projects.get",
        "resourcemanager.projects.list",
    ]
    text = printed(
        capsys, "gcp", "--project", "--format", "terraform", "--member", "serviceAccount:a@b.c"
    )
    assert 'resource "google_project_iam_custom_role"' in text
    assert '"serviceAccount:a@b.c"' in text
    assert "folders" not in text


def test_in_bulk_the_inventory_is_allowed_in_place_of_the_listings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    role = yaml.safe_load(printed(capsys, "gcp", "--project", "--bulk"))
    assert role["includedPermissions"] == [
        "cloudasset.assets.listIamPolicy", "cloudasset.assets.listResource", "resourcemanager.projects.get",
    ]  # fmt: skip
    apis = printed(capsys, "gcp", "--project", "--bulk", "--format", "apis")
    assert (
        apis
        == "gcloud services enable cloudasset.googleapis.com cloudresourcemanager.googleapis.com\n"
    )
    assert "cloudasset" not in printed(capsys, "gcp")


def test_azure_in_bulk_may_query_and_read_what_it_queries(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        library, "load_library", load_library
    )  # the whole one: the small one has nothing in bulk
    arguments = ("azure", "--subscription", "--select", "azure-storage-tls")
    single = json.loads(printed(capsys, *arguments))["Actions"]
    assert single == [
        "Microsoft.Authorization/denyAssignments/read",
        "Microsoft.Authorization/roleAssignments/read",
        "Microsoft.Authorization/roleDefinitions/read",
        "Microsoft.Resources/subscriptions/read",
        "Microsoft.Storage/storageAccounts/read",
    ]
    assert json.loads(printed(capsys, *arguments, "--bulk"))["Actions"] == [
        "Microsoft.Authorization/denyAssignments/read",
        "Microsoft.Authorization/roleAssignments/read",
        "Microsoft.Authorization/roleDefinitions/read",
        "Microsoft.ResourceGraph/resources/read",
        "Microsoft.Resources/subscriptions/read",
        "Microsoft.Resources/subscriptions/resources/read",
        "Microsoft.Storage/storageAccounts/read",
    ]


def test_each_permission_says_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "gcp", "--format", "list", "--select", "gcp-project").splitlines()
    assert "resourcemanager.projects.list  cloudresourcemanager:projects.list: gcp-project" in lines
    assert "resourcemanager.projects.get  every scan: the name of the project" in lines


@pytest.mark.parametrize(
    ("cloud", "permission"),
    [
        ("gcp", "logging.logEntries.list"), ("gcp", "resourcemanager.projects.get"),
        ("azure", "Microsoft.Insights/eventtypes/values/read"),
    ],
)  # fmt: skip
def test_what_the_audit_log_asks_is_printed_for_who_asks_it(
    capsys: pytest.CaptureFixture[str], cloud: str, permission: str
) -> None:
    before, after = printed(capsys, cloud), printed(capsys, cloud, "--who")
    assert f"{permission}" in after
    assert (permission in before) == (permission == "resourcemanager.projects.get")
    rows = printed(capsys, cloud, "--who", "--format", "list").splitlines()
    said = (
        "every scan: the name of the project"
        if permission in before
        else "attribution (drift --who)"
    )
    assert f"{permission}  {said}" in rows


def test_the_interface_of_the_audit_log_is_enabled_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert "logging.googleapis.com" not in printed(capsys, "gcp", "--format", "apis")
    assert "logging.googleapis.com" in printed(capsys, "gcp", "--format", "apis", "--who")


def test_azures_actions_and_those_of_graph_are_kept_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    role = json.loads(printed(capsys, "azure", "--scope", "/subscriptions/x"))
    assert role["Actions"] == [
        "Microsoft.Management/managementGroups/descendants/read", "Microsoft.Resources/subscriptions/read",
    ]  # fmt: skip
    assert (role["AssignableScopes"], role["DataActions"], role["NotActions"]) == (
        ["/subscriptions/x"],
        [],
        [],
    )
    graph = printed(capsys, "azure", "--format", "graph").split()
    assert graph == ["AuditLog.Read.All", "Organization.Read.All", "User.Read.All"]
    assert printed(capsys, "azure", "--format", "graph", "--subscription") == ""
    text = printed(capsys, "azure", "--format", "terraform")
    assert "azuread_app_role_assignment" in text
    assert "azuread" not in printed(capsys, "azure", "--format", "terraform", "--subscription")


def test_an_app_of_github_has_its_manifest(capsys: pytest.CaptureFixture[str]) -> None:
    manifest = json.loads(printed(capsys, "github"))
    assert manifest["default_permissions"] == {"members": "read", "metadata": "read"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gcp", "--select", "azure-*"], "no check of GCP is chosen"),
        (["gcp", "--member", "x"], "--member needs --format terraform"),
        (["azure", "--select", "gcp-*"], "no check of AZURE is chosen"),
        (["github", "--select", "nothing"], "there is no such check"),
    ],
)
def test_misuse_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], message: str
) -> None:
    assert run(["permissions", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "subject"),
    [
        ([], "repo:example/infra:ref:refs/heads/main"),
        (["--ref", "refs/tags/v1"], "repo:example/infra:ref:refs/tags/v1"),
        (["--environment", "tscan"], "repo:example/infra:environment:tscan"),
    ],
)
@pytest.mark.parametrize("cloud", ["gcp", "azure"])
def test_one_workflow_may_use_the_role_by_its_token(
    cloud: str, options: list[str], subject: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--format", "terraform", "--oidc", "github:example/infra", *options]
    text = printed(capsys, cloud, *given)
    root = Parser(Language(tree_sitter_hcl.language())).parse(text.encode()).root_node
    assert not root.has_error
    bound = {
        "gcp": f"attribute_condition                = \"assertion.sub == '{subject}'\"",
        "azure": f'subject        = "{subject}"',
    }
    assert bound[cloud] in text
    audiences = {
        "gcp": f'/subject/{subject}"',
        "azure": 'audiences      = ["api://AzureADTokenExchange"]',
    }
    assert audiences[cloud] in text
    assert "token.actions.githubusercontent.com" in text
    assert 'variable "tscan_member"' not in text
    assert 'variable "tscan_principal"' not in text


@pytest.mark.parametrize("cloud", ["gcp", "azure"])
@pytest.mark.parametrize(
    "options",
    [
        ["--oidc", "github:example/*"],
        ["--oidc", "github:*/infra"],
        ["--oidc", "github:example/infra:ref"],
        ["--oidc", "github:example/.."],
        ["--oidc", "github:example"],
        ["--oidc", "github:a/b\nc"],
        ["--oidc", "github:a/${b}"],
        ["--oidc", "github:a/b' || true || '"],
        ["--oidc", "gitlab:a/b"],
        ["--oidc", "a/b"],
        ["--oidc", "github:a/b", "--ref", "refs/heads/*"],
        ["--oidc", "github:a/b", "--ref", "main"],
        ["--oidc", "github:a/b", "--environment", "*"],
        ["--oidc", "github:a/b", "--environment", "x", "--ref", "refs/heads/main"],
        ["--environment", "x"],
        ["--ref", "refs/heads/main"],
    ],
)
def test_a_workflow_that_is_not_one_is_refused(
    cloud: str, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["permissions", cloud, "--format", "terraform", *options]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "hint: " in shown.err


def test_google_refuses_a_long_subject(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--oidc", f"github:a/{'b' * 100}", "--ref", "refs/heads/release"]
    assert run(["permissions", "gcp", "--format", "terraform", *given]) == 2
    assert "longer than Google takes" in capsys.readouterr().err
