"""Makes the baseline of `--new-only`: an earlier scan in history, a JSON result or a snapshot."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scanner.cli.support.options import BaselineOptions
from scanner.content.input_files import LARGEST_RESULT, read_input
from scanner.core.judging.baseline import Baseline, FailureKey, failures_of
from scanner.errors import ContentError, Problem, TscanError
from scanner.model.answers import canonical

if TYPE_CHECKING:
    from scanner.cli.support.judging import Compare, Decisions
    from scanner.history.ledger.ledger import Ledger
    from scanner.model.answers import Snapshot
    from scanner.model.findings import Assessment
    from scanner.model.history import Record
    from scanner.model.library import Library

_RESULT: Final = "tscan.result/1"
_HINT: Final = "name a JSON result of tscan, a snapshot, or a folder of snapshots"


def comparison(
    options: BaselineOptions, store: Callable[[], str], scope: tuple[str, ...] = ()
) -> Compare | None:
    """What makes the baseline of an assessment; None where nothing is compared.

    `store` gives the place of history, which is read only where no file is named. TscanError, at
    once, for a file that is no baseline.
    """
    if not options.given:
        return None
    if options.baseline is None:
        return lambda assessment, library, decisions: _of_history(store(), assessment, scope)
    if _holds_snapshots(options.baseline):
        return _of_snapshots(options.baseline)
    return _of_result(options.baseline)


# -- history ---------------------------------------------------------------------------------------


def _of_history(place: str, assessment: Assessment, scope: tuple[str, ...]) -> Baseline:
    """The newest comparable scan of each target that ended before this one began.

    Comparable is one of the same or of the configured scope, by the same parameters. A target
    without one has only new failures: the first scan of an account must not pass unseen, nor stop
    the gate of all others.
    """
    from scanner.history.ledger.ledger import Ledger
    from scanner.history.stores import open_store

    ledger = Ledger(open_store(place))
    failing: set[FailureKey] = set()
    since: dict[str, str] = {}
    for target, params in assessment.params["set"].items():
        record = _comparable(ledger, target, scope, params, assessment.started)
        if record is None:
            continue
        since[target] = record.finished
        # A state is given as of a moment: `~` sorts behind the record's own.
        state = ledger.state_before(record.chain, f"{record.finished}~")
        for (check, region, resource), row in state.items():
            if row.verdict == "fail":
                failing.add((target, check, region, resource))
    return Baseline(failing=frozenset(failing), since=since)


def _comparable(
    ledger: Ledger, target: str, scope: tuple[str, ...], params: Mapping[str, Any], started: str
) -> Record | None:
    from scanner.core.calendar import parse_time
    from scanner.model.history import chain_name

    # The configured scope holds every check and region that a narrower one asks for.
    names = {target, chain_name(target, scope)}
    found: list[Record] = []
    for name in sorted(names & set(ledger.chains())):
        for record in ledger.records(name):
            ended = parse_time(record.finished) <= parse_time(started)
            if ended and canonical(record.params) == canonical(params):
                found.append(record)
    return max(found, key=lambda record: parse_time(record.finished), default=None)


# -- snapshots -------------------------------------------------------------------------------------


def _holds_snapshots(path: Path) -> bool:
    return path.is_dir() or path.name.endswith((".snapshot.jsonl.gz", ".snapshot.jsonl"))


def _of_snapshots(path: Path) -> Compare:
    from scanner.cli.support.evidence import snapshot_files
    from scanner.history.snapshots.snapshot_file import read_snapshot

    # Read at once, though they are judged later: a damaged file must not cost the scan.
    snapshots = [read_snapshot(file) for file in snapshot_files([path])]
    return partial(_judge_as_now, snapshots)


def _judge_as_now(
    snapshots: Sequence[Snapshot], assessment: Assessment, library: Library, decisions: Decisions
) -> Baseline:
    """Snapshots judged by the checks, parameters and decisions of this assessment.

    By stricter parameters the baseline would hold failures that are none of it.
    """
    from scanner.pipeline import judge

    params: Mapping[str, Mapping[str, Any]] = assessment.params["set"]
    earlier = judge(
        [replace(one, params=params.get(one.target, one.params)) for one in snapshots],
        library,
        checks=tuple(sorted({result.check for result in assessment.results})),
        waivers=decisions.waivers,
        attestations=decisions.attestations,
    )
    since = {str(one.target): one.finished for one in snapshots}
    return Baseline(failing=failures_of(earlier), since=since)


# -- a JSON result ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """What a JSON result says of failures."""

    path: Path
    baseline: Baseline
    params: Mapping[str, Mapping[str, Any]]
    """Parameters that were set, by target."""

    def compare(self, assessment: Assessment, _library: Library, _decisions: Decisions) -> Baseline:
        """The baseline; TscanError where other parameters judged it."""
        for target, params in assessment.params["set"].items():
            known = self.params.get(target, params)
            # By stricter parameters it would hold failures that are none by these.
            if canonical(known) != canonical(params):
                raise TscanError(
                    f"--baseline {self.path}: other parameters judged {target}",
                    "compare with a snapshot, which is judged by the parameters of this scan",
                )
        return self.baseline


def _of_result(path: Path) -> Compare:
    return _read_result(path).compare


def _read_result(path: Path) -> _Result:
    """The result in a file; TscanError for a file that is none, or that cannot be read."""
    try:
        document = json.loads(read_input(path, LARGEST_RESULT))
    except OSError as error:
        raise TscanError(f"--baseline {path} cannot be read: {error.strerror}", _HINT) from error
    except json.JSONDecodeError as error:
        problem = Problem(str(path), error.lineno, error.colno, f"not JSON: {error.msg}", _HINT)
        raise ContentError([problem]) from None
    except (ValueError, RecursionError):
        raise TscanError(f"--baseline {path} is not JSON", _HINT) from None
    if not isinstance(document, dict) or document.get("schema") != _RESULT:
        raise TscanError(f"--baseline {path} is not a result of tscan", _HINT)
    try:
        return _result(path, document)
    except (KeyError, TypeError, AttributeError):
        raise TscanError(f"--baseline {path}: members of a result are missing", _HINT) from None


def _result(path: Path, document: Mapping[str, Any]) -> _Result:
    failing: set[FailureKey] = set()
    for finding in document["findings"]:
        resource = finding["resource"]
        key = (resource["target"], finding["check"], resource["region"], resource["id"])
        if finding["verdict"] == "fail":
            failing.add(key)
    scan = document["scan"]
    since = {str(target["id"]): str(scan["finished"]) for target in scan["targets"]}
    return _Result(
        path=path,
        baseline=Baseline(failing=frozenset(failing), since=since),
        params=dict(scan["params"]["set"]),
    )
