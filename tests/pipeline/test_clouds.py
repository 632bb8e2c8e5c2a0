"""Targets of several clouds in one scan: opened, read, and judged to one matrix; what cannot be
entered is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from scanner import pipeline
from scanner.cli import run
from scanner.content import load_library
from scanner.content.locations import Roots
from scanner.errors import TscanError
from scanner.history.snapshots.snapshot_file import read_snapshot, write_snapshot
from scanner.model.answers import Snapshot
from scanner.model.config import Config, Exclusion, TargetConfig
from scanner.model.findings import Assessment, Verdict
from scanner.model.library import Library
from scanner.preflight import preflight
from tests.helpers.scripted_rest import Provider, Said, served
from tests.helpers.small_provider import _write

TENANT = "11111111-2222-3333-4444-555555555555"
SUBSCRIPTIONS = [f"{number}0000000-0000-0000-0000-000000000000" for number in (1, 2)]
HEAD = "version: 1\nkind: {kind}\ntitle: {kind}\nservice: X\nnature: state\n"
KINDS = {
    "gcp.top": """
scope: management
list:
  call: cloudresourcemanager:folders.list
  with: {parent: "'organizations/' + account"}
  items: folders
id: it.name
name: it.name
attributes: {good: {meaning: ., type: bool, api: it.good}}
""",
    "gcp.own": """
scope: account
list: {call: "cloudresourcemanager:projects.list", with: {parent: "'own/' + account"}, items: projects}
location: it.place
id: it.name
name: it.name
attributes: {good: {meaning: ., type: bool, api: it.good}}
""",
    "azure.user": """
scope: management
list: {call: "graph:ListUsers", items: value}
id: it.id
name: it.id
attributes: {good: {meaning: ., type: bool, api: it.good}}
""",
    "azure.own": """
scope: account
list: {call: "Microsoft.Resources:Tenants_List", with: {of: account}, items: value}
location: it.place
id: it.id
name: it.id
attributes: {good: {meaning: ., type: bool, api: it.good}}
""",
    "github.org": """
scope: account
list: {call: "github:orgs/list-members", with: {org: account}, items: items}
id: it.login
name: it.login
attributes: {good: {meaning: ., type: bool, api: it.good}}
""",
}
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

Serve = Callable[[Mapping[str, Any]], Provider]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A kind of the organization and one of the account for each cloud, each with a check."""
    path = tmp_path_factory.mktemp("pack")
    for kind, body in KINDS.items():
        cloud, noun = kind.split(".")
        _write(path / f"resources/{cloud}/{noun}.yaml", HEAD.format(kind=kind) + body)
        _write(
            path / f"checks/{cloud}/x/{cloud}-{noun}.yaml",
            CHECK.format(id=f"{cloud}-{noun}", kind=kind),
        )
    _write(path / "checks/parameters.yaml", "version: 1\nparameters: {}\n")
    (path / "mappings").mkdir()
    return load_library(
        Roots(kinds=path / "resources", checks=path / "checks", mappings=path / "mappings")
    )


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(
            served({path: _said(body) for path, body in script.items()})
        )


def _said(body: Any) -> Any:
    return body if isinstance(body, (Said, list)) else Said(body)


def project(name: str, number: int, **more: Any) -> dict[str, Any]:
    return {
        "projectId": name,
        "name": f"projects/{number}",
        "displayName": name.title(),
        "state": "ACTIVE",
        **more,
    }


def gcp(provider: Provider, **settings: str) -> TargetConfig:
    return TargetConfig(cloud="gcp", settings={**settings, "endpoint": provider.url})


def gcp_script(**more: Any) -> dict[str, Any]:
    """What an organization says; the lists come in the order in which they are asked for."""
    return {
        "/v3/organizations/1": {"displayName": "acme.example"},
        "/v3/projects/alpha": project("alpha", 10),
        **more,
    }


def scanned(
    library: Library, *targets: TargetConfig, checks: tuple[str, ...] | None = None
) -> list[Snapshot]:
    return list(pipeline.scan(Config(targets=targets), library, checks=checks, threads=1))


def verdicts(assessment: Assessment) -> dict[tuple[str, str], list[str]]:
    """By check and target: the verdicts, in order."""
    found: dict[tuple[str, str], list[str]] = {}
    for result in assessment.results:
        rows = sorted(finding.verdict.value for finding in result.findings)
        found[result.check, str(result.target)] = rows
    return found


FOLDERS = [
    Said(
        {"folders": [{"name": "folders/7", "good": True}]}
    ),  # of the organization, while it is discovered
    Said({}),  # of the folder
    Said({"folders": [{"name": "folders/7", "good": True}]}),  # asked by the kind
]
PROJECTS = [
    Said({"projects": [project("alpha", 10)]}),
    Said({"projects": [project("beta-x", 11), project("gone", 12, state="DELETE_REQUESTED")]}),
    Said({"projects": [{"name": "one", "place": "EU", "good": True}]}),
]


def test_an_organization_is_read_with_its_folders_and_projects(
    library: Library, serve: Serve, tmp_path: Path
) -> None:
    provider = serve(gcp_script(**{"/v3/folders": list(FOLDERS), "/v3/projects": list(PROJECTS)}))
    snapshots = scanned(library, gcp(provider, organization="1"))
    assert [snapshot.target for snapshot in snapshots] == ["gcp:1", "gcp:alpha", "gcp:beta-x"]
    leader = snapshots[0]
    assert (leader.name, leader.organization_only, leader.management_open) == (
        "acme.example",
        True,
        "",
    )
    assert [(one.id, one.state.value, one.reason) for one in leader.accounts] == [
        ("alpha", "in scope", ""), ("beta-x", "in scope", ""), ("gone", "closed", "DELETE_REQUESTED"),
    ]  # fmt: skip
    assert snapshots[1].management_open == "the organization is read from target gcp:1"
    again = []
    for number, snapshot in enumerate(snapshots):
        write_snapshot(tmp_path / f"{number}.snapshot.jsonl.gz", snapshot)
        again.append(read_snapshot(tmp_path / f"{number}.snapshot.jsonl.gz"))
    assert again == snapshots
    assert verdicts(pipeline.judge(again, library)) == {
        ("gcp-top", "gcp:1"): ["pass"],
        ("gcp-own", "gcp:1"): [],
        ("gcp-top", "gcp:alpha"): [],
        ("gcp-own", "gcp:alpha"): ["pass"],
        ("gcp-top", "gcp:beta-x"): [],
        ("gcp-own", "gcp:beta-x"): ["pass"],
    }


def test_a_project_alone_leaves_the_organization_unknown(library: Library, serve: Serve) -> None:
    provider = serve(gcp_script(**{"/v3/projects": PROJECTS[2:]}))
    (snapshot,) = scanned(library, gcp(provider, project="alpha"))
    assessment = pipeline.judge([snapshot], library)
    assert verdicts(assessment) == {
        ("gcp-own", "gcp:alpha"): ["pass"],
        ("gcp-top", "gcp:alpha"): ["unknown"],
    }
    (unknown,) = [
        one
        for result in assessment.results
        for one in result.findings
        if one.verdict is Verdict.UNKNOWN
    ]
    assert "add the organization as a target" in unknown.reason
    assert [
        finding.resource.region for result in assessment.results for finding in result.findings
    ] == ["EU", ""]


def test_projects_that_could_not_be_listed_are_a_gap(library: Library, serve: Serve) -> None:
    refused = Said({"error": {"code": 403, "status": "PERMISSION_DENIED"}}, 403)
    provider = serve(
        gcp_script(**{"/v3/folders": list(FOLDERS), "/v3/projects": [PROJECTS[0], refused]})
    )
    snapshots = scanned(library, gcp(provider, organization="1"))
    by_target = {str(snapshot.target): snapshot for snapshot in snapshots}
    assert sorted(by_target) == ["gcp:1", "gcp:alpha", "gcp:organization"]
    assert "projects of the organization are not known" in by_target["gcp:organization"].unentered
    found = verdicts(pipeline.judge(snapshots, library))
    assert found["gcp-own", "gcp:organization"] == ["unknown"]


def test_a_row_without_a_name_is_a_gap(library: Library, serve: Serve) -> None:
    odd = Said({"projects": [{"name": "projects/9"}]})
    provider = serve(
        gcp_script(**{"/v3/folders": list(FOLDERS), "/v3/projects": [odd, *PROJECTS[1:]]})
    )
    snapshots = scanned(library, gcp(provider, organization="1"))
    assert "gcp:organization" in [snapshot.target for snapshot in snapshots]


def test_an_excluded_project_is_not_asked(library: Library, serve: Serve) -> None:
    provider = serve(gcp_script(**{"/v3/folders": list(FOLDERS), "/v3/projects": list(PROJECTS)}))
    out = Exclusion(account="beta-x", reason="sandbox", approver="cto")
    config = TargetConfig(
        cloud="gcp", settings={"organization": "1", "endpoint": provider.url}, exclude=(out,)
    )
    snapshots = scanned(library, config)
    assert [snapshot.target for snapshot in snapshots] == ["gcp:1", "gcp:alpha"]
    assert not any("beta-x" in line for line in provider.lines)


def azure_script() -> dict[str, Any]:
    listed = [
        {"subscriptionId": one, "displayName": "S", "state": "Enabled", "tenantId": TENANT}
        for one in SUBSCRIPTIONS[:1]
    ]
    listed.append({"subscriptionId": "other", "tenantId": "another"})
    below = [
        {
            "type": "Microsoft.Management/managementGroups/subscriptions",
            "name": one,
            "properties": {"displayName": "D"},
        }
        for one in SUBSCRIPTIONS
    ]
    return {
        "/subscriptions": {"value": listed},
        f"/subscriptions/{SUBSCRIPTIONS[0]}": listed[0],
        f"/providers/Microsoft.Management/managementGroups/{TENANT}/descendants": {"value": below},
        "/v1.0/organization": {"value": [{"displayName": "Acme"}]},
        "/v1.0/users": {"value": [{"id": "u", "good": False}]},
        "/tenants": {
            "value": [{"id": "x", "tenantId": TENANT, "place": "westeurope", "good": True}]
        },
    }


def azure(provider: Provider, **settings: str) -> TargetConfig:
    return TargetConfig(cloud="azure", settings={**settings, "endpoint": provider.url})


@pytest.mark.parametrize("name", ["tenant", "id"])
def test_a_tenant_is_read_with_its_subscriptions(library: Library, serve: Serve, name: str) -> None:
    snapshots = scanned(library, azure(serve(azure_script()), **{name: TENANT}))
    assert [snapshot.target for snapshot in snapshots] == [
        f"azure:{TENANT}",
        *(f"azure:{one}" for one in SUBSCRIPTIONS),
    ]
    assert (snapshots[0].name, snapshots[1].name, snapshots[2].name) == ("Acme", "S", "D")
    found = verdicts(pipeline.judge(snapshots, library))
    assert found["azure-user", f"azure:{TENANT}"] == ["fail"]
    assert found["azure-own", f"azure:{TENANT}"] == []
    assert all(found["azure-own", f"azure:{one}"] == ["pass"] for one in SUBSCRIPTIONS)


def test_subscriptions_that_no_group_tells_of_are_a_gap(library: Library, serve: Serve) -> None:
    script = azure_script()
    place = f"/providers/Microsoft.Management/managementGroups/{TENANT}/descendants"
    script[place] = Said({"error": {"code": "AuthorizationFailed"}}, 403)
    snapshots = scanned(library, azure(serve(script), tenant=TENANT))
    names = sorted(snapshot.target for snapshot in snapshots)
    assert names == [f"azure:{SUBSCRIPTIONS[0]}", f"azure:{TENANT}", "azure:organization"]


def test_a_tenant_in_which_no_subscription_is_seen_is_read(library: Library, serve: Serve) -> None:
    script = azure_script()
    below = f"/providers/Microsoft.Management/managementGroups/{TENANT}/descendants"
    script |= {"/subscriptions": {"value": []}, below: {"value": []}}
    (snapshot,) = scanned(library, azure(serve(script), tenant=TENANT))
    assert (snapshot.target, snapshot.accounts) == (f"azure:{TENANT}", ())
    assert verdicts(pipeline.judge([snapshot], library))["azure-user", f"azure:{TENANT}"] == [
        "fail"
    ]


def test_a_subscription_that_only_the_root_group_tells_of_is_in_scope(
    library: Library, serve: Serve
) -> None:
    snapshots = scanned(
        library, azure(serve(azure_script() | {"/subscriptions": {"value": []}}), tenant=TENANT)
    )
    assert [one.target for one in snapshots] == [
        f"azure:{TENANT}",
        *(f"azure:{one}" for one in SUBSCRIPTIONS),
    ]


def test_a_tenant_without_a_word_on_its_groups_may_have_subscriptions(
    library: Library, serve: Serve
) -> None:
    script = azure_script() | {"/subscriptions": {"value": []}}
    below = f"/providers/Microsoft.Management/managementGroups/{TENANT}/descendants"
    script[below] = Said({"error": {"code": "AuthorizationFailed"}}, 403)
    names = {str(one.target) for one in scanned(library, azure(serve(script), tenant=TENANT))}
    assert names == {f"azure:{TENANT}", "azure:organization"}


@pytest.mark.parametrize("row", [{"tenantId": TENANT}, {"subscriptionId": 7}, "text"])
def test_a_subscription_without_its_id_is_a_gap(library: Library, serve: Serve, row: Any) -> None:
    script = azure_script()
    script["/subscriptions"]["value"].append(row)
    names = [snapshot.target for snapshot in scanned(library, azure(serve(script), tenant=TENANT))]
    assert "azure:organization" in names


@pytest.mark.parametrize("name", ["subscription", "id"])
def test_a_subscription_is_read_alone(library: Library, serve: Serve, name: str) -> None:
    (snapshot,) = scanned(library, azure(serve(azure_script()), **{name: SUBSCRIPTIONS[0].upper()}))
    found = verdicts(pipeline.judge([snapshot], library))
    target = f"azure:{SUBSCRIPTIONS[0]}"
    assert (found["azure-own", target], found["azure-user", target]) == (["pass"], ["unknown"])


def github_script() -> dict[str, Any]:
    return {
        "/orgs/Acme": {"login": "acme", "name": "Acme Ltd"},
        "/orgs/acme/members": [Said([{"login": "a", "good": True}])],
    }


def github(provider: Provider) -> TargetConfig:
    return TargetConfig(cloud="github", settings={"organization": "Acme", "endpoint": provider.url})


def test_several_clouds_make_one_matrix(library: Library, serve: Serve) -> None:
    one = serve(gcp_script(**{"/v3/projects": PROJECTS[2:]}))
    two, three = serve(azure_script()), serve(github_script())
    targets = gcp(one, id="alpha"), azure(two, subscription=SUBSCRIPTIONS[0]), github(three)
    snapshots = scanned(library, *targets)
    assert {str(snapshot.target) for snapshot in snapshots} == {
        "gcp:alpha",
        f"azure:{SUBSCRIPTIONS[0]}",
        "github:acme",
    }
    found = verdicts(pipeline.judge(snapshots, library))
    assert found["gcp-own", "gcp:alpha"] == found["github-org", "github:acme"] == ["pass"]
    assert not any(check.startswith("gcp") != target.startswith("gcp") for check, target in found)


def test_preflight_names_what_is_refused(library: Library, serve: Serve) -> None:
    refused = Said({"error": {"code": 403, "status": "PERMISSION_DENIED"}}, 403)
    provider = serve(gcp_script(**{"/v3/projects": [refused]}))
    (found,) = preflight(Config(targets=(gcp(provider, project="alpha"),)), library, threads=1)
    (loss,) = found.refused
    assert (loss.operation, loss.permissions) == (
        "cloudresourcemanager:projects.list",
        ("resourcemanager.projects.list",),
    )
    assert loss.checks == ("gcp-own",)


def refusal(code: str, status: int = 403, **more: str) -> Said:
    return Said({"error": {"code": code, "status": code, **more}}, status)


SHUT: Mapping[str, tuple[Callable[[Provider], TargetConfig], Mapping[str, Any], str]] = {
    "project denied": (
        lambda at: gcp(at, project="alpha"),
        {"/v3/projects/alpha": refusal("PERMISSION_DENIED", message="no\nsecond")},
        "project alpha cannot be read: PERMISSION_DENIED no second",
    ),
    "another project": (
        lambda at: gcp(at, project="alpha"),
        {"/v3/projects/alpha": {"projectId": "beta"}},
        "Google Cloud calls project alpha 'beta'",
    ),
    "a page of a portal": (
        lambda at: gcp(at, id="1"),
        {"/v3/organizations/1": Said(b"<html>no</html>", 403)},
        "organization 1 cannot be read: 403",
    ),
    "no subscription": (
        lambda at: azure(at, subscription=SUBSCRIPTIONS[0]),
        {f"/subscriptions/{SUBSCRIPTIONS[0]}": refusal("SubscriptionNotFound", 404)},
        "cannot be read: SubscriptionNotFound",
    ),
    "tenant denied": (
        lambda at: azure(at, tenant=TENANT),
        {**azure_script(), "/subscriptions": refusal("AuthorizationFailed")},
        f"the list of subscriptions of tenant {TENANT} cannot be read",
    ),
    "no organization": (
        github,
        {"/orgs/Acme": Said({"message": "Not Found"}, 404)},
        "organization Acme cannot be read: 404 Not Found",
    ),
    "another login": (
        github,
        {"/orgs/Acme": {"login": "renamed"}},
        "GitHub calls organization Acme 'renamed'",
    ),
}


@pytest.mark.parametrize("name", sorted(SHUT))
def test_a_target_that_cannot_be_opened_is_said_in_one_line(
    library: Library, serve: Serve, name: str
) -> None:
    make, script, message = SHUT[name]
    with pytest.raises(TscanError) as caught:
        scanned(library, make(serve(script)))
    assert message in str(caught.value)


def test_nobody_there_is_said(library: Library) -> None:
    with pytest.raises(TscanError, match="Google Cloud cannot be reached"):
        scanned(
            library,
            TargetConfig(
                cloud="gcp", settings={"project": "alpha", "endpoint": "http://127.0.0.1:9"}
            ),
        )


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("gcp:alpha-one", "no credentials for Google Cloud were found"),
        ("github:acme", "no credentials for GitHub were found"),
        ("gcp:", "is not a target"),
        ("gcp", "is not a target"),
        ("oracle:x", "is not a target"),
        ("github:", "is not a target"),
        ("github:a/b", "is not the login of an organization"),
        ("gcp:My_Project", "is not the number of an organization or the id of a project"),
        ("azure:not-an-id", "is not the id of a tenant or the id of a subscription"),
        ("azure:../x", "is not the id of a tenant or the id of a subscription"),
        ("gcp:alpha-one --target GCP:alpha-one", "--target gcp:alpha-one is written twice"),
    ],
)
def test_the_command_line_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, target: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert run(["scan", "--target", *target.split()]) == 2
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
