"""`python -m scanner.content.schemas [FOLDER]`: publish the schemas for editors."""

from __future__ import annotations

import sys
from pathlib import Path

from scanner.content.schemas import names, published


def publish(folder: Path) -> None:
    """Write every schema into a folder, and remove those that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    for name in names():
        (folder / f"{name}.json").write_text(published(name), encoding="utf-8")


if __name__ == "__main__":
    publish(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/schemas"))
