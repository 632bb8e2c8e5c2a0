"""Lists the parameters of checks, and explains one: `tscan params`."""

from __future__ import annotations

from pathlib import Path

import click

from scanner.cli.support.completion import complete_parameters
from scanner.cli.support.options import (
    ContentOptions,
    config_option,
    content_options,
    report_format_option,
)


@click.command()
@click.argument("name", required=False, shell_complete=complete_parameters)
@config_option
@content_options
@report_format_option
def params(
    name: str | None,
    config: Path | None,
    content: ContentOptions,
    format: str,  # noqa: A002 - click names it after the option
) -> int:
    """List the parameters of checks: meaning, default, what tscan.yaml sets, which way is stricter.

    A parameter without a default must be set: until then its checks are unknown. Those come first.
    With NAME that parameter is explained, as by 'tscan explain NAME'.

    \b
    Examples:
      tscan params
      tscan params access_key_max_age_days
      tscan params --format json
    """
    from scanner.cli.explain import configured_params, show_explanation
    from scanner.cli.support.evidence import EvidenceOptions
    from scanner.cli.support.ids import no_such
    from scanner.cli.support.judging import load_inputs
    from scanner.cli.support.output import screen_width
    from scanner.reports.parameters import as_json, as_text, parameter_list

    newest = EvidenceOptions(snapshots=(), store="", config=config, target=())
    inputs = load_inputs(newest, content)
    if name is not None:
        known = inputs.library.parameters
        if name not in known:
            raise no_such("parameter", name, known, inputs.library)
        return show_explanation(name, newest, inputs, format)
    listed = parameter_list(inputs.library, configured_params(inputs.config))
    text = as_text(listed, screen_width())
    if format == "json":
        text = as_json(listed)
    click.echo(text, nl=False)
    return 0
