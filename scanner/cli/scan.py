"""Scans the configured accounts: reads them, writes the evidence, judges it: `tscan scan`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from scanner.cli.support.log_options import log_options
from scanner.cli.support.options import (
    PATH,
    BaselineOptions,
    JudgingOptions,
    baseline_options,
    judging_options,
)
from scanner.cli.support.store_location import default_store
from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.cli.support.judging import Compare, Decisions
    from scanner.cli.support.notify import Notifier
    from scanner.cli.support.output import Destination
    from scanner.cli.support.scope import Requested
    from scanner.formats import Report, Source
    from scanner.model.config import Config, Organization, TargetConfig
    from scanner.model.findings import Assessment
    from scanner.model.library import Library

AWS: Final = "aws"
"""The cloud that options of their own say how to connect to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """What to read, how, and where the evidence goes."""

    config: Path | None
    target: tuple[str, ...]
    profile: str
    role_arn: str
    external_id: str
    organization: str
    aws_client: str | None
    insecure_endpoint: bool
    region: tuple[str, ...]
    snapshot: Path | None
    threads: int
    deadline: float
    preflight: bool
    store: str
    no_store: bool

    @property
    def describes_aws(self) -> bool:
        """Whether options say how to connect to an AWS account."""
        return bool(self.profile or self.role_arn or self.external_id or self.organization)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inputs:
    """Everything that a scan needs, checked before the first call is made."""

    reading: ReadingOptions
    options: JudgingOptions
    library: Library
    checks: tuple[str, ...] | None
    """The selected checks; None: all."""
    scope: tuple[str, ...]
    """How the scan differs from the configured one."""
    compare: Compare | None
    """Makes the baseline of new failures; None: all failures count."""
    config: Config
    decisions: Decisions
    places: tuple[Destination[Report], ...]
    several: bool
    """Whether there will be more than one snapshot."""
    store: str

    @property
    def commits(self) -> bool:
        """Whether the scan is added to history: one of another scope only where a store is named.

        Whoever tries something out must not have to say that it is no part of the nightly history.
        """
        if self.reading.no_store:
            return False
        return not self.scope or bool(self.reading.store)


@click.command()
@click.option(
    "--config",
    type=PATH,
    help="What to read; tscan.yaml of this folder, or of one above it.",
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
    help="Every account of the organization, with this role.",
)
@click.option(
    "--aws-client",
    type=click.Choice(["fast", "boto3"]),
    help="Which client calls AWS; boto3's own is slower.  [default: fast]",
)
@click.option(
    "--insecure-endpoint",
    is_flag=True,
    help="Send AWS credentials over plain HTTP to another machine.",
)
@click.option(
    "--region",
    multiple=True,
    metavar="NAME",
    help="Only this region; all that are enabled if left out.",
)
@click.option(
    "--snapshot",
    type=PATH,
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
    help="Time limit in seconds; calls not finished by then are gaps.",
)
@click.option(
    "--store",
    default="",
    metavar="PLACE",
    help="Where history is kept: a folder or s3://…; .tscan.",
)
@click.option("--no-store", is_flag=True, help="Do not add the scan to history.")
@click.option(
    "--preflight", is_flag=True, help="Test permissions; list the checks that would be unknown."
)
@baseline_options
@judging_options
@log_options
def scan(options: JudgingOptions, compare: BaselineOptions, **reading: Any) -> int:
    """Read the configured accounts, store the evidence, and evaluate it.

    All calls are read-only. The evidence is one file for each account, which `tscan replay`
    re-evaluates; the scan is added to history for `tscan period` and `tscan drift`. A scan whose
    options differ from tscan.yaml is added only with --store, and is compared only with scans of
    the same scope.

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
      tscan scan --severity critical --new-only
    """
    from scanner.cli.support.progress import announced

    with announced("loading checks …", quiet=options.quiet):
        inputs = _checked_inputs(ReadingOptions(**reading), options, compare)
    notifier = _notifier(inputs)
    if inputs.config.alerts:
        notifier.check_channels()
    # A preflight reads no evidence: there is nothing to judge or to commit.
    if inputs.reading.preflight:
        from scanner.cli.preflight import show_preflight

        return show_preflight(
            inputs.config, inputs.library, inputs.checks, threads=inputs.reading.threads
        )
    return _scan(inputs, notifier)


def _checked_inputs(
    reading: ReadingOptions, options: JudgingOptions, compare: BaselineOptions
) -> _Inputs:
    """Load and check all inputs before the first call: a late error may cost an hour of reading."""
    from scanner.cli.support.evidence_files import check_snapshot_path
    from scanner.cli.support.judging import load_decisions
    from scanner.cli.support.new_failures import comparison
    from scanner.cli.support.options import load, parameters, selected
    from scanner.cli.support.output import destinations
    from scanner.cli.support.scope import Requested, scope_of
    from scanner.cli.support.store_location import with_configured_content
    from scanner.history.stores import open_store

    places = destinations(options.format, quiet=options.quiet)
    options = with_configured_content(options, reading.config)
    library = load(options)
    checks = selected(options, library)
    configured = _load_config(reading, library)
    requested = Requested(
        targets=reading.target,
        chosen=_targets(reading, configured),
        regions=reading.region,
        params=parameters(options, library),
    )
    scope = scope_of(options, library, configured, requested)
    config = _with_reading_options(configured, reading, requested)
    decisions = load_decisions(options, library, config)
    several = _has_several_targets(config)
    check_snapshot_path(reading.snapshot, several=several)
    store = reading.store or config.store or default_store()
    if not reading.no_store:
        open_store(store)
    return _Inputs(
        reading=reading,
        options=options,
        library=library,
        checks=checks,
        scope=scope,
        compare=comparison(compare, lambda: store, scope),
        config=config,
        decisions=decisions,
        places=places,
        several=several,
        store=store,
    )


def _has_several_targets(config: Config) -> bool:
    from scanner.providers import PROVIDERS

    if len(config.targets) > 1:
        return True
    # One configured target may be many: an organization, a tenant, a folder of projects.
    return any(PROVIDERS.get(one.cloud).several(one) for one in config.targets)


def _notifier(inputs: _Inputs) -> Notifier:
    from scanner.cli.support.notify import Notifier

    rules = inputs.config.alerts
    # Alerts are about history: without a record there is nothing new in it.
    if not inputs.commits:
        rules = ()
    return Notifier(
        config=inputs.config,
        library=inputs.library,
        store=inputs.store,
        checks=inputs.checks,
        rules=rules,
        ends=time.monotonic() + inputs.reading.deadline,
    )


def _scan(inputs: _Inputs, notifier: Notifier) -> int:
    """Read, write the evidence, judge what was written, and commit it; the exit code."""
    from scanner.cli.support.judging import Inputs, judge_files

    options, decisions = inputs.options, inputs.decisions
    chains: list[str] = []
    ledger = None
    with notifier.alert_on_failure():
        if inputs.commits:
            from scanner.history.ledger.commit import open_ledger

            # Before the calls: a store that is damaged or a key that is missing would lose them.
            ledger = open_ledger(inputs.store)
        paths = _write_evidence(inputs)
        # Judged from the files: what is reported is what anybody can re-evaluate from them.
        judged = judge_files(
            paths,
            options,
            Inputs(library=inputs.library, config=inputs.config, decisions=decisions),
            inputs.places,
            compare=inputs.compare,
            source=_source(paths, inputs),
            ledger=ledger,
        )
        if inputs.commits:
            chains = _commit(paths, judged.assessment, inputs)
    _report_uncommitted(paths, inputs)
    try:
        if chains and inputs.config.anchors:
            from scanner.cli.support.commit import anchor

            anchor(inputs.store, chains, inputs.config.anchors, quiet=options.quiet)
        notifier.alert_changes(chains, decisions.waivers)
    except KeyboardInterrupt:
        if not chains:
            raise
        raise TscanError(
            f"interrupted after the commit: {', '.join(chains)} in {inputs.store}",
            "alerts that were not sent are sent by the next scan",
        ) from None
    return judged.report.exit_code


def _source(paths: Sequence[Path], inputs: _Inputs) -> Source:
    """How commands name this scan: as the newest in history, or by its files."""
    from scanner.cli.support.judging import named_files

    evidence = paths
    if len(paths) > 1:
        evidence = [paths[0].parent]
    return named_files(evidence, committed=inputs.commits)


def _commit(paths: Sequence[Path], assessment: Assessment, inputs: _Inputs) -> list[str]:
    """Commit the scan; if that fails, print how to commit the evidence, which stays, later."""
    from scanner.cli.support.commit import commit

    try:
        return commit(
            paths, assessment, inputs.library, inputs.options, inputs.decisions, inputs.store
        )
    except TscanError:
        click.echo(
            f"not in history: '{_adding(paths, inputs)}' commits this evidence later", err=True
        )
        raise
    except KeyboardInterrupt:
        from scanner.cli.support.commit import committed_chains

        # Several records are committed one after the other: some may be there.
        found = ", ".join(committed_chains(paths, inputs.store)) or "nothing"
        raise TscanError(
            f"interrupted during the commit: {found} is in {inputs.store}",
            f"'{_adding(paths, inputs)}' commits the rest of this evidence",
        ) from None


def _report_uncommitted(paths: Sequence[Path], inputs: _Inputs) -> None:
    """Say that a scan of another scope is not in history, and which command adds it."""
    from scanner.cli.support.scope import as_options
    from scanner.rendering.sanitize import sanitized

    if inputs.commits or inputs.reading.no_store or inputs.options.quiet:
        return
    line = (
        f"not in history: another scope than the configured one ({as_options(inputs.scope)}); "
        f"'{_adding(paths, inputs)}' commits it, as --store {inputs.store} would have"
    )
    click.echo(sanitized(line), err=True)


def _adding(paths: Sequence[Path], inputs: _Inputs) -> str:
    """The command that commits evidence that is not in history."""
    evidence = paths[0]
    if len(paths) > 1:
        evidence = evidence.parent
    words = ["tscan history add", str(evidence)]
    for name in ("checks", "mappings"):
        for folder in getattr(inputs.options, name):
            words += [f"--{name}", str(folder)]
    return " ".join(words)


# -- the configuration -----------------------------------------------------------------------------


def _load_config(reading: ReadingOptions, library: Library) -> Config:
    """The configuration of the file that is named or lies here; the default without one."""
    from scanner.cli.support.store_location import load_configuration

    return load_configuration(reading.config, library)


def _with_reading_options(config: Config, reading: ReadingOptions, requested: Requested) -> Config:
    """The configuration with the options applied to it."""
    _check_described_target(reading, config, requested.chosen)
    return replace(
        config,
        targets=tuple(
            _with_options(target, reading, requested.params) for target in requested.chosen
        ),
    )


def _check_described_target(
    reading: ReadingOptions, config: Config, targets: Sequence[TargetConfig]
) -> None:
    """Refuse connection options that could be meant for more than one target, or for none."""
    # Read with another account's role, a target would be judged by what that role may see.
    count = sum(target.cloud == AWS for target in targets)
    if not reading.describes_aws or count == 1:
        return
    source = config.path or "this command"
    raise TscanError(
        f"{source} names {count} targets of AWS, and options say how to reach one",
        "leave out --profile, --role-arn, --external-id and --organization, "
        "or name another configuration",
    )


def _targets(reading: ReadingOptions, config: Config) -> tuple[TargetConfig, ...]:
    """The targets that `--target` names, as they are configured; without it all configured ones."""
    from scanner.content.config import parse_target

    if not reading.target:
        return config.targets
    seen: dict[str, str] = {}
    for text in reading.target:
        key = text.lower()
        # Read twice, a target would be in every count twice.
        if key in seen:
            raise TscanError(f"--target {seen[key]} is written twice", "name each target once")
        seen[key] = text
    named = [parse_target(text) for text in reading.target]
    if reading.describes_aws and AWS not in [target.cloud for target in named]:
        named.append(parse_target(AWS))
    return tuple(_configured(target, config) for target in named)


def _configured(target: TargetConfig, config: Config) -> TargetConfig:
    """A named target with its entry in the configuration, where there is one."""
    wanted = target.settings.get("id", "")
    for known in config.targets:
        if known.cloud == target.cloud and (wanted in known.settings.values() or not wanted):
            return known
    return target


def _with_options(
    target: TargetConfig, reading: ReadingOptions, params: Mapping[str, Any]
) -> TargetConfig:
    """A target with `--param` applied to it, and to one of AWS the options that describe it."""
    if target.cloud == AWS:
        target = replace(
            target,
            profile=reading.profile or target.profile,
            role_arn=reading.role_arn or target.role_arn,
            external_id=reading.external_id or target.external_id,
            organization=_organization(reading, target.organization),
            regions=reading.region or target.regions,
            # The reason in the configuration is one for its own regions.
            regions_why="" if reading.region else target.regions_why,
            regions_approver="" if reading.region else target.regions_approver,
            settings=_settings(reading, target),
        )
    return replace(target, params={**target.params, **params})


def _settings(reading: ReadingOptions, target: TargetConfig) -> Mapping[str, str]:
    settings = dict(target.settings)
    if reading.aws_client is not None:
        settings["client"] = reading.aws_client
    if reading.insecure_endpoint:
        settings["insecure_endpoint"] = "allowed"
    return settings


def _organization(reading: ReadingOptions, configured: Organization | None) -> Organization | None:
    """The organization of the configuration, with the options applied to it."""
    from scanner.content.config import check_role_name
    from scanner.model.config import Organization

    if not reading.organization:
        return configured
    check_role_name(reading.organization)
    found = configured or Organization(role=reading.organization)
    return replace(
        found, role=reading.organization, external_id=reading.external_id or found.external_id
    )


# -- the evidence ----------------------------------------------------------------------------------


def _write_evidence(inputs: _Inputs) -> list[Path]:
    """Read every target and write its snapshot as soon as it is complete; the files."""
    from scanner.cli.support.evidence_files import write_snapshots
    from scanner.cli.support.progress import shown

    quiet = inputs.options.quiet
    with shown(quiet=quiet) as progress:
        # Imported behind the first sign of progress.
        from scanner import pipeline

        snapshots = pipeline.scan(
            inputs.config,
            inputs.library,
            checks=inputs.checks,
            scope=inputs.scope,
            deadline=inputs.reading.deadline,
            threads=inputs.reading.threads,
            progress=progress,
        )
        paths = write_snapshots(snapshots, inputs.reading.snapshot, several=inputs.several)
    if not quiet:
        where = str(paths[0])
        if inputs.several:
            where = f"{len(paths)} files in {paths[0].parent}"
        click.echo(f"evidence: {where}", err=True)
    return paths
