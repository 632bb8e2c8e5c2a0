"""The providers' own commands, run by a shell with tools that only tell what they were given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scanner.client.rest.operations import clouds, operations
from scanner.model.answers import Call
from scanner.providers import cli_command

TOOL = """\
#!{python}
import json, os, sys
if os.path.basename(sys.argv[0]) == "gcloud":
    print("TOKEN " + " ".join(sys.argv[1:]))
else:
    piped = sys.stdin.read() if "-" in sys.argv else ""
    print(json.dumps([os.path.basename(sys.argv[0]), sys.argv[1:], piped]))
"""
HOSTILE = "a'b\"c$(touch made)`touch made`;touch made #\\ \u00e4{x}[1]\n&|"
ENCODED = "a%27b%22c%24%28touch%20made%29%60touch%20made%60%3Btouch%20made%20%23%5C%20%C3%A4%7Bx%7D%5B1%5D%0A%26%7C"


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tools")
    for name in ("az", "curl", "gcloud", "gh"):
        (folder / name).write_text(TOOL.format(python=sys.executable))
        (folder / name).chmod(0o755)
    return folder


def run(tools: Path, call: Call, cloud: str) -> tuple[list[str], str]:
    """The words and the input that a tool was given, and nothing beside it."""
    command = cli_command(cloud, call)
    place = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", command], cwd=tools, env=place, capture_output=True, text=True, check=True
    )
    assert not (tools / "made").exists()
    name, words, piped = json.loads(done.stdout)
    return [name, *words], piped


def asked(operation: str, **params: Any) -> Call:
    return Call(operation=operation, region="", params=params)


def test_google_cloud_is_asked_by_curl_with_a_token_of_gcloud(tools: Path) -> None:
    words, _ = run(
        tools,
        asked("storage:buckets.getIamPolicy", bucket=HOSTILE, optionsRequestedPolicyVersion=3),
        "gcp",
    )
    assert words == [
        "curl", "--silent", "--show-error", "--header", "Authorization: Bearer TOKEN auth print-access-token",
        f"https://storage.googleapis.com/storage/v1/b/{ENCODED}/iam?optionsRequestedPolicyVersion=3",
    ]  # fmt: skip


def test_a_post_is_sent_with_its_body(tools: Path) -> None:
    call = asked(
        "cloudresourcemanager:projects.getIamPolicy", resource="projects/p", options={"x": HOSTILE}
    )
    words, _ = run(tools, call, "gcp")
    assert words[5:9] == ["--request", "POST", "--header", "Content-Type: application/json"]
    assert json.loads(words[words.index("--data") + 1]) == {"options": {"x": HOSTILE}}
    assert words[-1] == "https://cloudresourcemanager.googleapis.com/v3/projects/p:getIamPolicy"


def test_a_service_with_tokens_of_its_own_says_so(tools: Path) -> None:
    words, _ = run(tools, asked("directory:users.list", customer="C"), "gcp")
    scope = "https://www.googleapis.com/auth/admin.directory.user.readonly"
    assert f"Authorization: Bearer TOKEN auth print-access-token --scopes={scope}" in words
    words, _ = run(
        tools, asked("graph:ListSignIns", **{"$filter": f"userId eq '{HOSTILE}'"}), "azure"
    )
    assert words == [
        "az", "rest", "--method", "get", "--url",
        "https://graph.microsoft.com/v1.0/auditLogs/signIns?$filter=userId%20eq%20'a'b%22c$(touch%20made)"
        "%60touch%20made%60%3Btouch%20made%20%23%5C%20%C3%A4%7Bx%7D%5B1%5D%0A%26%7C'",
        "--resource", "https://graph.microsoft.com", "--output", "json",
    ]  # fmt: skip


def test_azure_is_asked_by_its_tool_in_the_version_that_is_read(tools: Path) -> None:
    words, _ = run(
        tools, asked("Microsoft.Storage:StorageAccounts_List", subscription=HOSTILE), "azure"
    )
    place = f"https://management.azure.com/subscriptions/{ENCODED}/providers/Microsoft.Storage/storageAccounts"
    assert words == [
        "az",
        "rest",
        "--method",
        "get",
        "--url",
        f"{place}?api-version=2024-01-01",
        "--output",
        "json",
    ]
    call = asked("Microsoft.ResourceGraph:Resources", subscriptions=["s"], types=["a/b", "c"])
    words, _ = run(tools, call, "azure")
    assert words[:4] == ["az", "rest", "--method", "post"]
    body = json.loads(words[words.index("--body") + 1])
    assert (body["subscriptions"], "where type in~ ('a/b', 'c')" in body["query"]) == (["s"], True)


def test_github_is_asked_by_its_tool_page_by_page(tools: Path) -> None:
    words, _ = run(tools, asked("github:repos/list-for-org", org=HOSTILE, type="all"), "github")
    assert words == [
        "gh", "api", "--header", "Accept: application/vnd.github+json", "--header", "X-GitHub-Api-Version: 2022-11-28",
        "--paginate", f"/orgs/{ENCODED}/repos?type=all",
    ]  # fmt: skip
    one, _ = run(tools, asked("github:orgs/get", org="o"), "github")
    assert (one[-1], "--paginate" in one) == ("/orgs/o", False)


def test_a_query_of_github_comes_from_standard_input(tools: Path) -> None:
    params = {"owner": HOSTILE, "name": "n", "branch": "m", "since": "2026-01-01T00:00:00Z"}
    words, piped = run(tools, asked("github:graphql/branch-commits", **params), "github")
    assert words == ["gh", "api", "graphql", "--input", "-"]
    sent = json.loads(piped)
    assert sent["variables"] == params
    reviewed = operations("github")["github:graphql/branch-commits"].graphql
    assert sent["query"].split() == reviewed.split()


@pytest.mark.parametrize(
    ("cloud", "call", "words"),
    [
        (
            "gcp",
            asked("storage:buckets.list", project="p"),
            "  # one page: the next is with pageToken = nextPageToken",
        ),
        ("gcp", asked("storage:buckets.getIamPolicy", bucket="b"), ""),
        (
            "azure",
            asked("Microsoft.Web:WebApps_List", subscription="s"),
            "  # one page: the next is at nextLink",
        ),
        ("azure", asked("Microsoft.Resources:Subscriptions_Get", subscription="s"), ""),
    ],
)
def test_where_the_next_page_is_stands_behind_the_command(
    cloud: str, call: Call, words: str
) -> None:
    command = cli_command(cloud, call)
    assert ("#" in command) == bool(words)
    assert words in command


def test_what_is_not_on_the_list_or_cannot_be_sent_has_no_command() -> None:
    words = "(storage:objects.get is not on the reviewed list of this version)"
    assert cli_command("gcp", asked("storage:objects.get")) == words
    assert (
        cli_command("gcp", asked("storage:buckets.getIamPolicy"))
        == "('bucket' is not a string that can stand in a path)"
    )


@pytest.mark.parametrize("cloud", clouds())
def test_every_reviewed_operation_has_a_command_on_one_line(tools: Path, cloud: str) -> None:
    for operation in operations(cloud).values():
        text = "/a/b c" if operation.path.startswith("{+") else "b c"
        lists = {"types": ["a"]} if operation.kql else {}
        call = asked(operation.name, **(dict.fromkeys(operation.placeholders, text) | lists))
        assert "\n" not in cli_command(cloud, call)
        words, piped = (
            run(tools, call, cloud) if operation.post else (cli_command(cloud, call).split(), "")
        )
        assert words[0] in ("az", "curl", "gh")
        assert bool(piped) == bool(operation.graphql)
