"""Finds our own credentials in what a server sends back: such an answer is not kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from scanner.client.failures import Failure
from scanner.model.answers import State

_SHORTEST: Final = 8
"""Characters of a credential: a shorter one would be found in any text."""


def repeated(credential: str, headers: Iterable[str], body: bytes) -> bool:
    """Whether a response holds a credential, as it is or encoded for an address or for JSON."""
    if len(credential) < _SHORTEST:
        return False
    forms = {credential, quote(credential, safe=""), credential.replace("/", "\\/")}
    # No form has a line break, so that none is found across two headers.
    head = "\n".join(headers)
    return any(form.encode() in body or form in head for form in forms)


REPEATED: Final = Failure(
    state=State.ERROR,
    code="CredentialRepeated",
    message="the response repeats the credential that was sent, so that it is not kept",
)
