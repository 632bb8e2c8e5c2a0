"""Store history in a bucket: S3, Google Cloud Storage or Azure Blob Storage, through obstore."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from scanner.errors import TscanError
from scanner.history.stores import Entry

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Bucket
    from obstore.store import S3Credential

_CONDITION: Final = (
    "use a bucket that supports If-None-Match (S3, GCS, Azure, MinIO from 2024-09), or a folder"
)
_NO_BUCKET: Final = re.compile(
    "NoSuchBucket|ContainerNotFound|bucket does not exist", re.IGNORECASE
)
_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


def open_objects(url: str) -> ObjectStore:
    """The store at a URL.

    Credentials and endpoint come from the environment, as for the provider's own tools.
    """
    import obstore.store

    options: dict[str, Any] = {}
    if url.startswith("s3://"):
        options = _s3_options()
    try:
        return ObjectStore(url, obstore.store.from_url(url.rstrip("/"), **options))
    except (obstore.exceptions.BaseError, ValueError) as error:
        raise TscanError(
            f"{url} is not a store: {_first_line(error)}", "write it as s3://bucket/prefix"
        ) from error


def _s3_options() -> dict[str, Any]:
    """What obstore does not take from the environment: plain HTTP, and a profile or role."""
    # A bucket with a default Object Lock retention refuses every put without a checksum.
    options: dict[str, Any] = {"checksum_algorithm": "SHA256"}
    endpoint = _first_set(*_ENDPOINTS)
    if endpoint:
        options["endpoint"] = endpoint
        if urlsplit(endpoint).scheme == "http":
            options["client_options"] = {"allow_http": True}
    if not os.environ.get("AWS_ACCESS_KEY_ID"):
        options["credential_provider"] = _session_credentials
    region = _first_set("AWS_REGION", "AWS_DEFAULT_REGION")
    if region:
        options["region"] = region
    return options


def _first_set(*names: str) -> str:
    """The first environment variable that has a value; `` if none has."""
    for name in names:
        if value := os.environ.get(name):
            return value
    return ""


def _session_credentials() -> S3Credential:
    """Credentials as botocore finds them: profile, single sign-on, container or instance role."""
    from datetime import UTC, datetime, timedelta

    from botocore.session import Session

    found = Session().get_credentials()
    if found is None:
        raise TscanError(
            "there are no AWS credentials for the store",
            "set AWS_PROFILE, or name a folder with --store",
        )
    frozen = found.get_frozen_credentials()
    return {
        "access_key_id": frozen.access_key,
        "secret_access_key": frozen.secret_key,
        "token": frozen.token,
        # botocore renews a session's credentials by itself; obstore has to come back for them.
        "expires_at": datetime.now(UTC) + timedelta(minutes=10),
    }


class ObjectStore:
    """A bucket, or a prefix in it."""

    parallel = 16

    def __init__(self, url: str, store: Bucket) -> None:
        self.name = url
        self._store = store

    def put_new(self, key: str, content: bytes) -> bool:
        import obstore

        try:
            with self._errors(key):
                # A multipart upload ignores the condition, and two writers would both win.
                obstore.put(self._store, key, content, mode="create", use_multipart=False)
        except (obstore.exceptions.AlreadyExistsError, obstore.exceptions.PreconditionError):
            return False
        return True

    def put(self, key: str, content: bytes) -> None:
        import obstore

        with self._errors(key):
            obstore.put(self._store, key, content)

    def get(self, key: str) -> bytes | None:
        import obstore

        try:
            with self._errors(key):
                return bytes(obstore.get(self._store, key).bytes())
        except (FileNotFoundError, obstore.exceptions.NotFoundError):
            return None

    def list(self, prefix: str) -> Iterator[Entry]:
        import obstore

        entries: list[Entry] = []
        with self._errors(prefix):
            for page in obstore.list(self._store, prefix.rstrip("/") or None):
                for file in page:
                    modified = file["last_modified"].timestamp()
                    entries.append(Entry(str(file["path"]), int(file["size"]), modified))
        yield from sorted(entries, key=lambda entry: entry.key)

    def delete(self, key: str) -> None:
        import obstore

        try:
            with self._errors(key):
                obstore.delete(self._store, key)
        except (FileNotFoundError, obstore.exceptions.NotFoundError):
            return

    def stranger(self) -> str:
        """Always ``: a store in a bucket changes nothing for the files beside it."""
        return ""

    def sweep(self, before: float) -> int:
        """Always 0: a bucket lists a file only once it is complete."""
        return 0

    @contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        """Turn the provider's errors into a TscanError of one line.

        "Exists already" and "does not exist" pass unchanged: the caller decides on them.
        """
        import obstore.exceptions as errors

        try:
            yield
        except (errors.AlreadyExistsError, errors.PreconditionError):
            raise
        except (errors.NotFoundError, FileNotFoundError) as error:
            # A missing file is an answer. A missing bucket is not: its history would look empty.
            if _NO_BUCKET.search(str(error)):
                raise self._problem(key, error) from error
            raise
        except errors.NotSupportedError as error:
            raise self._not_conditional() from error
        except (errors.PermissionDeniedError, errors.UnauthenticatedError) as error:
            raise self._denied(key) from error
        except (errors.BaseError, OSError) as error:
            if "501 " in _first_line(error) or "NotImplemented" in str(error):
                raise self._not_conditional() from error
            # obstore has no error class for a denied listing.
            if "403 " in _first_line(error):
                raise self._denied(key) from error
            raise self._problem(key, error) from error

    def _not_conditional(self) -> TscanError:
        return TscanError(
            f"{self.name} does not support conditional writes (If-None-Match)", _CONDITION
        )

    def _denied(self, key: str) -> TscanError:
        hint = f"'tscan permissions store --store {self.name}' prints what it needs"
        return TscanError(f"{self.name}: {key or 'listing'} was refused", hint)

    def _problem(self, key: str, error: BaseException) -> TscanError:
        if _NO_BUCKET.search(str(error)):
            return TscanError(f"{self.name}: no such bucket", "make it first, or name another")
        return TscanError(
            f"{self.name}: {key or 'listing'}: {_first_line(error)}",
            "check that the bucket exists and is reachable",
        )


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
