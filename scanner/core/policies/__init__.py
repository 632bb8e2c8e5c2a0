"""Evaluates AWS policy documents over all their statements at once.

Pure, and total on hostile input: every document gives an answer or an `Unreadable`.
"""

from scanner.core.policies.open_documents import read_open_policy
from scanner.core.policies.queries import read_policy, read_trust_policy
from scanner.core.policies.types import FEDERATION_TYPE, POLICY_TYPE, TRUST_POLICY_TYPE

__all__ = [
    "FEDERATION_TYPE",
    "POLICY_TYPE",
    "TRUST_POLICY_TYPE",
    "read_open_policy",
    "read_policy",
    "read_trust_policy",
]
