"""The reader of service control policies: which of the calls that blind an account one of them denies to everyone."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

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
"""Calls after which an account is no longer watched, or no longer ruled by the organisation."""

_ANYONE: Final = ("role/anyone", "user/anyone")
"""What an ARN of whole accounts, or of everybody, ends in or stands for."""
_EXCEPT: Final = frozenset({"StringNotEquals", "StringNotLike", "ArnNotEquals", "ArnNotLike"})


def denials(context: ReadContext) -> Generator[Call, Answer, Any]:
    """`{"Actions": [...]}`: those of `WATCHED` that the listed policy denies to all but named principals."""
    if not isinstance(context.it, Mapping) or not isinstance(context.it.get("Id"), str):
        return Unreadable("a policy has no id")
    answer = yield Call(
        operation="organizations:DescribePolicy", region="", params={"PolicyId": context.it["Id"]}
    )
    if answer.state is not State.OK or not isinstance(answer.data, Mapping):
        return answer.unread
    policy = answer.data.get("Policy")
    if not isinstance(policy, Mapping):
        return Unreadable("organizations:DescribePolicy gave no policy")
    statements = read_document(policy.get("Content"))
    if isinstance(statements, Unreadable):
        return statements
    return {
        "Actions": [
            action for action in WATCHED if any(_denies(one, action.lower()) for one in statements)
        ]
    }


def _denies(statement: Statement, action: str) -> bool:
    if statement.allow or statement.not_resource or "*" not in statement.resources:
        return False
    named = any(covers(pattern, action) for pattern in statement.actions)
    return named != statement.not_action and all(map(_exempts_few, statement.conditions))


def _exempts_few(condition: Condition) -> bool:
    """Whether a condition does no more than leave named principals out of a denial."""
    if (
        condition.quantifier
        or condition.key != "aws:principalarn"
        or condition.operator not in _EXCEPT
    ):
        return False
    return not any(
        covers(value.rpartition(":")[2], anyone) for value in condition.values for anyone in _ANYONE
    )
