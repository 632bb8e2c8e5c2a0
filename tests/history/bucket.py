"""A bucket of a moto server on loopback, plain or one that locks what is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.estate.server import running

SETTINGS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "us-east-1",
}


def _either(application: Any) -> Any:
    """moto asks for the SDK's own header where S3 asks for any checksum."""

    def call(environ: dict[str, Any], start: Any) -> Any:
        if "HTTP_X_AMZ_CHECKSUM_SHA256" in environ:
            environ["HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM"] = "SHA256"
        return application(environ, start)

    return call


@contextmanager
def bucket(*, lock: str = "", days: int = 30) -> Iterator[str]:
    """The URL of an empty store; the environment leads to it while this is open.

    `lock` is the mode in which the bucket keeps every file for so many days: `COMPLIANCE`.
    """
    import boto3

    with running(_either) as address:
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
