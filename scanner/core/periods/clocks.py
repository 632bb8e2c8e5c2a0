"""Finds records whose times contradict their order: a clock was wrong, or scans overlapped."""

from __future__ import annotations

from scanner.core.calendar import parse_time
from scanner.model.history import Record


def dated_before(before: Record, after: Record) -> bool:
    """Whether the later of two records has the earlier time.

    A clock jumped, or their scans overlapped.

    A scan of many targets commits when the last of them is read; a scan that began meanwhile may
    have committed first.
    """
    return parse_time(after.finished) < parse_time(before.started)


def clock_doubt(before: Record | None, record: Record) -> str:
    """How the times of a record contradict those of the record before it, or each other.

    Empty where they do not. A record states this when it is committed, and so it cannot be dated
    back later without being damaged.
    """
    doubts: list[str] = []
    try:
        started, finished = parse_time(record.started), parse_time(record.finished)
    except ValueError:
        # No reader accepts a record whose times are none: it is refused before it is written.
        return ""
    if finished < started:
        doubts.append("it ends before it begins: the clock was set back")
    if before is not None and dated_before(before, record):
        by = str(parse_time(before.started) - finished).partition(".")[0]
        doubts.append(
            f"it ends {by} before record {before.seq} began: "
            "the scans overlapped, or a clock was wrong"
        )
    return "; ".join(doubts)
