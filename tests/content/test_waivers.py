"""`waivers.yaml`: read whole, or refused with every mistake in it; git tells who wrote an entry,
and when."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from scanner.content import git_blame as blame_module
from scanner.content.waivers import load_waivers
from scanner.errors import ContentError, TscanError
from scanner.model.library import Library
from scanner.model.waivers import ControlScope, FindingScope, GapScope, Waiver
from tests.helpers.library import shipped_library

FILE = Path(__file__).parent / "pack/waivers.yaml"
GOOD = FILE.read_text()
TARGET = "aws:123456789012"


@pytest.fixture(scope="module")
def library() -> Library:
    return shipped_library()


def test_it_is_read(tmp_path: Path, library: Library) -> None:
    gap, finding, control = load_waivers(shutil.copy(FILE, tmp_path), library)
    assert gap.scope == GapScope(
        target=TARGET, operation="inspector2:ListCoverage", region="eu-west-1"
    )
    assert finding.scope == FindingScope(
        target=TARGET, check="aws-s3-bucket-tls-only", resource="arn:aws:s3:::old"
    )
    assert control.scope == ControlScope(target=TARGET, control="ENC-01")
    assert (finding.opened, finding.expires) == (date(2026, 11, 1), date(2027, 2, 1))
    assert [one.compensating for one in (gap, finding, control)] == ["", "NET-02", "NET-02"]
    assert {(one.author, one.committed) for one in (gap, finding, control)} == {("", None)}


def refused(tmp_path: Path, library: Library, text: str) -> str:
    (tmp_path / "w.yaml").write_text(text)
    with pytest.raises(ContentError) as caught:
        load_waivers(tmp_path / "w.yaml", library)
    return "\n".join(str(problem) for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("old", "new", "problem", "hint"),
    [
        ("2027-01-31", "2026-11-01", ":22:14: a waiver expires before it is opened", "give a later day"),
        ("2027-01-31", "2027-02-02", ":22:14: such a waiver lasts 92 days at most", "with a new decision"),
        ("2027-01-31", "2027-01-32", ":22:14: '2027-01-32' is not a day", "2026-12-31"),
        ("inspector2:ListCoverage", "*", ":4:50: '*' is not an operation", ""),
        ("reason: Inspector is not offered there yet.", "reason: ''", ":5:13: 'reason' is empty", ""),
        ("    gap: {target", "    gab: {target", ":4:5: unknown key 'gab'", "did you mean 'gap'"),
        ("    reason: Volumes are made anew with the next release.\n", "", ":16:5: 'reason' is missing", ""),
        ('"arn:aws:s3:::old"', '"arn:aws:s3:::*"', ":10:84: 'arn:aws:s3:::*' is a pattern", "write an entry for each"),
        ("aws-s3-bucket-tls-only", '"aws-s3-*"', ":10:50: 'aws-s3-*' is a pattern", "nobody has looked at"),
        ('control: {target: "aws:123456789012"', 'control: {target: "aws:*"', ":17:23: 'aws:*' is a pattern", "entry"),
        ("aws-s3-bucket-tls-only", "aws-s3-bucket-tls-onlx", "there is no check", "did you mean"),
        ("id: ENC-01", "id: ENC-0", ":17:47: there is no control 'ENC-0'", "did you mean"),
        ('finding: {target: "aws:123', 'finding: {target: "gcp:123', ":10:23: aws-s3-bucket-tls-only does not apply", "aws"),
        ("compensating: NET-02\n    opened: 2026-11-01\n    expires: 2027-02", "compensating: ENC-03\n"
         "    opened: 2026-11-01\n    expires: 2027-02", ":13:19: ENC-03 is evidenced by", "does not depend on it"),
        ("compensating: NET-02\n    opened: 2026-11-01\n    expires: 2027-01", "compensating: ENC-01\n"
         "    opened: 2026-11-01\n    expires: 2027-01", ":20:19: ENC-01 cannot compensate for itself", "another"),
        ("compensating: NET-02\n    opened: 2026-11-01\n    expires: 2027-01", "opened: 2026-11-01\n"
         "    expires: 2027-01", ":17:14: a waiver of a control needs a compensating control", "name one in 'compensating'"),
        ("    control: {", "    finding: {target: a:b, check: c, resource: d}\n    control: {",
         ":16:5: the waiver names finding and control at once", "name one of"),
        ('    control: {target: "aws:123456789012", id: ENC-01}\n', "", ":16:5: the waiver names nothing", "name one"),
        ("approver: cto@example.com\n    compensating: NET-02\n    opened: 2026-11-01\n    expires: 2027-01",
         "approver: CTO\n    compensating: NET-02\n    opened: 2026-11-01\n    expires: 2027-01",
         ":19:15: 'CTO' is not an e-mail address", ""),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_where_it_stands(
    tmp_path: Path, library: Library, old: str, new: str, problem: str, hint: str
) -> None:
    assert GOOD.count(old) >= 1
    found = refused(tmp_path, library, GOOD.replace(old, new, 1))
    assert problem in found
    assert hint in found


def test_a_finding_or_a_gap_may_be_accepted_for_a_year(tmp_path: Path, library: Library) -> None:
    (tmp_path / "w.yaml").write_text(GOOD.replace("expires: 2027-02-01", "expires: 2027-11-02"))
    assert len(load_waivers(tmp_path / "w.yaml", library)) == 3
    found = refused(tmp_path, library, GOOD.replace("expires: 2027-02-01", "expires: 2027-11-03"))
    assert found.count("such a waiver lasts 366 days at most") == 2


def test_an_id_stands_once(tmp_path: Path, library: Library) -> None:
    entry = GOOD.partition("waivers:\n")[2]
    assert "waiver 'W-1' is used twice" in refused(tmp_path, library, GOOD + entry)


def test_a_file_that_is_not_there(tmp_path: Path, library: Library) -> None:
    with pytest.raises(TscanError, match="cannot be read"):
        load_waivers(tmp_path / "none.yaml", library)


# -- what git tells --------------------------------------------------------------------------------


class Repository:
    """A repository with one file of waivers."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "waivers.yaml"
        self.git("init", "-q")

    def git(self, *arguments: str, mail: str = "dev@example.com", day: str = "2026-11-02") -> None:
        who = {"NAME": mail.partition("@")[0].title(), "EMAIL": mail, "DATE": f"{day}T12:00:00Z"}
        environment = {
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in who.items()
        }
        nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        subprocess.run(
            ["git", *arguments], cwd=self.folder, check=True, capture_output=True, env=os.environ | environment | nobody
        )  # fmt: skip

    def commit(self, text: str, *, mail: str = "dev@example.com", day: str = "2026-11-02") -> None:
        self.file.write_text(text)
        self.git("add", ".", mail=mail, day=day)
        self.git("commit", "-qm", "waivers", mail=mail, day=day)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def loaded(repository: Repository, library: Library) -> tuple[Waiver, ...]:
    return load_waivers(repository.file, library)


def problems(repository: Repository, library: Library) -> list[str]:
    with pytest.raises(ContentError) as caught:
        load_waivers(repository.file, library)
    return [str(problem) for problem in caught.value.problems]


def test_the_author_is_who_last_changed_the_entry(repository: Repository, library: Library) -> None:
    repository.commit(GOOD)
    repository.commit(
        GOOD.replace("is not offered", "was never offered"),
        mail="ops@example.com",
        day="2026-11-05",
    )
    found = loaded(repository, library)
    assert [one.author for one in found] == [
        "ops@example.com",
        "dev@example.com",
        "dev@example.com",
    ]
    # A reason that is written better is no other decision.
    assert {one.committed for one in found} == {date(2026, 11, 2)}
    assert {one.begins for one in found} == {date(2026, 11, 2)}


def test_nobody_approves_what_they_wrote(repository: Repository, library: Library) -> None:
    repository.commit(GOOD)
    changed = GOOD.replace("Inspector is not offered there yet.", "No.")
    repository.commit(changed, mail="CTO@example.com", day="2026-11-03")
    (problem,) = problems(repository, library)
    assert ":6:15: cto@example.com wrote this entry (commit " in problem
    assert "hint: somebody else must approve it" in problem


def test_an_earlier_hand_counts_too(repository: Repository, library: Library) -> None:
    """Who wrote the scope cannot approve it because somebody else put a comma right."""
    repository.commit(GOOD, mail="cto@example.com")
    repository.commit(GOOD.replace("reason: ", "reason: Well, "), day="2026-11-03")
    assert len(problems(repository, library)) == 3


def test_what_is_opened_before_it_was_committed_counts_from_then(
    repository: Repository, library: Library
) -> None:
    repository.commit(GOOD, day="2026-11-08")
    assert {one.begins for one in loaded(repository, library)} == {date(2026, 11, 8)}
    assert not any(one.stands(date(2026, 11, 7)) for one in loaded(repository, library))
    assert all(one.stands(date(2026, 11, 8)) for one in loaded(repository, library))


def test_long_before_is_refused(repository: Repository, library: Library) -> None:
    repository.commit(GOOD, day="2026-11-09")
    found = problems(repository, library)
    assert len(found) == 3
    assert ":7:13: it was opened 2026-11-01, and committed only on 2026-11-09" in found[0]
    assert "hint: open it on 2026-11-09 or later" in found[0]


@pytest.mark.parametrize(
    ("old", "new"), [(":::old", ":::other"), ("  expires: 2027-01-31", "  expires: 2027-01-30")]
)
def test_another_scope_is_another_decision_and_another_end_is_not(
    repository: Repository, library: Library, old: str, new: str
) -> None:
    repository.commit(GOOD)
    repository.commit(GOOD.replace(old, new), day="2026-12-24")
    if old == ":::old":
        (problem,) = problems(repository, library)
        assert ":14:13: it was opened 2026-11-01, and committed only on 2026-12-24" in problem
    else:
        assert {one.committed for one in loaded(repository, library)} == {date(2026, 11, 2)}


def test_of_what_is_not_committed_no_author_is_known(
    repository: Repository, library: Library
) -> None:
    repository.commit(GOOD)
    repository.file.write_text(
        GOOD.replace("ListCoverage", "ListFindings").replace("made anew", "new")
    )
    gap, finding, control = loaded(repository, library)
    assert (gap.author, gap.committed) == ("", None)
    assert (finding.author, finding.committed) == ("dev@example.com", date(2026, 11, 2))
    assert (control.author, control.committed) == ("", date(2026, 11, 2))


def test_of_a_shallow_clone_no_author_is_known(
    repository: Repository, library: Library, tmp_path: Path
) -> None:
    repository.commit(GOOD)
    repository.commit(GOOD + "# more\n", mail="cto@example.com", day="2027-01-01")
    clone = Repository.__new__(Repository)
    clone.folder, clone.file = tmp_path / "clone", tmp_path / "clone/waivers.yaml"
    repository.git("clone", "-q", "--depth", "1", tmp_path.as_uri(), "clone")
    assert {(one.author, one.committed) for one in loaded(clone, library)} == {("", None)}
    assert {one.author for one in loaded(repository, library)} == {"dev@example.com"}


def test_moved_and_indented_lines_keep_their_author(
    repository: Repository, library: Library
) -> None:
    repository.commit(GOOD)
    head, _, entries = GOOD.partition("waivers:\n")
    indented = "".join(f"  {line}\n" for line in entries.splitlines())
    repository.commit(
        f"{head}# ours\nwaivers:\n{indented}", mail="cto@example.com", day="2026-12-24"
    )
    assert {one.author for one in loaded(repository, library)} == {"dev@example.com"}


@pytest.mark.parametrize("where", ["file", "configuration"])
def test_another_name_in_a_mailmap_hides_nobody(
    repository: Repository, library: Library, where: str
) -> None:
    repository.commit(GOOD, mail="cto@example.com")
    names = repository.folder / (".mailmap" if where == "file" else "names")
    names.write_text("Somebody <else@example.com> <cto@example.com>\n")
    if where == "configuration":
        repository.git("config", "mailmap.file", "names")
    found = problems(repository, library)
    assert len(found) == 3
    assert all("cto@example.com wrote this entry" in problem for problem in found)


def test_a_mailmap_joins_the_addresses_of_a_person(
    repository: Repository, library: Library
) -> None:
    repository.commit(GOOD, mail="private@example.org")
    assert {one.author for one in loaded(repository, library)} == {"private@example.org"}
    (repository.folder / ".mailmap").write_text("CTO <cto@example.com> <private@example.org>\n")
    assert len(problems(repository, library)) == 3


def test_an_author_that_git_does_not_tell_as_written_is_not_known(
    repository: Repository, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit(GOOD, mail="cto@example.com")
    tell = blame_module._git
    monkeypatch.setattr(
        blame_module, "_git", lambda place, *words: "" if words[0] == "log" else tell(place, *words)
    )
    assert {(one.author, one.committed) for one in loaded(repository, library)} == {("", None)}


def test_commits_that_a_repository_asks_to_pass_over_are_not(
    repository: Repository, library: Library
) -> None:
    repository.commit(GOOD)
    repository.commit(
        GOOD.replace("reason: ", "reason: So, "), mail="cto@example.com", day="2026-11-03"
    )
    text = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository.folder, capture_output=True, check=True
    ).stdout
    (repository.folder / "passed-over").write_bytes(text)
    repository.git("config", "blame.ignoreRevsFile", "passed-over")
    assert len(problems(repository, library)) == 3


def test_without_git_no_author_is_known(
    repository: Repository, library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository.commit(GOOD)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert {(one.author, one.committed) for one in loaded(repository, library)} == {("", None)}
