"""Conditional access as Graph writes it: a policy for everybody and everything, and all that
narrows it (authored)."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.answers import Target
from tests.helpers.check_answers import denied
from tests.helpers.check_answers_azure import values, verdict

TENANT = Target("azure:11111111-0000-4000-8000-000000000011")
GLASS = "3f0c1c6e-0000-4000-8000-000000000001"
POLICIES = "graph:ListConditionalAccessPolicies"


def access(**changes: Any) -> dict[str, Any]:
    """A policy that asks everybody for a second factor, as Graph writes it, with changes by dotted
    path."""
    policy: dict[str, Any] = {
        "id": "p", "displayName": "MFA for all", "state": "enabled", "sessionControls": None,
        "conditions": {
            "users": {
                "includeUsers": ["All"], "excludeUsers": [GLASS], "includeGroups": [], "excludeGroups": [],
                "includeRoles": [], "excludeRoles": [], "excludeGuestsOrExternalUsers": None,
            },
            "applications": {"includeApplications": ["All"], "excludeApplications": [], "applicationFilter": None},
            "clientAppTypes": ["all"], "platforms": None, "locations": None, "devices": None,
            "clientApplications": None, "authenticationFlows": None, "insiderRiskLevels": None,
            "signInRiskLevels": [], "userRiskLevels": [], "servicePrincipalRiskLevels": [],
        },
        "grantControls": {
            "operator": "OR", "builtInControls": ["mfa"], "customAuthenticationFactors": [], "termsOfUse": [],
            "authenticationStrength": None,
        },
    }  # fmt: skip
    for path, value in changes.items():
        *above, last = path.split("__")
        inside = policy
        for step in above:
            inside = inside[step]
        inside[last] = value
    return policy


def mfa(*policies: Any) -> str:
    """What the check on the second factor says of a directory with these policies."""
    return verdict(
        "azure-entra-mfa-enforced",
        {POLICIES: values(*policies)},
        target=TENANT,
        break_glass_users=[GLASS, "emergency"],
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"conditions__platforms": {"includePlatforms": ["all"], "excludePlatforms": []}},
        {"conditions__locations": {"includeLocations": ["All"], "excludeLocations": []}},
        {
            "grantControls__operator": "AND",
            "grantControls__builtInControls": ["mfa", "compliantDevice"],
        },
        {
            "grantControls__builtInControls": [],
            "grantControls__authenticationStrength": {"id": "s", "requirementsSatisfied": "mfa"},
        },
        {"conditions__somethingNew": None},
    ],
)
def test_a_policy_for_everybody_and_everything_passes(changes: dict[str, Any]) -> None:
    assert mfa(access(**changes)) == "pass"


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "disabled"},
        {"state": "enabledForReportingButNotEnforced"},
        {"conditions__users__includeUsers": ["GuestsOrExternalUsers"]},
        {"conditions__users__excludeUsers": [GLASS, "3f0c1c6e-0000-4000-8000-000000000002"]},
        {"conditions__users__excludeGroups": ["3f0c1c6e-0000-4000-8000-000000000003"]},
        {"conditions__users__excludeRoles": ["62e90394-69f5-4237-9190-012177145e10"]},
        {
            "conditions__users__excludeGuestsOrExternalUsers": {
                "guestOrExternalUserTypes": "b2bCollaborationGuest"
            }
        },
        {"conditions__applications__includeApplications": ["Office365"]},
        {"conditions__applications__excludeApplications": ["00000002-0000-0ff1-ce00-000000000000"]},
        {"conditions__applications__applicationFilter": {"mode": "exclude", "rule": "x"}},
        {"conditions__clientAppTypes": ["browser", "mobileAppsAndDesktopClients"]},
        {"conditions__platforms": {"includePlatforms": ["all"], "excludePlatforms": ["iOS"]}},
        {"conditions__platforms": {"includePlatforms": ["windows"], "excludePlatforms": []}},
        {
            "conditions__locations": {
                "includeLocations": ["All"],
                "excludeLocations": ["AllTrusted"],
            }
        },
        {"conditions__signInRiskLevels": ["high"]},
        {"conditions__userRiskLevels": ["high"]},
        {"conditions__servicePrincipalRiskLevels": ["high"]},
        {"conditions__insiderRiskLevels": "elevated"},
        {
            "conditions__devices": {
                "deviceFilter": {"mode": "exclude", "rule": "device.isCompliant -eq True"}
            }
        },
        {
            "conditions__clientApplications": {
                "includeServicePrincipals": ["ServicePrincipalsInMyTenant"]
            }
        },
        {"conditions__authenticationFlows": {"transferMethods": "deviceCodeFlow"}},
        {"conditions__somethingNew": "some"},
        {"grantControls__builtInControls": ["mfa", "compliantDevice"]},
        {"grantControls__builtInControls": ["block"]},
        {"grantControls__termsOfUse": ["t"]},
        {"grantControls__customAuthenticationFactors": ["other"]},
        {
            "grantControls__builtInControls": [],
            "grantControls__authenticationStrength": {"id": "s", "requirementsSatisfied": "none"},
        },
        {"grantControls": None},
    ],
)
def test_whatever_narrows_the_policy_fails(changes: dict[str, Any]) -> None:
    assert mfa(access(**changes)) == "fail"


def test_a_condition_that_nobody_knows_here_is_not_judged() -> None:
    assert mfa(access(conditions__somethingNew={"mode": "exclude"})) == "unknown"
    assert mfa(access(conditions__somethingNew={"mode": "exclude"}), access(id="q")) == "pass"


def test_security_defaults_are_no_policy_for_everybody() -> None:
    table = {
        POLICIES: values(),
        "graph:GetIdentitySecurityDefaultsEnforcementPolicy": {"isEnabled": True},
    }
    assert verdict("azure-entra-mfa-enforced", table, target=TENANT) == "fail"
    assert verdict("azure-entra-mfa-enforced-some-form", table, target=TENANT) == "pass"
    assert verdict("azure-entra-mfa-enforced", {POLICIES: denied}, target=TENANT) == "unknown"
