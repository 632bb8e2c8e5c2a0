"""Measures address ranges, one by one and together: which of a set are as wide as the internet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Network,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
    summarize_address_range,
)
from typing import Final, TypeVar

Network = IPv4Network | IPv6Network
_One = TypeVar("_One", IPv4Network, IPv6Network)

_HOST_BITS: Final = re.compile(r"[0-9a-fA-F.:]+(/[0-9]{1,3})?", re.ASCII)
_PRIVATE_V4: Final = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
)
_PRIVATE_V6: Final = IPv6Network("fc00::/7")
_MAPPED: Final = IPv6Network("::ffff:0:0/96")
"""IPv4 in the notation of IPv6."""


@lru_cache(maxsize=65_536)
def network(text: str) -> Network:
    """The network that an address or a CIDR names; host bits are ignored."""
    # ip_network() also takes a netmask (`/255.0.0.0`) and a zone (`fe80::1%eth0`).
    if _HOST_BITS.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not an address or a CIDR")
    return ip_network(text, strict=False)


def cidr_prefix(text: str) -> int:
    """The length of the prefix of a CIDR; a host address is /32 or /128."""
    return network(text).prefixlen


def cidr_within(inner: str, outer: str) -> bool:
    """Whether every address of one network is in another; never across families."""
    small = network(inner)
    large = network(outer)
    # Between families, `subnet_of` raises TypeError, and comparing prefixes alone would call all of
    # IPv4 within ::/0.
    if isinstance(small, IPv4Network):
        return isinstance(large, IPv4Network) and small.subnet_of(large)
    return isinstance(large, IPv6Network) and small.subnet_of(large)


def cidrs_between(first: str, last: str) -> list[str]:
    """The fewest networks that together are every address from one to another, in order."""
    start = ip_address(first)
    end = ip_address(last)
    if start.version != end.version:
        raise ValueError(f"{first!r} and {last!r} are not of one family")
    return list(map(str, summarize_address_range(start, end)))


def internet_ranges(texts: Sequence[str], widest_v4: int, widest_v6: int) -> list[str]:
    """The ranges of a set that count as the internet; none where the set is no wider than allowed.

    Two rules, for each family by itself. A range with a shorter prefix than the widest one allowed
    counts, unless it is a private range of IPv6. Ranges that are each narrow enough count if
    together, private ones left out, they hold more addresses than one range of the widest prefix:
    the result is then what they add up to.
    """
    found: list[str] = []
    v4: list[IPv4Network] = []
    v6: list[IPv6Network] = []
    for text in texts:
        one = _unmapped(network(text))
        if isinstance(one, IPv4Network):
            v4.append(one)
            too_wide = one.prefixlen < widest_v4
        else:
            v6.append(one)
            too_wide = one.prefixlen < widest_v6 and not one.subnet_of(_PRIVATE_V6)
        if too_wide:
            found.append(text)
    if found:
        return found
    return _together(_public_v4(v4), widest_v4) + _together(_public_v6(v6), widest_v6)


def _unmapped(one: Network) -> Network:
    """A network of IPv4, also where it is written in IPv6: `::ffff:0:0/96` is all of it."""
    if isinstance(one, IPv4Network) or not one.overlaps(_MAPPED):
        return one
    if _MAPPED.subnet_of(one):
        return IPv4Network("0.0.0.0/0")
    start = one.network_address.ipv4_mapped
    return ip_network(f"{start}/{one.prefixlen - _MAPPED.prefixlen}")


def _public_v4(networks: Iterable[IPv4Network]) -> list[IPv4Network]:
    # A range that is only in part private was stated as wider than the private one: it counts
    # whole. Not `is_private`: before Python 3.11.4 it calls 0.0.0.0/0 private.
    return [one for one in networks if not any(map(one.subnet_of, _PRIVATE_V4))]


def _public_v6(networks: Iterable[IPv6Network]) -> list[IPv6Network]:
    return [one for one in networks if not one.subnet_of(_PRIVATE_V6)]


def _together(networks: Iterable[_One], widest: int) -> list[str]:
    """What the networks add up to, if that is more than one network of the widest prefix."""
    # Collapsed: an address that two ranges hold counts once.
    collapsed = list(collapse_addresses(networks))
    if not collapsed:
        return []
    bits = collapsed[0].max_prefixlen
    # A parameter may be any integer, and a power of a huge one would not end.
    allowed = 2 ** (bits - min(max(widest, 0), bits))
    if sum(one.num_addresses for one in collapsed) <= allowed:
        return []
    return list(map(str, collapsed))
