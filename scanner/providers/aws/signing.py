"""Signs requests by Signature Version 4 as botocore.auth does, with the day's key derived once.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from botocore.auth import SIGNED_HEADERS_BLACKLIST
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import UnknownSignatureVersionError
from botocore.utils import normalize_url_path

_UNSIGNED: Final = frozenset(SIGNED_HEADERS_BLACKLIST)
_VERSIONS: Final = ("v4", "s3v4")
_KEYS: Final = 64
"""Derived keys that are remembered: one for each account that is being read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """A request before its signature, which is added to its headers."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    """`Host` is among them."""
    body: bytes


class Signer:
    """Signs for one service in one region; safe in threads."""

    def __init__(
        self,
        version: str,
        service: str,
        region: str,
    ) -> None:
        if version not in _VERSIONS:
            raise UnknownSignatureVersionError(signature_version=version)
        self._s3 = version == "s3v4"
        self._service = service
        self._region = region
        self._keys: dict[tuple[str, str], hmac.HMAC] = {}

    def sign(
        self,
        request: Unsigned,
        credentials: ReadOnlyCredentials,
        now: datetime,
    ) -> None:
        """Add the signature, and the headers that it needs."""
        headers = request.headers
        time = _timestamp(int(now.timestamp()))
        digest = sha256(request.body).hexdigest()
        headers["X-Amz-Date"] = time
        if credentials.token:
            headers["X-Amz-Security-Token"] = credentials.token
        if self._s3:
            headers["X-Amz-Content-SHA256"] = digest
        names, canonical_headers = _canonical_headers(headers)
        # S3 signs the path as it is sent; every other service encodes it once more.
        path = request.path
        if not self._s3:
            path = quote(normalize_url_path(path), safe="/~")
        canonical = "\n".join(
            (
                request.method,
                path,
                _canonical_query(request.query),
                canonical_headers,
                "",
                names,
                digest,
            )
        )
        scope = f"{time[:8]}/{self._region}/{self._service}/aws4_request"
        hashed = sha256(canonical.encode()).hexdigest()
        signing = self._key(credentials.secret_key, time[:8]).copy()
        signing.update(f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashed}".encode())
        headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signing.hexdigest()}"
        )

    def _key(self, secret: str, day: str) -> hmac.HMAC:
        """The day's key, ready to be copied."""
        # `hmac.digest` would release Python's lock at each request.
        found = self._keys.get((secret, day))
        if found is None:
            key = f"AWS4{secret}".encode()
            for word in (day, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, word.encode(), "sha256")
            if len(self._keys) >= _KEYS:
                self._keys.clear()
            found = self._keys[secret, day] = hmac.new(key, digestmod="sha256")
        return found


@lru_cache(maxsize=16)
def _timestamp(seconds: int) -> str:
    """A time as it is signed: hundreds of requests share one."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%SZ")


def _canonical_headers(headers: Mapping[str, str]) -> tuple[str, str]:
    """The names of the signed headers, and their lines."""
    signed: dict[str, str] = {}
    for name, value in headers.items():
        lowered = name.lower()
        if lowered not in _UNSIGNED:
            signed[lowered] = " ".join(value.split())
    names = sorted(signed)
    return ";".join(names), "\n".join(f"{name}:{signed[name]}" for name in names)


def _canonical_query(query: str) -> str:
    if not query:
        return ""
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&"))
    return "&".join(f"{name}={value}" for name, value in pairs)
