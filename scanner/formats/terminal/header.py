"""Lists what was scanned: accounts, regions, callers and times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from rich.text import Text

from scanner.core.reading.exclusions import ACCOUNT, NO_REASON
from scanner.formats import Report
from scanner.formats.terminal.layout import Column, folded, table
from scanner.formats.terminal.words import plain
from scanner.model.answers import AccountState
from scanner.model.findings import Assessment
from scanner.words import plural

NAMED: Final = 6
"""Callers that are named; all are in the JSON result."""
NOT_ENTERED: Final = "not entered"
_ORDER: Final = (NOT_ENTERED, AccountState.EXCLUDED, AccountState.CLOSED, AccountState.IN_SCOPE)
_STYLE: Final = {NOT_ENTERED: "yellow", AccountState.EXCLUDED: "yellow"}

LABEL: Final = 10
"""Columns of the labels."""
_COLUMNS: Final = (
    Column(heading="account"),
    Column(heading="name"),
    Column(heading="state"),
    Column(heading="why", folds=True),
)

Target = Mapping[str, Any]
"""A target as `Assessment.targets` describes it."""
Row = tuple[str, Text]
"""A label with what stands beside it."""


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


def header(report: Report) -> Iterator[Text]:
    """Targets, regions, callers and times; above them, every account of an organization."""
    yield from _accounts(report.assessment, report.width)
    for label, text in _rows(report.assessment):
        line = Text.assemble((f"{label:<{LABEL}}", "dim"), text)
        yield from folded(line, report.width, hanging=LABEL)


def _rows(assessment: Assessment) -> Iterator[Row]:
    yield "tscan", plain(f"{assessment.version}, scan {assessment.id}")
    # Forty accounts, each with its list of regions, would push everything else off the screen.
    if any(target["accounts"] for target in assessment.targets):
        yield from _organization(assessment)
    else:
        for target in assessment.targets:
            yield from _target(target)
    yield from _callers(assessment)
    yield "read", plain(f"{_time(assessment.started)} to {_time(assessment.finished)} UTC")
    yield "pack", plain(f"sha256:{assessment.pack_sha256[:16]}")


def _callers(assessment: Assessment) -> Iterator[Row]:
    callers = assessment.callers
    for caller in callers[:NAMED]:
        yield "read as", plain(caller.id)
    if len(callers) > NAMED:
        yield "", plain(f"and {len(callers) - NAMED} more")


def _target(target: Target) -> Iterator[Row]:
    name = target["id"]
    if target["name"]:
        name = f"{name} ({target['name']})"
    yield "target", plain(name)
    # A target that was not entered has no regions: "none" would read as if it had been looked at.
    if target["unentered"]:
        yield "", plain(f"{NOT_ENTERED}: {target['unentered']}", "yellow")
        return
    yield "regions", plain(", ".join(target["regions"]) or "none")
    for exclusion in target["exclusions"]:
        yield "left out", plain(_left_out(exclusion))
    if target["regions_open"]:
        yield "regions", plain(f"not all are known: {target['regions_open']}", "yellow")


def _organization(assessment: Assessment) -> Iterator[Row]:
    """The regions of many targets: each distinct list once, with the number of targets it is of."""
    entered = [target for target in assessment.targets if not target["unentered"]]
    yield "targets", plain(f"{len(entered)} read of {len(assessment.targets)} in scope")
    region_lists = Counter(tuple(target["regions"]) for target in entered)
    for regions, count in region_lists.most_common():
        yield "regions", plain(f"in {plural(count, 'target')}: {', '.join(regions) or 'none'}")
    yield from _organization_exclusions(entered)
    reasons = Counter(target["regions_open"] for target in entered if target["regions_open"])
    for reason, count in reasons.items():
        text = f"not all are known in {plural(count, 'target')}: {reason}"
        yield "regions", plain(text, "yellow")


def _organization_exclusions(targets: Sequence[Target]) -> Iterator[Row]:
    """What many targets leave out alike, once; their accounts are in the table above."""
    texts: Counter[str] = Counter()
    for target in targets:
        texts.update(_left_out(one) for one in target["exclusions"] if one["what"] != ACCOUNT)
    for text, count in texts.most_common():
        yield "left out", plain(f"in {plural(count, 'target')}: {text}")


def _left_out(exclusion: Mapping[str, Any]) -> str:
    """All that was left out by one decision, why, and who decided."""
    ids = exclusion["ids"]
    decided = f"decided by {exclusion['decided']}"
    if exclusion["approver"]:
        decided += f", approved by {exclusion['approver']}"
    reason = exclusion["why"] or NO_REASON
    return f"{plural(len(ids), exclusion['what'])}: {', '.join(ids)}; {reason}; {decided}"


def account_counts(assessment: Assessment) -> str:
    """`2 not entered, 38 in scope`; empty where no organization lists its accounts."""
    counts = Counter(account.state for account in _listed_accounts(assessment))
    return ", ".join(f"{counts[state]} {state}" for state in _ORDER if counts[state])


def _accounts(assessment: Assessment, width: int) -> Iterator[Text]:
    """Every account that an organization lists, those that were not read first."""
    accounts = sorted(_listed_accounts(assessment), key=lambda account: account.order)
    if not accounts:
        return
    heading = Text(f"Accounts of the organization: {account_counts(assessment)}", style="bold")
    yield from folded(heading, width, hanging=2)
    rows: list[list[Text]] = []
    for account in accounts:
        rows.append(
            [
                plain(account.id),
                plain(account.name),
                plain(account.state, _STYLE.get(account.state, "")),
                plain(account.why),
            ]
        )
    yield from table(_COLUMNS, rows, width)
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
