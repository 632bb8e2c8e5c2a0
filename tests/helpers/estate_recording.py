"""A recorded scan of the whole estate: AWS evidence of every kind, with the gaps of a simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SNAPSHOT: Final = Path(__file__).parents[1] / "recordings/estate.snapshot.jsonl.gz"
"""Made by `python -m tests.estate record`."""
