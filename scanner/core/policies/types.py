"""Declares the types of policies in conditions; each field is decided over the whole document."""

from __future__ import annotations

from typing import Final

from scanner.language.types import BOOL, STRING, Field, ListType, RecordType

FEDERATION_TYPE: Final = RecordType(
    "federation",
    {"provider": Field(STRING), "subject_bound": Field(BOOL), "audience_bound": Field(BOOL)},
)

_EXPOSURE: Final = {
    "is_public": Field(BOOL),
    "cross_account_principals": Field(ListType(STRING)),
    "services": Field(ListType(STRING)),
    "unconfused": Field(BOOL),
}

POLICY_TYPE: Final = RecordType(
    "policy", {**_EXPOSURE, "requires_tls": Field(BOOL), "grants_admin": Field(BOOL)}
)
"""A resource policy or an identity policy."""

TRUST_POLICY_TYPE: Final = RecordType(
    "trust_policy", {**_EXPOSURE, "federated": Field(ListType(FEDERATION_TYPE))}
)
"""Who may assume a role."""
