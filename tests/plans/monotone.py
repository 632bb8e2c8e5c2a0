"""Less known is never better, nor worse: `python -m tests.plans.monotone FOLDER --count 5000`.

Takes one thing at a time from each plan in a folder, and from each example: a value becomes known
after apply only, or sensitive, a reference leads nowhere, a resource lies outside the plan.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from scanner.core.plans.reduction import Sources
from scanner.errors import TscanError
from scanner.model.findings import Verdict
from scanner.model.plan_findings import PlanReport
from scanner.terraform.plan_file import read_plan
from scanner.terraform.sources import read_sources
from tests.helpers.plan_examples import example_files, judge_data, library, maps, planned
from tests.helpers.plan_mutants import PlanMutant, plan_mutants

_NONE: Final = "none"
_OUTSIDE: Final = "(outside the plan)"
_Key = tuple[str, str, str]
"""Check, name of the resource, and side of the plan."""
_Verdicts = Mapping[_Key, str]


@dataclass(slots=True)
class Subject:
    """A plan from which things are taken, and the verdicts on it."""

    name: str
    data: dict[str, Any]
    sources: Sources
    checks: tuple[str, ...]
    params: Mapping[str, Any]
    mutants: list[PlanMutant] = field(default_factory=list)

    def judge(self, mutant: PlanMutant | None = None) -> PlanReport:
        """What the checks say of the plan, or of a mutant of it."""
        if mutant is None:
            return judge_data(self.data, self.sources, self.checks, self.params)
        data, sources = mutant.apply(self.data), mutant.sources(self.sources)
        return judge_data(data, sources, self.checks, self.params)


def example_subjects() -> Iterator[Subject]:
    """The plan of every example of the maps."""
    for file in example_files():
        for example in file.examples:
            data, sources = planned(example)
            checks = (example.check,)
            yield Subject(example.id, data, sources, checks, example.params)


def corpus_subjects(folder: Path, skipped: Counter[str]) -> Iterator[Subject]:
    """The plans below a folder that hold resources; others are counted by reason."""
    checks = tuple(check.id for check in library().checks.values() if check.kind in maps())
    for path in sorted(folder.rglob("*.json")):
        if "modules.json" in path.name:
            continue
        try:
            data = read_plan(str(path))
        except TscanError as error:
            skipped[error.message.replace(str(path), "it")] += 1
            continue
        if not data.get("resource_changes"):
            skipped["it changes nothing"] += 1
            continue
        name = path.relative_to(folder).as_posix()
        yield Subject(name, data, {}, checks, {})
        source = next((one for one in (path.with_suffix(""), path.parent) if _has_files(one)), None)
        if source is not None:
            yield Subject(f"{name} with its source", data, read_sources(source), checks, {})


def _has_files(folder: Path) -> bool:
    return any(folder.glob("*.tf"))


def violations(subject: Subject, mutants: Iterable[PlanMutant]) -> Iterator[str]:
    """What each mutant makes better or worse, though less is known of it."""
    report = subject.judge()
    known, new = _verdicts(report), _new(subject.data)
    for mutant in mutants:
        found = _verdicts(subject.judge(mutant))
        for key in sorted(known.keys() | found.keys()):
            was, now = known.get(key, _NONE), found.get(key, _NONE)
            if is_outside_still(key, was, now, found):
                continue
            if not _is_allowed(mutant, key, was, now, known, new):
                yield f"{subject.name}: {mutant}: {' '.join(key)}: {was} -> {now}"


def is_outside_still(key: _Key, was: str, now: str, found: _Verdicts) -> bool:
    """Whether the verdict stands under another name: which resource it is is not known now."""
    check, name, _ = key
    if not name.endswith(_OUTSIDE) or now != _NONE:
        return False
    others = [
        verdict
        for (one, other, _), verdict in found.items()
        if one == check and other.endswith(_OUTSIDE)
    ]
    return was in others or Verdict.UNKNOWN.value in others


def _verdicts(report: PlanReport) -> _Verdicts:
    found: dict[_Key, str] = {}
    for one in report.findings:
        sides: tuple[tuple[str, Verdict | None], ...] = (
            ("before", one.before),
            ("after", one.after),
        )
        for side, verdict in sides:
            if verdict is not None:
                found[one.check, one.name, side] = verdict.value
    return found


def _new(data: Mapping[str, Any]) -> set[str]:
    return {
        one["address"]
        for one in data.get("resource_changes", ())
        if "create" in one["change"]["actions"]
    }


def _is_allowed(
    mutant: PlanMutant, key: _Key, was: str, now: str, known: _Verdicts, new: set[str]
) -> bool:
    if now in (was, Verdict.UNKNOWN.value):
        return True
    check, name, side = key
    is_outside = name.endswith(_OUTSIDE)
    if was == _NONE and is_outside and now == Verdict.FAIL.value:
        # What fails whatever it belongs to, where it is not known what it belongs to.
        return any(one[0] == check and known[one] == now for one in known)
    if mutant.way != "dropped":
        return now == _NONE and was != Verdict.FAIL.value
    if name == mutant.address or (is_outside and now == _NONE):
        return True
    if name in new and _is_part(mutant, check):
        # Without the part, the plan makes another resource: that is not less known.
        return True
    # What it configured lies outside now, and has the verdict that it had.
    return was == _NONE and known.get((check, mutant.address, side)) == now


def _is_part(mutant: PlanMutant, check: str) -> bool:
    """Whether a resource is of a type that configures the resources of a check."""
    for plan_map in maps().get(library().checks[check].kind, ()):
        for part in plan_map.parts.values():
            if mutant.address.split(".")[-2] in part.types:
                return True
    return False


def sample(subjects: Iterable[Subject], count: int, seed: int) -> list[Subject]:
    """The subjects with some of their mutants, chosen by a seed; `count` 0: with all."""
    every = [(subject, mutant) for subject in subjects for mutant in plan_mutants(subject.data)]
    if count:
        every = random.Random(seed).sample(every, min(count, len(every)))
    chosen: dict[str, Subject] = {}
    for subject, mutant in every:
        chosen.setdefault(subject.name, subject).mutants.append(mutant)
    return list(chosen.values())


def main(arguments: Sequence[str]) -> int:
    """Print each violation, and the counts; 1 where there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    skipped: Counter[str] = Counter()
    subjects = list(example_subjects())
    if chosen.folder is None:
        skipped["no folder of plans is given"] += 1
    else:
        subjects.extend(corpus_subjects(chosen.folder, skipped))
    ways: Counter[str] = Counter()
    bad = 0
    sampled = sample(subjects, chosen.count, chosen.seed)
    for subject in sampled:
        ways.update(mutant.way for mutant in subject.mutants)
        for text in violations(subject, subject.mutants):
            bad += 1
            print(text, flush=True)
    for reason, number in skipped.items():
        print(f"skipped {number}: {reason}")
    print(f"{len(sampled)} plans, {ways.total()} mutants {dict(ways)}, {bad} violations")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
