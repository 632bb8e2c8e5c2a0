"""Use tscan from Python: scan targets or judge recorded snapshots, without output files.

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
from scanner.core.judging.selection import narrowed
from scanner.errors import TscanError
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.language.errors import did_you_mean
from scanner.model.answers import Snapshot
from scanner.model.attestations import Attestation
from scanner.model.config import Config
from scanner.model.findings import Assessment
from scanner.model.library import Library
from scanner.model.waivers import Waiver


def scan(
    config: Config | str | Path | None = None,
    *,
    library: Library | None = None,
    checks: Collection[str] | None = None,
) -> Assessment:
    """Read every configured target and judge the evidence; nothing is written.

    `config` is a `tscan.yaml`, or its content; without it, the account of the environment's AWS
    credentials is read. `checks` are ids (None: all): the assessment then has the gaps of these
    alone. Raises `TscanError` for a target that it cannot connect to or an unknown check, and
    `ContentError`, which is one, for files with mistakes. A call that fails is no error: the
    findings that need it are unknown.
    """
    library = library or load_library(lazily=True)
    chosen = _config(config, library)
    names = _names(checks, library)
    assessment = pipeline.judge(
        pipeline.scan(chosen, library, checks=names),
        library,
        checks=names,
        categories=chosen.categories,
        waivers=_waivers(chosen.waivers, library),
        attestations=_attestations(chosen.attestations, library),
    )
    return narrowed(assessment, library, names)


def judge(
    *snapshots: Snapshot | str | Path,
    library: Library | None = None,
    checks: Collection[str] | None = None,
    params: Mapping[str, Any] | None = None,
    waivers: str | Path = "",
    attestations: str | Path = "",
) -> Assessment:
    """Judge recorded evidence, one snapshot a target: the same on every machine and day.

    `checks` and `params` are those of each snapshot unless they are given; of given checks the
    assessment has the gaps of these alone. `waivers` is a file, `attestations` a folder. Raises
    `TscanError` for a snapshot that was cut off or edited, and for an unknown check.
    """
    library = library or load_library(lazily=True)
    names = _names(checks, library)
    assessment = pipeline.judge(
        [_snapshot(one) for one in snapshots],
        library,
        checks=names,
        params=params,
        waivers=_waivers(waivers, library),
        attestations=_attestations(attestations, library),
    )
    return narrowed(assessment, library, names)


def _config(config: Config | str | Path | None, library: Library) -> Config:
    if isinstance(config, Config):
        return config
    if config:
        return load_config(config, library)
    return Config()


def _names(checks: Collection[str] | None, library: Library) -> tuple[str, ...] | None:
    # An empty selection is kept apart from none: it must not become "all checks".
    if checks is None:
        return None
    for name in checks:
        # A misspelt check must not select nothing in silence: fewer checks have fewer failures.
        if name not in library.checks:
            raise TscanError(f"there is no check '{name}'", did_you_mean(name, library.checks))
    return tuple(checks)


def _snapshot(snapshot: Snapshot | str | Path) -> Snapshot:
    if isinstance(snapshot, Snapshot):
        return snapshot
    return read_snapshot(Path(snapshot))


def _waivers(path: str | Path, library: Library) -> tuple[Waiver, ...]:
    if not path:
        return ()
    return load_waivers(path, library)


def _attestations(path: str | Path, library: Library) -> tuple[Attestation, ...]:
    if not path:
        return ()
    return load_attestations(path, library)
