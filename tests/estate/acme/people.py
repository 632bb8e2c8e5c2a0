"""People and roles, and what the credential report says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from tests.estate.acme import ACCOUNT, CREATED
from tests.estate.seed import Estate

ADMINISTRATOR: Final = "arn:aws:iam::aws:policy/AdministratorAccess"
_COLUMNS: Final = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
    "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"
    "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
    "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)
_NO_KEY: Final = ("false", "N/A", "N/A", "N/A", "N/A")
_REST: Final = (*_NO_KEY, "false", "N/A", "false", "N/A")
"""No second key and no certificates."""


def people(estate: Estate) -> None:
    """Two people, one of them without MFA; a pipeline with an old key; roles of machines."""
    iam = estate.client("iam")
    iam.create_account_alias(AccountAlias="acme-prod")
    iam.update_account_password_policy(
        MinimumPasswordLength=14,
        RequireSymbols=True,
        RequireNumbers=True,
        RequireUppercaseCharacters=True,
        RequireLowercaseCharacters=True,
        MaxPasswordAge=90,
        PasswordReusePrevention=24,
    )
    for name in ("maria.lopez", "james.okafor"):
        iam.create_user(UserName=name)
        iam.create_login_profile(UserName=name, Password="Correct-horse-1")
    _mfa(iam, "maria.lopez")
    iam.create_user(UserName="deploy-pipeline")
    iam.create_access_key(UserName="deploy-pipeline")
    iam.create_group(GroupName="developers")
    iam.attach_group_policy(
        GroupName="developers", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )
    for name in ("maria.lopez", "james.okafor"):
        iam.add_user_to_group(GroupName="developers", UserName=name)
    _deployment(iam)
    _role(iam, "platform-admin", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, mfa=True)
    iam.attach_role_policy(RoleName="platform-admin", PolicyArn=ADMINISTRATOR)
    for name, service in (("invoices", "lambda"), ("web", "ec2")):
        _role(iam, name, {"Service": f"{service}.amazonaws.com"})


def _mfa(iam: Any, user: str) -> None:
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName=user)
    iam.enable_mfa_device(
        UserName=user,
        SerialNumber=made["VirtualMFADevice"]["SerialNumber"],
        AuthenticationCode1="123456",
        AuthenticationCode2="654321",
    )


def _deployment(iam: Any) -> None:
    allowed = {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": "arn:aws:s3:::acme-*/*"}
    made = iam.create_policy(
        PolicyName="deploy",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )
    iam.create_group(GroupName="deployment")
    iam.attach_group_policy(GroupName="deployment", PolicyArn=made["Policy"]["Arn"])
    iam.add_user_to_group(GroupName="deployment", UserName="deploy-pipeline")


def _role(iam: Any, name: str, principal: Mapping[str, str], *, mfa: bool = False) -> None:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": dict(principal),
        "Action": "sts:AssumeRole",
    }
    if mfa:
        statement["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))


def credential_report(night: datetime) -> bytes:
    """The report of a night: root with MFA, james.okafor without, a key of 412 days."""

    def ago(days: int) -> str:
        return f"{night - timedelta(days=days):%Y-%m-%dT%H:%M:%S+00:00}"

    created = f"{CREATED:%Y-%m-%dT%H:%M:%S+00:00}"
    password = ("true", ago(1), ago(30), ago(-60))
    none = ("false", "N/A", "N/A", "N/A")
    old_key = ("true", ago(412), ago(1), "eu-west-1", "s3")
    root_password = ("not_supported", ago(220), "not_supported", "not_supported")
    rows = [
        ("<root_account>", "root", ago(900), *root_password, "true", *_NO_KEY),
        ("maria.lopez", "user/maria.lopez", created, *password, "true", *_NO_KEY),
        ("james.okafor", "user/james.okafor", created, *password, "false", *_NO_KEY),
        ("deploy-pipeline", "user/deploy-pipeline", ago(412), *none, "false", *old_key),
    ]
    lines = [_COLUMNS]
    for name, path, *values in rows:
        lines.append(",".join((name, f"arn:aws:iam::{ACCOUNT}:{path}", *values, *_REST)))
    return "\n".join(lines).encode()
