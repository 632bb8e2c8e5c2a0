"""Three-valued logic after Kleene: true, false, and a reason why neither is known."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.model.values import Unreadable

Truth = bool | Unreadable


def negated(truth: Truth) -> Truth:
    """Kleene's not."""
    if isinstance(truth, Unreadable):
        return truth
    return not truth


def any_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's or: one true settles it, otherwise the first unread value leaves it open."""
    doubt: Unreadable | None = None
    for truth in truths:
        if truth is True:
            return True
        if isinstance(truth, Unreadable) and doubt is None:
            doubt = truth
    return doubt or False


def all_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's and: one false settles it, otherwise the first unread value leaves it open."""
    doubt: Unreadable | None = None
    for truth in truths:
        if truth is False:
            return False
        if isinstance(truth, Unreadable) and doubt is None:
            doubt = truth
    return doubt or True
