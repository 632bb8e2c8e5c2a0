"""List the object versions of an S3 bucket and their Object Lock, which obstore cannot do."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from scanner.core.calendar import format_time
from scanner.errors import TscanError
from scanner.history.stores import Version

_UNVERSIONED: Final = "null"
"""The version id of a file that was written while versioning was off."""
_HINT: Final = (
    "reading versions needs s3:ListBucketVersions, s3:GetObjectVersion and s3:GetObjectRetention"
)


def _now() -> datetime:
    return datetime.now(UTC)


class ObjectVersions:
    """Object versions below an `s3://` URL; a `Versions`."""

    def __init__(self, url: str, now: Callable[[], datetime] = _now) -> None:
        parts = urlsplit(url)
        self._name = url
        self._bucket = parts.netloc
        path = parts.path.strip("/")
        self._prefix = ""
        if path:
            self._prefix = f"{path}/"
        self._now = now
        # botocore ignores AWS_REGION, obstore does not: both clients must use the same region.
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        with self._errors():
            self._client: Any = Session().create_client("s3", region_name=region)

    def list(self, prefix: str) -> Mapping[str, Sequence[Version]]:
        """As `Versions.list`."""
        contents: dict[str, list[Version]] = defaultdict(list)
        delete_markers: dict[str, list[Version]] = defaultdict(list)
        with self._errors():
            paginator = self._client.get_paginator("list_object_versions")
            pages = paginator.paginate(
                Bucket=self._bucket,
                Prefix=self._prefix + prefix,
            )
            for page in pages:
                for row in page.get("Versions", ()):
                    version = _version(row, deletion=False)
                    contents[row["Key"]].append(version)
                for row in page.get("DeleteMarkers", ()):
                    version = _version(row, deletion=True)
                    delete_markers[row["Key"]].append(version)
        versions: dict[str, Sequence[Version]] = {}
        for key in sorted({*contents, *delete_markers}):
            # S3 lists one key's versions newest first; its times, whole seconds, do not order them.
            oldest_first = [*reversed(contents[key]), *reversed(delete_markers[key])]
            store_key = key.removeprefix(self._prefix)
            versions[store_key] = tuple(oldest_first)
        return versions

    def sha256(self, key: str, version: Version) -> str:
        """As `Versions.sha256`."""
        with self._errors():
            response = self._client.get_object(**self._request(key, version))
            content = response["Body"].read()
        return hashlib.sha256(content).hexdigest()

    def locked(self, key: str, version: Version) -> str:
        """As `Versions.locked`. A lock that the caller has no permission to see counts as none."""
        with self._errors():
            response = self._client.head_object(**self._request(key, version))
        # Governance mode is no lock here: s3:BypassGovernanceRetention lets people delete it.
        if response.get("ObjectLockMode") != "COMPLIANCE":
            return ""
        until = response.get("ObjectLockRetainUntilDate")
        if until is None or until <= self._now():
            return ""
        return format_time(until)

    def _request(self, key: str, version: Version) -> dict[str, str]:
        """The parameters that identify a version in a request."""
        request = {"Bucket": self._bucket, "Key": self._prefix + key}
        # Some S3-compatible servers do not know the id `null`; without one they return the latest.
        if version.id != _UNVERSIONED or not version.latest:
            request["VersionId"] = version.id
        return request

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn botocore's errors into a TscanError of one line."""
        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "error")
            raise self._unread(code) from error
        except BotoCoreError as error:
            raise self._unread(type(error).__name__) from error

    def _unread(self, reason: str) -> TscanError:
        return TscanError(f"{self._name}: object versions could not be read ({reason})", _HINT)


def _version(row: Mapping[str, Any], *, deletion: bool) -> Version:
    return Version(
        id=row["VersionId"],
        time=format_time(row["LastModified"]),
        latest=row["IsLatest"],
        deletion=deletion,
    )
