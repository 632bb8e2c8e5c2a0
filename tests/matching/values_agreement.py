"""Agreement of what is decided of single values: names of repositories, address ranges, tokens.

Each answer of tscan meets an independent count: a regular expression, single addresses one by one,
single tokens in the evaluator of requests. `tests.matching.agreement` runs the long form.
"""

from __future__ import annotations

import re
from collections import Counter
from ipaddress import IPv4Address, IPv6Address, ip_network
from random import Random
from typing import Any, Final

from scanner.core.policies import read_trust_policy
from scanner.language.address_ranges import cidr_within, internet_ranges
from scanner.matching import scan_filter_matches
from tests.helpers.policy_documents import ACCOUNT, GITHUB
from tests.helpers.reference_policies import Request, allowed

_PIECES: Final = ("a", "b", "ab", "ba", "/", "-", ".", "*", "*", "**")
_HOST: Final = "token.actions.githubusercontent.com"
_ACTION: Final = "sts:AssumeRoleWithWebIdentity"
_OWN: Final = ("repo:acme/site:ref:refs/heads/main", "repo:acme/site:environment:prod")
_OTHER_SUBJECTS: Final = (
    "repo:evil/site:ref:refs/heads/main",
    "repo:acme/other:ref:refs/heads/main",
    "repo:acme/site2:ref:refs/heads/main",
    "repo:acme/site-x:environment:prod",
    "repo:acme-x/site:environment:prod",
)
_OTHER_REPOSITORIES: Final = ("evil/site", "acme/other", "acme/site2", "acme/site-x")
_OWN_AUDIENCES: Final = ("sts.amazonaws.com", "https://github.com/acme")
_SUBJECTS: Final = (
    *_OWN,
    "repo:acme/site:*",
    "repo:acme/site:environment:*",
    "repo:acme/site*",
    "repo:acme/*",
    "repo:*/site:*",
    "repo:acme/s?te:*",
    "repo:*",
    "*",
    "repo:acme/${aws:username}:*",
)
_REPOSITORIES: Final = ("acme/site", "acme/site", "acme/site", "acme/*", "acme/site*", "*")
_AUDIENCES: Final = (*_OWN_AUDIENCES, "sts.amazonaws.com", "*")


class Values:
    """One run: what was tried, and the differences."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.counts: Counter[str] = Counter()
        self.differences: list[str] = []

    def run(self, cases: int) -> None:
        """Try a number of pairs of each kind."""
        for case in range(cases):
            self.repository()
            self.ranges()
            self.within()
            # Each policy meets dozens of tokens.
            if case % 10 == 0:
                self.trust()

    def _note(self, kind: str, *, found: bool, right: bool, what: str) -> None:
        self.counts[f"{kind} {'yes' if found else 'no'}"] += 1
        self.counts[f"{kind} pairs"] += 1
        if found != right:
            self.differences.append(f"{kind}: {what}: {found}")

    def repository(self) -> None:
        """A filter of ECR's scan rules on a name."""
        written = "".join(self.random.choices(_PIECES, k=self.random.randint(0, 4)))
        name = "".join(self.random.choices(_PIECES[:7], k=self.random.randint(1, 4)))
        expression = ".*".join(map(re.escape, written.split("*")))
        # Without a star, the name contains the filter; with one, the filter is the whole name.
        match = re.fullmatch if "*" in written else re.search
        self._note(
            "repositories",
            found=scan_filter_matches(written, name),
            right=match(expression, name) is not None,
            what=f"{written!r} on {name!r}",
        )

    def _range(self, *, six: bool) -> str:
        host, shortest = self.random.randrange(256), self.random.randint(0, 8)
        if six:
            base = self.random.choice(("2400:", "2400::1", "fd00:", "fc00::2"))
            return f"{base}:{host:x}/{120 + shortest}"
        base = self.random.choice(("3.0.0", "3.0.1", "10.0.0", "172.16.0", "192.168.7", "172.32.0"))
        mapped = "::ffff:" if self.random.random() < 0.1 else ""
        return f"{mapped}{base}.{host}/{24 + shortest + 96 * bool(mapped)}"

    def ranges(self) -> None:
        """A set of ranges, counted address by address."""
        six = self.random.random() < 0.3
        texts = [self._range(six=six) for _ in range(self.random.randint(1, 5))]
        allowed_prefix = self.random.randint(24, 32)
        found = internet_ranges(texts, allowed_prefix, allowed_prefix + 96)
        self._note(
            "ranges",
            found=bool(found),
            right=_is_wide(texts, allowed_prefix),
            what=f"{texts}, /{allowed_prefix}",
        )

    def within(self) -> None:
        """One range in another, by its first and its last address."""
        inner, outer = (self._range(six=self.random.random() < 0.4) for _ in range(2))
        if self.random.random() < 0.3:
            inner = outer.partition("/")[0] + "/" + str(self.random.randint(24, 32))
        small, large = (ip_network(text, strict=False) for text in (inner, outer))
        right = all(address in large for address in (small[0], small[-1]))
        self._note(
            "within", found=cidr_within(inner, outer), right=right, what=f"{inner} in {outer}"
        )

    def trust(self) -> None:
        """A role's trust in a provider of tokens, and the tokens of strangers."""
        policy = self._trust_policy()
        read = read_trust_policy(policy, account=ACCOUNT)
        assert isinstance(read, dict)
        records: Any = read["federated"]
        for name, tokens in (("subject", _foreign_subjects()), ("audience", _foreign_audiences())):
            bound = all(record[f"{name}_bound"] for record in records)
            admitted = [token for token in tokens if allowed(policy, token)]
            self.counts[f"trust {name} {'bound' if bound else 'open'}"] += 1
            self.counts["trust pairs"] += len(tokens)
            if bound and admitted:
                self.differences.append(f"trust: {name} of {policy} is bound, but {admitted[0]}")
            if not bound and not admitted:
                # Names that no token bears, such as a star that is none, bind nothing known.
                self.counts[f"trust {name} open without a witness"] += 1

    def _trust_policy(self) -> dict[str, Any]:
        statements: list[dict[str, Any]] = [
            {"Effect": "Allow", "Condition": self._claims("") if self.random.random() < 0.9 else {}}
            for _ in range(self.random.choice((1, 1, 2)))
        ]
        if self.random.random() < 0.4:
            statements.append({"Effect": "Deny", "Condition": self._claims("Not")})
        for one in statements:
            is_deny = one["Effect"] == "Deny"
            one["Principal"] = "*" if is_deny else {"Federated": GITHUB}
            one["Action"] = self.random.choice(("sts:*", _ACTION)) if is_deny else _ACTION
        return {"Version": "2012-10-17", "Statement": statements}

    def _claims(self, negation: str) -> dict[str, Any]:
        found: dict[str, dict[str, list[str]]] = {}
        claims = (("sub", _SUBJECTS), ("repository", _REPOSITORIES), ("aud", _AUDIENCES))
        for claim, values in self.random.sample(claims, self.random.choice((1, 1, 2))):
            operator = self.random.choice(("Equals", "Like", "Like", "EqualsIgnoreCase"))
            suffix = self.random.choice(("", "", "", "IfExists"))
            quantifier = self.random.choice(("", "", "", "ForAnyValue:", "ForAllValues:"))
            name = f"{quantifier}String{negation}{operator}{suffix}"
            # The first of each name somebody: with others among them, hardly a policy would.
            values = values[:3] if self.random.random() < 0.7 else values
            chosen = self.random.sample(values, self.random.choice((1, 1, 2)))
            found.setdefault(name, {})[f"{_HOST}:{claim}"] = chosen
        return found


def _token(**claims: str) -> Request:
    context = {f"{_HOST}:{claim}": (value,) for claim, value in claims.items()}
    return Request(_ACTION, "*", frozenset({("Federated", GITHUB)}), context)


def _foreign_subjects() -> list[Request]:
    """Tokens of other repositories, for each audience; one names no repository."""
    found = [_token(aud=audience) for audience in _OWN_AUDIENCES]
    for subject in _OTHER_SUBJECTS:
        for audience in _OWN_AUDIENCES:
            found += [
                _token(sub=subject, aud=audience, repository=repository)
                for repository in _OTHER_REPOSITORIES
            ]
    return found


def _foreign_audiences() -> list[Request]:
    """Tokens of the own repository that were made for somebody else."""
    return [
        _token(sub=subject, aud=audience, repository="acme/site")
        for subject in _OWN
        for audience in ("https://evil.example", "sts.amazonaws.com.evil.example")
    ]


def _is_wide(texts: list[str], allowed_prefix: int) -> bool:
    """Whether ranges hold more public addresses than one of the allowed prefix, one by one."""
    held: dict[int, set[int]] = {4: set(), 6: set()}
    for text in texts:
        network = ip_network(text, strict=False)
        for address in network:
            plain: IPv4Address | IPv6Address = address
            if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
                plain = address.ipv4_mapped
            if not _is_private(plain):
                held[plain.version].add(int(plain))
        bits = network.prefixlen - (96 if network.version == 6 else 0)
        is_private_six = text.startswith(("fc", "fd"))
        if bits < allowed_prefix and not is_private_six:
            return True
    return any(len(addresses) > 2 ** (32 - allowed_prefix) for addresses in held.values())


def _is_private(address: IPv4Address | IPv6Address) -> bool:
    packed = address.packed
    if address.version == 6:
        return packed[0] in (0xFC, 0xFD)
    return (
        packed[0] == 10
        or (packed[0] == 172 and 16 <= packed[1] < 32)
        or (packed[0], packed[1]) == (192, 168)
    )
