"""Earlier ids of checks, their links and keywords: read, resolved wherever users name a check, and
refused where they would mean two checks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from scanner.cli.support.options import matching
from scanner.content import load_library
from scanner.content.waivers import load_waivers
from scanner.core.judging.waive import with_current_checks
from scanner.errors import ContentError, TscanError
from scanner.model.library import Library
from scanner.model.waivers import FindingScope, GapScope, Waiver
from tests.helpers.library import shipped_library

CHECK = "checks/aws/s3/aws-s3-bucket-encrypted.yaml"
NAME, EARLIER = "aws-s3-bucket-encrypted", "aws-s3-bucket-ciphered"
CONTROL = "mappings/controls/ENC-01.yaml"
SHIPPED, SHIPPED_EARLIER = "aws-s3-bucket-tls-only", "aws-s3-bucket-speaks-tls"


def with_aliases(pack: Any, text: str) -> str:
    place: str = pack.change(CHECK, "severity: medium\n", f"severity: medium\naliases: {text}\n")
    return place


@pytest.mark.parametrize("lazily", [False, True])
def test_an_earlier_id_means_the_check(pack: Any, *, lazily: bool) -> None:
    with_aliases(pack, f"[{EARLIER}, aws-s3-bucket-enc]")
    library = load_library(pack.roots(), lazily=lazily)
    assert library.aliases == {EARLIER: NAME, "aws-s3-bucket-enc": NAME}
    assert library.checks[NAME].aliases == (EARLIER, "aws-s3-bucket-enc")
    assert [library.current_id(name) for name in (EARLIER, NAME, "x")] == [NAME, NAME, "x"]
    assert EARLIER not in library.checks
    assert library.without([NAME]).aliases == {}
    assert library.without(["x"]).aliases == library.aliases


def test_a_mapping_may_name_the_earlier_id(pack: Any) -> None:
    with_aliases(pack, f"[{EARLIER}]")
    text = (pack.folder / CONTROL).read_text()
    pack.write(CONTROL, text.replace(NAME, EARLIER))
    control = pack.load().controls["ENC-01"]
    assert [link.id for link in control.checks] == [NAME]
    assert NAME in control.must_have[0].checks


def test_a_control_names_a_check_once_by_either_id(pack: Any) -> None:
    with_aliases(pack, f"[{EARLIER}]")
    link = "  - {id: aws-s3-bucket-encrypted, role: evidences, why: Buckets are stores.}\n"
    place = pack.change(CONTROL, link, link + link.replace(f"id: {NAME}", f"id: ‸{EARLIER}"))
    assert pack.problems() == [
        f"{place}: '{NAME}' is named twice\n  hint: keep one, with one 'why'"
    ]


@pytest.mark.parametrize(
    ("aliases", "message"),
    [
        (f"[‸{NAME}]", f"'{NAME}' is the id of a check\n  hint: an alias is an id that no check has any more"),
        ("[a, ‸a]", f"'a' is an alias already\n  hint: the first one is {NAME}"),
        ("[‸A b]", "'A b' is not an id of lower-case words joined by '-'"),
        ("‸[]", "'aliases' is an empty list"),
        ("‸a", "'aliases' must be a list, not a string\n  hint: write each item on a line that begins with '- '"),
    ],
)  # fmt: skip
def test_an_alias_that_is_no_earlier_id(pack: Any, aliases: str, message: str) -> None:
    place = with_aliases(pack, aliases)
    assert pack.problems() == [f"{place}: {message}"]


@pytest.mark.parametrize("lazily", [False, True])
def test_a_users_check_takes_no_id_from_another(pack: Any, tmp_path: Path, *, lazily: bool) -> None:
    """A waiver for that id would accept failures of the user's check too."""
    text = (pack.folder / CHECK).read_text().replace(f"id: {NAME}", "id: aws-mine")
    more = tmp_path / "more"
    more.mkdir()
    (more / "aws-mine.yaml").write_text(f"{text}aliases: [{NAME}]\n")
    with pytest.raises(ContentError) as caught:
        load_library(pack.roots(more_checks=(more,)), lazily=lazily)
    (problem,) = caught.value.problems
    assert problem.message == f"'{NAME}' is the id of a check"


@pytest.mark.parametrize(
    ("refs", "message"),
    [
        ("[‸http://docs.aws.amazon.com/x]", "'http://docs.aws.amazon.com/x' is not a link"),
        ("['‸https://docs aws/x']", "'https://docs aws/x' is not a link"),
        ("['‸https://']", "'https://' is not a link"),
        ("[CIS-AWS-7.0 2.1.1, ‸CIS-AWS-7.0 2.1.1]", "'CIS-AWS-7.0 2.1.1' is named twice"),
    ],
)
def test_a_reference_that_leads_nowhere(pack: Any, refs: str, message: str) -> None:
    place = pack.change(CHECK, "[CIS-AWS-7.0 2.1.1]", refs.replace("['‸", "[‸'"))
    (problem,) = pack.problems()
    assert problem.startswith(f"{place}: {message}")


def test_links_are_the_references_that_are_addresses(pack: Any) -> None:
    link = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingEncryption.html"
    pack.change(CHECK, "[CIS-AWS-7.0 2.1.1]", f"[CIS-AWS-7.0 2.1.1, {link}]\nkeywords: [SSE]")
    check = pack.load().checks[NAME]
    assert (check.refs, check.links) == (("CIS-AWS-7.0 2.1.1", link), (link,))
    assert check.keywords == ("SSE",)


# -- where users name a check ----------------------------------------------------------------------


@pytest.fixture
def renamed() -> Library:
    """The shipped library, with an earlier id of one check."""
    return replace(shipped_library(), aliases={SHIPPED_EARLIER: SHIPPED})


def test_a_waiver_may_name_the_earlier_id(tmp_path: Path, renamed: Library) -> None:
    pack = Path(__file__).parent / "pack/waivers.yaml"
    file = tmp_path / "waivers.yaml"
    file.write_text(pack.read_text().replace(SHIPPED, SHIPPED_EARLIER))
    waivers = load_waivers(file, renamed)
    # As it was written: a record keeps it, and its digest is that of the night before.
    scope = waivers[1].scope
    assert isinstance(scope, FindingScope)
    assert scope.check == SHIPPED_EARLIER
    judged = with_current_checks(waivers, renamed)
    assert judged[1].scope == replace(scope, check=SHIPPED)
    assert [judged[0], judged[2]] == [waivers[0], waivers[2]]
    with pytest.raises(ContentError):
        load_waivers(file, shipped_library())


def test_a_waiver_cannot_be_compensated_by_what_its_check_evidences(
    tmp_path: Path, renamed: Library
) -> None:
    control = next(
        one.id
        for one in renamed.controls.values()
        for link in one.checks
        if (link.id, link.role.value) == (SHIPPED, "evidences")
    )
    text = (Path(__file__).parent / "pack/waivers.yaml").read_text()
    text = text.replace(SHIPPED, SHIPPED_EARLIER).replace("NET-02", control, 1)
    (tmp_path / "waivers.yaml").write_text(text)
    with pytest.raises(ContentError) as caught:
        load_waivers(tmp_path / "waivers.yaml", renamed)
    assert "it cannot pass while that check fails" in str(caught.value)


def test_a_gap_has_no_check_to_look_up(renamed: Library) -> None:
    gap = GapScope(target="aws:1", operation="s3:ListBuckets")
    day = date(2026, 1, 1)
    waiver = Waiver(
        id="W", scope=gap, reason="r", approver="a@example.com", opened=day, expires=day
    )
    assert with_current_checks([waiver], renamed) == [waiver]


@pytest.mark.parametrize("pattern", [SHIPPED_EARLIER, "aws-s3-bucket-speaks-*"])
def test_a_selection_may_name_the_earlier_id(
    pattern: str, renamed: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    assert matching([pattern], renamed) == {SHIPPED}
    assert capsys.readouterr().err == f"note: check {SHIPPED_EARLIER} is called {SHIPPED} now\n"
    assert matching([SHIPPED], renamed) == {SHIPPED}
    assert capsys.readouterr().err == ""
    with pytest.raises(TscanError):
        matching(["aws-s3-bucket-had-*"], renamed)
