"""Reads which of the calls that blind an account a service control policy denies."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Final

from scanner.core.policies.document import Condition, Statement, read_document
from scanner.core.policies.wildcards import covers
from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import Unreadable

WATCHED: Final = (
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
    "config:DeleteConfigurationRecorder",
    "config:DeleteDeliveryChannel",
    "config:StopConfigurationRecorder",
    "guardduty:DeleteDetector",
    "guardduty:DisassociateFromAdministratorAccount",
    "guardduty:UpdateDetector",
    "organizations:LeaveOrganization",
)
"""Calls after which an account is no longer watched, or no longer governed by the organization."""

_ANYONE: Final = ("role/anyone", "user/anyone")
"""Ends of ARNs that stand for any principal: a pattern that matches one exempts everybody."""
_EXCEPT: Final = frozenset({"StringNotEquals", "StringNotLike", "ArnNotEquals", "ArnNotLike"})


def denials(
    context: ReadContext,
) -> Generator[Call, Answer, Mapping[str, list[str]] | Unreadable]:
    """`{"Actions": [...]}`: those of `WATCHED` that the listed policy denies to all but named
    principals.
    """
    if not isinstance(context.it, Mapping) or not isinstance(context.it.get("Id"), str):
        return Unreadable("a policy has no id")
    answer = yield Call(
        operation="organizations:DescribePolicy", region="", params={"PolicyId": context.it["Id"]}
    )
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    policy = answer.data.get("Policy")
    if not isinstance(policy, Mapping):
        return Unreadable("organizations:DescribePolicy returned no policy")
    statements = read_document(policy.get("Content"))
    if isinstance(statements, Unreadable):
        return statements
    return {"Actions": [action for action in WATCHED if _any_denies(statements, action.lower())]}


def _any_denies(statements: Sequence[Statement], action: str) -> bool:
    return any(_denies(statement, action) for statement in statements)


def _denies(statement: Statement, action: str) -> bool:
    # A denial for some resources, or under some condition, still allows the call otherwise.
    if statement.allow or statement.not_resource or "*" not in statement.resources:
        return False
    named = any(covers(pattern, action) for pattern in statement.actions)
    if named == statement.not_action:
        return False
    return all(_exempts_few(condition) for condition in statement.conditions)


def _exempts_few(condition: Condition) -> bool:
    """Whether a condition does no more than exempt named principals from a denial."""
    if condition.quantifier or condition.key != "aws:principalarn":
        return False
    if condition.operator not in _EXCEPT:
        return False
    for value in condition.values:
        end = value.rpartition(":")[2]
        if any(covers(end, anyone) for anyone in _ANYONE):
            return False
    return True
