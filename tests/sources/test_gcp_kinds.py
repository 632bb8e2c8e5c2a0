"""Every Google Cloud kind, and every reviewed operation, agrees with the shapes of Google's answers."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from gcp_models import MODELS, WrongError, output, problems, request_problems, walk, wire_problems

from scanner.model.kinds import Kind, Request
from scanner.model.library import Library
from scanner.sources.rest.operations import operations

READ_BY_READERS = (
    "cloudresourcemanager:projects.getAncestry ancestor.[].resourceId.id",
    "cloudresourcemanager:projects.getAncestry ancestor.[].resourceId.type",
    "cloudresourcemanager:projects.getIamPolicy bindings.[].role",
    "cloudresourcemanager:projects.getIamPolicy bindings.[].members",
    "cloudresourcemanager:projects.getIamPolicy bindings.[].condition",
    "cloudresourcemanager:projects.getIamPolicy auditConfigs.[].service",
    "cloudresourcemanager:projects.getIamPolicy auditConfigs.[].auditLogConfigs.[].logType",
    "cloudresourcemanager:projects.getIamPolicy auditConfigs.[].auditLogConfigs.[].exemptedMembers",
    "cloudresourcemanager:folders.getIamPolicy bindings.[].members",
    "cloudresourcemanager:organizations.getIamPolicy bindings.[].members",
    "cloudresourcemanager:organizations.get directoryCustomerId",
    "directory:users.list users.[].id",
    "directory:users.list users.[].primaryEmail",
    "directory:users.list users.[].isAdmin",
    "directory:users.list users.[].suspended",
    "directory:users.list users.[].archived",
    "directory:users.list users.[].isEnforcedIn2Sv",
    "directory:users.list users.[].creationTime",
    "directory:users.list users.[].lastLoginTime",
    "iam:projects.locations.workloadIdentityPools.list workloadIdentityPools.[].name",
    "iam:projects.locations.workloadIdentityPools.list workloadIdentityPools.[].state",
    "iam:projects.locations.workloadIdentityPools.list workloadIdentityPools.[].disabled",
    "iam:projects.locations.workloadIdentityPools.providers.list workloadIdentityPoolProviders.[].name",
    "iam:projects.locations.workloadIdentityPools.providers.list workloadIdentityPoolProviders.[].state",
    "iam:projects.locations.workloadIdentityPools.providers.list workloadIdentityPoolProviders.[].disabled",
    "iam:projects.locations.workloadIdentityPools.providers.list workloadIdentityPoolProviders.[].attributeCondition",
    "iam:projects.locations.workloadIdentityPools.providers.list workloadIdentityPoolProviders.[].attributeMapping",
    "iam:projects.locations.workloadIdentityPools.providers.list workloadIdentityPoolProviders.[].oidc.issuerUri",
    "logging:projects.sinks.list sinks.[].name",
    "logging:projects.sinks.list sinks.[].destination",
    "logging:projects.sinks.list sinks.[].disabled",
    "logging:projects.sinks.list sinks.[].exclusions.[].disabled",
    "logging:projects.sinks.list sinks.[].exclusions.[].name",
    "logging:projects.sinks.list sinks.[].filter",
    "logging:folders.sinks.list sinks.[].includeChildren",
    "logging:organizations.sinks.list sinks.[].includeChildren",
    "securitycenter:projects.muteConfigs.list muteConfigs.[].name",
    "securitycenter:folders.muteConfigs.list muteConfigs.[].filter",
)
"""What the programs of `readers.py` and `ancestry.py` read, which no expression says."""


def _kinds(library: Library) -> list[Kind]:
    return [kind for kind in library.kinds.values() if kind.cloud == "gcp"]


def test_every_kind_agrees_with_the_models(library: Library) -> None:
    kinds = _kinds(library)
    assert len(kinds) >= 40
    found = [text for kind in kinds for text in problems(kind, library)]
    assert not found, "\n" + "\n".join(found)


def test_every_operation_is_asked_as_google_describes_it() -> None:
    listed = operations("gcp").values()
    assert listed
    assert [text for operation in listed for text in wire_problems(operation)] == []


@pytest.mark.parametrize("read", READ_BY_READERS)
def test_what_readers_read_is_in_the_models(read: str) -> None:
    operation, _, path = read.partition(" ")
    assert walk(output(operation), tuple(path.split("."))).name != "any"  # type: ignore[arg-type, union-attr]


def test_another_verb_path_or_page_is_said() -> None:
    operation = operations("gcp")["compute:firewalls.list"]
    assert operation.page is not None
    assert list(wire_problems(replace(operation, post=True))) == ["compute:firewalls.list: the model says GET"]
    assert list(wire_problems(replace(operation, path="/compute/v1/firewalls")))
    assert list(wire_problems(replace(operation, page=replace(operation.page, send="token"))))
    with pytest.raises(WrongError):
        list(wire_problems(replace(operation, page=replace(operation.page, next="nextPage"))))
    with pytest.raises(WrongError):
        list(wire_problems(replace(operation, partial=("unreachable",))))


def test_a_wrong_member_or_type_in_a_kind_is_said(library: Library) -> None:
    kind = library.kinds["gcp.storage.bucket"]
    attribute = kind.attributes["versioning"]
    wrong = replace(kind, attributes={"versioning": replace(attribute, type="string")}, relations={})
    assert list(problems(wrong, library)) == ["gcp.storage.bucket: versioning is string, the model says boolean"]
    locked = replace(kind.attributes["retention_locked"], name="versioning", api=kind.attributes["versioning"].api)
    assert list(problems(replace(kind, attributes={"versioning": locked}, relations={}), library)) == []


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request(operation="storage:bucket.list"), "did you mean 'buckets.list'?"),
        (Request(operation="stories:list"), "has no model"),
        (Request(operation="storage:buckets.list", items=("item",)), "did you mean 'items'?"),
        (
            Request(operation="compute:instances.aggregatedList", items=("items{}.instance",)),
            "did you mean 'instances'?",
        ),
        (Request(operation="compute:firewalls.list", arguments={"projekt": "p"}), "did you mean 'project'?"),
    ],
)
def test_what_the_models_do_not_know_is_said(request_: Request, words: str) -> None:
    assert words in "\n".join(request_problems(request_))


@pytest.mark.parametrize("path", ["items.[].iamConfiguration.uniform", "items.[].name.[]", "items.[].labels.a.b"])
def test_a_path_beyond_the_models_is_told_apart(path: str) -> None:
    steps = tuple(path.split("."))
    if path.endswith("uniform"):
        with pytest.raises(WrongError):
            walk(output("storage:buckets.list"), steps)  # type: ignore[arg-type]
        return
    assert walk(output("storage:buckets.list"), steps) is None  # type: ignore[arg-type]


def test_models_name_where_they_come_from() -> None:
    """A shape is derived from a named package, or written by hand from a named page."""
    paths = sorted(MODELS.glob("*.json"))
    assert {path.stem for path in paths} == {name.partition(":")[0] for name in operations("gcp")}
    for path in paths:
        data = json.loads(path.read_text())
        sources, authored = data.get("derived_from", []), data.get("authored")
        assert sources or authored, path.name
        assert authored is None or authored["documentation"].startswith("https://cloud.google.com/"), path.name
        assert all(re.fullmatch(r"google-api-python-client [0-9.]+", source) for source in sources), sources
