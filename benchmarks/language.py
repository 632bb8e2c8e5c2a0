"""Speed of the condition language beside hand-written Python, in one run and over the same data.

`python benchmarks/language.py [--json]`: ten conditions, each evaluated over 200 resources, every
evaluation making a small frozen finding. Exit code 1 when below 150,000 evaluations a second or
above 2.5 times the peer."""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scanner.language import (
    BOOL,
    TIMESTAMP,
    RecordType,
    compile_expression,
    parse_field,
    parse_type,
)
from scanner.language.types import Field, ListType
from scanner.model.values import ABSENT

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LEAST_RATE, MOST_RATIO = 150_000, 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The smallest finding: what is made for each evaluation."""

    check: str
    resource: str
    verdict: object


def _fields(**fields: str) -> dict[str, Field]:
    return {key: parse_field(kind) for key, kind in fields.items()}


RULE = RecordType(
    "rule",
    {"from": parse_field("int?"), "to": parse_field("int?"), "cidrs": parse_field("list(string)")},
)
KEY = RecordType("key", _fields(active="bool", used="timestamp?", created="timestamp"))
SELF = RecordType(
    "self",
    {
        **_fields(
            id="string", encrypted="bool", public="bool", tls="string", name="string", arn="string"
        ),
        **_fields(tags="map(string)", created="timestamp", retention="int?"),
        "rules": Field(ListType(RULE)),
        "keys": Field(ListType(KEY)),
    },
)
PARAMS = RecordType(
    "params",
    {
        "ports": Field(parse_type("list(int)")),
        "approved": Field(parse_type("list(string)")),
        "days": Field(parse_type("int")),
    },
)


def _resource(rng: random.Random, number: int) -> dict[str, Any]:
    def rule() -> dict[str, Any]:
        low = rng.choice((22, 80, 443, ABSENT))
        cidrs = [
            rng.choice(("10.0.0.0/8", "192.168.0.0/16", "0.0.0.0/0"))
            for _ in range(rng.randint(1, 3))
        ]
        return {"from": low, "to": low, "cidrs": cidrs}

    def key() -> dict[str, Any]:
        used = rng.choice((ABSENT, NOW - timedelta(days=rng.randint(0, 200))))
        return {
            "active": rng.random() < 0.7,
            "used": used,
            "created": NOW - timedelta(days=rng.randint(0, 400)),
        }

    return {
        "id": f"r{number}",
        "encrypted": rng.random() < 0.8,
        "public": rng.random() < 0.2,
        "tls": rng.choice(("TLSv1.2_2021", "TLSv1.1_2016")),
        "name": rng.choice(("prod-logs", "dev-logs", "prod-data-1")),
        "arn": f"arn:aws:iam::{rng.randint(10**11, 10**12 - 1)}:role/x{number}",
        "tags": {"env": rng.choice(("prod", "dev")), "owner": "a"} if rng.random() < 0.8 else {},
        "created": NOW - timedelta(days=rng.randint(0, 400)),
        "retention": rng.choice((ABSENT, 30, 365)),
        "rules": [rule() for _ in range(rng.randint(0, 6))],
        "keys": [key() for _ in range(rng.randint(0, 3))],
    }


_NAME, _ARN = re.compile(r"^prod-[a-z]+$"), re.compile(r"^arn:aws:iam::\d{12}:role/")

Scope = dict[str, Any]


def _open_rule(rule: Any, ports: list[int]) -> bool:
    low, high = rule["from"], rule["to"]
    if low is ABSENT or high is ABSENT or not any(low <= port <= high for port in ports):
        return False
    return any(cidr.endswith("/0") for cidr in rule["cidrs"])


def _stale(key: Any, limit: timedelta) -> bool:
    return (
        key["active"] and NOW - (key["created"] if key["used"] is ABSENT else key["used"]) > limit
    )


CONDITIONS: list[tuple[str, Callable[[Scope], bool]]] = [
    ("self.encrypted", lambda s: s["self"]["encrypted"]),
    (
        "self.encrypted && !self.public",
        lambda s: s["self"]["encrypted"] and not s["self"]["public"],
    ),
    (
        "'env' in self.tags && self.tags['env'] == 'prod'",
        lambda s: s["self"]["tags"].get("env") == "prod",
    ),
    (
        "self.tls in ['TLSv1.2_2021', 'TLSv1.2_2019']",
        lambda s: s["self"]["tls"] in ("TLSv1.2_2021", "TLSv1.2_2019"),
    ),
    (
        "!self.rules.exists(r, has(r.from) && has(r.to) && params.ports.exists(p, r.from <= p && p <= r.to)"
        " && r.cidrs.exists(c, c.endsWith('/0')))",
        lambda s: not any(_open_rule(rule, s["params"]["ports"]) for rule in s["self"]["rules"]),
    ),
    (
        "now - self.created < days(90)",
        lambda s: s["now"] - s["self"]["created"] < timedelta(days=90),
    ),
    (
        "self.keys.all(k, !k.active || now - (has(k.used) ? k.used : k.created) <= days(params.days))",
        lambda s: (
            not any(_stale(key, timedelta(days=s["params"]["days"])) for key in s["self"]["keys"])
        ),
    ),
    (
        "self.name.matches('^prod-[a-z]+$') && self.arn.matches(r'^arn:aws:iam::\\d{12}:role/')",
        lambda s: bool(_NAME.search(s["self"]["name"])) and bool(_ARN.search(s["self"]["arn"])),
    ),
    (
        "has(self.retention) && self.retention >= 90",
        lambda s: s["self"]["retention"] is not ABSENT and s["self"]["retention"] >= 90,
    ),
    (
        "self.rules.all(r, r.cidrs.all(c, c in params.approved || cidrPrefix(c) >= 8))",
        lambda s: all(
            cidr in s["params"]["approved"] or int(cidr.partition("/")[2]) >= 8
            for rule in s["self"]["rules"]
            for cidr in rule["cidrs"]
        ),
    ),
]


def _rate(
    judge: Callable[[Scope], object], scopes: list[Scope], check: str, seconds: float
) -> float:
    """Evaluations a second, findings included."""
    done, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        for scope in scopes:
            Finding(check=check, resource=scope["self"]["id"], verdict=judge(scope))
        done += len(scopes)
    return done / (time.process_time() - started)


def measure(seconds: float) -> dict[str, Any]:
    """The rates of all conditions, and the mean over the mix (each condition weighs the same)."""
    rng = random.Random(7)
    params = {"ports": [22, 3389], "approved": ["10.0.0.0/8", "192.168.0.0/16"], "days": 90}
    scopes = [
        {"self": _resource(rng, number), "params": params, "now": NOW} for number in range(200)
    ]
    names = {"self": SELF, "params": PARAMS, "now": TIMESTAMP}
    rows = []
    for source, by_hand in CONDITIONS:
        program = compile_expression(source, names, want=BOOL)
        if any(program.evaluate(scope) != by_hand(scope) for scope in scopes):
            raise SystemExit(f"a verdict differs: {source}")
        ours, peer = (
            _rate(program.evaluate, scopes, source, seconds),
            _rate(by_hand, scopes, source, seconds),
        )
        rows.append(
            {
                "condition": source,
                "rate": round(ours),
                "by_hand": round(peer),
                "ratio": round(peer / ours, 2),
            }
        )
    ours = len(rows) / sum(1 / row["rate"] for row in rows)
    peer = len(rows) / sum(1 / row["by_hand"] for row in rows)
    return {
        "rate": round(ours),
        "by_hand": round(peer),
        "ratio": round(peer / ours, 2),
        "conditions": rows,
    }


def main() -> int:
    """Print the figures; 1 when a budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--seconds", type=float, default=0.3, help="CPU seconds per condition and side"
    )
    options = parser.parse_args()
    result = measure(options.seconds)
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        for row in result["conditions"]:
            print(
                f"{row['rate']:>10,} {row['by_hand']:>10,} {row['ratio']:>6.2f}  {row['condition'][:80]}"
            )
        print(
            f"{result['rate']:>10,} {result['by_hand']:>10,} {result['ratio']:>6.2f}  mix: rate, by hand, ratio"
        )
    return 0 if result["rate"] >= LEAST_RATE and result["ratio"] <= MOST_RATIO else 1


if __name__ == "__main__":
    raise SystemExit(main())
