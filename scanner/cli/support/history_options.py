"""Opens a history with its configuration and library, for commands that read history."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from scanner.cli.support.options import (
    Decorator,
    checks_option,
    config_option,
    mappings_option,
    options_as,
    store_option,
)
from scanner.cli.support.store_location import (
    configured_content,
    default_store,
    load_configuration,
    together,
)
from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.core.periods.type2_period import TargetHistory
    from scanner.history.ledger.ledger import Ledger
    from scanner.history.snapshots.archived_inputs import ArchivedInputs
    from scanner.model.config import Config
    from scanner.model.history import Record
    from scanner.model.library import Library
    from scanner.model.period import Schedule, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryOptions:
    """Which history to read, and the content to read it with."""

    store: str = ""
    config: Path | None = None
    target: tuple[str, ...] = ()
    checks: tuple[Path, ...] = ()
    mappings: tuple[Path, ...] = ()


history_options: Final[Decorator] = options_as(
    "options",
    HistoryOptions,
    (
        store_option,
        config_option,
        click.option(
            "--target",
            multiple=True,
            metavar="ID",
            help="Only this target, such as aws:111122223333.",
        ),
        checks_option,
        mappings_option,
    ),
)
"""The options of `HistoryOptions`, on a command that takes them as `options`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryContext:
    """An open history, with the configuration and the library to interpret it."""

    ledger: Ledger
    library: Library
    config: Config
    targets: tuple[str, ...]
    """The chains that the options name, or one for each target: see `History.targets`."""
    inputs: ArchivedInputs
    """The waivers and attestations that the store keeps with its records."""

    @property
    def zone(self) -> tzinfo:
        """The configured time zone."""
        # UTC is in every Python; a system may lack the database that ZoneInfo reads.
        if self.config.timezone == "UTC":
            return UTC
        return ZoneInfo(self.config.timezone)

    @property
    def schedule(self) -> Schedule:
        """The configured schedule; without one, days are counted and none is missed."""
        from scanner.core.calendar import UNSTATED, parse_schedule

        return parse_schedule(self.config.schedule) or UNSTATED

    def packs(self, records: Iterable[Record]) -> dict[str, Library]:
        """The packs that judged these records, by digest; only those that can be read here."""
        from scanner.history.snapshots.content_archive import ContentArchive

        archive = ContentArchive(self.ledger.store, self.library, lazily=True)
        found: dict[str, Library] = {}
        for record in {record.pack_sha256: record for record in records}.values():
            # A missing pack is no error here: what needs it reports that it was not compared.
            with suppress(TscanError):
                found[record.pack_sha256] = archive.of(record)
        return found

    def records(self) -> Iterator[Record]:
        """The records of every target."""
        for target in self.targets:
            yield from self.ledger.records(target)

    def chains(self) -> Iterator[TargetHistory]:
        """The records and transitions of every target."""
        from scanner.core.periods.type2_period import TargetHistory

        for target in self.targets:
            yield TargetHistory(
                target=target,
                records=self.ledger.records(target),
                transitions=self.ledger.transitions(target),
                told=partial(self.ledger.timelines, target),
            )


def open_history(options: HistoryOptions) -> HistoryContext:
    """The history that the options name; TscanError where there is none."""
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots
    from scanner.history.ledger.ledger import Ledger
    from scanner.history.records.store_format import check_marker
    from scanner.history.snapshots.archived_inputs import ArchivedInputs
    from scanner.history.stores import open_store

    checks, mappings = configured_content(options.config)
    roots = default_roots(
        checks=together(options.checks, checks), mappings=together(options.mappings, mappings)
    )
    library = load_library(roots, lazily=True)
    config = load_configuration(options.config, library)
    store = open_store(options.store or config.store or default_store())
    # Without this an empty or misspelt folder would read as a history in which nothing failed.
    if not check_marker(store):
        raise TscanError(
            f"{store.name} holds no history",
            "'tscan scan' commits to it; name another with --store",
        )
    ledger = Ledger(store, library=library)
    _check_known(options.target, ledger)
    return HistoryContext(
        ledger=ledger,
        library=library,
        config=config,
        # A target that is named twice is read once.
        targets=tuple(dict.fromkeys(options.target)) or tuple(ledger.targets()),
        inputs=ArchivedInputs(store),
    )


def _check_known(targets: Iterable[str], ledger: Ledger) -> None:
    from scanner.words import did_you_mean

    known = ledger.chains()
    for name in targets:
        if name not in known:
            raise TscanError(f"{ledger.store.name} has no target {name}", did_you_mean(name, known))


# -- days ------------------------------------------------------------------------------------------


def day(text: str, option: str) -> date:
    """A day written as `2026-06-30`; TscanError, which names the option, for anything else."""
    with suppress(ValueError):
        found = date.fromisoformat(text)
        # Python also reads 20260630 and 2026-W27-2. A window needs a day on either side, which
        # the first and the last date do not have.
        if found.isoformat() == text and found not in (date.min, date.max):
            return found
    raise TscanError(f"{option} {text} is not a day", "write it as 2026-06-30")


def period_between(first: str, last: str, zone: tzinfo) -> Window:
    """The period from `--from` to `--to`, both days included."""
    from scanner.core.calendar import period_window

    begins, ends = day(first, "--from"), day(last, "--to")
    if ends < begins:
        raise TscanError(
            f"--to {last} is before --from {first}",
            "give the last day of the period, which is included",
        )
    return period_window(begins, ends, zone)


def ended_within(record: Record, period: Window) -> bool:
    """Whether the scan of a record ended in a period."""
    from scanner.core.calendar import parse_time

    return period.start <= parse_time(record.finished) < period.end


def check_begun(period: Window, records: Iterable[Record], option: str) -> None:
    """Refuse a period that has not begun: nothing is known of it."""
    if period.start <= now():
        return
    # A record in it was written by a clock that runs ahead: it is evidence all the same.
    if any(True for _ in records):
        return
    raise TscanError(f"{option} {period.first} has not come yet", "give a day up to today")


def with_controls_only(names: Collection[str], *libraries: Library) -> tuple[Library, ...]:
    """The libraries with only these controls, or unchanged where none is named."""
    from scanner.cli.support.ids import no_such

    # A control of last year's pack may be named, although today's has it no more.
    known: set[str] = set()
    for library in libraries:
        known.update(library.controls)
    for name in names:
        if name not in known:
            raise no_such("control", name, known, libraries[0])
    if not names:
        return libraries
    return tuple(_with_controls(library, names) for library in libraries)


def _with_controls(library: Library, names: Collection[str]) -> Library:
    controls = {name: control for name, control in library.controls.items() if name in names}
    return replace(library, controls=controls)


def now() -> datetime:
    """The clock of commands that read history; tests replace it."""
    return datetime.now(UTC)
