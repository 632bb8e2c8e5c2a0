"""The organization, and the people in its Identity Center."""

from __future__ import annotations

import json

from tests.estate.seed import REGIONS, Estate

MINE = "123456789012"


def directory(estate: Estate) -> None:
    """Two accounts beside ours, one of them ruled by a policy; a person who administers, a person
    of a group."""
    leader = estate.client("organizations")
    leader.create_organization(FeatureSet="ALL")
    root = leader.list_roots()["Roots"][0]["Id"]
    unit = leader.create_organizational_unit(ParentId=root, Name="production")[
        "OrganizationalUnit"
    ]["Id"]
    guard = {
        "Effect": "Deny",
        "Action": ["organizations:LeaveOrganization", "cloudtrail:*"],
        "Resource": "*",
    }
    made = leader.create_policy(
        Name="guard",
        Description="guard",
        Type="SERVICE_CONTROL_POLICY",
        Content=json.dumps({"Version": "2012-10-17", "Statement": [guard]}),
    )["Policy"]["PolicySummary"]["Id"]
    leader.attach_policy(PolicyId=made, TargetId=unit)
    for name in ("shop", "lab"):
        account = leader.create_account(Email=f"{name}@example.com", AccountName=name)[
            "CreateAccountStatus"
        ]["AccountId"]
        leader.tag_resource(
            ResourceId=account, Tags=[{"Key": "environment", "Value": "production"}]
        )
        if name == "shop":
            leader.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
    _people(estate)


def _people(estate: Estate) -> None:
    region = REGIONS[0]
    center, store = estate.client("sso-admin", region), estate.client("identitystore", region)
    # moto has an instance in every region.
    (instance,) = center.list_instances()["Instances"]
    arn, directory = instance["InstanceArn"], instance["IdentityStoreId"]
    reading = center.create_permission_set(Name="read", InstanceArn=arn)["PermissionSet"][
        "PermissionSetArn"
    ]
    center.attach_managed_policy_to_permission_set(
        InstanceArn=arn,
        PermissionSetArn=reading,
        ManagedPolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess",
    )
    user = store.create_user(
        IdentityStoreId=directory,
        UserName="ana",
        DisplayName="Ana",
        Name={"GivenName": "Ana", "FamilyName": "A"},
        Emails=[{"Value": "ana@example.com", "Primary": True}],
    )["UserId"]
    group = store.create_group(IdentityStoreId=directory, DisplayName="readers")["GroupId"]
    store.create_group_membership(
        IdentityStoreId=directory, GroupId=group, MemberId={"UserId": user}
    )
    center.create_account_assignment(
        InstanceArn=arn,
        TargetId=MINE,
        TargetType="AWS_ACCOUNT",
        PermissionSetArn=reading,
        PrincipalType="GROUP",
        PrincipalId=group,
    )
