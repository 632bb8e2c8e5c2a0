"""`waivers.yaml`: gaps that a named person accepts until a date."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

from scanner.content.documents import read_document
from scanner.content.locate import shown_path
from scanner.content.reading import Reading, Steps
from scanner.content.shapes import shape_problems
from scanner.errors import ContentError, Problem, TscanError
from scanner.model.waivers import Waiver

LONGEST_DAYS: Final = 366
"""A waiver that outlives a year is a decision that nobody looks at again."""


def load_waivers(path: str | Path) -> tuple[Waiver, ...]:
    """The waivers in a file; ContentError with every mistake in it, among them terms that are over a year."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise TscanError(f"{path} cannot be read: {error.strerror}", "name the file with --waivers") from None
    document = read_document(content, path=shown_path(Path(path)))
    problems = [document] if isinstance(document, Problem) else shape_problems(document, "waivers")
    if isinstance(document, Problem) or problems:
        raise ContentError(problems)
    reading = Reading(document, [])
    waivers = tuple(_waiver(reading, index, data) for index, data in enumerate(reading.data["waivers"]))
    _check_ids(reading, waivers)
    if reading.problems:
        raise ContentError(reading.problems)
    return waivers


def _waiver(reading: Reading, index: int, data: dict[str, Any]) -> Waiver:
    path: Steps = ("waivers", index)
    opened, expires = (
        _day(reading, (*path, "opened"), data["opened"]),
        _day(reading, (*path, "expires"), data["expires"]),
    )
    if expires <= opened:
        reading.wrong((*path, "expires"), "a waiver ends after it begins", "give a later day")
    elif (expires - opened).days > LONGEST_DAYS:
        reading.wrong((*path, "expires"), f"a waiver lasts {LONGEST_DAYS} days at most", "renew it when it ends")
    gap = data["gap"]
    return Waiver(
        id=data["id"],
        target=gap["target"],
        operation=gap["operation"],
        region=gap.get("region", ""),
        resource=gap.get("resource", ""),
        reason=data["reason"],
        approver=data["approver"],
        opened=opened,
        expires=expires,
    )


def _day(reading: Reading, path: Steps, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        reading.wrong(path, f"'{text}' is not a day", "write it as 2026-12-31")
        return date.min


def _check_ids(reading: Reading, waivers: tuple[Waiver, ...]) -> None:
    seen: set[str] = set()
    for index, waiver in enumerate(waivers):
        if waiver.id in seen:
            reading.wrong(("waivers", index, "id"), f"waiver '{waiver.id}' stands twice", "give each its own id")
        seen.add(waiver.id)
