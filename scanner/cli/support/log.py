"""Writes what a command does to standard error or to a file: `--verbose`, `--log-file`."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from scanner import __version__
from scanner.errors import TscanError

LOGGER: Final = "scanner"
"""Everything below it is written: each record is an event, with fields in `record.event`."""


class _Handler(logging.Handler):
    """Writes each event on one line; a line that cannot be written never ends a scan."""

    def __init__(
        self,
        write: Callable[[str], object],
        render: Callable[..., str],
        end: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._end = end
        self._write = write
        self._render = render
        self._broken = False

    def emit(self, record: logging.LogRecord) -> None:
        if self._broken:
            return
        fields = getattr(record, "event", {})
        try:
            self._write(self._render(record, fields) + "\n")
        except (OSError, ValueError) as error:
            # Once: a full disk would else be reported for every call.
            self._broken = True
            click.echo(f"the log cannot be written further: {error}", err=True)

    def close(self) -> None:
        super().close()
        self._end()


def show_calls(ctx: click.Context) -> None:
    """Write the events of a command to standard error until it ends."""
    _attach(ctx, "stderr", lambda: _Handler(_write_stderr, _text))


def keep_calls(ctx: click.Context, path: Path) -> None:
    """Append them to a file; TscanError where it cannot be written."""
    _attach(ctx, str(path.absolute()), lambda: _open_file(path))


def _write_stderr(line: str) -> None:
    # Looked up for each line: the progress bar replaces the stream while it is shown.
    if sys.stderr is not None:
        sys.stderr.write(line)


def _open_file(path: Path) -> _Handler:
    try:
        # Unbuffered: what is written last before a crash is there.
        file = open(path, "ab", buffering=0, opener=_for_owner)  # noqa: SIM115
    except OSError as error:
        raise TscanError(
            f"--log-file {path} cannot be written: {error.strerror}",
            "name a file in a folder that exists and that you may write to",
        ) from error
    return _Handler(lambda line: file.write(line.encode()), _json, file.close)


def _for_owner(path: str, flags: int) -> int:
    # The log names resources of the account, as the evidence does.
    return os.open(path, flags, 0o600)


def _attach(ctx: click.Context, name: str, make: Callable[[], _Handler]) -> None:
    """Write events until the whole command ends; once, if the option stands twice on the line."""
    attached: set[str] = ctx.meta.setdefault(__name__, set())
    if name in attached:
        return
    attached.add(name)
    handler = make()
    logger = logging.getLogger(LOGGER)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    # A library's handlers on the root logger would print every event once more.
    logger.propagate = False
    begun = time.monotonic()
    handler.emit(_own_event("started", version=__version__, command=ctx.command_path))

    def end() -> None:
        handler.emit(_own_event("ended", seconds=round(time.monotonic() - begun, 3)))
        logger.removeHandler(handler)
        logger.level, logger.propagate = before
        handler.close()

    ctx.find_root().call_on_close(end)


def _own_event(event: str, **fields: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": event, "event": fields})


def _text(record: logging.LogRecord, fields: dict[str, Any]) -> str:
    """`12:31:07.123 call operation=s3:ListBuckets region=eu-west-1 state=ok`, on one line."""
    from scanner.rendering.sanitize import sanitized

    moment = datetime.fromtimestamp(record.created, UTC)
    parts = [moment.strftime("%H:%M:%S.%f")[:-3], record.getMessage()]
    for name, value in fields.items():
        if value in ("", None, {}):
            continue
        text = value
        if not isinstance(value, str) or " " in value:
            text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
        parts.append(f"{name}={text}")
    return sanitized(" ".join(parts))


def _json(record: logging.LogRecord, fields: dict[str, Any]) -> str:
    # ASCII: no name of a resource acts on the terminal that shows the file.
    moment = datetime.fromtimestamp(record.created, UTC)
    time_ = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": time_, "event": record.getMessage(), **fields}, default=str)
