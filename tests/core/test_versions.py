"""A period by the versions that were in force: what was left out since does not leave its
deviations out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from scanner.content.library import load_library
from scanner.core.calendar import period_window
from scanner.core.periods.type1_point_in_time import type1_point_in_time
from scanner.core.periods.type2_period import TargetHistory, type2_period
from scanner.core.periods.versions import Versions, pack_changes
from scanner.errors import TscanError
from scanner.model.checks import Check, Parameter
from scanner.model.controls import Control, Requirement, Role
from scanner.model.history import Cause
from scanner.model.library import CheckEntry, LazyMapping, Library
from scanner.model.period import Period, Schedule
from tests.helpers.library import shipped_library
from tests.helpers.nights import HERE, Nights, library_of, night
from tests.helpers.small_library import make_check, make_control

STRICT = replace(
    make_control(("a", Role.EVIDENCES), ("b", Role.EVIDENCES)), grace="12 hours", statement="All."
)
LOOSE = replace(make_control(("a", Role.EVIDENCES)), grace="7 days", statement="Some.")
A, B = ("a", "eu-west-1", "x"), ("b", "eu-west-1", "y")


def pack(name: str, *controls: Control, checks: str = "ab") -> Library:
    return replace(library_of(*controls, checks=[make_check(one) for one in checks]), sha256=name)


OLD, NEW = pack("0", STRICT), pack("1", LOOSE, checks="a")


def history(*packs: str) -> Nights:
    """Both items fail on the second night and pass on the fourth; a pack without `b` does not ask
    it."""
    found = Nights()
    for number, (verdict, one) in enumerate(
        zip(("pass", "fail", "fail", "pass"), packs, strict=True)
    ):
        asked = {A: verdict, B: verdict} if one == "0" else {A: verdict}
        found.commit(
            night(number), asked, pack_sha256=one, controls={"C": verdict}, causes={B: Cause.SCOPE}
        )
    return found


def report(found: Nights, today: Library, *packs: Library) -> Period:
    return type2_period(
        [TargetHistory(target=HERE, records=found.records(HERE), transitions=found.transitions(HERE))], today,
        period=period_window(date(2026, 1, 1), date(2026, 1, 4), UTC), schedule=Schedule(),
        now=datetime(2027, 1, 1, tzinfo=UTC), packs={one.sha256: one for one in packs},
    )  # fmt: skip


def told(period: Period, control: int = 0) -> list[tuple[str, str, str]]:
    return [
        (one.deviation.check, one.deviation.why_closed, one.correction)
        for one in period.controls[control].deviations
    ]


def test_a_deviation_is_held_against_the_grace_in_force_when_it_was_read() -> None:
    assert told(report(history(*"0000"), NEW, OLD)) == [
        ("a", "fixed", "late"),
        ("b", "fixed", "late"),
    ]
    assert told(report(history(*"0111"), NEW, OLD)) == [("a", "fixed", "within grace")]
    assert told(report(history(*"0001"), NEW, OLD, NEW)) == [
        ("a", "fixed", "late"),
        ("b", "left scope", "not corrected"),
    ]


def test_a_check_that_was_left_out_keeps_its_deviations() -> None:
    control = report(history(*"0001"), NEW, OLD, NEW).controls[0]
    assert (control.grace, control.resources, control.deviating) == ("12 hours, then 7 days", 2, 2)
    assert [check.check for check in control.checks] == ["a", "b"]


def test_a_control_that_was_left_out_is_still_there() -> None:
    period = report(history(*"0000"), pack("1"), OLD)
    assert [(one.id, one.grace) for one in period.controls] == [("C", "12 hours")]
    assert told(period) == [("a", "fixed", "late"), ("b", "fixed", "late")]


def test_a_check_that_is_no_more_keeps_its_cloud() -> None:
    found = history(*"0000")
    found.commit(night(0), {("z", "", "p"): "pass"}, target="gcp:project")
    chains = [
        TargetHistory(target=one, records=found.records(one), transitions=found.transitions(one))
        for one in found.targets()
    ]
    period = type2_period(
        chains, pack("1", checks=""), period=period_window(date(2026, 1, 1), date(2026, 1, 4), UTC), schedule=Schedule(),
        now=datetime(2027, 1, 1, tzinfo=UTC), packs={"0": OLD},
    )  # fmt: skip
    (control,) = period.controls
    assert [(check.target, check.check) for check in control.checks] == [(HERE, "a"), (HERE, "b")]
    assert (control.runs_expected, control.runs_made) == (4, 4)


def test_a_control_that_is_new_is_there_too() -> None:
    period = report(history(*"0000"), pack("1", replace(LOOSE, id="N")), OLD)
    assert [one.id for one in period.controls] == ["C", "N"]
    assert not period.controls[1].shown


def test_the_last_version_speaks_also_when_it_had_been_in_force_before() -> None:
    packs = Versions(today=NEW, packs={"0": OLD, "1": NEW})
    assert packs.controls(["0", "1", "0"])["C"].statement == "All."
    assert packs.controls(["1", "0", "1"])["C"].statement == "Some."
    assert packs.controls([])["C"] == LOOSE


def renamed_pack(name: str, check: str, aliases: dict[str, str]) -> Library:
    control = make_control((check, Role.EVIDENCES))
    return replace(pack(name, control, checks=check), aliases=aliases)


def test_a_check_that_was_renamed_evidences_a_control_once() -> None:
    """Twice, a run would need both, and none ran both: a control that operated would read as if not."""
    older = renamed_pack("older", "a", {})
    newer = renamed_pack("newer", "b", {"a": "b"})
    for today, packs, name in [
        (newer, [older, newer], "b"),
        (older, [older, newer], "a"),
        (replace(newer, aliases={}), [older, newer], "b"),
    ]:
        versions = Versions(today=today, packs={one.sha256: one for one in packs})
        (control,) = versions.controls([one.sha256 for one in packs]).values()
        assert [link.id for link in control.checks] == [name]
        assert versions.cloud(name) == "aws"


def test_an_id_that_another_check_has_now_is_no_earlier_one() -> None:
    both = replace(renamed_pack("both", "ab", {}), aliases={})
    newer = renamed_pack("newer", "b", {"a": "b"})
    assert Versions(today=both, packs={"n": newer}).names == {}


def test_what_supports_and_evidences_evidences() -> None:
    beside = replace(STRICT, checks=(replace(STRICT.checks[0], role=Role.SUPPORTS),))
    (found,) = Versions(today=NEW, packs={"0": pack("0", beside)}).controls(["1", "0"]).values()
    assert [(link.id, link.role) for link in found.checks] == [("a", Role.EVIDENCES)]


def test_a_pack_that_is_not_kept_is_named() -> None:
    period = report(history(*"0001"), NEW)
    assert (
        "Pack 0 cannot be read from the store: its controls are taken as they are today."
        in period.notes
    )
    assert [change.what for change in period.targets[0].changes] == ["pack", "checks"]
    otherwise = report(history(*"0001"), pack("2", STRICT), NEW)
    assert [change.what for change in otherwise.targets[0].changes] == ["pack", "checks"]
    assert not any("cannot be read" in note for note in report(history(*"0001"), NEW, OLD).notes)
    assert report(history(*"1111"), NEW).notes == ()


def test_differences_stand_behind_the_pack() -> None:
    changes = report(history(*"0001"), NEW, OLD).targets[0].changes
    assert [(one.what, one.detail, one.seq) for one in changes] == [
        ("pack", "0 → 1", 4), ("control", "C: b no longer evidences it", 4),
        ("control", "C: statement: All. → Some.", 4), ("control", "C: grace: 12 hours → 7 days", 4),
        ("check", "b: left out", 4), ("checks", "checks left out: b", 4),
    ]  # fmt: skip


def with_check(**more: Any) -> Library:
    return replace(OLD, checks={"a": replace(make_check("a"), **more)})


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (with_check(), with_check(pass_when=SimpleNamespace(source="self.a\n  == 1")),
         ("check", "a: pass_when: self.good → self.a == 1")),
        (with_check(), with_check(where=None), ("check", "a: where: self.where → none")),
        (with_check(), with_check(path="elsewhere", line=7, refs=("x",)), None),
        (pack("0"), pack("0", STRICT), ("control", "C: added")),
        (pack("0", LOOSE), pack("0", replace(LOOSE, must_have=(Requirement(checks=("a",), why="w"),))),
         ("control", "C: must_have: none → {attestations: none, checks: a, params: none, why: w}")),
        (replace(OLD, parameters={"p": Parameter(name="p", meaning="m", type="int", default=90)}),
         replace(OLD, parameters={"p": Parameter(name="p", meaning="m", type="int", default=30)}),
         ("parameter", "p: default: 90 → 30")),
    ],
)  # fmt: skip
def test_what_is_different(before: Library, after: Library, said: tuple[str, str] | None) -> None:
    assert list(pack_changes(before, after)) == ([said] if said else [])


def test_how_a_kind_is_read_is_not_written_out() -> None:
    library = load_library(lazily=True)
    kind = library.kinds["aws.s3.bucket"]
    (name, attribute), *_ = sorted(kind.attributes.items())
    other = replace(
        kind,
        attributes={**kind.attributes, name: replace(attribute, api=SimpleNamespace(source="1"))},
    )
    after = replace(library, kinds={**library.kinds, kind.id: other})
    assert list(pack_changes(library, after)) == [("kind", "aws.s3.bucket: attributes changed")]
    assert list(pack_changes(shipped_library(), library)) == []


def shelf(*files: tuple[str, str], broken: str = "") -> tuple[Library, list[str]]:
    """A library of checks that are read when asked for, by name and digest of file; and which were
    read."""
    read: list[str] = []

    def fetch(name: str) -> Check:
        read.append(name)
        if name == broken:
            raise TscanError("it is of another format")
        return make_check(name)

    def outline(name: str) -> CheckEntry:
        return CheckEntry("aws", "aws.thing", dict(files)[name])

    return replace(
        OLD,
        checks=LazyMapping(dict(files), read=fetch, outline=outline),
    ), read


def test_only_checks_whose_files_differ_are_read() -> None:
    before, old = shelf(("a", "1"), ("b", "1"), ("c", ""))
    after, new = shelf(("a", "1"), ("b", "2"), ("c", ""), ("d", "1"))
    assert list(pack_changes(before, after)) == [("check", "d: added")]
    assert old == new == ["b", "c"]


def test_a_check_of_a_pack_that_cannot_be_read_any_more_is_named() -> None:
    before, _ = shelf(("a", "1"), ("b", "1"), broken="b")
    after, _ = shelf(("a", "1"), ("b", "2"))
    assert list(pack_changes(before, after)) == [
        ("check", "b: this version of tscan cannot read one of the two")
    ]


def test_implemented_is_told_by_the_pack_of_the_record() -> None:
    found = history(*"0001")
    chain = TargetHistory(
        target=HERE, records=found.records(HERE), transitions=tuple(found.transitions(HERE))
    )
    end = period_window(date(2026, 1, 3), date(2026, 1, 3), UTC).end
    (one,) = type1_point_in_time([chain], NEW, end=end, packs={"0": OLD})
    assert (one.seq, one.counts) == (3, {"fail": 2})
    (one,) = type1_point_in_time([chain], NEW, end=end)
    assert one.counts == {"fail": 1}
