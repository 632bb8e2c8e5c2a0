"""Google Cloud's reviewed operations agree with Google's own description, and so do the programs of
its readers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from scanner.client.rest.operations import operations
from scanner.core.reading.inventory import all_inventory_types, with_inventory
from scanner.model.library import Library
from scanner.model.rest_operations import PLACEHOLDER, RestOperation
from tests.helpers.provider_models import (
    SOURCES,
    WrongError,
    model,
    output,
    problems,
    request_problems,
    steps_of,
    walk,
)

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


def wire_problems(operation: RestOperation) -> Iterator[str]:
    """What differs between the reviewed list and Google's own description of an operation."""
    service, _, name = operation.name.partition(":")
    described = json.loads((SOURCES / f"gcp/models/{service}.json").read_text())["operations"][name]
    if described["http"]["method"] != ("POST" if operation.post else "GET"):
        yield f"{operation.name}: Google says {described['http']['method']}"
    if _bare(operation.path) not in {_bare(path) for path in described["paths"]}:
        yield f"{operation.name}: Google says {' or '.join(described['paths'])}"
    if operation.page is not None:
        if operation.page.send not in model(operation.name).input_shape.members:
            yield f"{operation.name} takes no '{operation.page.send}'"
        walk(output(operation.name), tuple(operation.page.next.split(".")))
    for path in operation.partial:
        walk(output(operation.name), tuple(path.replace("{}", ".*").split(".")))


def _bare(path: str) -> str:
    return PLACEHOLDER.sub("{}", path)


def test_every_operation_is_asked_as_google_describes_it() -> None:
    listed = operations("gcp").values()
    assert listed
    assert [text for operation in listed for text in wire_problems(operation)] == []


@pytest.mark.parametrize("read", READ_BY_READERS)
def test_what_readers_read_is_in_the_models(read: str) -> None:
    operation, _, path = read.partition(" ")
    assert walk(output(operation), tuple(path.split("."))) is not None


def test_the_inventory_tells_what_kinds_read_of_it_in_bulk(library: Library) -> None:
    read = with_inventory(library, all_inventory_types(library)).kinds.values()
    kinds = [kind for kind in read if kind.bulk and kind.cloud == "gcp"]
    assert len(kinds) == 8
    for kind in kinds:
        asked = [kind.listing.request if kind.listing else None, *kind.details.values()]
        for request in asked:
            assert request is not None
            assert request.rows is not None
            assert list(request_problems(request)) == []
            rows = (*steps_of(request.items[0]), *request.rows.item.split("."))
            for member in (
                (*rows[:2], request.rows.tells),
                rows,
                *((*rows, *path) for path in request.rows.read),
            ):
                walk(output(request.operation), member)
        quiet = kind.bulk.quiet if kind.bulk else ()
        # What may be left out is something that is read.
        read = {path for request in asked if request and request.rows for path in request.rows.read}
        assert all(any(path[: len(one)] == one for path in read) for one in quiet)


def test_another_verb_path_or_page_is_said() -> None:
    operation = operations("gcp")["compute:firewalls.list"]
    assert operation.page is not None
    assert list(wire_problems(replace(operation, post=True))) == [
        "compute:firewalls.list: Google says GET"
    ]
    assert list(wire_problems(replace(operation, path="/compute/v1/firewalls")))
    assert list(wire_problems(replace(operation, page=replace(operation.page, send="token"))))
    with pytest.raises(WrongError):
        list(wire_problems(replace(operation, page=replace(operation.page, next="nextPage"))))
    with pytest.raises(WrongError):
        list(wire_problems(replace(operation, partial=("unreachable",))))


def test_a_wrong_member_or_type_in_a_kind_is_said(library: Library) -> None:
    kind = library.kinds["gcp.storage.bucket"]
    attribute = kind.attributes["versioning"]
    wrong = replace(kind, attributes={"versioning": replace(attribute, type="string")})
    assert list(problems(wrong, library)) == [
        "gcp.storage.bucket: versioning is string, the model says boolean"
    ]
    instance = library.kinds["gcp.compute.instance"]
    other = replace(instance, attributes={"versioning": attribute})
    assert [
        text
        for text in problems(other, library)
        if "Instance" in text and "has no 'versioning'" in text
    ]


def test_only_what_google_publishes_no_document_for_is_written_by_hand() -> None:
    authored = [
        path.stem
        for path in (SOURCES / "gcp/models").glob("*.json")
        if '"authored"' in path.read_text()
    ]
    assert authored == ["securitycentermanagement"]
    assert {path.stem for path in (SOURCES / "gcp/models").glob("*.json")} == {
        name.partition(":")[0] for name in operations("gcp")
    }
