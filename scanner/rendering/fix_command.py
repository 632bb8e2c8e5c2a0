"""Finds the command in the text by which a check says how a resource is mended."""

from __future__ import annotations

import re
from typing import Final

_QUOTED: Final = re.compile(r"`((?:aws|az|bq|gcloud|gh|gsutil|kubectl) [^`]+)`")
_LABELLED: Final = re.compile(r"CLI: (.+?)(?=\.? (?:Terraform|Console|Bicep)\b|\. [A-Z]|\.?$)")


def fix_command(fix: str) -> str:
    """The first command of a fix on one line, as it can be copied; empty where it names none.

    Names in capitals, such as `NAME`, are left for the reader to fill in: which value is meant
    depends on the service, and a command with a wrong one would change another resource.
    """
    text = " ".join(line.strip() for line in fix.splitlines())
    found = _QUOTED.search(text) or _LABELLED.search(text)
    if found is None:
        return ""
    return found[1]
