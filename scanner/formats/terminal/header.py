"""Lists what was scanned: accounts, regions, callers and times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from scanner.formats import Report
from scanner.formats.terminal.words import plain
from scanner.model.answers import AccountState
from scanner.model.findings import Assessment
from scanner.rendering.sanitize import plural

NAMED: Final = 6
"""Regions left out, and callers, that are named; all are in the JSON result."""
NOT_ENTERED: Final = "not entered"
_ORDER: Final = (NOT_ENTERED, AccountState.EXCLUDED, AccountState.CLOSED, AccountState.IN_SCOPE)
_STYLE: Final = {NOT_ENTERED: "yellow", AccountState.EXCLUDED: "yellow"}

Target = Mapping[str, Any]
"""A target as `Assessment.targets` describes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    """An account that an organization lists, with what became of it."""

    id: str
    name: str
    state: str
    why: str

    @property
    def order(self) -> tuple[int, str]:
        """Those that were not read first."""
        return (_ORDER.index(self.state), self.id)


def header(report: Report) -> Iterator[RenderableType]:
    """Targets, regions, callers and times; above them, every account of an organization."""
    assessment = report.assessment
    yield from _accounts(assessment)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("tscan", plain(f"{assessment.version}, scan {assessment.id}"))
    # Forty accounts, each with its list of regions, would push everything else off the screen.
    if any(target["accounts"] for target in assessment.targets):
        _add_organization(table, assessment)
    else:
        for target in assessment.targets:
            _add_target(table, target)
    _add_callers(table, assessment)
    table.add_row("read", plain(f"{_time(assessment.started)} to {_time(assessment.finished)} UTC"))
    table.add_row("pack", plain(f"sha256:{assessment.pack_sha256[:16]}"))
    yield table


def _add_callers(table: Table, assessment: Assessment) -> None:
    callers = assessment.callers
    for caller in callers[:NAMED]:
        table.add_row("read as", plain(caller.id))
    if len(callers) > NAMED:
        table.add_row("", plain(f"and {len(callers) - NAMED} more"))


def _add_target(table: Table, target: Target) -> None:
    name = target["id"]
    if target["name"]:
        name = f"{name} ({target['name']})"
    table.add_row("target", plain(name))
    # A target that was not entered has no regions: "none" would read as if it had been looked at.
    if target["unentered"]:
        table.add_row("", plain(f"{NOT_ENTERED}: {target['unentered']}", "yellow"))
        return
    table.add_row("regions", plain(", ".join(target["regions"]) or "none"))
    left_out = target["regions_excluded"]
    if left_out:
        table.add_row("left out", plain(f"{plural(len(left_out), 'region')}: {_some(left_out)}"))
    if target["regions_open"]:
        table.add_row("regions", plain(f"not all are known: {target['regions_open']}", "yellow"))


def _add_organization(table: Table, assessment: Assessment) -> None:
    """The regions of many targets: each distinct list once, with the number of targets it is of."""
    entered = [target for target in assessment.targets if not target["unentered"]]
    table.add_row("targets", plain(f"{len(entered)} read of {len(assessment.targets)} in scope"))
    region_lists = Counter(
        (tuple(target["regions"]), tuple(target["regions_excluded"])) for target in entered
    )
    for (regions, left_out), count in region_lists.most_common():
        text = f"in {plural(count, 'target')}: {', '.join(regions) or 'none'}"
        if left_out:
            text += f"; left out: {_some(left_out)}"
        table.add_row("regions", plain(text))
    reasons = Counter(target["regions_open"] for target in entered if target["regions_open"])
    for reason, count in reasons.items():
        text = f"not all are known in {plural(count, 'target')}: {reason}"
        table.add_row("regions", plain(text, "yellow"))


def _some(names: Sequence[str]) -> str:
    text = ", ".join(names[:NAMED])
    if len(names) > NAMED:
        text += f" and {len(names) - NAMED} more"
    return text


def _accounts(assessment: Assessment) -> Iterator[RenderableType]:
    """Every account that an organization lists, those that were not read first."""
    accounts = sorted(_listed_accounts(assessment), key=lambda account: account.order)
    if not accounts:
        return
    counts = Counter(account.state for account in accounts)
    amounts = ", ".join(f"{counts[state]} {state}" for state in _ORDER if counts[state])
    yield Text(f"Accounts of the organization: {amounts}", style="bold")
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in ("account", "name", "state", "why"):
        table.add_column(heading, overflow="fold")
    for account in accounts:
        table.add_row(
            plain(account.id),
            plain(account.name),
            plain(account.state, _STYLE.get(account.state, "")),
            plain(account.why),
        )
    yield table
    yield Text()


def _listed_accounts(assessment: Assessment) -> Iterator[_Account]:
    # A target that refused its role is known by its account id alone.
    unentered: dict[str, str] = {}
    for target in assessment.targets:
        account_id = str(target["id"]).partition(":")[2]
        unentered[account_id] = target["unentered"]
    for target in assessment.targets:
        for account in target["accounts"]:
            yield _account(account, unentered.get(account["id"], ""))


def _account(account: Mapping[str, str], unentered: str) -> _Account:
    # What happened comes before what was planned: an account in scope may be closed to us.
    if unentered:
        state, why = NOT_ENTERED, unentered
    else:
        state, why = str(account["state"]), account["reason"]
        if account["approver"]:
            why += f" (approved by {account['approver']})"
    return _Account(id=account["id"], name=account["name"], state=state, why=why)


def _time(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
