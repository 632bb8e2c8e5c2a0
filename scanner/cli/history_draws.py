"""Lists the samples that were drawn: `tscan history draws`."""

from __future__ import annotations

import click

from scanner.cli.support.options import store_option
from scanner.cli.support.output import show


@click.command()
@store_option
def draws(store: str) -> int:
    """List every sample that was drawn: control, period, seed, size, time, who, population.

    A draw that repeats another with a different seed is shown as such.

    \b
    Examples:
      tscan history draws
      tscan history draws --store s3://bucket/tscan
    """
    from scanner.cli.history import open_ledger
    from scanner.history.ledger.draws import all_draws
    from scanner.reports.sample import draws_as_text

    show(draws_as_text(all_draws(open_ledger(store).store)))
    return 0
