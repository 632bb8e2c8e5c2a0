"""Shows the matrix of recorded evidence and nothing else: `tscan matrix`."""

from __future__ import annotations

import click

from scanner.cli.support.evidence import EvidenceOptions, evidence_options
from scanner.cli.support.options import JudgingOptions, judging_options


@click.command()
@evidence_options
@judging_options
def matrix(evidence: EvidenceOptions, options: JudgingOptions) -> int:
    """Show the matrix without the findings: of files, or of the newest scan of each target.

    \b
    Examples:
      tscan matrix
      tscan matrix audit.snapshot.jsonl.gz
      tscan matrix audit.snapshot.jsonl.gz --controls
      tscan matrix audit.snapshot.jsonl.gz --category Security
    """
    from scanner.cli.support.judging import judge_evidence

    return judge_evidence(evidence, options, matrix_only=True)
