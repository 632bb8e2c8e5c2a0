"""Signature Version 4: what botocore.auth writes, with the day's key derived once instead of at each request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from botocore.auth import SIGNED_HEADERS_BLACKLIST
from botocore.exceptions import UnknownSignatureVersionError
from botocore.utils import normalize_url_path

_UNSIGNED: Final = frozenset(SIGNED_HEADERS_BLACKLIST)
_VERSIONS: Final = ("v4", "s3v4")
_KEYS: Final = 64
"""Derived keys that are remembered: one for each account that is being asked."""


class Signer:
    """Signs for one service in one region; safe in threads."""

    def __init__(self, version: str, service: str, region: str) -> None:
        if version not in _VERSIONS:
            raise UnknownSignatureVersionError(signature_version=version)
        self._s3 = version == "s3v4"
        self._service = service
        self._region = region
        self._keys: dict[tuple[str, str], hmac.HMAC] = {}

    def sign(
        self,
        method: str,
        path: str,
        query: str,
        headers: MutableMapping[str, str],
        body: bytes,
        credentials: Any,
        now: datetime,
    ) -> None:
        """Add what signs a request to its headers, of which `Host` is one."""
        moment = _moment(int(now.timestamp()))
        digest = sha256(body).hexdigest()
        headers["X-Amz-Date"] = moment
        if credentials.token:
            headers["X-Amz-Security-Token"] = credentials.token
        if self._s3:
            headers["X-Amz-Content-SHA256"] = digest
        names, canonical = _canonical(headers)
        # S3 signs the path as it is sent; everybody else once more encoded.
        signed_path = path if self._s3 else quote(normalize_url_path(path), safe="/~")
        request = "\n".join((method, signed_path, _sorted(query), canonical, "", names, digest))
        scope = f"{moment[:8]}/{self._region}/{self._service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        signing = self._key(credentials.secret_key, moment[:8]).copy()
        signing.update(text.encode())
        whose = f"Credential={credentials.access_key}/{scope}"
        headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 {whose}, SignedHeaders={names}, Signature={signing.hexdigest()}"
        )

    def _key(self, secret: str, day: str) -> hmac.HMAC:
        """The day's key, ready to be copied: `hmac.digest` would let other threads in at each request."""
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
def _moment(seconds: int) -> str:
    """The text of a moment: hundreds of requests share one."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%SZ")


def _canonical(headers: Mapping[str, str]) -> tuple[str, str]:
    """The names of the signed headers, and their lines."""
    lowered = {name.lower(): value for name, value in headers.items()}
    rows = sorted(
        (name, " ".join(value.split())) for name, value in lowered.items() if name not in _UNSIGNED
    )
    return ";".join(name for name, _ in rows), "\n".join(f"{name}:{value}" for name, value in rows)


def _sorted(query: str) -> str:
    if not query:
        return ""
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&"))
    return "&".join(f"{name}={value}" for name, value in pairs)
