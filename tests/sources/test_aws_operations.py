"""The reviewed list of operations: everything that a kind asks is on it, and everything on it only reads."""

from __future__ import annotations

import re

import pytest
from botocore.session import Session

from scanner.core.need import requests
from scanner.model.library import Library
from scanner.sources.aws.answers import DECODED, TEXT_BYTES
from scanner.sources.aws.operations import EXCEPTIONS, FORBIDDEN, OPERATIONS

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
    used = {request.operation for kind in library.kinds.values() if kind.cloud == "aws" for request in requests(kind)}
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
