"""The versions of a bucket's files, and which of them Object Lock keeps: by botocore, as obstore does not list them."""

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

from scanner.core.calendar import iso
from scanner.errors import TscanError
from scanner.history.stores import Version

_NAMELESS: Final = "null"
_HINT: Final = (
    "reading versions needs s3:ListBucketVersions, s3:GetObjectVersion and s3:GetObjectRetention"
)


def _now() -> datetime:
    return datetime.now(UTC)


class ObjectVersions:
    """The versions below an `s3://` URL."""

    def __init__(self, url: str, now: Callable[[], datetime] = _now) -> None:
        parts = urlsplit(url)
        self._name = url
        self._bucket = parts.netloc
        self._prefix = f"{parts.path.strip('/')}/" if parts.path.strip("/") else ""
        self._now = now
        # botocore itself does not look at the first of these, and obstore does.
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        with self._said():
            self._client: Any = Session().create_client("s3", region_name=region)

    def list(self, prefix: str) -> Mapping[str, Sequence[Version]]:
        """As `Versions.list`."""
        contents: dict[str, list[Version]] = defaultdict(list)
        deletions: dict[str, list[Version]] = defaultdict(list)
        with self._said():
            pages = self._client.get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix):
                for row in page.get("Versions", ()):
                    contents[row["Key"]].append(_version(row, deletion=False))
                for row in page.get("DeleteMarkers", ()):
                    deletions[row["Key"]].append(_version(row, deletion=True))
        # S3 gives those of one key newest first; times are of the second, and do not order them.
        return {
            key.removeprefix(self._prefix): (*reversed(contents[key]), *reversed(deletions[key]))
            for key in sorted({*contents, *deletions})
        }

    def sha256(self, key: str, version: Version) -> str:
        """As `Versions.sha256`."""
        with self._said():
            answer = self._client.get_object(**self._one(key, version))
            return hashlib.sha256(answer["Body"].read()).hexdigest()

    def locked(self, key: str, version: Version) -> str:
        """As `Versions.locked`, in compliance mode only: governance mode has people who may pass by it.

        A lock that the caller may not see is none.
        """
        with self._said():
            answer = self._client.head_object(**self._one(key, version))
        until = answer.get("ObjectLockRetainUntilDate")
        if answer.get("ObjectLockMode") != "COMPLIANCE" or until is None or until <= self._now():
            return ""
        return iso(until)

    def _one(self, key: str, version: Version) -> dict[str, str]:
        """What names a version; that of a bucket without versions is called null, which not every server knows."""
        named = {"Bucket": self._bucket, "Key": self._prefix + key, "VersionId": version.id}
        if version.id == _NAMELESS and version.latest:
            del named["VersionId"]
        return named

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "error")
            raise TscanError(f"{self._name}: its versions were not read ({code})", _HINT) from error
        except BotoCoreError as error:
            raise TscanError(
                f"{self._name}: its versions were not read ({type(error).__name__})", _HINT
            ) from error


def _version(row: Mapping[str, Any], *, deletion: bool) -> Version:
    return Version(row["VersionId"], iso(row["LastModified"]), row["IsLatest"], deletion)
