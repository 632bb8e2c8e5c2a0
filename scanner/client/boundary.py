"""The one place that catches whatever reading an answer raises, and makes it that answer's failure.

What a provider sends may break any parser: ours, an SDK's or Python's. One bad answer costs one
answer, and never the scan with the evidence of other accounts and clouds.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from scanner.client.failures import Failure, OperationNotListedError
from scanner.errors import TscanError
from scanner.model.answers import State

_LOG: Final = logging.getLogger(__name__)
_PACKAGE: Final = Path(__file__).parents[1]
UNREADABLE: Final = "UnreadableAnswer"
"""The code of an answer that nobody could read."""
T = TypeVar("T")


def guarded(doing: str, read: Callable[[], T]) -> T | Failure:
    """What `read` gives; a `Failure` with type and place of whatever it raises.

    `doing` names the call in the log. Raised are only errors for people (`TscanError`), and the
    call of an operation that nobody reviewed.
    """
    try:
        return read()
    except (TscanError, OperationNotListedError):
        raise
    except Exception as error:  # noqa: BLE001 - the boundary: see above
        # Only type and place: a message may hold what the provider sent, a secret among it.
        what = f"{type(error).__name__} at {_place(error)}"
        _LOG.debug("unreadable answer", extra={"event": {"of": doing, "error": what}})
        return Failure(state=State.ERROR, code=UNREADABLE, message=what)


def _place(error: BaseException) -> str:
    """Where tscan's own code was when the error arose: `client/rest/responses.py:40`."""
    place = "?"
    for frame in traceback.extract_tb(error.__traceback__):
        file = Path(frame.filename)
        if file.is_relative_to(_PACKAGE):
            place = f"{file.relative_to(_PACKAGE).as_posix()}:{frame.lineno}"
    return place
