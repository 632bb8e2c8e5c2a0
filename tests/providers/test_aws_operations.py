"""The reviewed list of operations: everything that a kind asks is on it, and everything on it only
reads."""

from __future__ import annotations

import re

import pytest
from botocore.model import Shape
from botocore.session import Session

from scanner.core.reading.read_plan import requests
from scanner.model.library import Library
from scanner.providers.aws.json_values import DECODED, TEXT_BYTES
from scanner.providers.aws.loader import ReviewedLoader
from scanner.providers.aws.operations import EXCEPTIONS, FORBIDDEN, OPERATIONS

_READS = re.compile(r"^(Get|List|Describe)[A-Z]")


def test_every_operation_reads() -> None:
    unreviewed = {name for name in OPERATIONS if not _READS.match(name.partition(":")[2])}
    assert unreviewed == EXCEPTIONS.keys() & OPERATIONS == set(EXCEPTIONS)


def test_nothing_that_returns_credentials_or_customers_data_is_listed() -> None:
    assert not OPERATIONS & FORBIDDEN
    words = re.compile(
        "GetObject$|SecretValue|PasswordData|Decrypt|GetParameter|AuthorizationToken|Federation|Credentials$"
    )
    assert [name for name in OPERATIONS if words.search(name)] == []


def test_every_operation_exists_and_its_service_is_named_as_botocore_does() -> None:
    session = Session()
    for name in OPERATIONS:
        service, _, operation = name.partition(":")
        assert operation in session.get_service_model(service).operation_names, name


def test_every_operation_of_a_kind_is_listed(library: Library) -> None:
    used = {
        request.operation
        for kind in library.kinds.values()
        if kind.cloud == "aws"
        for request in requests(kind)
    }
    assert used
    assert sorted(used - OPERATIONS) == []


@pytest.mark.parametrize("operation", sorted(DECODED))
def test_decoded_members_are_text_in_the_model(operation: str) -> None:
    service, _, name = operation.partition(":")
    model = Session().get_service_model(service).operation_model(name)
    for path in DECODED[operation]:
        shape = model.output_shape
        for step in path.replace("[]", ".[]").split("."):
            shape = shape.member if step == "[]" else shape.members[step]
        assert shape.type_name == "string", path


def test_text_bytes_are_blobs_in_the_model() -> None:
    for operation, member in TEXT_BYTES:
        service, _, name = operation.partition(":")
        model = Session().get_service_model(service).operation_model(name)
        assert model.output_shape.members[member].type_name == "blob"


def test_an_operation_that_is_not_reviewed_has_no_method() -> None:
    session = Session()
    session.register_component("data_loader", ReviewedLoader(None))
    arguments = {"region_name": "us-east-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    secrets = session.create_client("secretsmanager", **arguments)
    assert hasattr(secrets, "list_secrets")
    assert not hasattr(secrets, "get_secret_value")
    ec2 = session.create_client("ec2", **arguments)
    assert hasattr(ec2, "describe_vpcs")
    assert not hasattr(ec2, "terminate_instances")


def test_the_cut_models_are_whole_for_every_listed_operation() -> None:
    session, cut = Session(), Session()
    cut.register_component("data_loader", ReviewedLoader(None))
    for name in sorted(OPERATIONS):
        service, _, operation = name.partition(":")
        whole = session.get_service_model(service).operation_model(operation)
        kept = cut.get_service_model(service).operation_model(operation)
        assert _leaves(kept.output_shape) == _leaves(whole.output_shape), name
        assert _leaves(kept.input_shape) == _leaves(whole.input_shape), name


def _leaves(shape: Shape | None) -> set[str]:
    """The names of every shape that is reached."""
    found: set[str] = set()
    waiting = [shape] if shape else []
    while waiting:
        one = waiting.pop()
        if one.name not in found:
            found.add(one.name)
            waiting += _inside(one)
    return found


def _inside(shape: Shape) -> list[Shape]:
    if shape.type_name == "structure":
        return list(shape.members.values())
    if shape.type_name == "list":
        return [shape.member]
    return [shape.key, shape.value] if shape.type_name == "map" else []
