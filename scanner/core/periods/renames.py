"""Renamed checks: which check of a record continues which check of the records before it.

A record keeps the ids that its checks had on its day, for that is what was signed. The record in
which a check first runs under another id names the pair in `Record.renamed`, so that history can be
read without the pack that renamed it. `CheckNames` follows those pairs to the end of a chain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from scanner.core.periods.timelines import FindingKey
from scanner.model.history import Record, Transition
from scanner.model.library import Library

Names = Mapping[str, str]
"""A later id of a check by an earlier one."""
_SAME: Final[Names] = {}


def renamed_checks(records: Sequence[Record], checks: Collection[str], library: Library) -> Names:
    """The checks that continue one with another id, if these checks run after these records.

    Also back to an earlier id: a scan by an older pack, which knows no alias, continues the check
    that a newer one renamed.
    """
    families = _families(records, library)
    found: dict[str, str] = {}
    for check in sorted(families.keys() & set(checks)):
        ran = _ran_last(records, families[check])
        # Two checks that ran side by side, or that the library still has, are no renamed check:
        # joined, the verdicts of one would hide those of the other.
        if len(ran) == 1 and check not in ran and ran.isdisjoint(library.checks):
            found[ran.pop()] = check
    return found


def _families(records: Iterable[Record], library: Library) -> dict[str, frozenset[str]]:
    """All ids of one check, by each of them; without checks that have only one."""
    families: dict[str, frozenset[str]] = {}
    recorded = chain.from_iterable(record.renamed.items() for record in records)
    for pair in chain(library.aliases.items(), recorded):
        joined = frozenset(pair)
        for name in pair:
            joined |= families.get(name, frozenset())
        families.update(dict.fromkeys(joined, joined))
    return families


def _ran_last(records: Sequence[Record], names: Collection[str]) -> set[str]:
    """Those of some checks that the last record ran which ran any of them."""
    for record in reversed(records):
        ran = set(names).intersection(record.checks)
        if ran:
            return ran
    return set()


class CheckNames:
    """The ids at the end of a chain, for the checks of each of its records."""

    def __init__(self, records: Sequence[Record], latest: Names = _SAME) -> None:
        """`latest` are ids that changed since the last record."""
        self._by_seq: dict[int, Names] = {}
        names = dict(latest)
        for record in reversed(records):
            # Records share one mapping between two renames: there are few, and many records.
            self._by_seq[record.seq] = names
            if record.renamed:
                names = {**names, **_followed(record.renamed, names)}

    def after(self, seq: int) -> Names:
        """From the ids in the record of a number to those at the end; empty where none differs."""
        return self._by_seq.get(seq, _SAME)

    def record(self, record: Record) -> Record:
        """A record with the ids of its checks at the end."""
        names = self.after(record.seq)
        if not names:
            return record
        checks = {names.get(check, check) for check in record.checks}
        return replace(record, checks=tuple(sorted(checks)))

    def transition(self, row: Transition) -> Transition:
        """A transition with the id of its check at the end."""
        return _with_name(row, self.after(row.seq))


def _followed(renamed: Names, names: Names) -> dict[str, str]:
    return {old: names.get(new, new) for old, new in renamed.items()}


def rename_state(
    state: Mapping[FindingKey, Transition],
    names: Names,
) -> dict[FindingKey, Transition]:
    """A state, with checks under their later ids."""
    if not names:
        return dict(state)
    return {
        (names.get(check, check), region, resource): _with_name(row, names)
        for (check, region, resource), row in state.items()
    }


def _with_name(row: Transition, names: Names) -> Transition:
    name = names.get(row.check, row.check)
    if name == row.check:
        return row
    return replace(row, check=name)
