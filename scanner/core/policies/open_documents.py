"""Judges policy documents of which parts are not known: in the worst case, and in the best.

What both cases say is certain, since every query follows what the document permits: the more it
permits, the worse the answer. Parts are not known where a plan computes them after apply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from enum import Enum
from typing import Any, Final

from scanner.core.policies.conditions import account_of
from scanner.core.policies.document import read_document
from scanner.core.policies.queries import read_policy, read_trust_policy, requires_tls
from scanner.model.values import OpenList, Symbol, Unreadable, Value

_SOMEONE: Final = "arn:aws:iam::000000000000:role/known-after-apply"
"""Stands for an ARN that is one thing, and of which is not known what it names."""
_EVERYTHING: Final = "*"
_ON_ALL: Final[Mapping[str, Any]] = {
    "actions": ("*",),
    "not_action": False,
    "resources": ("*",),
    "not_resource": False,
}
_NEGATED: Final = ("NotAction", "NotResource")
_ELEMENTS: Final = ("Action", "Resource", *_NEGATED)

Read = Callable[..., dict[str, Value] | Unreadable]
READERS: Final[Mapping[str, Read]] = {"policy": read_policy, "trust_policy": read_trust_policy}
"""By type of attribute."""


def read_open_policy(
    kind: str, document: object, *, account: object, resource: object
) -> dict[str, Value] | Unreadable:
    """The fields of a policy; one that depends on what is not known is unread.

    `account` and `resource` are those that it belongs to, each a text or unread.
    """
    if not isinstance(resource, str):
        fields = read_open_policy(kind, document, account=account, resource="")
        return _without_resource(fields, document, resource)
    read = READERS[kind]
    owner = account if isinstance(account, str) else ""
    unknown = next(_unknowns(document), None)
    if unknown is None:
        found = read(document, account=owner, resource=resource)
        return found if owner else _without_account(found, document, account)
    if not isinstance(document, Mapping):
        return unknown
    fields = _bracketed(read, document, owner, resource, unknown)
    return fields if owner else _without_account(fields, document, account)


def _bracketed(
    read: Read, document: Mapping[str, Any], owner: str, resource: str, unknown: Unreadable
) -> dict[str, Value] | Unreadable:
    """The fields on which the worst and the best case agree."""
    worst = read(_Case(document, worst=True).document(), account=owner, resource=resource)
    best = read(_Case(document, worst=False).document(), account=owner, resource=resource)
    if isinstance(worst, Unreadable) or isinstance(best, Unreadable):
        return Unreadable(unknown.reason)
    fields = {
        name: value if value == best[name] else Unreadable(unknown.reason)
        for name, value in worst.items()
    }
    # Who is named follows from which condition leaves the fewest: that is neither more nor less.
    outside: Value = Unreadable(unknown.reason)
    if best["is_public"] is True:
        outside = OpenList([_EVERYTHING], unknown.reason)
    fields["cross_account_principals"] = outside
    return fields


def _can_be_settled(raw: object) -> bool:
    """Whether a statement is known well enough to settle its parts one by one."""
    if not isinstance(raw, Mapping) or not isinstance(raw.get("Effect"), str):
        return False
    return not _has_open_list(raw) and next(_unknowns(raw.get("NotPrincipal")), None) is None


def _has_open_list(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_open_list, value.values()))
    return isinstance(value, OpenList)


def _unknowns(value: object) -> Iterator[Unreadable]:
    if isinstance(value, Unreadable):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _unknowns(inner)
    elif isinstance(value, list):
        if isinstance(value, OpenList):
            yield value.rest
        for inner in value:
            yield from _unknowns(inner)


def _without_account(
    fields: dict[str, Value] | Unreadable, document: object, account: object
) -> dict[str, Value] | Unreadable:
    """The fields that hold whichever account the policy belongs to."""
    if isinstance(fields, Unreadable) or not isinstance(account, Unreadable):
        return fields
    outside = fields["cross_account_principals"]
    if isinstance(outside, list) and any(account_of(str(name)) for name in outside):
        # One of them may be the account itself.
        fields = {**fields, "cross_account_principals": Unreadable(account.reason)}
    if fields.get("grants_admin") is False and _names_accounts(document):
        fields = {**fields, "grants_admin": Unreadable(account.reason)}
    return fields


def _without_resource(
    fields: dict[str, Value] | Unreadable, document: object, resource: object
) -> dict[str, Value] | Unreadable:
    """The fields that hold whichever resource the policy is attached to."""
    if isinstance(fields, Unreadable) or fields.get("requires_tls") is not False:
        return fields
    best = document
    if isinstance(document, Mapping) and next(_unknowns(document), None) is not None:
        best = _Case(document, worst=False).document()
    statements = read_document(best)
    if isinstance(statements, Unreadable):
        return statements
    # Not even where each statement is of everything on everything.
    if not requires_tls([replace(one, **_ON_ALL) for one in statements], ""):
        return fields
    reason = resource.reason if isinstance(resource, Unreadable) else "its ARN is not known"
    return {**fields, "requires_tls": Unreadable(reason)}


def _names_accounts(document: object) -> bool:
    """Whether a statement is on all of one account: `arn:aws:*:*:111122223333:*`."""
    statements = read_document(document)
    if isinstance(statements, Unreadable):
        return False
    for statement in statements:
        for name in statement.resources:
            if account_of(name) and name.split(":", 3)[2] == _EVERYTHING:
                return True
    return False


class _Widen(Enum):
    """What stands for a part that is not known."""

    NO = ""
    """Nothing: the part covers nothing."""
    TO_ALL = "all"
    TO_ONE = "one"
    """Everything, but for what is known to be one thing.

    An Allow of one thing is not of all; a Deny of it may be of that which is asked about.
    """


class _Case:
    """A document as it is if what is not known permits the most, or the least."""

    def __init__(self, raw: Mapping[str, Any], *, worst: bool) -> None:
        self.raw = raw
        self.worst = worst

    def document(self) -> dict[str, Any]:
        """The document without anything unknown."""
        raw = self.raw.get("Statement")
        given: list[Any] = raw if isinstance(raw, list) else [raw]
        statements: list[Any] = []
        for item in given:
            statements.extend(self._statement(item))
        if isinstance(raw, OpenList) and self.worst:
            # Statements that are resources of their own, as of Lambda, only allow.
            statements.append(self._anything())
        return {"Version": "2012-10-17", "Statement": statements}

    def _anything(self) -> dict[str, Any]:
        """A statement of which nothing is known: it allows all, or denies all."""
        found: dict[str, Any] = {
            "Effect": "Allow" if self.worst else "Deny",
            "Action": _EVERYTHING,
            "Resource": _EVERYTHING,
        }
        if self._has_principals():
            found["Principal"] = _EVERYTHING
        return found

    def _has_principals(self) -> bool:
        """Whether it is the policy of a resource; without a statement, it is taken for one."""
        raw = self.raw.get("Statement")
        given: list[Any] = raw if isinstance(raw, list) else [raw]
        known = [one for one in given if isinstance(one, Mapping)]
        return not known or any("Principal" in one or "NotPrincipal" in one for one in known)

    def _statement(self, raw: Any) -> Iterator[dict[str, Any]]:
        """The statement; none, where in this case it applies to nothing."""
        if next(_unknowns(raw), None) is None:
            yield raw
        elif not _can_be_settled(raw):
            yield self._anything()
        else:
            yield from self._settled(raw)

    def _settled(self, raw: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        # What an Allow permits more, a Deny permits less.
        allows = raw["Effect"] == "Allow"
        widen = _Widen.NO
        if allows == self.worst:
            widen = _Widen.TO_ONE if allows else _Widen.TO_ALL
        found = dict(raw)
        if all(put(found, name, widen) for name, put in _PUTS.items() if name in raw):
            yield found


def _put_element(found: dict[str, Any], name: str, widen: _Widen) -> bool:
    """Settle actions or resources; False: the statement then covers nothing."""
    raw = found[name]
    texts = raw if isinstance(raw, list) else [raw]
    negated = name in _NEGATED
    if negated:
        # Of what is left out, more makes a statement narrower.
        widen = _Widen.NO if widen.value else _Widen.TO_ALL
    settled = _settled(texts, widen)
    if settled:
        found[name] = settled
        return True
    if not negated:
        return False
    del found[name]
    found[name.removeprefix("Not")] = _EVERYTHING
    return True


def _settled(texts: list[Any], widen: _Widen) -> list[str]:
    settled: list[str] = []
    for text in texts:
        if not isinstance(text, Unreadable):
            settled.append(text)
        elif widen.value:
            is_one = widen is _Widen.TO_ONE and _is_one_thing(text)
            settled.append(_SOMEONE if is_one else _EVERYTHING)
    return settled


def _put_principals(found: dict[str, Any], name: str, widen: _Widen) -> bool:
    raw = found[name]
    if isinstance(raw, Unreadable):
        found["Principal"] = _EVERYTHING
        return bool(widen.value)
    if not isinstance(raw, Mapping):
        return True
    principals: dict[str, list[str]] = {}
    for kind, names in raw.items():
        settled = _settled(names if isinstance(names, list) else [names], widen)
        if settled:
            principals[kind] = settled
    found["Principal"] = principals
    return bool(principals)


def _put_conditions(found: dict[str, Any], name: str, widen: _Widen) -> bool:
    """Settle conditions: one that is not known may never hold, or always."""
    raw = found.pop(name)
    if next(_unknowns(raw), None) is not None and not widen.value:
        return False
    settled: dict[str, dict[str, Any]] = {}
    for operator, key, texts in _condition_values(raw):
        is_known = all(not isinstance(text, Unreadable) for text in texts)
        if is_known or (widen is _Widen.TO_ONE and all(map(_is_known_or_one, texts))):
            settled.setdefault(operator, {})[key] = _settled(texts, widen)
    # What is left out always holds.
    found[name] = settled
    return True


def _condition_values(raw: Any) -> Iterator[tuple[str, str, list[Any]]]:
    """Operator, key and values of each condition of which these two are known."""
    if not isinstance(raw, Mapping):
        return
    for operator, keys in raw.items():
        for key, values in keys.items() if isinstance(keys, Mapping) else ():
            yield operator, key, values if isinstance(values, list) else [values]


_PUTS: Final[Mapping[str, Callable[[dict[str, Any], str, _Widen], bool]]] = {
    **dict.fromkeys(_ELEMENTS, _put_element),
    "Principal": _put_principals,
    "Condition": _put_conditions,
}
"""By element: what settles it; false where the statement then covers nothing."""


def _is_known_or_one(value: object) -> bool:
    return not isinstance(value, Unreadable) or _is_one_thing(value)


def _is_one_thing(value: Unreadable) -> bool:
    """Whether a value is the ARN of one resource, or the account of a provider."""
    if not isinstance(value, Symbol):
        return False
    is_account = value.attribute == "account" and value.owner.startswith("provider.")
    return is_account or (value.attribute == "arn" and value.present)
