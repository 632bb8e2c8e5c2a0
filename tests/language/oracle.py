"""Google's CEL as an oracle: the same functions registered, the same expression, plain data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

from scanner.language.functions import cidr_prefix, cidr_within, cidrs_between, days, hours
from scanner.model.values import ABSENT

_TYPES: Final = {
    "int": cel.Type.INT,
    "string": cel.Type.STRING,
    "bool": cel.Type.BOOL,
    "duration": cel.Type.DURATION,
    "timestamp": cel.Type.TIMESTAMP,
    "dyn": cel.Type.DYN,
    "list(string)": cel.Type.List(cel.Type.STRING),
    "map": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
}
FAILED: Final = object()
"""The oracle gave an error."""


def _function(name: str, run: Any, result: str, *parameters: str) -> Any:
    overload = cel.Overload(
        f"{name}_{'_'.join(parameters)}",
        return_type=_TYPES[result],
        parameters=[_TYPES[parameter] for parameter in parameters],
        impl=run,
    )
    return cel.FunctionDecl(name, [overload])


def environment(names: Iterable[str]) -> Any:
    """An oracle over declared names, all of them dynamic but `now`."""
    return cel.NewEnv(
        variables={name: cel.Type.TIMESTAMP if name == "now" else cel.Type.DYN for name in names},
        extensions=[ext_strings.ExtStrings()],
        functions=[
            _function("days", days, "duration", "int"),
            _function("hours", hours, "duration", "int"),
            _function("keys", sorted, "list(string)", "map"),
            _function("cidrPrefix", cidr_prefix, "int", "string"),
            _function("cidrWithin", cidr_within, "bool", "string", "string"),
            _function("cidrsBetween", cidrs_between, "list(string)", "string", "string"),
        ],
    )


def plain(data: Any) -> Any:
    """Data as the oracle takes it: moments and durations inside are texts, what is absent is not
    there."""
    if isinstance(data, dict):
        return {key: plain(item) for key, item in data.items() if item is not ABSENT}
    if isinstance(data, datetime):
        return data.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(data, timedelta):
        return f"{int(data.total_seconds())}s"
    return [plain(item) for item in data] if isinstance(data, list) else data


def evaluate(expression: Any, data: dict[str, Any]) -> Any:
    """The oracle's result, or FAILED."""
    try:
        value = expression.eval(
            data={
                name: one if isinstance(one, datetime) else plain(one) for name, one in data.items()
            }
        )
    except Exception:  # noqa: BLE001 - whatever the oracle cannot do is a failure of the oracle's evaluation
        return FAILED
    return FAILED if value.type() == cel.Type.ERROR else value.plain_value()
