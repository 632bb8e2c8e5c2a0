"""Finds the command in the text by which a check says how a resource is mended."""

from __future__ import annotations

import re
from typing import Final

_QUOTED: Final = re.compile(r"`((?:aws|az|bq|gcloud|gh|gsutil|kubectl) [^`]+)`")
_LABELLED: Final = re.compile(r"CLI: (.+?)(?=\.? (?:Terraform|Console|Bicep)\b|\. [A-Z]|\.?$)")


_FEWEST_WORDS: Final = 4
"""Of a command that says what it acts on: `aws iam enable-mfa-device --user-name NAME`."""


def fix_command(fix: str) -> str:
    """The first command of a fix on one line, as it can be copied; empty where it names none.

    Names in capitals, such as `NAME`, are left for the reader to fill in: which value is meant
    depends on the service, and a command with a wrong one would change another resource.
    """
    text = " ".join(line.strip() for line in fix.splitlines())
    for found in (*_QUOTED.finditer(text), *_LABELLED.finditer(text)):
        # `aws iam delete-login-profile` names an operation, and not on what: it cannot be run.
        if len(found[1].split()) >= _FEWEST_WORDS:
            return found[1]
    return ""
