"""`tscan scan`: read, write the evidence, judge what was written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from scanner.cli.support.options import Judging, judging
from scanner.errors import TscanError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scanner.cli.support.judging import People
    from scanner.formats import Report
    from scanner.model.answers import Snapshot
    from scanner.model.config import Config, Organization, TargetConfig
    from scanner.model.library import Library

CONFIG: Final = Path("tscan.yaml")
STORE: Final = ".tscan"
AWS: Final = "aws"
"""The cloud that options of their own say how to reach."""
FOLDER: Final = Path(".tscan/snapshots")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What to read, how, and where the evidence goes."""

    config: Path | None
    target: tuple[str, ...]
    profile: str
    role_arn: str
    external_id: str
    organization: str
    aws_client: str | None
    region: tuple[str, ...]
    snapshot: Path | None
    threads: int
    deadline: float
    preflight: bool
    store: str
    no_store: bool

    @property
    def names_a_target(self) -> bool:
        """Whether options say how to reach an AWS account."""
        return bool(self.profile or self.role_arn or self.external_id or self.organization)


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="What to read; tscan.yaml if there is one here.",
)
@click.option(
    "--target",
    multiple=True,
    metavar="CLOUD:ID",
    help="Only this: gcp:PROJECT, azure:SUBSCRIPTION, github:ORG, aws.",
)
@click.option("--profile", default="", metavar="NAME", help="A profile of the AWS configuration.")
@click.option("--role-arn", default="", metavar="ARN", help="A role to assume for reading.")
@click.option(
    "--external-id", default="", metavar="ID", help="The external id that the roles ask for."
)
@click.option(
    "--organization",
    default="",
    metavar="ROLE",
    help="Every account of the organisation, by this role.",
)
@click.option(
    "--aws-client",
    type=click.Choice(["fast", "boto3"]),
    help="Which client calls AWS; boto3's own is slower.  [default: fast]",
)
@click.option(
    "--region",
    multiple=True,
    metavar="NAME",
    help="Only this region; all that are enabled if left out.",
)
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path),
    help="Where the evidence is written; a folder for several.",
)
@click.option(
    "--threads", type=click.IntRange(1, 64), default=16, show_default=True, help="Calls at a time."
)
@click.option(
    "--deadline",
    type=click.FloatRange(1),
    default=3600.0,
    show_default=True,
    help="Seconds; what is left is a gap.",
)
@click.option(
    "--store",
    default="",
    metavar="PLACE",
    help="Where history is kept: a folder or s3://…; .tscan.",
)
@click.option("--no-store", is_flag=True, help="Do not add the scan to history.")
@click.option(
    "--preflight", is_flag=True, help="Only ask what may be read, and name what would be lost."
)
@judging
def scan(**options: Any) -> int:
    """Read the configured accounts, write the evidence, judge what was written.

    Only calls that read are made. The evidence is one file for each account, which `tscan replay` judges again;
    the scan is added to the history that `tscan period` and `tscan drift` speak of.

    \b
    Examples:
      tscan scan
      tscan scan --profile audit --region eu-west-1 --region us-east-1
      tscan scan --preflight
      tscan scan --no-store --snapshot evidence.snapshot.jsonl.gz
      tscan scan --role-arn arn:aws:iam::111122223333:role/audit --external-id EXAMPLE
      tscan scan --organization tscan-read --region eu-west-1
      tscan scan --target gcp:my-project --target github:my-org --target aws --profile audit
      tscan scan --quiet --format json=result.json --fail-on medium
      tscan scan --select 'aws-s3-*' --param access_key_max_age_days=30
    """
    names = Reading.__dataclass_fields__
    reading = Reading(**{name: value for name, value in options.items() if name in names})
    return _scan(
        reading, Judging(**{name: value for name, value in options.items() if name not in names})
    )


def _scan(reading: Reading, options: Judging) -> int:
    from scanner.cli.support.judging import judge_with, people
    from scanner.cli.support.notify import Notifier
    from scanner.cli.support.options import load, parameters, selected
    from scanner.cli.support.output import destinations
    from scanner.history.stores import open_store
    from scanner.providers import PROVIDERS

    # Everything that can be wrong is looked at before the first call is made.
    places = destinations(options.format, quiet=options.quiet)
    library = load(options)
    checks = selected(options, library)
    config = _config(reading, library, parameters(options, library))
    said = people(options, library, config)
    several = len(config.targets) > 1 or any(
        PROVIDERS.get(one.cloud).several(one) for one in config.targets
    )
    _check_place(reading.snapshot, several=several)
    place = reading.store or config.store or STORE
    if not reading.no_store:
        open_store(place)
    telling = Notifier(
        config=config,
        library=library,
        store=place,
        checks=checks,
        rules=() if reading.no_store else config.alerts,
    )
    if config.alerts:
        telling.look()
    if reading.preflight:
        from scanner.cli.preflight import look

        return look(config, library, checks, threads=reading.threads)
    targets: list[str] = []
    with telling.failure():
        if not reading.no_store:
            from scanner.history.ledger.commit import open_ledger

            open_ledger(
                place
            )  # a place or a key that is none would be found out when all calls are made
        paths = _evidence(reading, config, library, checks, several=several, quiet=options.quiet)
        report = judge_with(paths, options, library, places, said, configured=config.categories)
        if not reading.no_store:
            targets = _keep(paths, report, options, said, place)
    if targets and config.anchors:
        from scanner.cli.support.commit import anchor

        anchor(place, targets, config.anchors, quiet=options.quiet)
    telling.news(targets, said.waivers)
    return report.exit_code


def _keep(
    paths: Sequence[Path], report: Report, options: Judging, said: People, place: str
) -> list[str]:
    """Commit the scan; where that fails its evidence stays, and how to commit it later is said."""
    from scanner.cli.support.commit import keep

    try:
        return keep(paths, report, options, said, place)
    except TscanError:
        where = paths[0].parent if len(paths) > 1 else paths[0]
        click.echo(
            f"not in history: 'tscan history add {where}' commits this evidence later", err=True
        )
        raise


def _evidence(
    reading: Reading,
    config: Config,
    library: Library,
    checks: tuple[str, ...] | None,
    *,
    several: bool,
    quiet: bool,
) -> list[Path]:
    """Read every target, and write what was read; the files."""
    from scanner import pipeline
    from scanner.cli.support.progress import shown

    with shown(quiet=quiet) as progress:
        snapshots = pipeline.scan(
            config,
            library,
            checks=checks,
            deadline=reading.deadline,
            threads=reading.threads,
            progress=progress,
        )
        paths = _write(snapshots, reading.snapshot, several=several)
    if not quiet:
        click.echo(
            f"evidence: {f'{len(paths)} files in {paths[0].parent}' if several else paths[0]}",
            err=True,
        )
    return paths


def _config(reading: Reading, library: Library, params: Mapping[str, Any]) -> Config:
    """The configuration file with the options over it, or the options alone."""
    from scanner.content.config import load_config
    from scanner.model.config import Config

    path = reading.config or (CONFIG if CONFIG.is_file() else None)
    config = load_config(path, library) if path else Config()
    targets = _targets(reading, config)
    reached = [target for target in targets if target.cloud == AWS]
    if reading.names_a_target and len(reached) != 1:
        raise TscanError(
            f"{config.path or 'this command'} names {len(reached)} targets of AWS, and options say how to reach one",
            "leave out --profile, --role-arn, --external-id and --organization, or name another configuration",
        )
    return replace(
        config,
        targets=tuple(
            replace(
                _reached(reading, target) if target in reached else target,
                params={**target.params, **params},
            )
            for target in targets
        ),
    )


def _targets(reading: Reading, config: Config) -> tuple[TargetConfig, ...]:
    """Those that options name, as the configuration says how to reach them; else all of the configuration."""
    from scanner.content.config import parse_target

    if not reading.target:
        return config.targets
    texts = [text.lower() for text in reading.target]
    twice = next((text for text in reading.target if texts.count(text.lower()) > 1), "")
    if twice:
        raise TscanError(f"--target {twice} is written twice", "name each target once")
    named = [parse_target(text) for text in reading.target]
    if reading.names_a_target and AWS not in [target.cloud for target in named]:
        named.append(parse_target(AWS))
    return tuple(_configured(target, config) for target in named)


def _configured(target: TargetConfig, config: Config) -> TargetConfig:
    """A target with what the configuration says of it, where it names it too."""
    wanted = target.settings.get("id", "")
    for known in config.targets:
        if known.cloud == target.cloud and (wanted in known.settings.values() or not wanted):
            return known
    return target


def _reached(reading: Reading, target: TargetConfig) -> TargetConfig:
    """An AWS account with the options that say how it is reached."""
    return replace(
        target,
        profile=reading.profile or target.profile,
        role_arn=reading.role_arn or target.role_arn,
        external_id=reading.external_id or target.external_id,
        organization=_organization(reading, target.organization),
        regions=reading.region or target.regions,
        settings=_settings(reading, target),
    )


def _settings(reading: Reading, target: TargetConfig) -> Mapping[str, str]:
    if reading.aws_client is None:
        return target.settings
    return {**target.settings, "client": reading.aws_client}


def _organization(reading: Reading, configured: Organization | None) -> Organization | None:
    """The organisation of the configuration, with the options over it."""
    from scanner.content.config import check_role
    from scanner.model.config import Organization

    if not reading.organization:
        return configured
    check_role(reading.organization)
    found = configured or Organization(role=reading.organization)
    return replace(
        found, role=reading.organization, external_id=reading.external_id or found.external_id
    )


def _check_place(path: Path | None, *, several: bool) -> None:
    """Refuse, before a long scan, a place that its evidence could not be written to."""
    if path is None or path.is_dir():
        return
    if several:
        raise TscanError(
            f"--snapshot {path} must be a folder: there is a snapshot for each target",
            "make it first",
        )
    if path.exists():
        raise TscanError(
            f"--snapshot {path} exists: evidence is never written over", "name another file"
        )
    if not path.parent.is_dir():
        raise TscanError(f"--snapshot {path}: there is no folder {path.parent}", "make it first")


def _write(snapshots: Iterable[Snapshot], place: Path | None, *, several: bool) -> list[Path]:
    """Write the evidence of each target as soon as it is there, and say where."""
    from scanner.history.snapshots.snapshot_file import write_snapshot

    paths: list[Path] = []
    for snapshot in snapshots:
        if place is None:
            place = _own_folder(snapshot.id if several else "")
        path = place / _name(snapshot) if place.is_dir() else place
        write_snapshot(path, snapshot)
        paths.append(path)
    return paths


def _name(snapshot: Snapshot) -> str:
    return f"tscan-{snapshot.target.account}-{snapshot.id}.snapshot.jsonl.gz"


def _own_folder(scan: str) -> Path:
    """`.tscan/snapshots`, or a folder of several targets in it: for its owner only, never committed by accident."""
    from scanner.history.stores.atomic_write import atomic_write

    folder = FOLDER / scan
    try:
        for path in (FOLDER.parent, FOLDER, folder):
            path.mkdir(mode=0o700, exist_ok=True)
        ignore = FOLDER.parent / ".gitignore"
        if not ignore.exists():
            with atomic_write(
                ignore
            ) as file:  # an empty one, of a scan that was killed, would ignore nothing
                file.write(b"*\n")
    except OSError as error:
        raise TscanError(
            f"{folder} cannot be made: {error.strerror}", "say where with --snapshot"
        ) from error
    return folder
