"""Evaluates the conditions of identity policies for one request, in three values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from scanner.core.policies.document import Condition
from scanner.core.policies.truth import Truth, all_of
from scanner.core.policies.wildcards import covers
from scanner.model.values import Unreadable

_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_SECOND_FACTOR: Final = frozenset({"aws:multifactorauthpresent", "aws:multifactorauthage"})
"""Keys of conditions that every principal with the right can meet."""
_CALLED_THROUGH: Final = frozenset(
    {"aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "aws:viaawsservice"}
)
"""Keys that a direct call does not have, or has as `false`."""
_CHOSEN: Final = frozenset({"aws:securetransport", "sts:externalid", "sts:rolesessionname"})
"""Keys whose value is the caller's own choice."""
_WITHOUT_REGION: Final = frozenset({"iam", "sts"})
"""Services whose calls are made in a region that the caller does not choose."""
_EQUAL: Final = frozenset({"StringEquals", "ArnEquals", "ArnLike", "StringLike", "Bool"})
_NEGATIONS: Final = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
_POSITIVE: Final = frozenset({*_EQUAL, "StringEqualsIgnoreCase"})


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of a request: its action, the resource it names, and keys of its context."""

    action: str
    resource: str
    """The ARN; empty where the caller may choose any."""
    context: Mapping[str, str]
    """By key in lower case: its one value, empty where the request certainly has none.

    What is not in it is not known.
    """


def allow_applies(conditions: Iterable[Condition], request: Request) -> Truth:
    """Whether the caller can meet the conditions of an Allow."""
    return all_of(_can_be_met(condition, request) for condition in conditions)


def deny_applies(conditions: Iterable[Condition], request: Request) -> Truth:
    """Whether the conditions of a Deny hold, whatever the caller does."""
    return all_of(_cannot_be_avoided(condition, request) for condition in conditions)


def substituted(text: str, context: Mapping[str, str]) -> str:
    """The text with the policy variables replaced whose value is known."""

    def value(match: re.Match[str]) -> str:
        return context.get(match[1].lower(), match[0])

    return _VARIABLE.sub(value, text)


def widened(text: str) -> str:
    """The text with each policy variable as a wildcard, which matches no less."""
    return _VARIABLE.sub("*", text)


def _can_be_met(condition: Condition, request: Request) -> Truth:
    if condition.key in _SECOND_FACTOR or _is_chosen(condition, request):
        return True
    held = _holds(condition, request)
    if held is None:
        action = request.action
        return Unreadable(f"{action} is allowed under a condition on {condition.key}")
    return held


def _cannot_be_avoided(condition: Condition, request: Request) -> Truth:
    # A Deny without a second factor does not hold a principal back that has one.
    if condition.key in _SECOND_FACTOR or _is_chosen(condition, request):
        return False
    if condition.key in _CALLED_THROUGH and _wants_a_service_between(condition):
        return False
    held = _holds(condition, request)
    if held is None:
        return Unreadable(f"{request.action} is denied under a condition on {condition.key}")
    return held


def _is_chosen(condition: Condition, request: Request) -> bool:
    """Whether the caller chooses the value, and can choose one for and one against it."""
    if condition.quantifier or not condition.values:
        return False
    if condition.key in _CHOSEN:
        return True
    if condition.key != "aws:requestedregion":
        return False
    if request.action.partition(":")[0] in _WITHOUT_REGION:
        return False
    is_compared = condition.operator in _POSITIVE or condition.operator in _NEGATIONS
    # `*` is every region, and a region that none is cannot be chosen.
    return is_compared and all(map(_names_region, condition.values))


def _names_region(text: str) -> bool:
    return re.fullmatch(r"[a-z]{2,5}(-[a-z*]+)+-?[0-9*]*", text) is not None


def _wants_a_service_between(condition: Condition) -> bool:
    if condition.quantifier == "ForAllValues" or condition.if_exists:
        return False
    if condition.operator == "Bool":
        return {value.lower() for value in condition.values} == {"true"}
    return condition.operator in ("StringEquals", "StringLike")


def _holds(condition: Condition, request: Request) -> bool | None:
    """Whether a condition holds; None where the request's value is not known."""
    if condition.key not in request.context:
        return None
    actual = request.context[condition.key]
    if condition.operator == "Null":
        missing = "false" if actual else "true"
        return missing in map(str.lower, condition.values)
    if not actual and (condition.if_exists or condition.quantifier == "ForAllValues"):
        return True
    wanted = [substituted(value, request.context) for value in condition.values]
    if any("${" in value for value in wanted):
        return None
    return _holds_for(condition.operator, wanted, actual)


def _holds_for(operator: str, wanted: Iterable[str], actual: str) -> bool | None:
    positive = _NEGATIONS.get(operator, operator)
    if positive not in _POSITIVE:
        return None
    # A key that is missing equals nothing, and so meets every negated operator.
    is_equal = actual != "" and any(_compares(positive, value, actual) for value in wanted)
    return is_equal != (operator in _NEGATIONS)


def _compares(operator: str, wanted: str, actual: str) -> bool:
    if operator == "StringEquals":
        return wanted == actual
    if operator in ("Bool", "StringEqualsIgnoreCase"):
        return wanted.lower() == actual.lower()
    if operator == "StringLike":
        return covers(wanted, actual)
    return arn_matches(wanted, actual)


def arn_matches(pattern: str, arn: str) -> bool:
    """Whether an ARN operator matches: part by part, so that no `*` runs over a colon."""
    wanted, actual = pattern.split(":", 5), arn.split(":", 5)
    if len(wanted) != len(actual):
        return False
    return all(map(covers, wanted, actual))
