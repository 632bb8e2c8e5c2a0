"""The snapshots that tests judge: recordings of every cloud, and answers that were authored."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any
from unittest.mock import patch

import pytest

from scanner import pipeline
from scanner.model.answers import Snapshot, canonical
from scanner.model.findings import Assessment
from scanner.model.library import Library

_judge = pipeline.judge


class _Recorder:
    """Keeps every snapshot that is judged, once; of those of one test with the same calls the first:
    the others are the same, spoiled."""

    def __init__(self) -> None:
        self.snapshots: dict[str, Snapshot] = {}
        self._seen: set[tuple[str, ...]] = set()

    def judge(self, snapshots: Iterable[Snapshot], library: Library, **more: Any) -> Assessment:
        """What `scanner.pipeline.judge` does, and the snapshots are kept."""
        given = list(snapshots)
        for one in given:
            test = os.environ["PYTEST_CURRENT_TEST"]
            if (test, *sorted(one.answers)) in self._seen:
                continue
            self._seen.add((test, *sorted(one.answers)))
            answers = [(key, answer.sha256) for key, answer in sorted(one.answers.items())]
            self.snapshots.setdefault(canonical([one.checks, answers]), one)
        return _judge(given, library, **more)


def judged_by(paths: Sequence[str]) -> tuple[int, tuple[Snapshot, ...]]:
    """The exit code of these tests, and every snapshot that they judge."""
    recorder = _Recorder()
    # Before any test module is imported: most of them import the function itself.
    with patch.object(pipeline, "judge", recorder.judge):
        code = pytest.main(["-q", "-x", "--no-header", "-p", "no:cacheprovider", *paths])
    return int(code), tuple(recorder.snapshots.values())
