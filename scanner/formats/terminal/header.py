"""What was looked at: accounts, regions, callers and times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
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


def header(report: Report) -> Iterator[RenderableType]:
    """Who was looked at, where, by whom and when; first of all, which accounts of an organisation were not."""
    assessment = report.assessment
    yield from _accounts(assessment)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("tscan", plain(f"{assessment.version}, scan {assessment.id}"))
    entered = [target for target in assessment.targets if not target["unentered"]]
    if any(target["accounts"] for target in assessment.targets):
        table.add_row(
            "targets", plain(f"{len(entered)} read of {len(assessment.targets)} in scope")
        )
        _places(table, entered)
    else:
        for target in assessment.targets:
            _target(table, target)
    callers = assessment.callers
    for caller in callers[:NAMED]:
        table.add_row("read as", plain(caller.id))
    if len(callers) > NAMED:
        table.add_row("", plain(f"and {len(callers) - NAMED} more"))
    table.add_row("read", plain(f"{_time(assessment.started)} to {_time(assessment.finished)} UTC"))
    table.add_row("pack", plain(f"sha256:{assessment.pack_sha256[:16]}"))
    yield table


def _target(table: Table, target: Mapping[str, Any]) -> None:
    name = f" ({target['name']})" if target["name"] else ""
    table.add_row("target", plain(f"{target['id']}{name}"))
    if target["unentered"]:
        table.add_row("", plain(f"{NOT_ENTERED}: {target['unentered']}", "yellow"))
        return
    table.add_row("regions", plain(", ".join(target["regions"]) or "none"))
    left_out = target["regions_excluded"]
    if left_out:
        table.add_row("left out", plain(f"{plural(len(left_out), 'region')}: {_some(left_out)}"))
    if target["regions_open"]:
        table.add_row("regions", plain(f"not all are known: {target['regions_open']}", "yellow"))


def _places(table: Table, targets: list[Mapping[str, Any]]) -> None:
    """The regions of many targets: each list of them once, with how many have it."""
    lists = Counter(
        (tuple(target["regions"]), tuple(target["regions_excluded"])) for target in targets
    )
    for (regions, left_out), count in lists.most_common():
        more = f"; left out: {_some(left_out)}" if left_out else ""
        table.add_row(
            "regions", plain(f"in {plural(count, 'target')}: {', '.join(regions) or 'none'}{more}")
        )
    for reason, count in Counter(
        target["regions_open"] for target in targets if target["regions_open"]
    ).items():
        table.add_row(
            "regions", plain(f"not all are known in {plural(count, 'target')}: {reason}", "yellow")
        )


def _some(names: Any) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _accounts(assessment: Assessment) -> Iterator[RenderableType]:
    """Every account that an organisation lists, those that were not read first."""
    unentered = {
        str(target["id"]).partition(":")[2]: target["unentered"] for target in assessment.targets
    }
    rows = [
        _row(account, unentered.get(account["id"], ""))
        for target in assessment.targets
        for account in target["accounts"]
    ]
    if not rows:
        return
    counts = Counter(state for _, _, state, _ in rows)
    amounts = ", ".join(f"{counts[state]} {state}" for state in _ORDER if counts[state])
    yield Text(f"Accounts of the organisation: {amounts}", style="bold")
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in ("account", "name", "state", "why"):
        table.add_column(heading, overflow="fold")
    for identity, name, state, why in sorted(rows, key=lambda row: (_ORDER.index(row[2]), row[0])):
        table.add_row(plain(identity), plain(name), plain(state, _STYLE.get(state, "")), plain(why))
    yield table
    yield Text()


def _row(account: Mapping[str, Any], unentered: str) -> tuple[str, str, str, str]:
    by = f" (approved by {account['approver']})" if account["approver"] else ""
    state = NOT_ENTERED if unentered else str(account["state"])
    return account["id"], account["name"], state, unentered or f"{account['reason']}{by}"


def _time(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
