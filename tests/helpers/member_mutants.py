"""Spoils single members of answers in every way that takes evidence away, and finds what looks
better for it.

A mutant differs from its snapshot in one member of one answer, and only the checks that read this
operation are judged."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.model import Shape as BotoShape

from scanner import pipeline
from scanner.core.reading.inventory import with_inventory
from scanner.core.reading.read_plan import (
    all_paths,
    plan_reads,
    plan_requests,
    root_in_answer,
)
from scanner.model.answers import Answer, Snapshot
from scanner.model.findings import Verdict
from scanner.model.library import Library
from tests.helpers.declared_absence import Declared, declared
from tests.helpers.provider_models import WrongError, output, walk

Path = tuple[str | int, ...]
Shape = tuple[str, ...]
Key = tuple[str, str, str]
"""A check, the resource that it has a finding on, and its region where it is all of one."""
Verdicts = Mapping[Key, Verdict]

DROPPED: Final = object()
_ABSENT: Final = frozenset({"dropped", "null", "empty"})
"""Kinds of mutants in which a provider may mean that nothing is set."""
UNKNOWN_VALUE: Final = "A_VALUE_THAT_NO_MODEL_KNOWS"
_LONGEST: Final = 40
"""Characters of a text by which it differs from another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of one answer."""

    answer: str
    operation: str
    path: Path
    value: Any

    @property
    def shape(self) -> Shape:
        """The path with `[]` for any item of a list."""
        return tuple("[]" if isinstance(step, int) else step for step in self.path)

    @property
    def shown(self) -> str:
        """For people: `ec2:DescribeInstances Reservations[].Instances`."""
        return f"{self.operation} {'.'.join(self.shape).replace('.[]', '[]')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A member and what stands in its place."""

    member: Member
    kind: str
    """`dropped`, `null`, `empty`, `another type`, `unknown value`."""
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Better:
    """What looks better with less evidence."""

    mutant: Mutant
    check: str
    resource: str
    before: str
    after: str

    def __str__(self) -> str:
        member = self.mutant.member
        return (
            f"{self.check}: {self.resource} was {self.before} and is {self.after}:"
            f" {member.shown} {self.mutant.kind} ({self.mutant.value!r:.40}),"
            f" was {member.value!r:.60}"
        )


# -- members and mutants --------------------------------------------------------------------------


def members(snapshot: Snapshot) -> Iterator[Member]:
    """The members of all answers."""
    for key, answer in snapshot.answers.items():
        for path, value in _below(answer.data, ()):
            yield Member(answer=key, operation=answer.call.operation, path=path, value=value)


def alike(member: Member) -> object:
    """What members have in common of which one stands for all."""
    return member.operation, member.shape, _class_of(member.value)


def _below(data: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(data, dict):
        for name, value in data.items():
            yield (*path, name), value
            yield from _below(value, (*path, name))
    elif isinstance(data, list):
        # A long list is much of the same: its ends and its middle stand for it.
        for index in sorted({0, len(data) // 2, len(data) - 1}) if data else ():
            yield from _below(data[index], (*path, index))


def _class_of(value: Any) -> object:
    if isinstance(value, dict | list):
        return type(value), bool(value)
    if isinstance(value, str):
        return value[:_LONGEST]
    return type(value), value


def mutants(member: Member) -> Iterator[Mutant]:
    """The member spoiled in each way."""

    def mutant(kind: str, value: Any) -> Mutant:
        return Mutant(member=member, kind=kind, value=value)

    # Any list or map may have one item less: only what a record should have can be missing.
    if isinstance(member.path[-1], str) and not _is_item(member):
        yield mutant("dropped", DROPPED)
    if member.value is not None:
        yield mutant("null", None)
    # What a test has spoiled before could only be mended so.
    if _is_well_formed(member):
        for value in _others(member.value):
            yield mutant("another type", value)
    # An empty text is another value, and no less evidence.
    if isinstance(member.value, dict) and member.value:
        yield mutant("empty", {})
    if isinstance(member.value, str) and member.value:
        yield mutant("unknown value", UNKNOWN_VALUE)


def _others(value: Any) -> Iterator[Any]:
    """Values of other types, the empty ones among them."""
    for other in ({}, [], "", "text", 7, True):
        if not isinstance(value, type(other)):
            yield other


def _modeled(member: Member) -> BotoShape | None:
    """The shape of a member by the provider's model; None where the model cannot say."""
    try:
        return walk(output(member.operation), member.shape)
    except WrongError:
        return None


def _is_well_formed(member: Member) -> bool:
    """Whether a list, map or record is one by the provider's model, as far as that tells."""
    shape = _modeled(member)
    if shape is None:
        return True
    if shape.type_name == "list":
        return isinstance(member.value, list)
    if shape.type_name in ("map", "structure"):
        return isinstance(member.value, dict)
    return True


def _is_item(member: Member) -> bool:
    """Whether the model says that the member is one of a map's."""
    above = _modeled(replace(member, path=member.path[:-1]))
    return above is not None and above.type_name == "map"


def _is_modeled(member: Member) -> bool:
    """Whether the provider's model has the member: what no model has, nobody can miss."""
    try:
        walk(output(member.operation), member.shape)
    except WrongError:
        return False
    return True


_DEFAULTS: Final[Mapping[str, Any]] = {
    "list": [],
    "map": {},
    "boolean": False,
    "integer": 0,
    "long": 0,
    "string": "",
}
"""By the type of a model: what a cloud that leaves out defaults means by a missing member."""


def default(member: Member) -> Mutant | None:
    """The member with its default written out; None where its type has none."""
    shape = _modeled(member)
    if shape is None or getattr(shape, "enum", None) or shape.type_name not in _DEFAULTS:
        return None
    return Mutant(member=member, kind="default", value=_DEFAULTS[shape.type_name])


def spoiled(data: Any, path: Path, value: Any) -> Any:
    """The data with another value at a path, or with nothing there."""
    if not path:
        return value
    step, below = path[0], path[1:]
    if isinstance(data, list):
        return [spoiled(one, below, value) if at == step else one for at, one in enumerate(data)]
    if not below and value is DROPPED:
        return {name: inner for name, inner in data.items() if name != step}
    return {**data, str(step): spoiled(data[step], below, value)}


# -- judging --------------------------------------------------------------------------------------


def _paths_read(library: Library) -> dict[str, set[tuple[str, ...]]]:
    """The paths of each operation's answer that any kind uses; a reader may use all of it."""
    used: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for kind in library.kinds.values():
        for path in all_paths(kind):
            root = root_in_answer(kind, path[0], library)
            if root is not None:
                operation, above = root
                used[operation].add((*above, *path[1:]))
        listings = [*kind.readers.values(), *(count.source for count in kind.completeness)]
        if kind.listing is not None:
            listings.append(kind.listing)
        for listing in listings:
            for request in listing.reads:
                used[request.operation].add(())
    return used


@dataclass(frozen=True, slots=True)
class _Reads:
    """What checks read: of each operation, the checks, and the members that any kind may see."""

    checks: Mapping[str, frozenset[str]]
    members: Mapping[str, tuple[Shape, ...]]
    absences: Mapping[str, frozenset[Declared]]
    enumerations: Mapping[str, frozenset[Shape]]
    clouds: frozenset[str]
    """Clouds that leave out members that hold the default of their type."""

    @classmethod
    def of(cls, library: Library) -> _Reads:
        """What every check of a library reads."""
        checks: dict[str, set[str]] = defaultdict(set)
        for name, check in library.checks.items():
            for plan in plan_reads(library, [check]).values():
                for request in plan_requests(plan):
                    checks[request.operation].add(name)
        members: dict[str, tuple[Shape, ...]] = {}
        for operation, paths in _paths_read(library).items():
            members[operation] = tuple(_plain(path) for path in paths)
        clouds = {kind.cloud for kind in library.kinds.values() if kind.leaves_out_defaults}
        return cls(
            checks={name: frozenset(found) for name, found in checks.items()},
            members=members,
            absences=declared(library),
            enumerations=_enumerations(library),
            clouds=frozenset(clouds),
        )

    def is_read(self, member: Member) -> bool:
        """Whether any expression, or a reader, may see the member."""
        shape = _plain(member.shape)
        return any(_leads(path, shape) for path in self.members.get(member.operation, ()))

    def is_enumerated(self, member: Member) -> bool:
        """Whether a kind knows all values of the member."""
        shape = _plain(member.shape)
        paths = self.enumerations.get(member.operation, ())
        return any(len(path) == len(shape) and _leads(path, shape) for path in paths)

    def has_meaning(self, member: Member) -> bool:
        """Whether a kind declares what it means that the member is missing."""
        shape = _plain(member.shape)
        for one in self.absences.get(member.operation, ()):
            above, below = _plain(one.above), _plain(one.below)
            path = (*above, *below)
            if one.exact and len(shape) != len(path):
                continue
            # What holds the items is no member of an item: nobody declares what its absence means.
            if len(above) < len(shape) <= len(path) and _leads(path, shape):
                return True
        return False


def _enumerations(library: Library) -> Mapping[str, frozenset[Shape]]:
    """By operation: members of which kinds know every value (`make members` finds what they lack)."""
    found: dict[str, set[Shape]] = defaultdict(set)
    for kind in library.kinds.values():
        for one in kind.values:
            where = root_in_answer(kind, one.path[0], library)
            if where is not None and not one.open:
                found[where[0]].add(_plain((*where[1], *one.path[1:])))
    return {operation: frozenset(paths) for operation, paths in found.items()}


def _leads(path: Shape, shape: Shape) -> bool:
    """Whether a path goes over a member; `*` is any key."""
    return all(one in (other, "*") for one, other in zip(path, shape, strict=False))


def _plain(steps: Sequence[str]) -> Shape:
    """Steps without those into lists."""
    plain = (step.replace("[]", "") for step in steps)
    return tuple(step for step in plain if step and not step.isdigit())


class Judge:
    """Judges mutants, each as far as its operation is read."""

    def __init__(self, library: Library) -> None:
        # Controls follow from findings: without them judging takes a fraction of the time.
        self.library = replace(library, controls={}, frameworks={}, manual={})
        self._reads: dict[tuple[str, ...], _Reads] = {}

    def reads(self, snapshot: Snapshot) -> _Reads:
        """What the checks read in a snapshot, by listings or by an inventory."""
        if snapshot.bulk not in self._reads:
            self._reads[snapshot.bulk] = _Reads.of(with_inventory(self.library, snapshot.bulk))
        return self._reads[snapshot.bulk]

    def verdicts(self, snapshot: Snapshot, checks: Collection[str]) -> Verdicts:
        """Every verdict of these checks."""
        assessment = pipeline.judge([snapshot], self.library, checks=tuple(sorted(checks)))
        found: dict[Key, Verdict] = {}
        for finding in assessment.findings:
            ref = finding.resource
            place = ref.region if ref.id == "*" else ""
            found[finding.check, ref.id, place] = finding.verdict
        return found


class Mutated:
    """One snapshot, judged whole once, and the mutants that are made of it."""

    def __init__(self, snapshot: Snapshot, judge: Judge) -> None:
        self.snapshot = snapshot
        self.judge = judge
        self.reads = judge.reads(snapshot)
        names = map(judge.library.current_id, snapshot.checks)
        self.checks = frozenset(names) & set(judge.library.checks)
        self.before = judge.verdicts(snapshot, self.checks)

    def checks_of(self, member: Member) -> frozenset[str]:
        """The checks of the snapshot that read the operation."""
        return self.reads.checks.get(member.operation, frozenset()) & self.checks

    def mutants(self, member: Member) -> Iterator[Mutant]:
        """All mutants of a member; what nothing reads is dropped, and no more."""
        for mutant in mutants(member):
            if mutant.kind == "unknown value" and not self.reads.is_enumerated(member):
                continue
            if mutant.kind == "dropped" or self.reads.is_read(member):
                yield mutant

    def better(self, mutant: Mutant) -> list[Better]:
        """What looks better in a mutant: there must be nothing."""
        checks = self.checks_of(mutant.member)
        if not checks:
            return []
        before = {key: verdict for key, verdict in self.before.items() if key[0] in checks}
        after = self.judge.verdicts(self.mutated(mutant), checks)
        return list(_improvements(mutant, before, after))

    def violations(self, mutant: Mutant) -> list[Better]:
        """What looks better, and nobody has declared that it may."""
        found = self.better(mutant)
        if not found or mutant.kind not in _ABSENT:
            return found
        if self.reads.has_meaning(mutant.member) or not _is_modeled(mutant.member):
            return []
        written_out = default(mutant.member)
        if self.snapshot.target.cloud not in self.reads.clouds or written_out is None:
            return found
        same = {(one.check, one.resource, one.after) for one in self.better(written_out)}
        return [one for one in found if (one.check, one.resource, one.after) not in same]

    def mutated(self, mutant: Mutant) -> Snapshot:
        """The snapshot with the member spoiled."""
        member = mutant.member
        answer: Answer = self.snapshot.answers[member.answer]
        less = replace(answer, data=spoiled(answer.data, member.path, mutant.value))
        answers = {**self.snapshot.answers, member.answer: less}
        return replace(self.snapshot, answers=answers)


def _improvements(mutant: Mutant, before: Verdicts, after: Verdicts) -> Iterator[Better]:
    """Findings that pass now and did not, or are gone while nothing unknown stands for them."""
    open_checks = {
        key[0]
        for key, verdict in after.items()
        if verdict is Verdict.UNKNOWN and (key[1] == "*" or before.get(key) is not verdict)
    }
    gone = {key: before[key] for key in before.keys() - after.keys()}
    new = {key: after[key] for key in after.keys() - before.keys()}
    # What has another name is gone and there again; as many of each verdict is no change.
    renamed = Counter(_by_check(gone)) & Counter(_by_check(new))

    def found(key: Key, was: str, now: str) -> Better:
        return Better(mutant=mutant, check=key[0], resource=key[1], before=was, after=now)

    for key in before.keys() & after.keys():
        if after[key] is Verdict.PASS and before[key] is not Verdict.PASS:
            yield found(key, before[key].value, "pass")
    for key, verdict in sorted(new.items()):
        if verdict is Verdict.PASS and not renamed[key[0], verdict]:
            yield found(key, "not shown", "pass")
    for key, verdict in sorted(gone.items()):
        stands = key[0] in open_checks or renamed[key[0], verdict]
        if verdict is not Verdict.PASS and not stands:
            yield found(key, verdict.value, "gone")


def _by_check(verdicts: Verdicts) -> Iterator[tuple[str, Verdict]]:
    for key, verdict in verdicts.items():
        yield key[0], verdict
