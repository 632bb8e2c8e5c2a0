"""Sets of address ranges are measured together, held against a count of single addresses."""

from __future__ import annotations

from ipaddress import ip_network
from random import Random

import pytest

from scanner.language.address_ranges import cidr_within, cidrs_between, internet_ranges

EIGHTS = [f"{number}.0.0.0/8" for number in range(1, 224)]
SIXTEENS = [f"{number:x}::/16" for number in range(0x2400, 0x243C)]


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([], []),
        (["0.0.0.0/0"], ["0.0.0.0/0"]),
        (["0.0.0.0/1", "128.0.0.0/1", "192.0.2.0/24"], ["0.0.0.0/1", "128.0.0.0/1"]),
        (["3.0.0.0/8"], []),
        (["3.0.0.0/8", "4.0.0.0/32"], ["3.0.0.0/8", "4.0.0.0/32"]),
        (["2.0.0.0/8", "3.0.0.0/8"], ["2.0.0.0/7"]),
        # What is written twice counts once.
        (["3.0.0.0/8", "3.0.0.0/8", "3.4.0.0/16", "3.4.5.6"], []),
        # Private ranges are no part of the internet.
        (["3.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], []),
        (["fc00::/7", "fd00::/8", "2400::/16"], []),
        (["10.0.0.0/7"], ["10.0.0.0/7"]),
        (["2400::/16", "2401::1"], ["2400::/16", "2401::1/128"]),
        (["2000::/3"], ["2000::/3"]),
        (["2a00::/12", "2600::/16"], ["2a00::/12"]),
        # Families are measured apart: half of each is not one whole.
        (["3.0.0.0/8", "2400::/16"], []),
        # IPv4 in the notation of IPv6.
        (["::ffff:0:0/96"], ["::ffff:0:0/96"]),
        (["::ffff:0:0/95"], ["::ffff:0:0/95"]),
        (["::ffff:3.0.0.0/104"], []),
        (["::ffff:2.0.0.0/104", "3.0.0.0/8"], ["2.0.0.0/7"]),
    ],
)
def test_what_counts_as_the_internet(ranges: list[str], expected: list[str]) -> None:
    assert internet_ranges(ranges, 8, 16) == expected


def test_ranges_between_addresses() -> None:
    assert cidrs_between("3.0.0.0", "3.0.0.2") == ["3.0.0.0/31", "3.0.0.2/32"]
    for first, last in (("3.0.0.0", "2400::1"), ("::", "3.0.0.0")):
        with pytest.raises(ValueError, match="are not of one family"):
            cidrs_between(first, last)


@pytest.mark.parametrize(
    ("inner", "outer", "within"),
    [
        ("3.0.0.0/24", "3.0.0.0/16", True),
        ("3.0.0.0/16", "3.0.0.0/24", False),
        ("2400::/32", "2400::/16", True),
        ("2400::/16", "2400::/32", False),
        ("3.0.0.0/24", "::/0", False),
        ("2400::/32", "0.0.0.0/0", False),
    ],
)
def test_one_range_in_another(inner: str, outer: str, within: bool) -> None:
    assert cidr_within(inner, outer) is within


def test_the_internet_in_slices() -> None:
    assert "128.0.0.0/2" in internet_ranges(EIGHTS, 8, 16)
    assert internet_ranges(SIXTEENS, 8, 16)
    assert internet_ranges(EIGHTS[:60], 8, 16)
    # A prefix of no bits allows all of it.
    assert internet_ranges(EIGHTS, 0, 0) == []


@pytest.mark.parametrize("widest", [-(2**62), -1, 33, 2**62])
def test_a_prefix_that_no_address_has(widest: int) -> None:
    # Wider than everything allows all; narrower than an address allows none.
    expected = [] if widest < 0 else ["3.0.0.0/24"]
    assert internet_ranges(["3.0.0.0/24"], widest, widest) == expected


@pytest.mark.parametrize(
    "text", ["", "a", "10.0.0.0/33", "10.0.0.0/255.0.0.0", "pl-1", "fe80::1%e"]
)
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(ValueError, match=r"CIDR|not permitted|IPv4"):
        internet_ranges(["10.0.0.0/8", text], 8, 16)


def test_counted_by_hand() -> None:
    rng = Random(13)
    wide = 0
    for _ in range(3_000):
        ranges = [_random_range(rng) for _ in range(rng.randint(1, 6))]
        widest = rng.randint(24, 32)
        counted = _counted(ranges, widest)
        wide += counted
        assert bool(internet_ranges(ranges, widest, 16)) == counted, (ranges, widest)
    assert 500 < wide < 2_500


def _random_range(rng: Random) -> str:
    base = rng.choice(["3.0.0", "3.0.1", "10.0.0"])
    return f"{base}.{rng.randrange(256)}/{rng.randint(24, 32)}"


def _counted(ranges: list[str], widest: int) -> bool:
    """The same, by counting addresses one by one."""
    held: set[int] = set()
    for text in ranges:
        found = ip_network(text, strict=False)
        if found.prefixlen < widest:
            return True
        if not text.startswith("10."):
            held |= {int(address) for address in found}
    return len(held) > 2 ** (32 - widest)
