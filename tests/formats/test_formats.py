"""Every format against its golden file; `TSCAN_UPDATE_GOLDEN=1 pytest tests/formats` writes them
again for review."""

from __future__ import annotations

import json
import os
import re
import tracemalloc
import unicodedata
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from scanner.formats import FORMATS, Report
from scanner.model.answers import State
from scanner.model.findings import CoverageRow, Population, Status, Verdict
from scanner.model.kinds import Unlisted
from scanner.model.values import ABSENT, OpenList, Unreadable
from scanner.rendering.sanitize import json_value, sanitized, shortened
from tests.helpers.library import shipped_library
from tests.helpers.reference_scan import ASSESSMENT, COVERAGE, LIBRARY, REPORT, RESULTS, TLS

GOLDEN = Path(__file__).parent / "golden"
UPDATE = "TSCAN_UPDATE_GOLDEN"
_UPDATING = os.environ.get(UPDATE) == "1"

DETAILS = replace(REPORT, details=True)
CASES = {
    "result.json": ("json", REPORT),
    "terminal.txt": ("terminal", REPORT),
    "terminal-color.txt": ("terminal", replace(REPORT, color=True)),
    "terminal-140.txt": ("terminal", replace(REPORT, width=140)),
    "terminal-selected.txt": ("terminal", replace(REPORT, selected=True, controls=True)),
    "terminal-details.txt": ("terminal", replace(REPORT, details=True)),
    "terminal-controls-120.txt": (
        "terminal",
        replace(REPORT, details=True, controls=True, width=120),
    ),
    "terminal-matrix.txt": ("terminal", replace(REPORT, matrix_only=True)),
}


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    format_name, report = CASES[name]
    rendered = FORMATS.get(format_name)(report)
    # Bytes: text mode would turn \r\n, which CSV is written with, into \n, and hide a difference.
    if _UPDATING:
        (GOLDEN / name).write_bytes(rendered.encode())
    assert rendered.encode() == (GOLDEN / name).read_bytes()


def _document(report: Report = REPORT) -> Any:
    return json.loads(FORMATS.get("json")(report))


@pytest.fixture
def validator(root: Path) -> jsonschema.Draft202012Validator:
    schema = json.loads((root / "docs/result.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_json_follows_its_published_schema(validator: jsonschema.Draft202012Validator) -> None:
    validator.validate(_document())


BULK = CoverageRow(
    target="gcp:p",
    region="",
    operation="cloudasset:assets.list",
    state=State.OK,
    answers=2,
    items=9,
    stood_for=12,
)


def test_what_was_read_in_bulk_shows_both_numbers_of_calls(
    validator: jsonschema.Draft202012Validator,
) -> None:
    two = (*COVERAGE, BULK, replace(BULK, target="gcp:q", answers=1, stood_for=3))
    report = replace(REPORT, assessment=replace(ASSESSMENT, coverage=two))
    document = _document(report)
    validator.validate(document)
    told = [
        (row["answers"], row["stood_for"]) for row in document["coverage"] if "stood_for" in row
    ]
    assert told == [(2, 12), (1, 3)]
    line = "Read in bulk: 3 calls of cloudasset:assets.list in place of 15 or more"
    assert line in FORMATS.get("terminal")(replace(report, details=True))
    assert "Read in bulk" not in FORMATS.get("terminal")(DETAILS)


def test_what_is_not_listed_stands_with_the_coverage() -> None:
    hole = Unlisted(what="Slots", why="They are apart.")
    kind = replace(next(iter(shipped_library().kinds.values())), does_not_list=(hole,))
    row = Population(target="aws:1", kind=kind.id, region="", listed=1, whole=True)
    library = replace(LIBRARY, kinds={**LIBRARY.kinds, kind.id: kind})
    report = replace(
        REPORT, library=library, assessment=replace(ASSESSMENT, populations=(row, row))
    )
    shown = FORMATS.get("terminal")(replace(report, details=True))
    assert f"Not listed: 1 sort of resources\n  Slots: They are apart. ({kind.id})\n" in shown
    # The first screen has no room for it.
    assert "Slots" not in FORMATS.get("terminal")(report)


@pytest.mark.parametrize(
    ("where", "wrong"),
    [
        (("findings", 0, "verdict"), "ok"),
        (("findings", 0, "observed"), [{"path": "self.a", "value": None}]),
        (("criteria", 0, "status"), "met"),
        (("coverage", 0, "operation"), "ListKeys"),
        (("summary", "exit_code"), 2),
        (("schema",), "tscan.result/2"),
    ],
)
def test_the_schema_refuses(
    validator: jsonschema.Draft202012Validator, where: tuple[Any, ...], wrong: Any
) -> None:
    document = _document()
    place = document
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = wrong
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(document)


def test_json_is_the_same_whatever_the_order_of_what_it_was_made_from() -> None:
    turned = replace(
        ASSESSMENT,
        coverage=COVERAGE[::-1],
        results=tuple(replace(result, findings=result.findings[::-1]) for result in RESULTS[::-1]),
        controls=ASSESSMENT.controls[::-1],
    )
    assert FORMATS.get("json")(replace(REPORT, assessment=turned)) == FORMATS.get("json")(REPORT)


def test_json_does_not_depend_on_the_screen() -> None:
    assert FORMATS.get("json")(replace(REPORT, width=200, color=True)) == FORMATS.get("json")(
        REPORT
    )


def test_json_holds_every_finding_and_counts_them() -> None:
    document = _document()
    verdicts = Counter(finding["verdict"] for finding in document["findings"])
    assert verdicts == {
        verdict.value: document["summary"]["findings"][verdict.value] for verdict in Verdict
    }
    assert len(document["findings"]) == len(ASSESSMENT.findings)
    assert {finding["controls"][0] for finding in document["findings"]} == {
        "ACC-01",
        "BCK-01",
        "ENC-01",
        "NET-01",
        "VEN-01",
    }


def test_json_is_ascii_so_that_no_name_acts_on_a_terminal() -> None:
    rendered = FORMATS.get("json")(REPORT)
    assert rendered.isascii()
    assert set(rendered) - {"\n"} == {char for char in rendered if char.isprintable()}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Unreadable("denied"), {"unreadable": "denied"}),
        (ABSENT, {"absent": True}),
        (
            OpenList([1, ABSENT], "cut off"),
            {"read": [1, {"absent": True}], "unreadable": "cut off"},
        ),
        (datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), "2026-01-01T00:00:00Z"),
        (timedelta(days=400), "34560000s"),
        (timedelta(milliseconds=1500), "1.5s"),
        (timedelta(0), "0s"),
        (timedelta(seconds=100), "100s"),
        (float("inf"), "inf"),
        ({"b": 1, "a": [True, 1.5, "x"]}, {"a": [True, 1.5, "x"], "b": 1}),
    ],
)
def test_values_in_json(value: object, expected: object) -> None:
    assert json_value(value) == expected
    json.dumps(json_value(value), allow_nan=False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x" * 100, '"' + "x" * 58 + "…"),
        (True, "true"),
        (Unreadable("denied\x1b[2J"), "unreadable: denied\\x1b[2J"),
        (ABSENT, "absent"),
        (timedelta(days=400), "400 days"),
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00Z"),
    ],
)
def test_values_for_people(value: object, expected: str) -> None:
    assert shortened(value) == expected


@pytest.mark.parametrize(
    "code", [0x1B, 0x07, 0x0A, 0x7F, 0x85, 0x9B, 0x200B, 0x2028, 0x202E, 0x2066, 0xD800, 0xFEFF]
)
def test_clean_leaves_nothing_that_acts(code: int) -> None:
    cleaned = sanitized(f"a{chr(code)}b")
    assert cleaned.isascii()
    assert cleaned.isprintable()
    assert cleaned.startswith("a\\")


def test_clean_leaves_names_of_people_alone() -> None:
    assert sanitized("Zoë 東京 [bold]") == "Zoë 東京 [bold]"


@pytest.mark.parametrize("details", [False, True])
@pytest.mark.parametrize("width", [60, 80, 200])
def test_terminal_neither_overflows_nor_lets_names_act(width: int, details: bool) -> None:
    report = replace(REPORT, width=width, controls=True, details=details)
    rendered = FORMATS.get("terminal")(report)
    # A command is never broken: it could not be copied.
    prose = [line for line in rendered.splitlines() if "CLI:" not in line]
    assert max(map(len, prose)) <= width
    acting = {char for char in rendered if unicodedata.category(char) in ("Cc", "Cf")}
    assert acting == {"\n"}
    assert "[bold]x[/" in rendered


def test_colour_adds_only_colour() -> None:
    plain = FORMATS.get("terminal")(REPORT)
    colored = FORMATS.get("terminal")(replace(REPORT, color=True))
    assert colored != plain
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert [line.rstrip() for line in stripped.splitlines()] == plain.splitlines()


def test_every_status_is_a_word() -> None:
    rendered = FORMATS.get("terminal")(replace(DETAILS, controls=True))
    shown = {control.status for control in ASSESSMENT.controls}
    assert len(shown) == len(Status) - 1
    assert all(status.value in rendered for status in shown)


def test_every_criterion_is_in_the_matrix() -> None:
    rendered = FORMATS.get("terminal")(DETAILS)
    assert all(criterion.id in rendered for criterion in ASSESSMENT.criteria)


@pytest.mark.parametrize("name", CASES)
def test_no_format_gives_an_opinion(name: str) -> None:
    format_name, report = CASES[name]
    rendered = FORMATS.get(format_name)(report).lower()
    assert not [
        word
        for word in ("compliant", "certified", "effective", "passed the audit")
        if word in rendered
    ]


def test_unknown_format_is_refused_with_a_hint() -> None:
    with pytest.raises(Exception, match="unknown format 'jsn'") as caught:
        FORMATS.get("jsn")
    assert "json" in str(caught.value)


def test_library_is_whole() -> None:
    """The reference itself: what it names exists."""
    assert {result.check for result in RESULTS} == set(LIBRARY.checks)


def test_json_keeps_no_row_beside_its_text() -> None:
    """A million findings would take several times the memory of their text."""
    result = next(one for one in RESULTS if one.check == TLS)
    many = replace(result, findings=result.findings * 500)
    report = replace(REPORT, assessment=replace(ASSESSMENT, results=(many,)))
    render = FORMATS.get("json")
    render(REPORT)
    tracemalloc.start()
    try:
        text = render(report)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(text) > 2_000_000
    assert peak < 2.5 * len(text)


def test_findings_carry_what_a_ticket_needs() -> None:
    seen = replace(REPORT, first_seen=lambda _: "2026-01-01T00:00:00.000Z")
    rows = json.loads(FORMATS.get("json")(seen))["findings"]
    for row in rows:
        check = LIBRARY.checks[row["check"]]
        assert (row["title"], row["why"], row["fix"]) == (check.title, check.why, check.fix)
        assert row["first_seen"] == "2026-01-01T00:00:00.000Z"
    criteria = {row["check"]: row["criteria"] for row in rows}
    assert criteria["aws-iam-root-mfa"] == ["CC6.1", "CC6.6"]
    assert criteria["aws-s3-bucket-versioned"] == ["A1.2"]


def test_a_long_list_is_cut_between_its_items() -> None:
    names = ["AppGwSslPolicy20170401S", "AppGwSslPolicy20220101", "TLSv1_2", "TLSv1_3"]
    assert shortened(names, 50) == '["AppGwSslPolicy20170401S", … 3 more]'
    assert shortened(names[2:], 50) == '["TLSv1_2", "TLSv1_3"]'
    # Of one item that is too long, its beginning says more than nothing.
    assert shortened(["a" * 60], 50) == '["' + "a" * 47 + "…"
    cut_off = shortened(OpenList(["a" * 30, "b" * 30], "denied"), 50)
    assert cut_off.startswith('{"read": ')


def test_a_failing_check_that_no_control_rests_on_says_so() -> None:
    alone = replace(REPORT, assessment=replace(ASSESSMENT, controls=(), criteria=()))
    assert FORMATS.get("terminal")(alone).count("  no control\n") == 2
    assert "no control\n" not in FORMATS.get("terminal")(REPORT)
