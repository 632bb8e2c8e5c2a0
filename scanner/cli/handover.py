"""`tscan handover`: one archive for the auditor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from scanner.cli.support.history_options import between, looking_back, open_past
from scanner.errors import TscanError


@click.command()
@click.option("--from", "first", required=True, metavar="DAY", help="The first day.")
@click.option("--to", "last", required=True, metavar="DAY", help="The last day, included.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE.zip",
    help="The archive; named by its days if left out.",
)
@looking_back
def handover(first: str, last: str, output: Path | None, **options: Any) -> int:
    """Write one archive: records, evidence, packs, public keys, how to verify them, and where figures come from.

    The chains are whole, because a part could not be verified; the sheets are about the days that are named. The
    same history gives the same file. It holds your configuration: hand it over as you would hand over that.

    \b
    Examples:
      tscan handover --from 2026-01-01 --to 2026-06-30
      tscan handover --from 2026-01-01 --to 2026-06-30 --target aws:111122223333 --output one-account.zip
    """
    from scanner.cli.support.judging import as_of_the_day
    from scanner.core.calendar import moment
    from scanner.history.export.auditor_package import AuditorPackage, write_auditor_package
    from scanner.history.verification.rejudge import Rejudge
    from scanner.rendering.sanitize import sanitized

    past = open_past(**options)
    period = between(first, last, past.zone)
    chains = {target: past.ledger.records(target) for target in past.targets}
    records = [
        record
        for chain in chains.values()
        for record in chain
        if period.start <= moment(record.finished) < period.end
    ]
    if not records:
        raise TscanError(f"no record ended between {first} and {last}", "see 'tscan history list'")
    again = Rejudge(past.ledger, as_of_the_day, past.library)
    what = AuditorPackage(first=first, last=last, chains=chains, records=tuple(records))
    output = output or Path(f"handover-{first}-{last}.zip")
    files = write_auditor_package(output, past.ledger, again, what)
    click.echo(
        sanitized(
            f"{output}: {files} files, {len(records)} scans of {len(past.targets)} targets in the period"
        )
    )
    return 0
