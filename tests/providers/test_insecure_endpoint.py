"""Credentials go over plain HTTP to this machine alone."""

from __future__ import annotations

import pytest

from scanner.client.interfaces import Rules
from scanner.client.this_machine import is_this_machine
from scanner.errors import NotConnectedError
from scanner.model.config import TargetConfig
from scanner.providers.aws import boto_sessions
from scanner.providers.aws.boto_sessions import InsecureEndpointError, SessionFactory, make_client
from scanner.providers.aws.connect import connect_target


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("[::1]", True), ("localhost", True),
        ("a.localhost", True), ("localhost.example.com", False), ("10.0.0.1", False),
        ("127.0.0.1.example.com", False), ("0.0.0.0", False), ("169.254.169.254", False),
    ],
)  # fmt: skip
def test_this_machine(host: str, here: bool) -> None:
    assert is_this_machine(host) is here


@pytest.mark.parametrize("client", ["fast", "boto3"])
def test_another_machine_gets_no_credentials_over_plain_http(
    client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://moto.example.com:4566")
    config = TargetConfig(settings={"client": client})
    with pytest.raises(NotConnectedError, match=r"moto\.example\.com is another machine") as caught:
        connect_target(config, Rules())
    assert "--insecure-endpoint" in caught.value.hint


def test_who_insists_gets_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://moto.example.com:4566")
    create = SessionFactory(profile="").botocore().create_client
    with pytest.raises(InsecureEndpointError):
        make_client(create, "sqs", "eu-west-1")
    made = make_client(create, "sqs", "eu-west-1", insecure=True)
    assert made.own_endpoint
    assert not make_client(create, "kms", "eu-west-1").own_endpoint
    assert boto_sessions.USER_AGENT
