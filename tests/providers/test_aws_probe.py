"""A botocore that the fast client does not know: boto3's own clients take over, and it is said."""

from __future__ import annotations

import inspect
import logging
from types import FunctionType
from typing import Any

import pytest
import urllib3.connectionpool
from botocore.client import BaseClient
from botocore.signers import RequestSigner

from scanner import pipeline
from scanner.model.answers import State
from scanner.model.config import Config, TargetConfig
from scanner.providers.aws.boto3_client import Boto3Operations
from scanner.providers.aws.boto_sessions import SessionFactory
from scanner.providers.aws.botocore_probe import missing_members
from scanner.providers.aws.fast_client import FastOperations
from tests.estate.organization import Organization, account_id, beside
from tests.helpers.library import shipped_library

CHECK = "aws-ec2-default-sg-closed"


def rename(patch: pytest.MonkeyPatch, owner: type, old: str, new: str) -> None:
    """Rename a member of a class, as a later release might: everywhere in the class too."""
    if hasattr(owner, old):
        patch.setattr(owner, new, getattr(owner, old), raising=False)
        patch.delattr(owner, old)
    for name, function in list(vars(owner).items()):
        if isinstance(function, FunctionType) and old in function.__code__.co_names:
            names = tuple(new if one == old else one for one in function.__code__.co_names)
            code = function.__code__.replace(co_names=names)
            changed = FunctionType(
                code,
                function.__globals__,
                name,
                function.__defaults__,
                function.__closure__,
            )
            changed.__kwdefaults__ = function.__kwdefaults__
            patch.setattr(owner, name, changed)


def client() -> Any:
    return FastOperations(SessionFactory(profile=""), "aws").client("sts", "us-east-1")


def test_the_botocore_of_the_lock_is_known() -> None:
    assert missing_members(client()) == []


def test_a_member_that_was_renamed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    rename(monkeypatch, RequestSigner, "_choose_signer", "_select_signer")
    monkeypatch.delattr(urllib3.connectionpool.HTTPConnectionPool, "_get_conn")
    assert missing_members(client()) == [
        "_request_signer._choose_signer",
        "urllib3.connectionpool.HTTPConnectionPool._get_conn",
    ]


def test_a_member_that_takes_other_arguments_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    original = BaseClient._resolve_endpoint_ruleset
    assert "request_context" in inspect.signature(original).parameters

    def changed(self: Any, request: Any) -> Any:
        return original(self, *request)

    monkeypatch.setattr(BaseClient, "_resolve_endpoint_ruleset", changed)
    assert missing_members(client()) == ["_resolve_endpoint_ruleset"]


def test_the_scan_goes_on_with_the_plain_client_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    library = shipped_library()
    config = Config(targets=(TargetConfig(regions=("us-east-1",)),))

    def answers() -> dict[str, tuple[State, Any]]:
        (snapshot,) = pipeline.scan(config, library, checks=(CHECK,))
        return {key: (one.state, one.data) for key, one in snapshot.answers.items()}

    with beside(Organization(accounts=1)) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        fast = answers()
        assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []
        caplog.clear()
        rename(monkeypatch, BaseClient, "_serializer", "_request_serializer")
        with caplog.at_level(logging.WARNING):
            plain = answers()
    (record,) = caplog.records
    assert (
        "is not known to the fast client (no _serializer.serialize_to_request)"
        in record.getMessage()
    )
    assert record.getMessage().endswith("using the plain boto3 client")
    assert plain == fast
    assert any(account_id(0) in key or state.whole for key, (state, _) in plain.items())


def test_the_plain_client_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    from scanner.client.interfaces import Rules
    from scanner.providers.aws.connect import connect_target

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with beside(Organization(accounts=1)) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        config = TargetConfig(settings={"client": "boto3"})
        assert isinstance(connect_target(config, Rules()).access.operations, Boto3Operations)
        assert isinstance(connect_target(TargetConfig(), Rules()).access.operations, FastOperations)
