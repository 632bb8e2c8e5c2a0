"""Azure's networks, from rules as Azure writes them to a verdict (authored)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.check_answers_azure import GROUP, listed, values, verdict

NSG = "Microsoft.Network:NetworkSecurityGroups_ListAll"
GATEWAYS = "Microsoft.Network:ApplicationGateways_ListAll"
WAF = "Microsoft.Network:WebApplicationFirewallPolicies_ListAll"
SERVERS = "Microsoft.Sql:Servers_List"
FIREWALL = "Microsoft.Sql:FirewallRules_ListByServer"


def rule(**changes: Any) -> dict[str, Any]:
    """A rule that lets the internet in at SSH, with changes."""
    return {
        "name": "r",
        "properties": {
            "protocol": "Tcp", "sourcePortRange": "*", "destinationPortRange": "22", "sourceAddressPrefix": "*",
            "destinationAddressPrefix": "*", "access": "Allow", "priority": 300, "direction": "Inbound",
            "sourcePortRanges": [], "destinationPortRanges": [], "sourceAddressPrefixes": [],
            "destinationAddressPrefixes": [], **changes,
        },
    }  # fmt: skip


def ssh(*rules: Any) -> str:
    """What the check on administration says of a group with these rules."""
    group = listed("Microsoft.Network/networkSecurityGroups", "g", securityRules=list(rules))
    return verdict("azure-nsg-no-public-admin-ports", {NSG: values(group)})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sourceAddressPrefix": "Internet"},
        {"sourceAddressPrefix": "0.0.0.0/0"},
        {"sourceAddressPrefix": "::/0"},
        {"sourceAddressPrefix": "AzureCloud"},  # every customer's machines
        {"sourceAddressPrefix": None, "sourceAddressPrefixes": ["10.0.0.0/8", "AzureCloud"]},
        {"sourceAddressPrefix": None, "sourceAddressPrefixes": ["10.0.0.0/8", "128.0.0.0/1"]},
        {"destinationPortRange": "20-25"},
        {"destinationPortRange": "*"},
        {"destinationPortRange": None, "destinationPortRanges": ["80", "22-22"]},
        {"protocol": "*"},
    ],
)
def test_every_way_of_letting_the_internet_in_is_seen(changes: dict[str, Any]) -> None:
    assert ssh(rule(**changes)) == "fail"


@pytest.mark.parametrize(
    "changes",
    [
        {"access": "Deny"},
        {"direction": "Outbound"},
        {"sourceAddressPrefix": "VirtualNetwork"},
        {"sourceAddressPrefix": "10.0.0.0/8"},
        {"sourceAddressPrefix": "fc00::/7"},
        {"sourceAddressPrefix": None, "sourceApplicationSecurityGroups": [{"id": "x"}]},
        {"destinationPortRange": "220"},
        {"destinationPortRange": "24-5984"},
        {"protocol": "Udp"},
    ],
)
def test_what_lets_nobody_in_is_let_be(changes: dict[str, Any]) -> None:
    assert ssh(rule(**changes)) == "pass"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "pass"),
        ({"protocol": "*", "destinationPortRange": "*", "sourceAddressPrefix": "Internet"}, "pass"),
        ({"priority": 301}, "fail"),
        ({"destinationPortRange": "23-80"}, "fail"),
        ({"sourcePortRange": "1024-65535"}, "fail"),
        ({"destinationAddressPrefix": "10.0.0.4"}, "fail"),
        ({"sourceAddressPrefix": "203.0.113.0/24"}, "fail"),
        ({"sourceAddressPrefix": None, "sourceAddressPrefixes": ["0.0.0.0/1"]}, "fail"),
        ({"protocol": "Udp"}, "fail"),
    ],
)
def test_an_earlier_rule_that_closes_the_port_counts(changes: dict[str, Any], said: str) -> None:
    closing = rule(**{"access": "Deny", "priority": 200, **changes})
    assert ssh(rule(), closing) == said


def test_a_port_that_cannot_be_read_is_not_judged() -> None:
    assert ssh(rule(destinationPortRange="ssh")) == "unknown"


def test_two_halves_of_the_internet_are_the_internet() -> None:
    server = listed("Microsoft.Sql/servers", "s", publicNetworkAccess="Enabled")

    def said(*ranges: tuple[str, str]) -> str:
        rules = [
            {"properties": {"startIpAddress": first, "endIpAddress": last}}
            for first, last in ranges
        ]
        return verdict(
            "azure-sql-network-restricted", {SERVERS: values(server), FIREWALL: values(*rules)}
        )

    assert said(("0.0.0.0", "255.255.255.255")) == "fail"
    assert said(("0.0.0.0", "127.255.255.255"), ("128.0.0.0", "255.255.255.255")) == "fail"
    assert said(("1.0.0.0", "126.0.0.0")) == "fail"
    assert said(("203.0.113.7", "203.0.113.9"), ("0.0.0.0", "0.0.0.0")) == "pass"
    assert said(("203.0.113.9", "203.0.113.7")) == "unknown"


def test_a_firewall_policy_of_another_subscription_is_not_read() -> None:
    def said(policy: str) -> str:
        gateway = listed(
            "Microsoft.Network/applicationGateways", "g", firewallPolicy={"id": policy}
        )
        ruled = listed(
            "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies", "w",
            policySettings={"state": "Enabled", "mode": "Prevention"},
            managedRules={"managedRuleSets": [{"ruleSetType": "OWASP", "ruleSetVersion": "3.2"}]},
        )  # fmt: skip
        return verdict("azure-appgw-waf-and-tls", {GATEWAYS: values(gateway), WAF: values(ruled)})

    kind = "providers/Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies"
    assert said(f"{GROUP.lower()}/{kind}/w") == "pass"
    assert said(f"{GROUP}/{kind}/gone") == "fail"
    assert said(f"/subscriptions/another/resourceGroups/x/{kind}/w") == "unknown"


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"sslPolicy": {"policyType": "Custom", "minProtocolVersion": "TLSv1_2"}}, "pass"),
        (
            {"sslPolicy": {"policyType": "Predefined", "policyName": "AppGwSslPolicy20150501"}},
            "fail",
        ),
        ({"defaultPredefinedSslPolicy": "AppGwSslPolicy20220101"}, "pass"),
        ({"sslProfiles": [], "sslPolicy": None}, "unknown"),
        (
            {
                "defaultPredefinedSslPolicy": "AppGwSslPolicy20220101",
                "sslProfiles": [
                    {"properties": {"sslPolicy": {"minProtocolVersion": "TLSv1_0"}}},
                    {"properties": {}},
                ],
            },
            "fail",
        ),
    ],
)
def test_the_weakest_tls_policy_of_a_gateway_counts(properties: dict[str, Any], said: str) -> None:
    listeners = [{"properties": {"protocol": "Https"}}]
    gateway = listed(
        "Microsoft.Network/applicationGateways", "g", httpListeners=listeners, **properties
    )
    assert verdict("azure-appgw-waf-and-tls-version", {GATEWAYS: values(gateway)}) == said


def test_a_policy_of_a_listener_or_a_path_is_asked_instead_of_the_gateways() -> None:
    kind = "providers/Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies"
    own, other = {"id": f"{GROUP}/{kind}/w"}, {"id": f"{GROUP}/{kind}/counting"}
    ruled = listed(
        "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies", "w",
        policySettings={"state": "Enabled", "mode": "Prevention"},
        managedRules={"managedRuleSets": [{"ruleSetType": "OWASP", "ruleSetVersion": "3.2"}]},
    )  # fmt: skip

    def said(**properties: Any) -> str:
        gateway = listed("Microsoft.Network/applicationGateways", "g", **properties)
        return verdict("azure-appgw-waf-and-tls", {GATEWAYS: values(gateway), WAF: values(ruled)})

    def listener(policy: dict[str, str]) -> list[dict[str, Any]]:
        return [{"properties": {"protocol": "Http", "firewallPolicy": policy}}]

    def paths(policy: dict[str, str]) -> list[dict[str, Any]]:
        return [{"properties": {"pathRules": [{"properties": {"firewallPolicy": policy}}]}}]

    built_in = {"enabled": True, "firewallMode": "Prevention"}
    assert said(firewallPolicy=own, httpListeners=listener(own), urlPathMaps=paths(own)) == "pass"
    assert said(firewallPolicy=own, httpListeners=listener(other)) == "unknown"
    assert said(firewallPolicy=own, urlPathMaps=paths(other)) == "unknown"
    assert said(webApplicationFirewallConfiguration=built_in) == "pass"
    for part in ({"httpListeners": listener(other)}, {"urlPathMaps": paths(other)}):
        assert said(webApplicationFirewallConfiguration=built_in, **part) == "unknown"


@pytest.mark.parametrize(
    ("ipv6", "said"),
    [({}, "pass"), ({"isIPv6Enabled": "Disabled"}, "pass"), ({"isIPv6Enabled": "Enabled"}, "unknown")],
)  # fmt: skip
def test_rules_for_ipv6_of_a_server_are_not_read(ipv6: dict[str, str], said: str) -> None:
    server = listed("Microsoft.Sql/servers", "s", publicNetworkAccess="Enabled", **ipv6)
    narrow = {"properties": {"startIpAddress": "203.0.113.7", "endIpAddress": "203.0.113.9"}}
    table = {SERVERS: values(server), FIREWALL: values(narrow)}
    assert verdict("azure-sql-network-restricted", table) == said


@pytest.mark.parametrize(
    ("nfs", "said"),
    [({}, "pass"), ({"isNfsV3Enabled": False}, "pass"), ({"isNfsV3Enabled": True}, "unknown")],
)
def test_nfs_beside_https_is_not_encrypted(nfs: dict[str, bool], said: str) -> None:
    account = listed("Microsoft.Storage/s", "s", supportsHttpsTrafficOnly=True, **nfs)
    table = {"Microsoft.Storage:StorageAccounts_List": values(account)}
    assert verdict("azure-storage-tls-https-only", table) == said
