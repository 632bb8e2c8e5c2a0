"""From a declared request and a scope to the call that it means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from scanner.core.reading.answer_lookup import paged
from scanner.model.answers import Call
from scanner.model.expressions import Expression
from scanner.model.kinds import Request
from scanner.model.values import ABSENT, OpenList, Unreadable

Scope = dict[str, Any]


def make_call(
    request: Request, scope: Scope, *, attempt: int = 0, more: Mapping[str, Any] | None = None
) -> Call | Unreadable:
    """The call with its arguments filled in, or why it cannot be asked."""
    params = _filled(request.arguments, scope)
    if isinstance(params, Unreadable):
        return replace(
            params, reason=f"{request.operation} could not be asked: {params.reason}", missing=False
        )
    region = scope["region"] if request.at is None else request.at.evaluate(scope)
    if not isinstance(region, str):
        unread = region if isinstance(region, Unreadable) else Unreadable("its region is absent")
        return replace(
            unread, reason=f"{request.operation} could not be asked: {unread.reason}", missing=False
        )
    return Call(
        operation=request.operation,
        region=region,
        params={**params, **(more or {})},
        attempt=attempt,
        items=tuple(paged(path) for path in request.items),
        absent_on=request.absent_on,
    )


def applies(request: Request, scope: Scope) -> Any:
    """True where the request is made, `ABSENT` where it does not apply, `Unreadable` where that is not known."""
    if request.when is None:
        return True
    holds = request.when.evaluate(scope)
    if holds is True:
        return True
    if holds is False:
        return ABSENT
    unread = (
        holds
        if isinstance(holds, Unreadable)
        else Unreadable(f"{request.operation}: condition unread")
    )
    return replace(unread, missing=False)


def matched(found: Any, match: str, keys: list[str], left: Any) -> Iterable[tuple[str, Any]]:
    """Each key of a batch with its row; `left` is what is known of one that has no row in a whole answer."""
    if isinstance(found, Unreadable):
        return ((key, found) for key in keys)
    rows = {
        row[match]: row
        for row in found
        if isinstance(row, dict) and isinstance(row.get(match), str)
    }
    if isinstance(found, OpenList):
        left = found.rest
    elif len(rows) < len(found):
        left = Unreadable(f"a row has no {match} of its own")
    return ((key, rows.get(key, left)) for key in keys)


def _filled(tree: Any, scope: Scope) -> Any:
    """An argument tree with its expressions evaluated; `Unreadable` if one of them could not be."""
    if isinstance(tree, Mapping):
        made = {key: _filled(value, scope) for key, value in tree.items()}
        return next((value for value in made.values() if isinstance(value, Unreadable)), made)
    if isinstance(tree, list | tuple):
        items = [_filled(value, scope) for value in tree]
        return next((value for value in items if isinstance(value, Unreadable)), items)
    if hasattr(tree, "evaluate"):
        return _argument(tree, scope)
    return tree


def _argument(expression: Expression, scope: Scope) -> Any:
    value = expression.evaluate(scope)
    if value is ABSENT:
        return Unreadable(f"{expression.source} is absent")
    return value
