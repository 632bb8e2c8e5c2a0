"""Redaction: what is a secret is gone from what is kept, and what an attribute reads is not
touched."""

from __future__ import annotations

import base64
import gzip
import sys
from typing import Any

import pytest

from scanner.client.interfaces import Rules
from scanner.client.redaction import Redactor
from scanner.client.secret_detection import Detector
from scanner.errors import TscanError

# Put together here, so that no scanner of secrets stops at this file.
KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG" + "/bPxRfiCYEXAMPLEKEY"
PRIVATE = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"
ENCRYPTED = "-----BEGIN ENCRYPTED " + "PRIVATE KEY-----\nMIIE"
JWT = (
    "eyJhbGciOiJIUzI1NiJ9"
    + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)
SECRETS = {
    "key id": KEY_ID,
    "quoted": f'aws_secret_access_key = "{SECRET}"',
    "unquoted": f"export AWS_SECRET_ACCESS_KEY={SECRET}",
    "private key": PRIVATE,
    "encrypted key": ENCRYPTED,
    "jwt": f"Authorization: Bearer {JWT}",
    "url": "postgres://app:hunter2@db.internal/app",
    "password": "DB_PASSWORD=correct-horse",
    "github": "ghp_" + "a1B2" * 9,
    "base64": base64.b64encode(
        f"#!/bin/sh\nexport AWS_SECRET_ACCESS_KEY={SECRET}\n".encode()
    ).decode(),
    "gzip": base64.b64encode(gzip.compress(f"#!/bin/sh\nKEY={KEY_ID}\n".encode())).decode(),
}
HARMLESS = [
    "arn:aws:sns:us-east-1:123456789012:a-topic-with-a-rather-long-name-of-many-letters",
    "sg-0123456789abcdef0",
    "8a1b2c3d-1111-2222-3333-444455556666",
    "AROAJQABLZS4A3QDU576Q",
    "2026-01-01T00:00:00Z",
    "https://sqs.us-east-1.amazonaws.com/123456789012/queue",
    '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }',
    "Rotates the database password every 30 days",
    "password_enabled",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
]


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_found(detector: Detector, name: str) -> None:
    assert detector.find(SECRETS[name])


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_values_are_left(detector: Detector, text: str) -> None:
    assert detector.find(text) == ""


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_gone_wherever_it_stands(detector: Detector, name: str) -> None:
    secret = SECRETS[name]
    data = {"UserData": secret, "Tags": [{"Key": "k", "Value": secret}], "Map": {secret: "x"}}
    cleaned, redacted = Redactor(Rules(), detector).clean("ec2:DescribeInstances", data)
    assert secret not in repr(cleaned)
    assert redacted[:2] == ("UserData", "Tags[0].Value")
    assert len(redacted) == 3 or name in ("url", "password")


def test_a_bare_secret_is_known_by_its_key(detector: Detector) -> None:
    cleaned, _ = Redactor(Rules(), detector).clean("x:Y", {"SecretKey": SECRET, "Digest": "0" * 40})
    assert cleaned == {"SecretKey": {"$redacted": "AWS Access Key"}, "Digest": "0" * 40}


def test_declared_paths_are_replaced_whatever_they_hold(detector: Detector) -> None:
    rules = Rules(
        secrets={"lambda:ListFunctions": ("Functions[].Environment.Variables.*",)},
        read={"lambda:ListFunctions": frozenset({"Functions[].Environment.Variables"})},
    )
    data: dict[str, Any] = {
        "Functions": [
            {"Environment": {"Variables": {"A": "1", "B": {"deep": "2"}}}},
            {"Environment": {}},
            {"Name": "A"},
        ]
    }
    cleaned, redacted = Redactor(rules, detector).clean("lambda:ListFunctions", data)
    mark = {"$redacted": "declared secret"}
    assert cleaned["Functions"][0]["Environment"]["Variables"] == {"A": mark, "B": mark}
    assert cleaned["Functions"][1:] == data["Functions"][1:]
    assert redacted == (
        "Functions[0].Environment.Variables.A",
        "Functions[0].Environment.Variables.B",
    )


def test_what_an_attribute_reads_is_not_detected(detector: Detector) -> None:
    rules = Rules(
        read={"iam:ListAccessKeys": frozenset({"AccessKeyMetadata[].AccessKeyId", "Policy"})}
    )
    data = {
        "AccessKeyMetadata": [{"AccessKeyId": KEY_ID, "Note": KEY_ID}],
        "Policy": {"Statement": [{"Sid": KEY_ID, KEY_ID: "x"}]},
    }
    cleaned, redacted = Redactor(rules, detector).clean("iam:ListAccessKeys", data)
    assert cleaned["AccessKeyMetadata"][0]["AccessKeyId"] == KEY_ID
    assert cleaned["Policy"] == data["Policy"]
    assert redacted == ("AccessKeyMetadata[0].Note",)
    # The same text is still a secret in an answer that nobody reads.
    assert Redactor(rules, detector).clean("iam:Other", data)[1]


def test_the_data_itself_is_not_changed(detector: Detector) -> None:
    data = {"A": [KEY_ID]}
    Redactor(Rules(), detector).clean("x:Y", data)
    assert data == {"A": [KEY_ID]}


def test_without_the_library_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "detect_secrets.plugins.aws", None)
    with pytest.raises(TscanError, match="secrets cannot be redacted") as caught:
        Detector()
    assert "detect-secrets" in caught.value.hint


def test_records_that_are_spared_keep_their_value(detector: Detector) -> None:
    rules = Rules(secrets={"c:get": ("meta.items[key!=mode,level].value",)})
    items = [
        {"key": "mode", "value": "on"},
        {"key": "level", "value": "2"},
        {"key": "script", "value": "echo"},
        {"key": ["mode"], "value": "list"},
        {"value": "nameless"},
    ]
    cleaned, paths = Redactor(rules, detector).clean("c:get", {"meta": {"items": items}})
    assert [item["value"] for item in cleaned["meta"]["items"]] == [
        "on",
        "2",
        *[{"$redacted": "declared secret"}] * 3,
    ]
    assert paths == tuple(f"meta.items[{index}].value" for index in (2, 3, 4))


@pytest.mark.parametrize("other", ["meta.items[].value", "meta.items[key!=level].value"])
def test_paths_that_differ_on_what_they_spare_spare_nothing(detector: Detector, other: str) -> None:
    paths = ("meta.items[key!=mode].value", other)
    for order in (paths, paths[::-1]):
        cleaned, _ = Redactor(Rules(secrets={"c:get": order}), detector).clean(
            "c:get", {"meta": {"items": [{"key": "mode", "value": "on"}]}}
        )
        assert cleaned["meta"]["items"][0]["value"] == {"$redacted": "declared secret"}
