"""Builds the call of a declared request from what is already known, and reads its answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

from scanner.core.reading.answer_items import Items, paged_part
from scanner.core.reading.answer_lookup import AnswerLookup
from scanner.core.reading.read_scope import Bindings
from scanner.model.answers import Call
from scanner.model.expressions import Expression
from scanner.model.kinds import Kind, Request
from scanner.model.values import ABSENT, Absent, OpenList, RawValue, Unreadable


def request_data(
    lookup: AnswerLookup,
    request: Request,
    bindings: Bindings,
    *,
    attempt: int = 0,
    more: Mapping[str, object] | None = None,
) -> RawValue:
    """The data of a request's answer, or why it could not be requested."""
    call = make_call(request, bindings, attempt=attempt, more=more)
    if isinstance(call, Unreadable):
        return call
    return lookup.read(call, request)


def make_call(
    request: Request,
    bindings: Bindings,
    *,
    attempt: int = 0,
    more: Mapping[str, object] | None = None,
) -> Call | Unreadable:
    """The call with its arguments filled in, or why it cannot be made.

    `more` are arguments besides those that the request declares.
    """
    arguments = _evaluated(request.arguments, bindings)
    if isinstance(arguments, Unreadable):
        return _not_requested(request, arguments)
    region = bindings["region"]
    if request.at is not None:
        region = request.at.evaluate(bindings)
    # Never a guess: a call to the wrong region would find nothing, which would read as absence.
    if isinstance(region, Unreadable):
        return _not_requested(request, region)
    if not isinstance(region, str):
        return _not_requested(request, Unreadable("its region is not known"))
    return Call(
        operation=request.operation,
        region=region,
        params={**arguments, **(more or {})},
        attempt=attempt,
        items=tuple(paged_part(path) for path in request.items),
        absent_on=request.absent_on,
    )


def _not_requested(request: Request, unread: Unreadable) -> Unreadable:
    """The cause, never as `missing`: a call that was not made says nothing of what is absent."""
    reason = f"{request.operation} was not called: {unread.reason}"
    return replace(unread, reason=reason, missing=False)


def leaves_out(request: Request, kind: Kind) -> bool:
    """Whether the answer of a request leaves out a list that is empty."""
    return bool(request.leaves_out_empty or kind.leaves_out_defaults)


Applicability = Literal[True] | Absent | Unreadable


def applies(request: Request, bindings: Bindings) -> Applicability:
    """True where the request applies, `ABSENT` where not, `Unreadable` where that is not known."""
    if request.when is None:
        return True
    condition = request.when.evaluate(bindings)
    if condition is True:
        return True
    if condition is False:
        return ABSENT
    # Neither: a condition that is not known must not make the detail absent.
    if isinstance(condition, Unreadable):
        return replace(condition, missing=False)
    return Unreadable(f"the condition of {request.operation} was not read")


def match_rows(
    found: Items,
    match: str,
    keys: list[str],
    without_row: RawValue,
) -> Iterator[tuple[str, RawValue]]:
    """Each key of a batch with its row.

    `match` is the row member that repeats the key; `without_row` is the value of a key that has no
    row in a complete answer.
    """
    if isinstance(found, Unreadable):
        for key in keys:
            yield key, found
        return
    rows: dict[str, RawValue] = {}
    for row in found:
        if isinstance(row, dict):
            row_key = row.get(match)
            if isinstance(row_key, str):
                rows[row_key] = row
    if isinstance(found, OpenList):
        without_row = found.rest
    elif len(rows) < len(found):
        # A row that names no key, or names one twice, may be the row that a key lacks.
        without_row = Unreadable(f"a row has no {match}, or repeats one")
    for key in keys:
        yield key, rows.get(key, without_row)


def _evaluated(tree: Any, bindings: Bindings) -> Any:
    """An argument tree with its expressions evaluated; `Unreadable` if one of them is."""
    if isinstance(tree, Mapping):
        members: dict[str, Any] = {}
        for key, value in tree.items():
            members[key] = _evaluated(value, bindings)
        return _first_unreadable(members.values()) or members
    if isinstance(tree, list | tuple):
        items = [_evaluated(value, bindings) for value in tree]
        return _first_unreadable(items) or items
    if hasattr(tree, "evaluate"):
        return _argument(tree, bindings)
    return tree


def _first_unreadable(values: Iterable[object]) -> Unreadable | None:
    for value in values:
        if isinstance(value, Unreadable):
            return value
    return None


def _argument(expression: Expression, bindings: Bindings) -> object:
    value = expression.evaluate(bindings)
    # An argument that is left out would widen the call: it is not made at all.
    if value is ABSENT:
        return Unreadable(f"{expression.source} is absent")
    return value
