"""`tscan scan --preflight`: what may be read, and what would be lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from scanner.errors import EXIT_CLEAN, EXIT_UNREAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.core.permissions import Loss
    from scanner.model.config import Config
    from scanner.model.library import Library
    from scanner.preflight import Preflight


def look(config: Config, library: Library, checks: tuple[str, ...] | None, *, threads: int) -> int:
    """Ask every target, print what it said; exit code 3 if something would stay unread."""
    from scanner.preflight import preflight
    from scanner.rendering.sanitize import sanitized

    clear = True
    for one in preflight(config, library, checks=checks, threads=threads):
        clear = clear and one.clear
        for line in _lines(one):
            click.echo(sanitized(line))
    return EXIT_CLEAN if clear else EXIT_UNREAD


def _lines(found: Preflight) -> Iterator[str]:
    if found.closed:
        yield f"{found.target}: could not be entered: {found.closed}"
        return
    asked = len(found.answered) + len(found.refused) + len(found.unclear)
    yield f"{found.target}: {asked} operations asked once, in {found.region} where they have a region"
    yield f"  answered: {len(found.answered)}"
    yield from losses(found.refused)
    for operation, reason in found.unclear.items():
        yield f"  not clear: {operation} ({reason})"
    if found.untried:
        yield f"  not tried, for they are asked of what a listing names: {len(found.untried)}"
        yield from (f"    {operation}" for operation in found.untried)


def losses(refused: Sequence[Loss]) -> Iterator[str]:
    """What each refused operation costs."""
    for loss in refused:
        yield f"  refused: {loss.operation}; it needs {', '.join(loss.actions)}"
        yield f"    checks: {', '.join(loss.checks) or 'none; the target only goes without a name'}"
        yield f"    controls: {', '.join(loss.controls) or 'none'}"
