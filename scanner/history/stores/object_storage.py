"""The store in a bucket: S3, Google Cloud Storage or Azure Blob Storage, by obstore."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from scanner.errors import TscanError
from scanner.history.stores import Entry

_CONDITION: Final = (
    "give a bucket that honours If-None-Match (S3, GCS, Azure, MinIO from 2024-09), or a folder"
)
_NO_BUCKET: Final = re.compile(
    "NoSuchBucket|ContainerNotFound|bucket does not exist", re.IGNORECASE
)
_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


def open_objects(url: str) -> ObjectStore:
    """The store at a URL; credentials and endpoint come from the environment, as the provider's own tools read them."""
    import obstore.store

    options: dict[str, Any] = {}
    if url.startswith("s3://"):
        options = _s3_options()
    try:
        return ObjectStore(url, obstore.store.from_url(url.rstrip("/"), **options))
    except (obstore.exceptions.BaseError, ValueError) as error:
        raise TscanError(
            f"{url} is no store: {_first_line(error)}", "write it as s3://bucket/prefix"
        ) from error


def _s3_options() -> dict[str, Any]:
    """What obstore does not read from the environment by itself: plain HTTP, and a profile's or role's session."""
    # A bucket whose files are locked as they come takes none without a checksum.
    options: dict[str, Any] = {"checksum_algorithm": "SHA256"}
    endpoint = next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), "")
    if endpoint:
        options["endpoint"] = endpoint
        if urlsplit(endpoint).scheme == "http":
            options["client_options"] = {"allow_http": True}
    if not os.environ.get("AWS_ACCESS_KEY_ID"):
        options["credential_provider"] = _session_credentials
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if region:
        options["region"] = region
    return options


def _session_credentials() -> Any:
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
        "expires_at": datetime.now(UTC) + timedelta(minutes=10),
    }


class ObjectStore:
    """A bucket, or what lies below a prefix in it."""

    parallel = 16

    def __init__(self, url: str, store: Any) -> None:
        self.name = url
        self._store = store

    def put_new(self, key: str, content: bytes) -> bool:
        import obstore

        try:
            with self._said(key):
                # One part: a multipart upload is not conditional.
                obstore.put(self._store, key, content, mode="create", use_multipart=False)
        except (obstore.exceptions.AlreadyExistsError, obstore.exceptions.PreconditionError):
            return False
        return True

    def put(self, key: str, content: bytes) -> None:
        import obstore

        with self._said(key):
            obstore.put(self._store, key, content)

    def get(self, key: str) -> bytes | None:
        import obstore

        try:
            with self._said(key):
                return bytes(obstore.get(self._store, key).bytes())
        except (FileNotFoundError, obstore.exceptions.NotFoundError):
            return None

    def list(self, prefix: str) -> Iterator[Entry]:
        import obstore

        found: list[Entry] = []
        with self._said(prefix):
            for chunk in obstore.list(self._store, prefix.rstrip("/") or None):
                found += [
                    Entry(str(one["path"]), int(one["size"]), one["last_modified"].timestamp())
                    for one in chunk
                ]
        yield from sorted(found, key=lambda entry: entry.key)

    def delete(self, key: str) -> None:
        import obstore

        try:
            with self._said(key):
                obstore.delete(self._store, key)
        except (FileNotFoundError, obstore.exceptions.NotFoundError):
            return

    def stranger(self) -> str:
        """None: nothing of a bucket is changed by what lies beside it."""
        return ""

    def sweep(self, before: float) -> int:
        """Nothing: a bucket shows a file only when it is whole."""
        return 0

    @contextmanager
    def _said(self, key: str) -> Iterator[None]:
        """Errors of the provider as one line; what a caller decides on goes through as it is."""
        import obstore.exceptions as said

        try:
            yield
        except (said.AlreadyExistsError, said.PreconditionError):
            raise
        except (said.NotFoundError, FileNotFoundError) as error:
            # A file that is not there is an answer; a bucket or container that is not there is none.
            if _NO_BUCKET.search(str(error)):
                raise self._problem(key, error) from error
            raise
        except said.NotSupportedError as error:
            raise TscanError(
                f"{self.name} cannot create a file only if it is absent", _CONDITION
            ) from error
        except (said.PermissionDeniedError, said.UnauthenticatedError) as error:
            raise self._refused(key) from error
        except (said.BaseError, OSError) as error:
            if "501 " in _first_line(error) or "NotImplemented" in str(error):
                raise TscanError(
                    f"{self.name} cannot create a file only if it is absent", _CONDITION
                ) from error
            # A listing that is refused is one of these.
            if "403 " in _first_line(error):
                raise self._refused(key) from error
            raise self._problem(key, error) from error

    def _refused(self, key: str) -> TscanError:
        hint = "the writer needs to get, put and list; only 'history compact' deletes"
        return TscanError(f"{self.name}: {key or 'listing'} was refused", hint)

    def _problem(self, key: str, error: BaseException) -> TscanError:
        if _NO_BUCKET.search(str(error)):
            return TscanError(
                f"{self.name}: there is no such bucket", "make it first, or name another"
            )
        return TscanError(
            f"{self.name}: {key or 'listing'}: {_first_line(error)}",
            "is the bucket there and in reach?",
        )


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
