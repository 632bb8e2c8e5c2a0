"""The waivers of a day as text, kept with the records that they judged."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date

from scanner.model.answers import canonical
from scanner.model.waivers import Waiver


def waivers_text(waivers: Iterable[Waiver]) -> bytes:
    """The one text of these waivers, in order of their ids; empty where there are none."""
    rows = [
        asdict(waiver) | {"opened": waiver.opened.isoformat(), "expires": waiver.expires.isoformat()}
        for waiver in sorted(waivers, key=lambda waiver: waiver.id)
    ]
    return canonical(rows).encode() if rows else b""


def read_waivers(text: bytes) -> tuple[Waiver, ...]:
    """The waivers of such a text; ValueError for any other."""
    rows = json.loads(text) if text else []
    try:
        return tuple(
            Waiver(
                **{
                    **row,
                    "opened": date.fromisoformat(row["opened"]),
                    "expires": date.fromisoformat(row["expires"]),
                }
            )
            for row in rows
        )
    except (KeyError, TypeError) as error:
        raise ValueError("these are not waivers of tscan") from error
