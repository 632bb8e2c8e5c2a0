"""Redaction: what is a secret is gone from what is kept, wherever it stands."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import Any

import pytest

from scanner.client import secret_detection
from scanner.client.interfaces import Rules
from scanner.client.redaction import Redactor
from scanner.client.secret_detection import AWS_SECRET, Detector, forms
from tests.helpers.secret_examples import ENCODINGS, examples

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
    "arn:aws:iam::aws:policy/AWSBillingConductorReadOnlyAccess",
    "arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForCostOptimizationHub",
    "IamViaCfnTgwLambdaRoleOperationsReadOnly",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com/app@sha256:" + "0123456789abcdef" * 4,
    "docker.io/library/nginx:1.25@sha256:" + "0123456789abcdef" * 4,
    "sha512-"
    + "qM4xJ0bVb2wW8v1m3kz5T7y9A1c3E5g7I9k1M3o5Q7s9U1w3Y5a7C9e1G3i5K7m9O1q3S5u7W9y1A3c5E7g9I==",
    "-----BEGIN CERTIFICATE-----\n"
    + ("MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n" * 4)
    + "qZ8Kx3Vb7Wn2Ym5Tc9Rd4Gf6Hj1Lp0Sa8Eu3Io5b\n-----END CERTIFICATE-----",
    "projects/acme/secrets/db-password/versions/3",
    "/subscriptions/ea42f556-5106-4743-99b0-c129bfa71a47/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/v1yghq6zt4ewg2e",
    '"BwXhqDVVrkg="',
    "W/\"datetime'2026-01-01T00%3A00%3A00.0000000Z'\"",
    "MDExOlB1bGxSZXF1ZXN0MTIzNDU2Nzg5",
    "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4",
    "token.actions.githubusercontent.com:sub",
    "repo:acme/shop:ref:refs/heads/main",
    'protoPayload.methodName="SetIamPolicy" AND protoPayload.serviceData.policyDelta:*',
    "{ ($.eventSource = kms.amazonaws.com) && (($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion)) }",
    "key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "Basic authentication is off; bearer authentication is required",
    "Secrets: rotate within {params.days} days",
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
    assert len(redacted) == 3


EXAMPLES = examples()


def test_every_form_has_an_example_and_a_source() -> None:
    named = {form.name for form in forms() if form.where == "text"}
    assert {example.form for example in EXAMPLES} == {*named, AWS_SECRET}
    assert len(named) >= 45
    assert all(form.source.startswith("https://") for form in forms())
    assert {form.where for form in forms()} == {"text", "member"}


@pytest.mark.parametrize("form", sorted({example.form for example in EXAMPLES}))
def test_a_secret_is_found_in_every_encoding(detector: Detector, form: str) -> None:
    found: set[str] = set()
    for example in EXAMPLES:
        if example.form == form:
            for name, encode in ENCODINGS.items():
                kind = detector.find(encode(example.text))
                assert kind, (name, example.text)
                found.add(kind)
    assert form in found


def test_each_form_finds_its_own_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where another form would find them: no row of the table is there in vain."""
    for form in forms():
        if form.where == "text":
            monkeypatch.setattr(secret_detection, "forms", lambda form=form: (form,))
            alone = Detector()
            for example in EXAMPLES:
                if example.form == form.name:
                    assert alone.find(example.text) == form.name, example.text


def test_a_bare_secret_is_known_by_its_form(detector: Detector) -> None:
    data = {"Note": SECRET, "Digest": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}
    cleaned, _ = Redactor(Rules(), detector).clean("x:Y", data)
    assert cleaned == {**data, "Note": {"$redacted": "AWS secret access key"}}


@pytest.mark.parametrize(
    "record",
    [
        {"MasterUserPassword": "hunter22"},
        {"Name": "DB_PASSWORD", "Value": "hunter22"},
        {"key": "api_key", "value": "hunter22"},
        {"ParameterKey": "ClientSecret", "ParameterValue": "hunter22"},
        {"HeaderName": "X-Origin-Verify", "HeaderValue": "hunter22"},
        {"sts:ExternalId": ["hunter22"]},
        {"STS:externalid": "hunter22"},
    ],
)
def test_a_secret_is_known_by_the_name_beside_it(
    detector: Detector, record: dict[str, Any]
) -> None:
    cleaned, redacted = Redactor(Rules(), detector).clean("x:Y", {"Inner": [record]})
    assert "hunter22" not in repr(cleaned)
    assert len(redacted) == 1


@pytest.mark.parametrize(
    "record",
    [
        {"MasterUserPassword": "********"},
        {"Name": "DB_PASSWORD", "Value": "{{resolve:secretsmanager:db}}"},
        {"Key": "ClientSecret", "Value": "arn:aws:secretsmanager:us-east-1:123456789012:secret:x"},
        {"Key": "api_key", "Value": "true"},
        {"Name": "Region", "Value": "hunter22"},
        {"PasswordPolicy": "strict-one"},
        {"HttpTokens": "required"},
        {"sts:ExternalId": "*"},
        {"KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"},
    ],
)
def test_a_name_alone_makes_no_secret(detector: Detector, record: dict[str, Any]) -> None:
    assert Redactor(Rules(), detector).clean("x:Y", record) == (record, ())


def test_declared_paths_are_replaced_whatever_they_hold(detector: Detector) -> None:
    rules = Rules(
        secrets={"lambda:ListFunctions": ("Functions[].Environment.Variables.*",)},
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


def test_a_json_text_keeps_what_is_no_secret(detector: Detector) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Sid": KEY_ID, "Effect": "Deny"}]}
    cleaned, redacted = Redactor(Rules(), detector).clean("x:Y", {"Policy": json.dumps(document)})
    document["Statement"] = [{"Sid": {"$redacted": "AWS access key"}, "Effect": "Deny"}]
    assert json.loads(cleaned["Policy"]) == document
    assert redacted == ("Policy.Statement[0].Sid",)


@pytest.mark.parametrize(
    "text",
    [
        f'{{"a": "x", "a": "{KEY_ID}"}}',
        f'{{"a": "{KEY_ID}", "b": NaN}}',
        f'{{"a": "{KEY_ID}"',
        f'{{"a": "{KEY_ID}", "x": ' + "[" * 600 + "]" * 600 + "}",
        f'["x"] {KEY_ID}',
    ],
)
def test_a_text_that_is_no_json_is_replaced_whole(detector: Detector, text: str) -> None:
    cleaned, redacted = Redactor(Rules(), detector).clean("x:Y", {"Policy": text})
    assert cleaned == {"Policy": {"$redacted": "AWS access key"}}
    assert redacted == ("Policy",)


def test_a_json_text_that_is_a_secret_itself_is_replaced_whole(detector: Detector) -> None:
    text = json.dumps({"key": KEY_ID, "user": "hunter22"})
    cleaned, redacted = Redactor(Rules(), detector).clean("x:Y", {"SecretString": text})
    assert cleaned == {"SecretString": {"$redacted": "Secret member"}}
    assert redacted == ("SecretString",)


def test_of_a_declared_secret_a_part_may_be_kept(detector: Detector) -> None:
    keeps = {"s:list": {"Items[].Endpoint": "(https?://[a-z.]+|[A-Za-z0-9_]+@[a-z.]+)(?:/.*)?"}}
    redactor = Redactor(Rules(keeps=keeps), detector)
    given = [
        "https://hooks.example.com/T1/verysecret",
        "https://hooks.example.com/T1/other",
        "https://hooks.example.com",
        "ann@example.com",
        "https://ann:pass@hooks.example.com/x",
        "ghp_" + "a1B2" * 9 + "@example.com",
    ]
    data = {"Items": [{"Endpoint": one, "Note": one} for one in given[:4]]}
    data["Items"] += [{"Endpoint": one} for one in given[4:]]
    cleaned, redacted = redactor.clean("s:list", data)
    kept = [item["Endpoint"] for item in cleaned["Items"]]
    assert kept[0].startswith("https://hooks.example.com/$redacted:")
    assert kept[0] != kept[1]
    assert kept[2:4] == given[2:4]
    assert kept[4:] == [{"$redacted": "declared secret"}] * 2
    assert redacted == tuple(f"Items[{index}].Endpoint" for index in (0, 1, 4, 5))
    assert redactor.clean("s:list", cleaned) == (cleaned, ())


def test_a_path_may_go_through_any_number_of_members(detector: Detector) -> None:
    rules = Rules(secrets={"w:get": ("Acl.**.Search", "Acl.**.Headers[].Value")})
    data = {
        "Acl": {
            "Search": "s1",
            "Rules": [{"Or": {"Parts": [{"Search": "s2"}], "Search": {"deep": "s3"}}}],
            "Headers": [{"Name": "n", "Value": "s4"}],
            "Deep": {"Headers": [{"Name": "n", "Value": "s5"}]},
        },
        "Search": "outside",
    }
    cleaned, redacted = Redactor(rules, detector).clean("w:get", data)
    assert re.findall(r"s\d", repr(cleaned)) == []
    assert cleaned["Search"] == "outside"
    assert len(redacted) == 5


@pytest.mark.parametrize("name", SECRETS)
def test_what_is_redacted_stays_as_it_is(detector: Detector, name: str) -> None:
    secret = SECRETS[name]
    redactor = Redactor(Rules(secrets={"x:Y": ("A.*", "A")}), detector)
    data = {"A": {"B": "x"}, "C": [secret, json.dumps({"D": secret})], secret: secret, "E": "e"}
    once, redacted = redactor.clean("x:Y", data)
    assert len(redacted) >= 4 - (name in ("url", "password"))
    assert redactor.clean("x:Y", once) == (once, ())
    assert Redactor(Rules(secrets={"x:Y": ("A.*", "A")})).clean("x:Y", data) == (once, redacted)


def test_an_answer_cannot_forge_a_mark(detector: Detector) -> None:
    data = {"A": {"$redacted": KEY_ID}, "B": {"$redacted": "declared secret", "C": KEY_ID}}
    cleaned, _ = Redactor(Rules(), detector).clean("x:Y", data)
    assert KEY_ID not in repr(cleaned)


def test_messages_and_codes_are_redacted_and_bounded(detector: Detector) -> None:
    redactor = Redactor(Rules(), detector)
    assert redactor.text(f"no {KEY_ID} here") == "(message redacted: AWS access key)"
    assert redactor.code(KEY_ID) == "(code redacted: AWS access key)"
    assert len(redactor.text("a " * 5_000)) == 501
    assert len(redactor.code("a " * 5_000)) == 201
    assert redactor.code("AccessDenied") == "AccessDenied"


def test_a_text_that_is_too_long_is_not_kept(detector: Detector) -> None:
    cleaned, _ = Redactor(Rules(), detector).clean("x:Y", {"A": "a " * 3_000_000})
    assert cleaned == {"A": {"$redacted": "too long to be searched"}}


def test_the_data_itself_is_not_changed(detector: Detector) -> None:
    data = {"A": [KEY_ID]}
    Redactor(Rules(), detector).clean("x:Y", data)
    assert data == {"A": [KEY_ID]}


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
