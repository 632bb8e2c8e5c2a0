"""Each attribute that holds address ranges measures them together; found by reading the content."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from scanner.core.reading.attributes import read_attribute
from scanner.language import BOOL, DYN, compile_expression
from scanner.model.expressions import Expression
from scanner.model.kinds import Attribute
from tests.helpers.compared_texts import compared
from tests.helpers.library import shipped_library

LIBRARY = shipped_library()
PARAMS = {"widest_ipv4_prefix": 8, "widest_ipv6_prefix": 16}
EIGHTS = [f"{number}.0.0.0/8" for number in range(1, 224)]
SIXTEENS = [f"{number:x}::/16" for number in range(0x2400, 0x243C)]
NARROW = ["3.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]


def _in_properties(*path: str) -> Callable[[list[str]], dict[str, Any]]:
    """An Azure resource with the ranges at a path below its properties."""

    def build(ranges: list[str]) -> dict[str, Any]:
        value: Any = ranges
        if path[-1] == "ipRules":
            value = [{"value": one} for one in ranges]
        for step in reversed(path):
            value = {step: value}
        return {"it": {"properties": value}}

    return build


def _from_to(ranges: list[str]) -> dict[str, Any]:
    rules = []
    for text in ranges:
        network = ip_network(text)
        ends = {"startIpAddress": str(network[0]), "endIpAddress": str(network[-1])}
        rules.append({"properties": ends})
    # SQL servers say whether IPv6, which has rules of its own, is on.
    return {"it": {"properties": {}}, "firewall": {"value": rules}}


def _permission(ranges: list[str]) -> dict[str, Any]:
    return {"item": {
        "IpRanges": [{"CidrIp": one} for one in ranges if ":" not in one],
        "Ipv6Ranges": [{"CidrIpv6": one} for one in ranges if ":" in one],
    }}  # fmt: skip


def _recorded_permission(ranges: list[str]) -> dict[str, Any]:
    return {"item": {
        "ipRanges": [one for one in ranges if ":" not in one],
        "ipv6Ranges": [{"cidrIpv6": one} for one in ranges if ":" in one],
    }}  # fmt: skip


def _control_plane(ranges: list[str]) -> dict[str, Any]:
    blocks = {"cidrBlocks": [{"cidrBlock": one} for one in ranges]}
    return {"it": {"masterAuthorizedNetworksConfig": blocks}}


def _sql(ranges: list[str]) -> dict[str, Any]:
    networks = [{"value": one} for one in ranges]
    return {"it": {"settings": {"ipConfiguration": {"authorizedNetworks": networks}}}}


def _storage(ranges: list[str]) -> dict[str, Any]:
    rules = {
        "ipRules": [{"value": one} for one in ranges if ":" not in one],
        "ipv6Rules": [{"value": one} for one in ranges if ":" in one],
    }
    return {"it": {"properties": {"networkAcls": rules}}}


def _sources(ranges: list[str]) -> dict[str, Any]:
    return {"item": {"properties": {"sourceAddressPrefixes": [*ranges, "VirtualNetwork"]}}}


ANSWERS: dict[str, Callable[[list[str]], dict[str, Any]]] = {
    "aws.config.security_group_state.rules.internet": _recorded_permission,
    "aws.ec2.prefix_list.internet": lambda ranges: {"entries": {"Entries": [{"Cidr": one} for one in ranges]}},
    "aws.ec2.security_group.rules.internet": _permission,
    "azure.containerservice.cluster.wide_ranges": _in_properties("apiServerAccessProfile", "authorizedIPRanges"),
    "azure.keyvault.vault.wide_ranges": _in_properties("networkAcls", "ipRules"),
    "azure.network.security_group.rules.internet": _sources,
    "azure.mysql.server.wide_ranges": _from_to,
    "azure.postgresql.server.wide_ranges": _from_to,
    "azure.sql.server.wide_ranges": _from_to,
    "azure.storage.account.wide_ranges": _storage,
    "gcp.compute.firewall.internet": lambda ranges: {"it": {"sourceRanges": ranges}},
    "gcp.compute.network.policies.rules.from_internet": lambda ranges: {"item": {"match": {"srcIpRanges": ranges}}},
    "gcp.container.cluster.internet": _control_plane,
    "gcp.sql.instance.internet": _sql,
}  # fmt: skip
"""The part of an answer that holds the ranges, by attribute."""


def _attributes() -> Iterator[tuple[str, Attribute]]:
    for kind in LIBRARY.kinds.values():
        yield from _inside(kind.id, kind.attributes.values())


def _inside(path: str, attributes: Any) -> Iterator[tuple[str, Attribute]]:
    for attribute in attributes:
        name = f"{path}.{attribute.name}"
        yield name, attribute
        yield from _inside(name, attribute.each.values())


MEASURED = {name: one for name, one in _attributes() if "internetRanges(" in one.api.source}


def test_every_attribute_that_measures_ranges_is_tried() -> None:
    assert MEASURED.keys() == ANSWERS.keys()


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize(
    "ranges", [EIGHTS, EIGHTS[:60], ["0.0.0.0/1", "128.0.0.0/1"], ["5.0.0.0/8", "7.0.0.0/8"]]
)
def test_ranges_that_together_are_the_internet_count(name: str, ranges: list[str]) -> None:
    assert _read(name, ranges)


@pytest.mark.parametrize("name", ANSWERS)
def test_the_same_in_ipv6(name: str) -> None:
    assert _read(name, SIXTEENS)
    assert not _read(name, SIXTEENS[:1])


@pytest.mark.parametrize("name", ANSWERS)
def test_one_range_of_the_widest_prefix_and_private_ones_do_not(name: str) -> None:
    assert not _read(name, NARROW)


def _read(name: str, ranges: list[str]) -> bool:
    value = read_attribute(MEASURED[name], {"params": PARAMS, **ANSWERS[name](ranges)})
    assert isinstance(value, bool | list), value
    return bool(value)


def _measures_one_by_one(expression: Expression) -> bool:
    """Whether a range is compared by itself, by its prefix or as a text."""
    texts = {text for texts in compared(expression).values() for text in texts}
    by_prefix = re.search(r"\bcidr(Prefix|Within)\(", expression.source)
    return bool(by_prefix) or any(text.endswith("/0") for text in texts)


def test_no_content_measures_ranges_one_by_one() -> None:
    """A prefix that is compared by itself is blind to what the other ranges add."""
    for name, attribute in _attributes():
        assert not _measures_one_by_one(attribute.api), name
    for check in LIBRARY.checks.values():
        assert not _measures_one_by_one(check.pass_when), check.id


@pytest.mark.parametrize(
    "each",
    [
        "cidrPrefix(r.value) == 0",
        "r.value == '0.0.0.0/0'",
        "r.value in ['::/0', '0.0.0.0/0']",
        "cidrWithin('0.0.0.0/0', r.value)",
    ],
)
def test_an_attribute_that_measures_one_by_one_is_found(each: str) -> None:
    """It takes one range that is the internet, lets two that are it together pass, and is found."""
    source = f"it.settings.ipConfiguration.authorizedNetworks.exists(r, {each})"
    blind = compile_expression(source, {"it": DYN}, want=BOOL, raw=True)
    assert blind.evaluate(_sql(["0.0.0.0/0"])) is True
    assert blind.evaluate(_sql(["0.0.0.0/1", "128.0.0.0/1"])) is False
    assert _measures_one_by_one(blind)


RANGES = re.compile(
    r"cidr|iprange|ipaddress|sourceranges|iprules|ipv6rules|authorizednetworks|addressprefix"
)
PLAIN = {
    # Measured by checks, over all rules of a group, or told apart by whether they are there at all.
    "aws.ec2.security_group.rules.cidrs", "aws.ec2.prefix_list.cidrs", "aws.config.security_group_state.rules.cidrs",
    "azure.network.security_group.rules.ranges",
    "aws.ec2.security_group.egress_rules.cidrs", "aws.eks.cluster.public_cidrs",
    "azure.containerservice.cluster.ranges",
    # Whether all Azure services are let in, which the rule 0.0.0.0 to 0.0.0.0 says.
    "azure.mysql.server.azure_admitted",
    "azure.postgresql.server.azure_admitted",
    "azure.sql.server.azure_admitted",
    # A rule for everybody that denies.
    "azure.network.security_group.rules.closes",
    # The addresses of a network itself.
    "azure.network.virtual_network.ranges",
    # Switches beside the ranges.
    "gcp.container.cluster.networks_authorized", "gcp.container.cluster.google_admitted",
}  # fmt: skip


def test_every_attribute_that_reads_ranges_measures_them() -> None:
    """By the names that providers give to members with ranges."""
    for name, attribute in _attributes():
        if name in PLAIN or name in MEASURED:
            continue
        steps = ".".join(".".join(map(str, path)) for path in attribute.api.paths)
        assert not RANGES.search(steps.lower()), name
