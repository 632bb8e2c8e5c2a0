"""Writes an attestation for a manual control: `tscan attest`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

import click

from scanner.cli.support.completion import complete_manual_controls
from scanner.cli.support.options import PATH, config_option, mappings_option
from scanner.content.input_files import LARGEST_RESULT, read_input
from scanner.errors import ContentError, TscanError

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HINT: Final = "name a folder with --attestations"


@click.command()
@click.argument("control", metavar="CONTROL", shell_complete=complete_manual_controls)
@click.option("--statement", required=True, metavar="TEXT", help="The statement.")
@click.option("--by", required=True, metavar="MAIL", help="Author of the statement.")
@click.option(
    "--valid-until",
    "valid_until",
    required=True,
    metavar="DAY",
    help="Last day on which the attestation counts, such as 2026-12-31.",
)
@click.option(
    "--evidence",
    required=True,
    multiple=True,
    metavar="REFERENCE",
    help="A file, stored with its digest; an address; or a description of the place.",
)
@click.option("--dated", default="", metavar="DAY", help="Date of the statement; default: today.")
@click.option(
    "--covers",
    nargs=2,
    default=None,
    metavar="FIRST LAST",
    help="The period that it covers, both days included.",
)
@click.option(
    "--attestations",
    type=PATH,
    metavar="DIR",
    help="The folder to write to; default: that of tscan.yaml, or attestations beside it.",
)
@config_option
@mappings_option
def attest(
    control: str,
    statement: str,
    by: str,
    valid_until: str,
    evidence: tuple[str, ...],
    dated: str,
    covers: tuple[str, str] | None,
    attestations: Path | None,
    config: Path | None,
    mappings: tuple[Path, ...],
) -> int:
    """Write an attestation of a manual control into a file of its own, to be reviewed and
    committed.

    \b
    Examples:
      tscan attest MC-39 --statement "Every incident was handled by the procedure." \
--by security@example.com --valid-until 2026-12-31 --evidence register-2025.pdf
      tscan attest MC-39 --statement "The register holds four incidents." \
--by security@example.com --valid-until 2026-12-31 --covers 2025-01-01 2025-12-31 \
--evidence https://files.example.com/register-2025.pdf
    """
    from scanner.cli.support.entry_problems import named_by_option
    from scanner.cli.support.history_options import now
    from scanner.cli.support.ids import no_such
    from scanner.cli.support.new_file import write_new
    from scanner.cli.support.store_location import (
        configured_content,
        load_configuration,
        together,
    )
    from scanner.content.attestations import read_attestation
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots
    from scanner.content.waiver_writer import document_lines
    from scanner.rendering.sanitize import sanitized

    _, configured = configured_content(config)
    library = load_library(default_roots(mappings=together(mappings, configured)), lazily=True)
    settings = load_configuration(config, library)
    folder = attestations or _default_folder(settings.attestations)
    day = dated or str(now().date())
    path = _free_path(folder, control, day)
    if control not in library.manual:
        raise no_such("manual control", control, library.manual, library)
    statements = {
        "control": control,
        "statement": " ".join(statement.split()),
        "by": by,
        "dated": day,
        "valid_until": valid_until,
    }
    lines = ["version: 1", *document_lines(statements)]
    if covers:
        lines += document_lines({"covers": {"from": covers[0], "to": covers[1]}})
    lines += ["evidence:", *_evidence(evidence, path.parent)]
    text = "\n".join(lines) + "\n"
    try:
        # By the loader of a scan, before a byte is written.
        read_attestation(text.encode(), path, folder, library)
    except ContentError as error:
        raise named_by_option(error, 1, lines) from None
    write_new(path, text, _HINT)
    click.echo(f"{path}: {control} is attested from {day} to {valid_until}")
    for line in lines:
        click.echo(f"  {sanitized(line)}")
    click.echo("  next: review it, and commit it with the files that it names")
    if not attestations and not settings.attestations:
        click.echo(f"  no tscan.yaml names the folder: add 'attestations: {folder.name}' to it")
    return 0


def _default_folder(configured: str) -> Path:
    from scanner.cli.support.store_location import find_configuration

    if configured:
        return Path(configured)
    # Beside tscan.yaml, where `attestations: attestations` finds it.
    return (find_configuration() or Path()).parent / "attestations"


def _free_path(folder: Path, control: str, day: str) -> Path:
    """The file of a new statement: nobody's earlier one is replaced."""
    # They become the name of a file.
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", control):
        raise TscanError(f"'{control}' is not the id of a manual control", "write it as MC-01")
    try:
        date.fromisoformat(day)
    except ValueError:
        raise TscanError(f"--dated {day} is not a day", "write it as 2026-12-31") from None
    path = folder / f"{control}-{day}.yaml"
    number = 1
    while os.path.lexists(path):
        number += 1
        path = folder / f"{control}-{day}-{number}.yaml"
    return path


def _evidence(references: tuple[str, ...], beside: Path) -> Iterator[str]:
    import hashlib

    from scanner.content.waiver_writer import scalar

    for text in references:
        path = Path(text)
        if _ADDRESS.match(text) or not _names_file(text):
            yield f"  - reference: {scalar(text)}"
            continue
        try:
            content = read_input(path, LARGEST_RESULT)
        except OSError as error:
            raise TscanError(
                f"--evidence {text} cannot be read: {error.strerror}",
                "name a file, an address such as https:, or a place in words",
            ) from None
        seen_from = os.path.relpath(path.resolve(), beside.resolve())
        yield f"  - reference: {scalar(seen_from)}"
        yield f"    sha256: {scalar(hashlib.sha256(content).hexdigest())}"


def _names_file(text: str) -> bool:
    """Whether a reference is a file's: misspelt, it must not become a place in words."""
    if os.path.lexists(text):
        return True
    return " " not in text and ("/" in text or bool(Path(text).suffix))
