"""Shapes in botocore's model format, made one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

SOURCES: Final = Path(__file__).parents[3] / "scanner/providers"
DOCUMENT: Final = {"type": "structure", "document": True, "members": {}}
"""Anything: nothing is known of what lies below."""


class Shapes:
    """The shapes of one service by name; a name that stands is not made again."""

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}
        self.operations: dict[str, Any] = {}

    def add(self, name: str, shape: Mapping[str, Any]) -> dict[str, str]:
        """A reference to the shape, which is kept under a name that no other shape has."""
        wanted, number = name, 1
        while self.made.get(wanted, shape) != shape:
            number += 1
            wanted = f"{name}_{number}"
        self.made[wanted] = dict(shape)
        return {"shape": wanted}

    def scalar(self, kind: str) -> dict[str, str]:
        """A reference to a type without members: string, boolean, long, double."""
        return self.add(kind, {"type": kind})

    def enumeration(self, name: str, values: Iterable[str]) -> dict[str, str]:
        """A reference to a text that is one of these."""
        return self.add(name, {"type": "string", "enum": sorted(set(values))})

    def document(self) -> dict[str, str]:
        """A reference to anything."""
        return self.add("Document", DOCUMENT)

    def operation(self, name: str, arguments: Mapping[str, Any], answer: Mapping[str, str]) -> None:
        """An operation with the arguments that it takes and the shape of its answer."""
        taken = self.add(f"{name}.arguments", {"type": "structure", "members": dict(arguments)})
        self.operations[name] = {"name": name, "input": taken, "output": answer}

    def write(self, cloud: str, service: str, source: str) -> None:
        """Write the model of a service, with where it comes from."""
        model = {
            "metadata": {"source": source},
            "operations": dict(sorted(self.operations.items())),
            "shapes": dict(sorted(self.made.items())),
        }
        path = SOURCES / cloud / f"models/{service}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(model, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"{path.name}: {len(self.operations)} operations, {len(self.made)} shapes")
