"""What every command that looks back needs: the store, the configuration, the library, days in a time zone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from functools import partial, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from zoneinfo import ZoneInfo

import click

from scanner.errors import TscanError

if TYPE_CHECKING:
    from scanner.core.periods.type2_period import Chain
    from scanner.history.ledger.ledger import Ledger
    from scanner.history.snapshots.archived_inputs import ArchivedInputs
    from scanner.model.config import Config
    from scanner.model.history import Record
    from scanner.model.library import Library
    from scanner.model.period import Schedule, Window

F = TypeVar("F", bound=Callable[..., Any])

CONFIG: Final = Path("tscan.yaml")
STORE: Final = ".tscan"
_FOLDER: Final = click.Path(path_type=Path)
_OPTIONS: Final = (
    click.option(
        "--store",
        default="",
        metavar="PLACE",
        help="A folder or s3://…; that of tscan.yaml, or .tscan.",
    ),
    click.option("--config", type=_FOLDER, metavar="FILE", help="tscan.yaml if there is one here."),
    click.option(
        "--target", multiple=True, metavar="ID", help="Only this target, such as aws:111122223333."
    ),
    click.option(
        "--checks", type=_FOLDER, multiple=True, metavar="DIR", help="A folder of your own checks."
    ),
    click.option(
        "--mappings",
        type=_FOLDER,
        multiple=True,
        metavar="DIR",
        help="A folder of your own controls.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryContext:
    """A history with what is needed to speak of it."""

    ledger: Ledger
    library: Library
    config: Config
    targets: tuple[str, ...]
    said: ArchivedInputs

    @property
    def zone(self) -> tzinfo:
        """The configured time zone."""
        return UTC if self.config.timezone == "UTC" else ZoneInfo(self.config.timezone)

    @property
    def schedule(self) -> Schedule:
        """The configured schedule, or days that are only counted."""
        from scanner.core.calendar import UNSTATED, read_schedule

        return read_schedule(self.config.schedule) or UNSTATED

    @property
    def exclusions(self) -> tuple[str, ...]:
        """Accounts that the entity leaves out, with who decided so and why."""
        return tuple(
            f"account {one.account}: {one.reason} (approved by {one.approver})"
            for target in self.config.targets
            if target.organization
            for one in target.organization.exclude
        )

    def packs(self, records: Iterable[Record]) -> dict[str, Library]:
        """The packs that judged these records, by digest; without those that are not kept, or cannot be read."""
        from scanner.history.snapshots.content_archive import ContentArchive

        kept = ContentArchive(self.ledger.store, self.library, lazily=True)
        found: dict[str, Library] = {}
        for record in {record.pack_sha256: record for record in records}.values():
            with suppress(TscanError):
                found[record.pack_sha256] = kept.of(record)
        return found

    def records(self) -> Iterator[Record]:
        """Every target's records."""
        return (record for target in self.targets for record in self.ledger.records(target))

    def chains(self) -> Iterator[Chain]:
        """Every target's records and transitions."""
        from scanner.core.periods.type2_period import Chain

        for target in self.targets:
            records = self.ledger.records(target)
            yield Chain(
                target=target,
                records=records,
                transitions=self.ledger.transitions(target),
                told=partial(self.ledger.stories, target),
            )


def looking_back(function: F) -> F:
    """The options of a history, on a command that takes them as keywords."""
    return reduce(lambda wrapped, option: option(wrapped), reversed(_OPTIONS), function)


def open_past(
    *,
    store: str,
    config: Path | None,
    target: Sequence[str],
    checks: Sequence[Path],
    mappings: Sequence[Path],
) -> HistoryContext:
    """The history that options name; TscanError where there is none."""
    from scanner.content.config import load_config
    from scanner.content.library import load_library
    from scanner.content.locations import default_roots
    from scanner.history.ledger.ledger import Ledger
    from scanner.history.records.store_format import check_marker
    from scanner.history.snapshots.archived_inputs import ArchivedInputs
    from scanner.history.stores import open_store
    from scanner.model.config import Config

    library = load_library(
        default_roots(checks=tuple(checks), mappings=tuple(mappings)), lazily=True
    )
    path = config or (CONFIG if CONFIG.is_file() else None)
    configured = load_config(path, library) if path else Config()
    place = open_store(store or configured.store or STORE)
    if not check_marker(place):
        raise TscanError(
            f"{place.name} holds no history",
            "'tscan scan' commits to it; name another with --store",
        )
    ledger = Ledger(place)
    known = tuple(ledger.targets())
    for name in target:
        if name not in known:
            raise TscanError(
                f"{place.name} has no target {name}", f"it has {', '.join(known[:5]) or 'none'}"
            )
    return HistoryContext(
        ledger=ledger,
        library=library,
        config=configured,
        targets=tuple(target) or known,
        said=ArchivedInputs(place),
    )


def day(text: str, option: str) -> date:
    """A day as people write it; the first and the last that there are have none beside them."""
    with suppress(ValueError):
        found = date.fromisoformat(text)
        # Python reads 20260630 and 2026-W27-2 too.
        if found.isoformat() == text and found not in (date.min, date.max):
            return found
    raise TscanError(f"{option} {text} is not a day", "write it as 2026-06-30")


def between(first: str, last: str, zone: tzinfo) -> Window:
    """The period that --from and --to name."""
    from scanner.core.calendar import window

    begins, ends = day(first, "--from"), day(last, "--to")
    if ends < begins:
        raise TscanError(
            f"--to {last} is before --from {first}",
            "give the last day of the period, which is included",
        )
    return window(begins, ends, zone)


def check_begun(period: Window, records: Iterable[Record], option: str) -> None:
    """TscanError for a period that has not begun: nothing is known of it; a record that is dated later than now is."""
    if period.start > now() and not any(True for _ in records):
        raise TscanError(f"{option} {period.first} has not come yet", "give a day up to today")


def only(names: Collection[str], *libraries: Library) -> tuple[Library, ...]:
    """The libraries with these controls alone, or as they are where none is named; TscanError for one in none."""
    from scanner.language.errors import did_you_mean

    known = {name for library in libraries for name in library.controls}
    for name in names:
        if name not in known:
            raise TscanError(f"there is no control '{name}'", did_you_mean(name, known))
    if not names:
        return libraries
    return tuple(
        replace(
            one, controls={name: control for name, control in one.controls.items() if name in names}
        )
        for one in libraries
    )


def now() -> datetime:
    """The clock."""
    return datetime.now(UTC)
