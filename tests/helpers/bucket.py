"""A bucket of a moto server on loopback, plain or one that locks what is written."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.estate.server import running

SETTINGS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "us-east-1",
}


def _as_s3(application: Any) -> Any:
    """A WSGI application that behaves as S3 does where moto does not."""
    writing = threading.Lock()

    def call(environ: dict[str, Any], start: Any) -> Any:
        # moto requires the SDK's own header where S3 takes any checksum.
        if "HTTP_X_AMZ_CHECKSUM_SHA256" in environ:
            environ["HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM"] = "SHA256"
        if environ["REQUEST_METHOD"] != "PUT":
            return application(environ, start)
        # moto looks for the object and writes it in two steps, so that of two writers with
        # If-None-Match both may get 200. S3 does both in one step.
        with writing:
            return application(environ, start)

    return call


@contextmanager
def bucket(*, lock: str = "", days: int = 30) -> Iterator[str]:
    """The URL of an empty store; the environment leads to it while this is open.

    `lock` is the mode in which the bucket keeps every file for so many days: `COMPLIANCE`.
    """
    import boto3

    with running(_as_s3) as address:
        before = dict(os.environ)
        os.environ.update({**SETTINGS, "AWS_ENDPOINT_URL": address})
        try:
            client = boto3.client("s3", region_name="us-east-1", endpoint_url=address)
            client.create_bucket(Bucket="history", ObjectLockEnabledForBucket=bool(lock))
            if lock:
                rule = {"DefaultRetention": {"Mode": lock, "Days": days}}
                configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
                client.put_object_lock_configuration(
                    Bucket="history", ObjectLockConfiguration=configuration
                )
            yield "s3://history/tscan"
        finally:
            os.environ.clear()
            os.environ.update(before)
