"""Explains one check, control, criterion, parameter, operation or resource: `tscan explain`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.support.completion import complete_everything
from scanner.cli.support.evidence import EvidenceOptions, evidence_options
from scanner.cli.support.options import ContentOptions, content_options, report_format_option

if TYPE_CHECKING:
    from scanner.cli.support.judging import Inputs
    from scanner.formats import Report
    from scanner.model.config import Config, TargetConfig
    from scanner.reports.explain.model import Explanation, Scan
    from scanner.reports.explain.subjects import Names, Subject


@click.command()
@click.argument("identity", metavar="ID", shell_complete=complete_everything)
@evidence_options
@content_options
@report_format_option
@click.option("--details", is_flag=True, help="Show everything, not only one screen.")
def explain(
    identity: str,
    evidence: EvidenceOptions,
    content: ContentOptions,
    format: str,  # noqa: A002 - the option's name
    details: bool,
) -> int:
    """Explain one id: what it is, what it depends on, what depends on it, and its newest result.

    ID is that of a check, control, criterion, objective, manual control or parameter, an operation
    or permission of a cloud, or the id, ARN or name of a resource. Of a criterion, a control and a
    check the resources to fix first are shown, with their fixes.

    \b
    Examples:
      tscan explain CC6.1
      tscan explain aws-s3-bucket-versioned
      tscan explain s3:GetBucketEncryption
      tscan explain access_key_max_age_days
      tscan explain my-bucket audit.snapshot.jsonl.gz --details
    """
    from scanner.cli.support.judging import load_inputs

    return show_explanation(
        identity, evidence, load_inputs(evidence, content), format, details=details
    )


def show_explanation(
    identity: str, evidence: EvidenceOptions, inputs: Inputs, form: str, *, details: bool = False
) -> int:
    """Print the explanation of an id, for people or as JSON, with its newest result."""
    from scanner.cli.support.given import CONTENT, EVIDENCE, given
    from scanner.cli.support.output import screen_width
    from scanner.reports.explain.text import as_json, as_text

    explanation = _explanation(identity, evidence, inputs, details=details)
    files, options = shlex.join(map(str, evidence.snapshots)), given((*EVIDENCE, *CONTENT))
    repeated = f"{files} {options}".strip()
    text = as_text(explanation, details=details, width=screen_width(), inputs=repeated)
    if form == "json":
        text = as_json(explanation)
    click.echo(text, nl=False)
    return 0


def _explanation(
    identity: str, evidence: EvidenceOptions, inputs: Inputs, *, details: bool
) -> Explanation:
    from scanner.cli.support.evidence import chosen_evidence
    from scanner.cli.support.judging import judge_everything
    from scanner.core.judging.links import Links
    from scanner.reports.explain.content import Content, explain_content
    from scanner.reports.explain.result import with_result
    from scanner.reports.explain.subjects import Names
    from scanner.reports.explain.text import MEND

    chosen = chosen_evidence(evidence, inputs.config, inputs.library)
    report: Report | None = None
    names = Names(inputs.library, permissions_of)
    subject = names.subject(identity)
    # A misspelt id costs no judging where there is no scan; with one, it may be a resource.
    if chosen is not None:
        report = judge_everything(chosen, inputs)
    if subject is None:
        subject = _resource(identity, names, report)
    content = Content(
        library=inputs.library,
        links=Links(inputs.library),
        permissions_of=permissions_of,
        params=configured_params(inputs.config),
    )
    explanation = explain_content(subject, content)
    if chosen is None or report is None:
        return explanation
    scans = _scans(chosen.ended)
    return with_result(explanation, subject, report, scans, None if details else MEND)


def _resource(identity: str, names: Names, report: Report | None) -> Subject:
    from scanner.reports.explain.subjects import resource_subject, unknown_subject

    if report is None:
        raise unknown_subject(identity, names, None)
    findings = report.assessment.findings
    subject = resource_subject(identity, findings)
    if subject is None:
        raise unknown_subject(identity, names, findings)
    return subject


def _scans(ended: Mapping[str, str]) -> list[Scan]:
    from scanner.reports.explain.model import Scan

    return [Scan(target=target, finished=end) for target, end in sorted(ended.items())]


def permissions_of(cloud: str, operation: str) -> tuple[str, ...]:
    """The permissions of an operation of a cloud; none for a cloud that is not installed here."""
    from scanner.providers import PROVIDERS

    if cloud not in PROVIDERS:
        return ()
    return PROVIDERS.get(cloud).permissions_of(operation)


def configured_params(config: Config) -> dict[tuple[str, str], Any]:
    """Parameters that tscan.yaml sets, by name and target; the target is empty for all of them."""
    found = {(name, ""): value for name, value in config.params.items()}
    for target in config.targets:
        for name, value in target.params.items():
            found[name, _target_name(target)] = value
    return found


def _target_name(target: TargetConfig) -> str:
    """`gcp:my-project`, as far as tscan.yaml says which target it is."""
    names = [target.profile, target.role_arn, *target.settings.values()]
    for name in names:
        if name:
            return f"{target.cloud}:{name}"
    return target.cloud
