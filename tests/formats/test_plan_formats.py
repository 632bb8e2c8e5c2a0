"""The formats of plans: each by a reader of what reads it, with ordinary and with hostile names."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner.formats.plans import PLAN_FORMATS, PlanView
from scanner.model.checks import Severity
from scanner.model.plan_findings import PlanChange, PlanFinding
from scanner.rendering.sanitize import sanitized
from tests.helpers import pipeline_readers as read
from tests.helpers.plan_reports import (
    NO_BACKUP,
    OPEN_PORT,
    UNTAGGED,
    at,
    plan_finding,
    plan_view,
)

GOLDEN = Path(__file__).parent / "golden"
_UPDATING = os.environ.get("TSCAN_UPDATE_GOLDEN") == "1"
GROUP = "module.network.aws_security_group.web"
FINDINGS = (
    plan_finding(GROUP, location=at("modules/network/main.tf", 8, "main.tf:20", last=12)),
    *(
        plan_finding(f'aws_ebs_volume.data["{key}"]', check=NO_BACKUP, location=at("disks.tf", 3))
        for key in ("a", "b", "c", "d", "e")
    ),
    plan_finding("aws_s3_bucket.logs", check=UNTAGGED),
    plan_finding(
        "aws_security_group.db", PlanChange.WEAKENED, location=at("db.tf", 1), reason="not known"
    ),
    plan_finding("aws_security_group.waived", waiver="W-1: until 2027-01-31"),
    plan_finding("aws_security_group.later", PlanChange.OPEN, reason="known after apply"),
    plan_finding("aws_security_group.old", PlanChange.ALREADY, location=at("old.tf", 2)),
    plan_finding("aws_security_group.mended", PlanChange.BETTER, location=at("main.tf", 9)),
    plan_finding("aws_security_group.gone", PlanChange.REMOVED),
    plan_finding("aws_security_group.same", PlanChange.SAME),
)
VIEW = plan_view(FINDINGS, source="infra", unmapped={"aws_thing": 2}, notes=("it is incomplete",))


def rendered(name: str, view: PlanView = VIEW) -> str:
    return PLAN_FORMATS.get(name)(view)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("github", "plan.github.txt"),
        ("gitlab", "plan.gitlab.json"),
        ("json", "plan.json"),
        ("junit", "plan.junit.xml"),
        ("markdown", "plan.md"),
        ("sarif", "plan.sarif.json"),
        ("terminal", "plan.txt"),
    ],
)
def test_golden(name: str, file: str) -> None:
    text = rendered(name)
    if _UPDATING:
        (GOLDEN / file).write_bytes(text.encode())
    assert text.encode() == (GOLDEN / file).read_bytes()


def test_every_format_has_a_golden_file_here() -> None:
    mark = test_golden.pytestmark[0]  # type: ignore[attr-defined]
    assert {name for name, _ in mark.args[1]} == set(PLAN_FORMATS.names)


def test_annotations_are_on_the_lines_of_the_repository_most_severe_first() -> None:
    found = read.commands(rendered("github"))
    assert [one.name for one in found] == ["error", "error", "warning", "notice", "notice"]
    first = found[0]
    assert first.properties == {
        "file": "infra/modules/network/main.tf",
        "line": "8",
        "endLine": "12",
        "title": "critical, worse: Groups open no port",
    }
    assert first.message.split("\n") == [
        "Groups open no port",
        GROUP,
        "called at infra/main.tf:20",
        OPEN_PORT,
    ]
    assert 'aws_ebs_volume.data["c"] and 2 more' in found[2].message
    assert "file" not in found[3].properties, "its lines are not known"
    assert found[4].message.startswith("7 worse, 1 weakened, 1 better, 1 already failing")


def test_nine_are_annotated_and_all_are_counted() -> None:
    many = [plan_finding(f"aws_s3_bucket.b{n}", check=UNTAGGED) for n in range(30)]
    found = read.commands(rendered("github", plan_view([*many, plan_finding(GROUP)])))
    assert [one.name for one in found] == ["error", *["notice"] * 9]
    assert "31 worse" in found[-1].message
    assert "the 9 most severe of 31 blocks" in found[-1].message


def test_sarif_lists_located_blocks_most_severe_first() -> None:
    run = read.sarif(rendered("sarif"))
    places = [one["locations"][0]["physicalLocation"] for one in run["results"]]
    assert [(one["artifactLocation"]["uri"], one["region"]["startLine"]) for one in places] == [
        ("infra/modules/network/main.tf", 8),
        ("infra/db.tf", 1),
        ("infra/disks.tf", 3),
    ]
    assert [one["level"] for one in run["results"]] == ["error", "error", "warning"]
    rules = {one["id"]: one["properties"] for one in run["tool"]["driver"]["rules"]}
    assert rules[OPEN_PORT]["security-severity"] == "9.5"
    notes = [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]]
    assert "it is incomplete" in notes
    assert any(note.startswith("1 block without lines") for note in notes)


def _hash(view: PlanView) -> str:
    (result,) = read.sarif(rendered("sarif", view))["results"]
    return str(result["partialFingerprints"]["primaryLocationLineHash"])


def test_a_fingerprint_is_of_check_folder_and_address_without_index() -> None:
    here = at("main.tf", 1)
    known = _hash(plan_view([plan_finding("module.m[0].aws_x.y", location=here)]))
    moved = plan_finding('module.m["k"].aws_x.y[3]', location=at("other.tf", 99))
    assert _hash(plan_view([moved])) == known
    assert _hash(plan_view([plan_finding("module.m.aws_x.z", location=here)])) != known
    other = plan_finding("module.m.aws_x.y", location=here, check=NO_BACKUP)
    assert _hash(plan_view([other])) != known
    assert _hash(plan_view([moved], source="infra")) != known


@pytest.mark.parametrize("file", ["../shared/main.tf", "/etc/main.tf", "a/../../../main.tf"])
def test_a_file_outside_the_repository_is_no_place(file: str) -> None:
    view = plan_view([plan_finding(GROUP, location=at(file, 1))], source="infra")
    outside = file != "../shared/main.tf"
    assert len(read.sarif(rendered("sarif", view))["results"]) == (not outside)
    path = read.commands(rendered("github", view))[0].properties.get("file")
    assert path == (None if outside else "shared/main.tf")
    assert read.code_quality(rendered("gitlab", view))[0]["location"]["path"] == (
        "infra" if outside else "shared/main.tf"
    )


def test_junit_fails_for_what_stops_the_pipeline_and_skips_what_did_not_pass() -> None:
    outcomes = {(case.check, case.name): case for case in read.junit(rendered("junit"))}
    by_name = {name.partition(": ")[2]: case.outcome for (_, name), case in outcomes.items()}
    assert by_name == {
        GROUP: "failure",
        "aws_security_group.db": "failure",
        'aws_ebs_volume.data["a"], aws_ebs_volume.data["b"], aws_ebs_volume.data["c"] and 2 more': (
            "skipped"
        ),
        "aws_s3_bucket.logs": "skipped",
        "aws_security_group.waived": "skipped",
        "aws_security_group.later": "skipped",
        "aws_security_group.old": "skipped",
        "aws_security_group.mended": "passed",
        "aws_security_group.same": "passed",
    }
    waived = next(one for (_, name), one in outcomes.items() if name.endswith("waived"))
    assert waived.message == "waived: W-1: until 2027-01-31"


@pytest.mark.parametrize("fail_on", list(Severity))
@pytest.mark.parametrize("everything", [False, True])
def test_junit_has_a_failure_where_the_exit_code_is_1(fail_on: Severity, everything: bool) -> None:
    for finding in FINDINGS:
        view = plan_view([finding], fail_on=fail_on, everything=everything)
        failures = [one.outcome == "failure" for one in read.junit(rendered("junit", view))]
        assert any(failures) == (view.exit_code == 1)


def test_gitlab_has_an_issue_for_each_block() -> None:
    issues = read.code_quality(rendered("gitlab"))
    assert [(one["severity"], one["location"]["path"]) for one in issues] == [
        ("blocker", "infra/modules/network/main.tf"),
        ("blocker", "infra/db.tf"),
        ("major", "infra/disks.tf"),
        ("minor", "infra"),
    ]
    assert len({one["fingerprint"] for one in issues}) == 4


def test_markdown_has_tables_of_what_got_worse_better_and_stayed() -> None:
    page = read.markdown(rendered("markdown"))
    assert page.rows[1] == ["7", "1", "1", "1", "1", "1", "1"]
    worse, tables = page.rows[3:7], page.rows[7:]
    assert [row[0] for row in worse] == ["critical", "critical", "medium", "low"]
    assert worse[0][2] == f"infra/modules/network/main.tf:8\n{GROUP}"
    assert worse[0][3] == "Groups open no port\ncalled at infra/main.tf:20"
    stayed = [row[2] for row in tables if row[0] == "critical"]
    assert stayed == [
        "infra/main.tf:9\naws_security_group.mended",
        "aws_security_group.gone",
        "infra/old.tf:2\naws_security_group.old",
    ]
    assert "Not evaluated: 2 resources of 1 other type." in page.text


def test_with_all_what_failed_already_is_news() -> None:
    view = replace(VIEW, everything=True)
    assert len(read.sarif(rendered("sarif", view))["results"]) == 4
    assert "infra/old.tf" in rendered("github", view)
    assert "infra/old.tf" not in rendered("github")
    rows = [row for row in read.markdown(rendered("markdown", view)).rows if "old" in row[2]]
    assert len(rows) == 1, "not a second time among those that stayed"


def test_a_plan_that_makes_nothing_worse_reads_so() -> None:
    view = plan_view([plan_finding("aws_x.y", PlanChange.BETTER)])
    assert view.exit_code == 0
    assert read.sarif(rendered("sarif", view))["results"] == []
    assert read.code_quality(rendered("gitlab", view)) == []
    (count,) = read.commands(rendered("github", view))
    assert count.name == "notice"
    assert count.message.startswith("0 worse, 0 weakened, 1 better")
    assert "0 worse, 1 better" in read.markdown(rendered("markdown", view)).text


# -- hostile names --------------------------------------------------------------------------------

HOSTILE = {
    "command": "::error::pwned",
    "command behind a line": "x\n::error file=a::pwned\r::add-mask::x\r\n::stop-commands::t",
    "old command": "##[add-mask]x ##[error]pwned",
    "escapes": "%0A::error::pwned%0D%25%3A%2C",
    "properties": "a,line=1:b::c",
    "markup": "<script>alert(1)</script><img src=x onerror=y> & &amp; &#124; </summary></details>",
    "backticks": "``` a ` b `` |x| \\| \\\\| \\` [a|b]",
    "links": "[text](https://example.com) ![i](http://x) www.example.com WwW.x https://a.b <http://a>",
    "links in messages": "[a](1) \\[b\\](2) [c\\](3) [d]\\(4) [e](https://example.com)",
    "mentions": "@octocat @org/team a@example.com #1 org/repo#2 GH-3 &#64;x &commat;y #&#49;",
    "emphasis": "*a* _b_ __c__ **d** ~~e~~ $x$ _ ** _f a_b_c",
    "blocks": "# h\n\n- x\n1. y\n> q\n---\n\n| a |\n|---|\n<!-- x --> --> <!--",
    "controls": "\x00\x07\x1b[31m\x1b]0;t\x07\x7f\x9b31m\u2028\u2029\x85\x0b\x0c",
    "direction": "\u202etxet\u202c \u2066x\u2069 \u200f\u061c\u200b\ufeff",
    "no Unicode": "\ud800 \udfff \ufffe \uffff",
    "xml": "]]> <![CDATA[ <?x ?> \" ' &lt; <!DOCTYPE x>",
    "long": "x" * 10_000 + "\n::error::pwned",
    "long words": "a|`*[" * 2_000,
    "empty": "",
}


def _everywhere(text: str) -> PlanView:
    """A view in which a text stands wherever a plan, or its source, may put one."""
    place = at(f"d{text[:40]}/main.tf", 3, f"{text}.tf:2", note=f"in {text}")
    findings = [
        plan_finding(f'aws_x.y["{text}"]{number}', change, location=where, reason=text, waiver=why)
        for number, (change, where, why) in enumerate(
            [
                (PlanChange.WORSE, place, ""),
                (PlanChange.WORSE, None, ""),
                (PlanChange.WEAKENED, None, ""),
                (PlanChange.WEAKENED, place, ""),
                (PlanChange.WORSE, place, f"because {text}"),
                (PlanChange.OPEN, None, ""),
                (PlanChange.ALREADY, place, ""),
                (PlanChange.BETTER, place, ""),
                (PlanChange.REMOVED, None, ""),
            ]
        )
    ]
    return plan_view(findings, target=f"terraform:{text}", notes=(text,), source="infra")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_name_is_a_command(text: str) -> None:
    found = read.commands(rendered("github", _everywhere(text)))
    assert [one.name for one in found] == ["error"] * 4 + ["notice"]
    keys = {key for one in found for key in one.properties}
    assert keys <= {"file", "line", "endLine", "title"}
    assert {one.properties.get("line", "3") for one in found} == {"3"}
    assert sanitized(text)[:100] in found[0].message


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_name_acts_in_markdown(text: str) -> None:
    page = read.markdown(rendered("markdown", _everywhere(text)))
    assert {len(row) for row in page.rows} == {4, 7}
    # Read, it is what it was: nothing is lost or joined by the escapes.
    shown = sanitized(text)[:200]
    assert f'aws_x.y["{shown}' in page.rows[3][2]
    assert shown in page.rows[5][3] if text else True


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_name_breaks_sarif_junit_or_code_quality(text: str) -> None:
    view = _everywhere(text)
    run = read.sarif(rendered("sarif", view))
    assert len(run["results"]) == 2
    cases = read.junit(rendered("junit", view))
    assert [case.outcome for case in cases] == ["failure"] * 4 + ["skipped"] * 3 + ["passed"]
    assert len(read.code_quality(rendered("gitlab", view))) == 4
    assert json.loads(rendered("json", view))["findings"][0]["address"] == f'aws_x.y["{text}"]0'
    for text_of_format in (rendered(name, view) for name in PLAN_FORMATS.names):
        acting = {"Cc", "Cf", "Cs", "Zl", "Zp"}
        assert {c for c in text_of_format if unicodedata.category(c) in acting} <= {"\n"}


# -- size -----------------------------------------------------------------------------------------


def _many(count: int) -> PlanView:
    def finding(number: int) -> PlanFinding:
        address = f"module.m{number}.aws_x.y"
        return plan_finding(address, location=at(f"m{number % 7}.tf", number + 1, "main.tf:1"))

    return plan_view([finding(number) for number in range(count)])


LIMITS: dict[str, tuple[int, Callable[[str], Any]]] = {
    "github": (20_000, read.commands),
    "gitlab": (5_000_000, read.code_quality),
    "junit": (5_000_000, read.junit),
    "markdown": (65_536, read.markdown),
    "sarif": (10_000_000, read.sarif),
    "terminal": (100_000, str),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_report_is_bounded_and_counts_what_it_leaves_out(name: str) -> None:
    largest, reader = LIMITS[name]
    text = rendered(name, _many(6_000))
    assert len(text.encode()) < largest
    reader(text)
    assert "6000 worse" in text or name == "gitlab"
    listed = {"github": "9 most severe of 6000", "terminal": "5900 more", "markdown": "more block"}
    assert listed.get(name, "1000 more block") in text


def test_long_names_leave_a_comment_small() -> None:
    view = plan_view([plan_finding(f'aws_x.y{n}["{"|" * 9_000}"]') for n in range(400)])
    text = rendered("markdown", view)
    assert len(text) < 65_536
    assert "more block" in text
    read.markdown(text)
