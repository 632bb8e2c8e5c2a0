"""Opening an AWS account: who we are, where it is read, and one clear line where it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scanner.client.interfaces import Rules
from scanner.errors import TscanError
from scanner.model.answers import State
from scanner.model.config import TargetConfig
from scanner.providers import PROVIDERS
from scanner.providers.aws.connect import _unknown_region
from tests.helpers.scripted_aws import ALIAS, Reply, ec2_error, iam, query_error, regions


def test_the_account_is_named_by_its_id(opened: Any) -> None:
    session, _, _ = opened({})
    assert (session.target, session.name, session.partition) == ("aws:123456789012", "acme", "aws")
    assert session.callers[0].id == "arn:aws:iam::123456789012:user/auditor"
    assert (session.regions, session.regions_excluded, session.regions_open) == (
        ("eu-west-1", "us-east-1"),
        (),
        "",
    )
    assert sorted(answer.call.operation for answer in session.answers.values()) == [
        "ec2:DescribeRegions",
        "iam:ListAccountAliases",
        "sts:GetCallerIdentity",
    ]


def test_a_refused_alias_is_no_name_and_is_kept(opened: Any) -> None:
    session, _, _ = opened({"ListAccountAliases": [query_error("AccessDenied")]})
    assert session.name == ""
    assert State.DENIED in [answer.state for answer in session.answers.values()]


def test_chosen_regions_leave_others_out(opened: Any) -> None:
    session, _, _ = opened({}, target=TargetConfig(regions=("us-east-1",)))
    assert (session.regions, session.regions_excluded) == (("us-east-1",), ("eu-west-1",))


def test_refused_regions_leave_the_list_open(opened: Any) -> None:
    session, _, _ = opened({"DescribeRegions": [ec2_error("UnauthorizedOperation")]})
    assert session.regions == ("us-east-1",)
    assert "UnauthorizedOperation" in session.regions_open


def test_an_empty_list_of_regions_is_not_whole(opened: Any) -> None:
    session, _, _ = opened({"DescribeRegions": [regions()]})
    assert session.regions == ("us-east-1",)
    assert session.regions_open


@pytest.mark.parametrize("refused", [False, True])
def test_an_unknown_region_is_said_with_the_nearest(opened: Any, refused: bool) -> None:
    script = {"DescribeRegions": [ec2_error("UnauthorizedOperation")]} if refused else {}
    with pytest.raises(TscanError) as caught:
        opened(script, target=TargetConfig(regions=("us-east-11",)))
    assert "us-east-11" in caught.value.message
    assert caught.value.hint == "did you mean 'us-east-1'?"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredToken", "expired"),
        ("InvalidClientTokenId", "AWS rejected the credentials"),
        ("SignatureDoesNotMatch", "AWS rejected the credentials"),
        ("AccessDenied", "sts:GetCallerIdentity failed"),
    ],
)
def test_credentials_that_do_not_work(opened: Any, code: str, words: str) -> None:
    with pytest.raises(TscanError, match=words) as caught:
        opened({"GetCallerIdentity": [query_error(code)]})
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_an_endpoint_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with pytest.raises(TscanError, match=r"cannot be reached at http://127\.0\.0\.1:9") as caught:
        PROVIDERS.get("aws").connect(TargetConfig(), Rules(call_deadline=3))
    assert "\n" not in caught.value.message


def test_an_endpoint_that_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "not an address")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with pytest.raises(TscanError) as caught:
        PROVIDERS.get("aws").connect(TargetConfig(), Rules(call_deadline=3))
    assert "not an address" in caught.value.message


def test_no_credentials() -> None:
    with pytest.raises(TscanError, match="no AWS credentials") as caught:
        PROVIDERS.get("aws").connect(TargetConfig(), Rules())
    assert len(str(caught.value).splitlines()) == 2
    assert "tscan demo" in caught.value.hint


def test_half_of_the_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    with pytest.raises(TscanError, match="credentials") as caught:
        PROVIDERS.get("aws").connect(TargetConfig(), Rules())
    assert "AKIAIOSFODNN7EXAMPLE" not in str(caught.value)


@pytest.mark.parametrize("by_variable", [False, True])
def test_an_unknown_profile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, by_variable: bool
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile production]\nregion = us-east-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    if by_variable:
        monkeypatch.setenv("AWS_PROFILE", "prodution")
    with pytest.raises(TscanError, match="'prodution' does not exist") as caught:
        PROVIDERS.get("aws").connect(
            TargetConfig(profile="" if by_variable else "prodution"), Rules()
        )
    assert caught.value.hint == "did you mean 'production'?"


def test_a_profile_without_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[profile audit]\nregion = us-east-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with pytest.raises(TscanError, match="profile 'audit' has no credentials") as caught:
        PROVIDERS.get("aws").connect(TargetConfig(profile="audit"), Rules())
    assert caught.value.hint == "complete it: aws configure --profile audit"


def test_an_unknown_home_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "nowhere")
    with pytest.raises(TscanError, match="region 'nowhere' does not exist"):
        PROVIDERS.get("aws").connect(TargetConfig(), Rules())


def test_a_malformed_configuration_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[profile x\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with pytest.raises(TscanError, match="cannot be read"):
        PROVIDERS.get("aws").connect(TargetConfig(), Rules())


ROLE = TargetConfig(role_arn="arn:aws:iam::210987654321:role/auditor", external_id="ext-1")


def test_a_role_is_assumed_and_never_recorded(opened: Any) -> None:
    secret = "".join(("wJalrXUtnFEMI", "/K7MDENG/", "bPxRfiCYEXAMPLEKEY"))
    credentials = (
        f"<Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>"
        "<SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
    )
    session, provider, _ = opened({"AssumeRole": [iam("AssumeRole", credentials)]}, target=ROLE)
    assumed = [body for name, body in provider.asked if name == "AssumeRole"]
    assert len(assumed) == 1
    assert "ExternalId=ext-1" in assumed[0]
    assert "RoleSessionName=tscan" in assumed[0]
    assert secret not in repr(session.answers)
    assert "sts:AssumeRole" not in [answer.call.operation for answer in session.answers.values()]


def test_a_role_that_cannot_be_assumed(opened: Any) -> None:
    with pytest.raises(
        TscanError,
        match=r"role arn:aws:iam::210987654321:role/auditor cannot be assumed \(AccessDenied",
    ):
        opened(
            {"AssumeRole": [query_error("AccessDenied")], "ListAccountAliases": [ALIAS]},
            target=ROLE,
        )


def test_a_portals_page_is_not_an_account(opened: Any) -> None:
    with pytest.raises(TscanError):
        opened(
            {
                "GetCallerIdentity": [
                    Reply(body="<html><body>Log in</body></html>", kind="text/html")
                ]
            }
        )


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        (
            True,
            "region 'nowhere-1' does not exist or is not enabled in this account",
            "known: eu-west-1, us-east-1",
        ),
        (False, "region 'nowhere-1' does not exist", "known: eu-west-1, us-east-1"),
    ],
)
def test_an_unknown_region_says_only_what_was_asked(asked: bool, message: str, hint: str) -> None:
    error = _unknown_region("nowhere-1", ["eu-west-1", "us-east-1"], asked=asked)
    assert (error.message, error.hint) == (message, hint)
