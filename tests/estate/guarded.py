"""The estate with an allow-list before it, scanned as often as one likes."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

from scanner.model.answers import Snapshot
from scanner.model.config import Config, TargetConfig
from scanner.model.library import Library
from scanner.pipeline import scan
from tests.estate.refusing import Decision, Doorkeeper
from tests.estate.seed import REGIONS, seed
from tests.estate.server import running
from tests.estate.told import Told
from tests.estate.wide import PARAMS, widen


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A filled server, and who stands before it."""

    url: str
    door: Doorkeeper
    library: Library

    def scan(self, allowed: Iterable[str]) -> tuple[Snapshot, list[Decision]]:
        """The evidence where only these actions are allowed, and what became of each request."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        own = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGIONS[0],
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
        self.door.allow(allowed)
        # moto prints a line for each service that it lacks.
        with patch.dict(os.environ, kept | own, clear=True), redirect_stdout(io.StringIO()):
            (snapshot,) = scan(Config(targets=(TargetConfig(),), params=PARAMS), self.library)
        return snapshot, self.door.decisions


@contextmanager
def guarded(library: Library) -> Iterator[Guarded]:
    """The estate while the block runs."""
    door, told = Doorkeeper(), Told(answers={})
    with running(lambda application: door.before(told.before(application))) as url:
        seed(url)
        told.answers = widen(url)
        yield Guarded(url=url, door=door, library=library)
