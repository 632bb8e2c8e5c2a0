"""Compares the table of escalation methods with the paths of pathfinding.cloud.

`python -m tests.core.pathfinding FILE`, where FILE has the columns id, category and actions, separated by tabs.
Prints each path that the table neither finds nor leaves out with a reason; the exit code is 1 if there is one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scanner.core.policies.methods import table

HELD = Path(__file__).with_name("pathfinding.tsv")


@dataclass(frozen=True)
class Held:
    """What the table has for one path."""

    method: str
    """The row that finds it; empty where there is none."""
    reason: str
    """Why it is left out, by itself; empty where it is not."""


def rows(path: Path) -> Iterator[list[str]]:
    """The rows of a table, without comments and its head."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "id\t")):
            yield ["" if cell == "-" else cell for cell in line.split("\t")]


def held() -> dict[str, Held]:
    """By id of a path."""
    return {row[0]: Held(method=row[1], reason=row[2]) for row in rows(HELD)}


def differences(paths: Mapping[str, frozenset[str]]) -> list[str]:
    """What the table lacks of these paths, given by id with their actions."""
    known = held()
    methods = {method.id: frozenset(method.actions) for method in table()}
    found: list[str] = []
    for identity, actions in paths.items():
        if identity not in known:
            found.append(
                f"{identity} is neither a method nor left out: {' '.join(sorted(actions))}"
            )
            continue
        method = known[identity].method
        # A row that asks for more than the path does would miss it.
        more = methods.get(method, frozenset()) - actions
        if more:
            found.append(f"{identity}: {method} asks for {' '.join(sorted(more))} as well")
    found.extend(f"{identity} is no path there" for identity in known if identity not in paths)
    return found


def main(argv: list[str]) -> int:
    """Print the differences from a file."""
    paths = {row[0]: frozenset(row[2].lower().split()) for row in rows(Path(argv[0]))}
    found = differences(paths)
    print("\n".join(found) or f"{len(paths)} paths, each a method or left out with a reason")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
