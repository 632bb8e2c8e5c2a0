"""Reads whether the web ACL of a load balancer blocks requests, overridden rules included."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any, Final

from scanner.core.policies.truth import Truth, any_of
from scanner.core.reading.context import ReadContext
from scanner.model.answers import Answer, Call, State
from scanner.model.values import Unreadable

_OPERATION: Final = "wafv2:GetWebACLForResource"
_FIREWALL_MANAGER: Final = (
    "PreProcessFirewallManagerRuleGroups",
    "PostProcessFirewallManagerRuleGroups",
)
_STATEMENTS: Final = ("ManagedRuleGroupStatement", "RuleGroupReferenceStatement")
_BLOCKING_RULES: Final = {
    "AWSManagedRulesAdminProtectionRuleSet": 1,
    "AWSManagedRulesAmazonIpReputationList": 2,
    "AWSManagedRulesAnonymousIpList": 2,
    "AWSManagedRulesCommonRuleSet": 22,
    "AWSManagedRulesKnownBadInputsRuleSet": 11,
    "AWSManagedRulesLinuxRuleSet": 3,
    "AWSManagedRulesPHPRuleSet": 3,
    "AWSManagedRulesSQLiRuleSet": 5,
    "AWSManagedRulesUnixRuleSet": 3,
    "AWSManagedRulesWindowsRuleSet": 6,
    "AWSManagedRulesWordPressRuleSet": 2,
}
"""How many rules of AWS's groups block by themselves, as the AWS WAF Developer Guide lists them. A
group to which rules were added since is read as if it had the fewer: the worse reading."""
Row = Mapping[str, Any]


def web_acl(
    context: ReadContext,
) -> Generator[Call, Answer, Mapping[str, Any] | Unreadable]:
    """`{"ARN": …, "Blocks": …}` of a load balancer's web ACL; empty and false where it has none."""
    balancer = context.it
    if not isinstance(balancer, Mapping) or not isinstance(balancer.get("LoadBalancerArn"), str):
        return Unreadable("a load balancer has no ARN")
    # AWS WAF stands before application load balancers alone, and refuses to be asked of others.
    if balancer.get("Type") != "application":
        return {"ARN": "", "Blocks": False}
    answer = yield Call(
        operation=_OPERATION,
        region=context.region,
        params={"ResourceArn": balancer["LoadBalancerArn"]},
    )
    if answer.state not in (State.OK, State.EMPTY):
        return answer.unread
    found = answer.data.get("WebACL") if isinstance(answer.data, Mapping) else None
    if found is None:
        return {"ARN": "", "Blocks": False}
    if not isinstance(found, Mapping) or not isinstance(found.get("ARN"), str):
        return Unreadable(f"{_OPERATION} returned a web ACL in an unknown format")
    return {"ARN": found["ARN"], "Blocks": _blocks(found)}


def _blocks(acl: Row) -> Truth:
    if "Block" in _record(acl, "DefaultAction"):
        return True
    ways = [_rule_blocks(rule) for rule in _records(acl, "Rules")]
    for member in _FIREWALL_MANAGER:
        for group in _records(acl, member):
            statement = _record(group, "FirewallManagerStatement")
            ways.append(_group_blocks(_record(group, "OverrideAction"), statement))
    return any_of(ways)


def _rule_blocks(rule: Row) -> Truth:
    if "Block" in _record(rule, "Action"):
        return True
    return _group_blocks(_record(rule, "OverrideAction"), _record(rule, "Statement"))


def _group_blocks(override: Row, statement: Row) -> Truth:
    # Without `None` the group as a whole only counts, or it is no group.
    if "None" not in override:
        return False
    for member in _STATEMENTS:
        if member in statement:
            return _rules_block(_record(statement, member))
    return True


def _rules_block(group: Row) -> Truth:
    """Whether some rule of a group still blocks."""
    changed = {str(rule.get("Name")) for rule in _records(group, "ExcludedRules")}
    for rule in _records(group, "RuleActionOverrides"):
        if "Block" in _record(rule, "ActionToUse"):
            return True
        changed.add(str(rule.get("Name")))
    if not changed:
        return True
    name = str(group.get("Name", ""))
    if name not in _BLOCKING_RULES or group.get("VendorName") != "AWS":
        return Unreadable(
            f"rules of the group {name or group.get('ARN')} are overridden, and whether another "
            "one blocks is not read"
        )
    return len(changed) < _BLOCKING_RULES[name]


def _record(row: Row, member: str) -> Row:
    found = row.get(member)
    return found if isinstance(found, Mapping) else {}


def _records(row: Row, member: str) -> Iterator[Row]:
    found = row.get(member)
    if isinstance(found, list):
        yield from (element for element in found if isinstance(element, Mapping))
