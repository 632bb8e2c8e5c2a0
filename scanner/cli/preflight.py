"""Tests permissions before a scan: `tscan scan --preflight`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from scanner.errors import EXIT_CLEAN, EXIT_UNREAD
from scanner.words import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.core.permissions import Loss
    from scanner.model.config import Config
    from scanner.model.library import Library
    from scanner.preflight import Preflight


def show_preflight(
    config: Config, library: Library, checks: tuple[str, ...] | None, *, threads: int
) -> int:
    """Call each operation of every target once and print what was refused, with what it costs.

    The exit code is 3 if something would stay unread.
    """
    from scanner.preflight import preflight
    from scanner.rendering.sanitize import sanitized

    code = EXIT_CLEAN
    for found in preflight(config, library, checks=checks, threads=threads):
        if not found.clear:
            code = EXIT_UNREAD
        for line in _lines(found):
            click.echo(sanitized(line))
    return code


def _lines(found: Preflight) -> Iterator[str]:
    if found.closed:
        yield f"{found.target}: could not connect: {found.closed}"
        return
    count = len(found.answered) + len(found.refused) + len(found.unclear)
    where = f"regional ones in {found.region}"
    yield f"{found.target}: {plural(count, 'operation')} called once, {where}"
    yield f"  allowed: {len(found.answered)}"
    yield from losses(found.refused)
    # A call that was throttled or failed shows neither that it is allowed nor that it is refused.
    for operation, reason in found.unclear.items():
        yield f"  unclear: {operation} ({reason})"
    if found.untried:
        yield f"  not tried, because they need a listing first: {len(found.untried)}"
        for operation in found.untried:
            yield f"    {operation}"


def losses(refused: Sequence[Loss]) -> Iterator[str]:
    """What each refused operation costs: the checks and controls that would stay unknown."""
    for loss in refused:
        yield f"  denied: {loss.operation}; it needs {', '.join(loss.permissions)}"
        checks = ", ".join(loss.checks) or "none; only a name, or a count of types, is missing"
        yield f"    checks: {checks}"
        yield f"    controls: {', '.join(loss.controls) or 'none'}"
