"""Names the workflow outside of the clouds that may use a role, by its token (OIDC)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from scanner.errors import TscanError

ISSUER: Final = "token.actions.githubusercontent.com"
"""Of the tokens that workflows at GitHub get."""
_PREFIX: Final = "github:"
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/(?!\.+$)[A-Za-z0-9._-]{1,100}")
_REF: Final = re.compile(r"refs/(?:heads|tags)/[\w./+@-]{1,200}", re.A)
_ENVIRONMENT: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.A)


@dataclass(frozen=True, slots=True)
class GithubWorkflow:
    """The workflows of one repository at GitHub, on one branch or tag, or in one environment."""

    repository: str
    ref: str = ""
    """Empty: the branch main."""
    environment: str = ""

    def __post_init__(self) -> None:
        # A wildcard would let every branch, and so every pull request, use the role.
        if not _REPOSITORY.fullmatch(self.repository):
            raise TscanError(
                f"--oidc {_PREFIX}{self.repository} is not one repository",
                "write it as github:OWNER/REPOSITORY",
            )
        if self.ref and not _REF.fullmatch(self.ref):
            raise TscanError(
                f"--ref {self.ref} is not one branch or tag",
                "write it whole, as refs/heads/main or refs/tags/v1",
            )
        if self.environment and not _ENVIRONMENT.fullmatch(self.environment):
            hint = "letters, digits, dots and dashes; without a wildcard"
            raise TscanError(f"--environment {self.environment} is not one environment", hint)
        if self.ref and self.environment:
            hint = "the token of a job in an environment names no branch"
            raise TscanError("--environment excludes --ref", hint)

    @property
    def subject(self) -> str:
        """What its token says in `sub`."""
        place = f"environment:{self.environment}"
        if not self.environment:
            place = f"ref:{self.ref or 'refs/heads/main'}"
        return f"repo:{self.repository}:{place}"


def workflow_of(oidc: str, ref: str, environment: str) -> GithubWorkflow:
    """The workflow that options name; TscanError where they name none."""
    if not oidc.startswith(_PREFIX):
        raise TscanError(f"--oidc {oidc} names no workflow", "write it as github:OWNER/REPOSITORY")
    return GithubWorkflow(oidc.removeprefix(_PREFIX), ref, environment)
