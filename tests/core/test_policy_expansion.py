"""Wildcards match the actions that policy_sentry expands them to, out of all of AWS's."""

from __future__ import annotations

import logging
from fnmatch import fnmatchcase

import pytest
from policy_sentry.analysis.expand import expand
from policy_sentry.querying.all import get_all_actions

from scanner.core.policies.methods import table
from scanner.core.policies.wildcards import covers

logging.getLogger("policy_sentry").setLevel(logging.WARNING)

ALL_ACTIONS = frozenset(action.lower() for action in get_all_actions())
ESCALATION_ACTIONS = sorted({action for method in table() for action in method.actions})
WILDCARDS = [
    "*",
    "iam:*",
    "iam:Pass*",
    "iam:*Policy*",
    "iam:*Policy",
    "iam:CREATE*",
    "s3:*",
    "s3:Get*",
    "s3:Get*Acl",
    "s3:*Object",
    "s3:**Object*",
    "s3:G?t*",
    "ec2:*Instance*",
    "ec2:Run*",
    "lambda:*Function*Url*",
    "ecr:*Image",
    "sts:Assume*",
    "kms:*e*e*",
]


def ours(pattern: str) -> set[str]:
    return {action for action in ALL_ACTIONS if covers(pattern.lower(), action)}


@pytest.mark.parametrize("pattern", [*WILDCARDS, *ESCALATION_ACTIONS])
def test_a_pattern_matches_what_policy_sentry_expands_it_to(pattern: str) -> None:
    matched = ours(pattern)
    assert matched
    assert matched == {action.lower() for action in expand(pattern)}


@pytest.mark.parametrize("action", ESCALATION_ACTIONS)
def test_every_action_of_an_escalation_exists(action: str) -> None:
    # A misspelled action would match no policy, and its method would never be found.
    assert action in ALL_ACTIONS


@pytest.mark.parametrize("pattern", ["dynamodb:???????", "iam:?assRole", "s3:GetObjec?"])
def test_a_question_mark_alone_is_not_expanded_by_policy_sentry(pattern: str) -> None:
    # A known difference: policy_sentry returns such a pattern unchanged; IAM matches one character
    # with each `?`.
    assert expand(pattern) == [pattern]
    assert ours(pattern)
    assert ours(pattern) == {
        action for action in ALL_ACTIONS if fnmatchcase(action, pattern.lower())
    }


def test_a_service_that_is_not_its_exact_prefix_is_not_expanded_by_policy_sentry() -> None:
    # A known difference: policy_sentry looks the service up by its exact prefix; IAM takes `*:*`
    # for every action, and compares the prefix without case.
    for pattern in ("*:*", "IAM:Create*", "i*m:PassRole"):
        assert expand(pattern) == [pattern]
    assert ours("*:*") == ALL_ACTIONS
    assert ours("IAM:Create*") == ours("iam:Create*")
    assert ours("i*m:PassRole") == {"iam:passrole"}
