"""Detects secrets in texts, by detect-secrets and a few forms that it lacks."""

from __future__ import annotations

import base64
import binascii
import importlib
import re
import zlib
from typing import Any, Final

from scanner.errors import TscanError

# The detectors whose form is specific enough to be sure. Left out: entropy and public addresses (an
# id is no secret), and Artifactory, whose `AP…` is also how AWS's own ids may begin.
PLUGINS: Final = {
    "aws": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector",
    "basic_auth": "BasicAuthDetector",
    "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector",
    "jwt": "JwtTokenDetector",
    "mailchimp": "MailchimpDetector",
    "npm": "NpmDetector",
    "openai": "OpenAIDetector",
    "private_key": "PrivateKeyDetector",
    "pypi_token": "PypiTokenDetector",
    "sendgrid": "SendGridDetector",
    "slack": "SlackDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
    "telegram_token": "TelegramBotTokenDetector",
    "twilio": "TwilioKeyDetector",
}

# Forms that detect-secrets 1.5 does not know: encrypted keys, unquoted assignments, GitHub's newer
# tokens.
_OWN: Final = (
    ("Private Key", re.compile(r"BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY")),
    ("GitHub Token", re.compile(r"github_pat_[A-Za-z0-9_]{36,}")),
    (
        "AWS Access Key",
        re.compile(
            r"(?i:secret_?(?:access_?)?key|aws.{0,20}?(?:secret|token))"
            r".{0,20}?[0-9A-Za-z/+]{40}(?![0-9A-Za-z/+])"
        ),
    ),
    (
        "Secret Keyword",
        re.compile(
            r"(?i)(?:passw(?:or)?d|pwd|passphrase|secret|api_?key|access_?token|auth_?token"
            r"|private_?key)[\"']?\s{0,3}(?:=|:\s)\s{0,3}[\"']?"
            r"(?!\$|\{|<|arn:|None|null|true|false|\d{1,4}\b)[^\s\"',;]{6,}"
        ),
    ),
)
_KEY_NAME: Final = re.compile(r"(?i)secret|passw|token")
_AWS_SECRET: Final = re.compile(r"[0-9A-Za-z/+]{40}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/\r\n]{24,}={0,2}\s?")
_SHORTEST: Final = 20
"""No form above is shorter, but for addresses with a password, Slack tokens and assignments."""
_CACHE_LIMIT: Final = 200_000
_UNPACKED_LIMIT: Final = 1 << 20


class Detector:
    """Names the kind of secret that a text holds, if any; remembers every text that it has seen.
    Safe in threads.
    """

    def __init__(self) -> None:
        self._forms = [*_library_forms(), *_OWN]
        self._seen: dict[str, str] = {}

    def find(self, text: str) -> str:
        """The name of the kind of secret in a text, or ``."""
        known = self._seen.get(text)
        if known is None:
            if len(self._seen) >= _CACHE_LIMIT:
                self._seen.clear()
            known = self._seen[text] = self._search(text)
        return known

    def find_value(self, key: str, text: str) -> str:
        """The same for the value of a key, whose name may tell what it is."""
        if len(text) == 40 and _KEY_NAME.search(key) and _AWS_SECRET.fullmatch(text):
            return "AWS Access Key"
        return self.find(text)

    def _search(self, text: str) -> str:
        if _harmless(text):
            return ""
        found = self._match(text)
        if not found and len(text) >= 24 and _BASE64.fullmatch(text):
            # User data is kept in base64: a password in it is a password.
            found = self._match(_unpack(text))
        return found

    def _match(self, text: str) -> str:
        for name, form in self._forms:
            if form.search(text):
                return name
        return ""


def _harmless(text: str) -> bool:
    """Whether a text is of a shape that cannot hold a secret; a short cut, taken for most."""
    if len(text) < _SHORTEST:
        return not ("=" in text or ": " in text or "://" in text or "xox" in text)
    # The account number and a long name in an ARN look like a Telegram token.
    return (
        text.startswith("arn:")
        and " " not in text
        and "://" not in text
        and "\n" not in text
        and "=" not in text
    )


def _unpack(text: str) -> str:
    """The text inside base64 (and gzip), where there is one: user data is kept so."""
    try:
        raw = base64.b64decode(text, validate=False)
        if raw[:2] == b"\x1f\x8b":
            raw = zlib.decompressobj(31).decompress(raw, _UNPACKED_LIMIT)
        return raw.decode()
    except (binascii.Error, UnicodeDecodeError, zlib.error):
        return ""


def _library_forms() -> list[tuple[str, re.Pattern[str]]]:
    """Name and pattern of every form of the chosen detectors."""
    forms: list[tuple[str, re.Pattern[str]]] = []
    try:
        for module, name in PLUGINS.items():
            plugin: Any = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)
            forms += [(plugin.secret_type, form) for form in plugin.denylist]
    except (ImportError, AttributeError) as error:
        raise TscanError(
            f"secrets cannot be redacted: {error}", "pip install detect-secrets"
        ) from error
    return forms
