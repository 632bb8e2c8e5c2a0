"""tscan from Python: what the commands `scan` and `replay` judge, without their files and their output.

import scanner

assessment = scanner.scan("tscan.yaml")
again = scanner.judge("audit.snapshot.jsonl.gz")
failing = [finding for finding in again.findings if finding.verdict == "fail"]
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from scanner import pipeline
from scanner.content.attestations import load_attestations
from scanner.content.config import load_config
from scanner.content.library import load_library
from scanner.content.waivers import load_waivers
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.answers import Snapshot
from scanner.model.config import Config
from scanner.model.findings import Assessment
from scanner.model.library import Library


def scan(
    config: Config | str | Path | None = None,
    *,
    library: Library | None = None,
    checks: Collection[str] | None = None,
) -> Assessment:
    """What the evidence of every configured target says; nothing is written.

    `config` is a `tscan.yaml`, or what one says; without it, the account of the environment's AWS credentials is read.
    `checks` are ids (none: all). Raises `TscanError` for a target that cannot be entered, and `ContentError`, which is
    one, for files that cannot be used; a call that fails is no error: what needs it is unknown.
    """
    library = library or load_library(lazily=True)
    chosen = (
        config
        if isinstance(config, Config)
        else load_config(config, library)
        if config
        else Config()
    )
    names = None if checks is None else tuple(checks)
    return pipeline.judge(
        pipeline.scan(chosen, library, checks=names),
        library,
        checks=names,
        categories=chosen.categories,
        waivers=load_waivers(chosen.waivers, library) if chosen.waivers else (),
        attestations=load_attestations(chosen.attestations, library) if chosen.attestations else (),
    )


def judge(
    *snapshots: Snapshot | str | Path,
    library: Library | None = None,
    checks: Collection[str] | None = None,
    params: Mapping[str, Any] | None = None,
    waivers: str | Path = "",
    attestations: str | Path = "",
) -> Assessment:
    """What recorded evidence says, each snapshot of another target: the same on every machine and day.

    `checks` and `params` are those that each snapshot was made with unless they are given; `waivers` is a file,
    `attestations` a folder. Raises `TscanError` for a snapshot that was cut off or edited.
    """
    library = library or load_library(lazily=True)
    return pipeline.judge(
        [one if isinstance(one, Snapshot) else read_snapshot(Path(one)) for one in snapshots],
        library,
        checks=None if checks is None else tuple(checks),
        params=params,
        waivers=load_waivers(waivers, library) if waivers else (),
        attestations=load_attestations(attestations, library) if attestations else (),
    )
