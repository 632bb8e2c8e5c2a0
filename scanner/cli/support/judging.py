"""What every judging command does once it has evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scanner.cli.support.options import Judging, categories, load, parameters, selected
from scanner.cli.support.output import destinations, write
from scanner.errors import TscanError
from scanner.formats import Report
from scanner.history.snapshots.snapshot_file import read_snapshot
from scanner.model.checks import Severity
from scanner.pipeline import judge

if TYPE_CHECKING:
    from scanner.cli.support.output import Destination
    from scanner.model.answers import Snapshot
    from scanner.model.attestations import Attestation
    from scanner.model.config import Config
    from scanner.model.findings import Assessment
    from scanner.model.library import Library
    from scanner.model.waivers import Waiver


PATTERNS: Final = ("*.snapshot.jsonl.gz", "*.snapshot.jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What people decided and stated: an input of judging beside evidence and library."""

    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()


def judge_files(paths: Sequence[Path], options: Judging, *, matrix_only: bool = False) -> int:
    """Judge snapshot files and write the reports; the exit code."""
    places = destinations(options.format, quiet=options.quiet)
    library = load(options)
    return judge_with(
        paths, options, library, places, people(options, library), matrix_only=matrix_only
    ).exit_code


def judge_with(
    paths: Sequence[Path],
    options: Judging,
    library: Library,
    places: Sequence[Destination],
    said: People,
    *,
    configured: Mapping[str, tuple[str, ...]] | None = None,
    matrix_only: bool = False,
) -> Report:
    """The same, with a library that is loaded and destinations that are known to be writable; what was reported."""
    assessment = judge(
        _read(paths),
        library,
        checks=selected(options, library),
        params=parameters(options, library),
        categories=categories(options, library, configured or {}),
        waivers=said.waivers,
        attestations=said.attestations,
    )
    report = Report(
        assessment=assessment,
        library=library,
        fail_on=Severity(options.fail_on),
        controls=options.controls,
        matrix_only=matrix_only,
    )
    write(report, places)
    return report


def people(options: Judging, library: Library, config: Config | None = None) -> People:
    """The waivers and attestations that the options name, or else the configuration."""
    from scanner.content.attestations import load_attestations
    from scanner.content.waivers import load_waivers

    waivers = options.waivers or (config.waivers if config else "")
    attestations = options.attestations or (config.attestations if config else "")
    return People(
        waivers=load_waivers(waivers, library) if waivers else (),
        attestations=load_attestations(attestations, library) if attestations else (),
    )


def as_of_the_day(
    snapshots: Sequence[Snapshot],
    library: Library,
    waivers: tuple[Waiver, ...],
    attestations: tuple[Attestation, ...],
    checks: tuple[str, ...] | None = None,
) -> Assessment:
    """What history's evidence says by what it was judged with."""
    return judge(snapshots, library, checks=checks, waivers=waivers, attestations=attestations)


def _read(paths: Sequence[Path]) -> Iterator[Snapshot]:
    """The snapshots one at a time."""
    return map(read_snapshot, files(paths))


def files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files, and those in the folders, in order of name."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(file for pattern in PATTERNS for file in path.glob(pattern))
        if not inside:
            raise TscanError(
                f"{path} holds no snapshot", "name a folder of *.snapshot.jsonl.gz files"
            )
        yield from inside
