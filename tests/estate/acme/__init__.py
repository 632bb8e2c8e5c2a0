"""acme-prod: the account of a small company that `tscan demo` carries, on two nights."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

HOME: Final = "eu-west-1"
REGIONS: Final = (HOME, "us-east-1")
ACCOUNT: Final = "123456789012"
NIGHTS: Final = (datetime(2026, 11, 29, 2, tzinfo=UTC), datetime(2026, 11, 30, 2, tzinfo=UTC))
"""When the two scans began."""
CREATED: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
"""When everything was created whose age decides nothing."""
PRODUCTION: Final = [{"Key": "environment", "Value": "production"}]
BACKED_UP: Final = [*PRODUCTION, {"Key": "backup", "Value": "required"}]


def arn(service: str, resource: str, region: str = HOME) -> str:
    """The ARN of a resource of the account."""
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"
