"""Counts the calls of a scan: none is made twice, and none whose answer no selected check reads.

    python benchmarks/calls.py --server PATH --seeder PATH [--scale 20] [--select ID …]

made        requests in the server's log
distinct    different questions in the snapshot, a page of a listing being one (an intended second reading, as of a
            report that is being made, is a question of its own)
repeated    requests that no page of an answer stands for
unneeded    answers that the projection for the selected checks never asks for, discovery excepted

Exit 1 when anything is repeated or unneeded.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from estate import arguments, scan, serving

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scanner.content import load_library
from scanner.core.judging.parameters import resolve_params
from scanner.core.reading.projection import Estate, project
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import Answer, Snapshot
from scanner.model.library import Library
from scanner.providers import reader

DISCOVERY = frozenset(
    {
        "ec2:DescribeRegions",
        "iam:ListAccountAliases",
        "organizations:DescribeOrganization",
        "sts:GetCallerIdentity",
    }
)
"""What is asked to know as whom, where and from which account a target is read."""
NAMES = {"GetBucketLifecycle": "GetBucketLifecycleConfiguration"}
"""Operations whose request is the same as another's, so that a server cannot tell them apart."""


class Asked(dict[str, Answer]):
    """Answers that remember which of them were asked for."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        super().__init__(answers)
        self.keys_asked: set[str] = set()

    def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
        """The answer, and a note that it was asked for."""
        self.keys_asked.add(key)
        return super().get(key, default)


def unread(snapshot: Snapshot, library: Library) -> list[Answer]:
    """Answers that the snapshot's own checks do not ask for."""
    answers = Asked(snapshot.answers)
    checks = [library.checks[name] for name in snapshot.checks]
    params = resolve_params(library.parameters, snapshot.params)
    projection = project(answers, library, checks, reader, Estate.of(snapshot, params))
    if projection.unanswered:
        raise SystemExit(f"never asked: {sorted(call.key for call in projection.unanswered)}")
    left = [answer for key, answer in snapshot.answers.items() if key not in answers.keys_asked]
    return [answer for answer in left if answer.call.operation not in DISCOVERY]


def aliases(snapshot: Snapshot) -> list[str]:
    """Listings that answered the same to different words for one question: repeated, though their
    keys differ."""
    seen: dict[tuple[str, str, str], str] = {}
    found = []
    for key, answer in snapshot.answers.items():
        call = answer.call
        if call.attempt or not answer.count or not call.items:
            continue
        same = (call.operation, call.region, answer.sha256)
        if same in seen:
            found.append(f"{seen[same]}  =  {key}")
        seen[same] = key
    return found


def main() -> int:
    parser = arguments(__doc__ or "")
    parser.add_argument("--scale", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--select", action="append", default=[], metavar="ID")
    chosen = parser.parse_args()
    with serving(chosen.server, chosen.seeder) as estate:
        regions = estate.seed(chosen.scale, chosen.seed)["meta"]["regions"]
        before = estate.position
        scan(estate, regions, *(word for name in chosen.select for word in ("--select", name)))
        made = Counter(NAMES.get(row["op"], row["op"]) for row in estate.calls(before))
        snapshot = read_snapshot(estate.folder / "snapshot.jsonl")
    return table(made, snapshot, load_library())


def table(made: Counter[str], snapshot: Snapshot, library: Library) -> int:
    """Print a line for each operation and the totals; 1 when a call was made in vain."""
    distinct: Counter[str] = Counter()
    retried: Counter[str] = Counter()
    again: Counter[str] = Counter()
    for answer in snapshot.answers.values():
        name = answer.call.operation.partition(":")[2]
        # A call that failed at its first page was one request; one cut off later was one more than
        # its pages.
        distinct[name] += answer.pages + (0 if answer.state.whole and answer.pages else 1)
        retried[name] += answer.retries
        again[name] += bool(answer.call.attempt)
    vain = Counter(answer.call.operation.partition(":")[2] for answer in unread(snapshot, library))
    repeated = {
        name: made[name] - distinct[name] - retried[name] for name in made.keys() | distinct.keys()
    }
    print(
        f"{'operation':44} {'made':>6} {'distinct':>9} {'re-read':>8} {'retried':>8} {'repeated':>9} {'unneeded':>9}"
    )
    for name in sorted(repeated):
        counts = (
            made[name],
            distinct[name],
            again[name],
            retried[name],
            repeated[name],
            vain[name],
        )
        print("{:44} {:6} {:9} {:8} {:8} {:9} {:9}".format(name, *counts))
    totals = (made, distinct, again, retried)
    twice = sum(abs(count) for count in repeated.values())
    print(
        "{:44} {:6} {:9} {:8} {:8}".format("total", *(count.total() for count in totals)),
        f"{twice:9} {vain.total():9}",
    )
    same = aliases(snapshot)
    for line in same:
        print(f"the same listing by another name: {line}")
    return 1 if twice or vain.total() or same else 0


if __name__ == "__main__":
    raise SystemExit(main())
