"""The library as a whole: all mistakes at once, files against each other, a user's folders, the
digest."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner.content import default_roots, load_library
from scanner.content.locations import content_files
from scanner.errors import ContentError, TscanError
from scanner.language.types import BOOL, INT, STRING, ListType, MapType, RecordType
from scanner.model.kinds import Cardinality, CountMeaning
from tests.helpers.library import shipped_library

CHECK = "checks/aws/s3/aws-s3-bucket-encrypted.yaml"
CLOUD = "resources/aws.yaml"
KIND = "resources/aws/s3.bucket.yaml"
ACCOUNT = "resources/aws/s3.account.yaml"


def test_every_mistake_of_every_file_in_order(pack: Any) -> None:
    places = [
        pack.change(CHECK, "self.default_encryption != 'none'", "self.‸encryption != 'none'"),
        pack.change("mappings/controls/ENC-01.yaml", "[MC-01]     #", "[‸MC-09]     #"),
        pack.change(KIND, "type: timestamp", "type: ‸time"),
        pack.change(ACCOUNT, "scope: account", "scope: ‸accounts"),
    ]
    pack.change(CHECK, "severity: medium", "severity: big")
    found = pack.problems()
    assert [problem.split(": ")[0] for problem in found] == [f"{CHECK}:4:11", *sorted(places[1:])]


def test_a_kind_with_mistakes_is_blamed_once(pack: Any) -> None:
    place = pack.change(KIND, "nature: state", "nature: ‸static")
    assert [problem.split(": ")[0] for problem in pack.problems()] == [place]


def test_parameters_with_mistakes_are_blamed_once(pack: Any) -> None:
    place = pack.change("checks/parameters.yaml", "type: int,", "‸typ: int,")
    assert [problem.split(": ")[0] for problem in pack.problems()] == [place]


def test_manual_controls_with_mistakes_are_blamed_once(pack: Any) -> None:
    place = pack.change("mappings/manual.yaml", "frequency: yearly", "frequency: ‸1")
    assert [problem.split(": ")[0] for problem in pack.problems()] == [place]


def test_a_control_that_no_criterion_names(pack: Any) -> None:
    text = (pack.folder / "mappings/controls/ENC-01.yaml").read_text()
    pack.write("mappings/controls/ENC-02.yaml", text.replace("id: ENC-01", "id: ENC-02"))
    assert pack.problems() == [
        "mappings/controls/ENC-02.yaml:2:5: no criterion names control 'ENC-02'\n  hint: list it under a criterion in a framework's file"
    ]


def test_a_criterion_that_is_written_in_two_files(pack: Any) -> None:
    text = (pack.folder / "mappings/soc2-2017/CC6.yaml").read_text()
    pack.write("mappings/soc2-2017/CC7.yaml", text)
    assert pack.problems() == [
        "mappings/soc2-2017/CC7.yaml:3:3: criterion 'CC6.1' exists already in soc2-2017\n  hint: keep one"
    ]


def test_a_circle_of_relations(pack: Any) -> None:
    text = (pack.folder / ACCOUNT).read_text()
    relation = "relations:\n  ‸buckets: {meaning: Its buckets., many: aws.s3.bucket, on: {account: account}}\n"
    place = pack.write(ACCOUNT, text + relation)
    found = pack.problems()
    assert len(found) == 1
    assert "relations form a cycle: aws.s3." in found[0]
    assert found[0].startswith((place, f"{KIND}:"))


def test_a_kind_in_the_wrong_file(pack: Any) -> None:
    (pack.folder / KIND).rename(pack.folder / "resources/aws/s3.pail.yaml")
    assert pack.problems() == [
        "resources/aws/s3.pail.yaml:2:7: kind 'aws.s3.bucket' does not match its file\n"
        "  hint: it belongs in aws/s3.bucket.yaml"
    ]


def test_a_check_outside_its_folder(pack: Any) -> None:
    (pack.folder / CHECK).rename(pack.folder / "checks/aws/aws-s3-bucket-encrypted.yaml")
    assert pack.problems() == [
        "checks/aws/aws-s3-bucket-encrypted.yaml:2:5: the file is not in its folder\n"
        "  hint: it belongs in checks/aws/<service>/"
    ]


def test_files_that_would_be_passed_over_are_named(pack: Any) -> None:
    pack.write("checks/aws/s3/x.yml", "version: 1\n")
    pack.write("mappings/notes.yaml", "version: 1\n")
    assert [problem.split("\n")[0] for problem in pack.problems()] == [
        "checks/aws/s3/x.yml:1:1: the file's name ends in .yml",
        "mappings/notes.yaml:1:1: the file does not belong here",
    ]


def test_one_call_means_the_same_in_every_kind(pack: Any) -> None:
    text = (pack.folder / ACCOUNT).read_text()
    call = "{call: s3:GetBucketEncryption, absent_on: [Other], with: {Bucket: account}}"
    pack.write(ACCOUNT, text.replace("details: {", f"details: {{more: {call}, "))
    found = [problem.split(": ", 1)[1].split("\n")[0] for problem in pack.problems()]
    assert found == [
        f"'{word}' of s3:GetBucketEncryption differs from aws.s3.account"
        for word in ("absent_on", "permission")
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  items: Buckets\n", "", "'items' is missing"),
        ("  call: s3:ListBuckets\n", "", "one of 'call' and 'reader' is needed"),
        (
            "    call: s3:GetBucketPolicy\n    with",
            "    reader: aws.x\n    with",
            "'reader' and 'reads' need each other",
        ),
        (
            "    call: s3:GetBucketPolicy\n    with: {Bucket: it.Name}\n",
            "    reader: aws.x\n    reads: [{call: s3:GetBucketPolicy}]\n    when: 'true'\n",
            "'when' has no meaning beside 'reader'",
        ),
        ("    one: aws.s3.account\n", "", "'block' must lead to exactly one kind"),
        (
            "    one: aws.s3.account\n",
            "    one: aws.s3.account\n    many: aws.s3.account\n",
            "'block' must lead to exactly one kind",
        ),
        (
            "  items: Buckets\n",
            "  items: Buckets\n  per: aws.s3.nothing\n",
            "there is no kind 'aws.s3.nothing'",
        ),
        (
            "  items: Buckets\n",
            "  items: Buckets\n  per: aws.s3.bucket\n",
            "listings form a cycle: aws.s3.bucket → aws.s3.bucket",
        ),
        (
            "type: list(record)",
            "type: list(string)",
            "'each' belongs to list(record), the type is list(string)",
        ),
        (
            "  policy: {meaning: Its policy., type: policy,",
            "  policy: {meaning: Its policy., type: list(record),",
            "a list(record) declares its fields",
        ),
    ],
)
def test_kinds_that_contradict_themselves(pack: Any, old: str, new: str, message: str) -> None:
    pack.change(KIND, old, new)
    assert message in [problem.split(": ", 1)[1].split("\n")[0] for problem in pack.problems()]


def test_the_type_that_conditions_see(pack: Any) -> None:
    kind = pack.load().kinds["aws.s3.bucket"]
    fields = kind.type.fields
    assert {
        name: (str(field.type), field.optional)
        for name, field in fields.items()
        if name in ("id", "region", "owner")
    } == {
        "id": ("string", False),
        "region": ("string", False),
        "owner": ("string", True),
    }
    assert fields["tags"].type == MapType(STRING)
    rules = fields["rules"].type
    assert isinstance(rules, ListType)
    assert rules.ordered
    assert isinstance(rules.item, RecordType)
    assert {name: field.type for name, field in rules.item.fields.items()} == {
        "days": INT,
        "prefixes": ListType(STRING),
        "position": INT,
    }
    assert fields["block"].type.fields["blocked"].type == BOOL
    assert kind.relations["block"].cardinality is Cardinality.ONE
    assert kind.details["encryption"].permission == ("s3:GetEncryptionConfiguration",)
    assert kind.listing.request.arguments == {"MaxBuckets": 1000}
    assert kind.details["document"].arguments["Bucket"].evaluate({"it": {"Name": "x"}}) == "x"


@pytest.mark.parametrize(
    ("words", "optional", "is_list"),
    [("one", False, False), ("maybe_one", True, False), ("many", False, True)],
)
def test_relations_by_cardinality(pack: Any, words: str, optional: bool, is_list: bool) -> None:
    pack.change(KIND, "    one: aws", f"    {words}: aws")
    pack.change(CHECK, "\n    && self.block.blocked", "")
    (pack.folder / CHECK).write_text(
        (pack.folder / CHECK).read_text().replace(", block: {blocked: true}", "")
    )
    field = pack.load().kinds["aws.s3.bucket"].type.fields["block"]
    assert (field.optional, isinstance(field.type, ListType)) == (optional, is_list)


def _user_check(pack: Any, name: str = "aws-own-check") -> Path:
    text = (pack.folder / CHECK).read_text().replace("id: aws-s3-bucket-encrypted", f"id: {name}")
    pack.write(f"mine/{name}.yaml", text)
    return Path("mine")


def test_a_users_folder_adds_checks_and_parameters(pack: Any) -> None:
    folder = _user_check(pack)
    pack.write(
        "mine/parameters.yaml", "version: 1\nparameters: {own: {meaning: Ours., type: int}}\n"
    )
    library = pack.load(more_checks=(folder,))
    assert list(library.checks) == ["aws-own-check", "aws-s3-bucket-encrypted"]
    assert "own" in library.parameters


def test_a_users_folder_replaces_nothing(pack: Any) -> None:
    folder = _user_check(pack, "aws-s3-bucket-encrypted")
    pack.write(
        "mine/parameters.yaml",
        "version: 1\nparameters: {most_days: {meaning: Ours., type: int, default: 9999}}\n",
    )
    assert pack.problems(more_checks=(folder,)) == [
        "mine/aws-s3-bucket-encrypted.yaml:2:5: check 'aws-s3-bucket-encrypted' exists already\n"
        f"  hint: first in {CHECK}",
        "mine/parameters.yaml:2:14: parameter 'most_days' exists already\n"
        "  hint: a folder adds parameters; tscan.yaml sets those that exist",
    ]


def test_a_users_folder_adds_no_kind(pack: Any) -> None:
    pack.write("mine/aws/s3.bucket.yaml", (pack.folder / KIND).read_text())
    found = pack.problems(more_checks=(Path("mine"),))
    assert found == [
        "mine/aws/s3.bucket.yaml:2:1: a folder of checks cannot add a kind\n"
        "  hint: kinds decide which calls run with your credentials; only tscan ships them"
    ]


def test_a_users_check_may_fill_what_is_lacking(pack: Any) -> None:
    pack.change("mappings/controls/ENC-01.yaml", "{id: gcp-storage-encrypted", "{id: aws-own-check")
    pack.change("mappings/controls/ENC-01.yaml", ", gcp-storage-encrypted]", ", aws-own-check]")
    assert pack.problems(more_checks=(_user_check(pack),)) == []


def test_a_users_framework(pack: Any) -> None:
    pack.write("mine/own/framework.yaml", "version: 1\nid: own\ntitle: Our objectives\n")
    criteria = (pack.folder / "mappings/soc2-2017/CC6.yaml").read_text().replace("CC6.1", "OBJ-1")
    pack.write("mine/own/all.yaml", criteria)
    library = pack.load(more_mappings=(Path("mine"),))
    assert [criterion.id for criterion in library.frameworks["own"].criteria] == ["OBJ-1"]


def test_a_framework_is_whole(pack: Any) -> None:
    pack.write("mine/a/framework.yaml", "version: 1\nid: a\ntitle: x\n")
    pack.write("mine/b/all.yaml", (pack.folder / "mappings/soc2-2017/CC6.yaml").read_text())
    assert [problem.split("\n")[0] for problem in pack.problems(more_mappings=(Path("mine"),))] == [
        "mine/a/framework.yaml:1:1: framework 'a' has no criteria",
        "mine/b/all.yaml:1:1: 'b' has no framework.yaml",
    ]


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(TscanError, match="--checks nowhere: there is no such folder"):
        default_roots(checks=["nowhere"])


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").mkdir()
    (tmp_path / "y.yaml").symlink_to(tmp_path / "nowhere")
    problems: list[Any] = []
    assert list(content_files(tmp_path, "checks", problems)) == []
    assert [problem.message for problem in problems] == [
        "cannot be read: No such file or directory"
    ]


def test_the_error_holds_every_problem(pack: Any) -> None:
    pack.change(CHECK, "severity: medium", "severity: big")
    with pytest.raises(ContentError) as caught:
        pack.load()
    assert [(problem.path, problem.line, problem.column) for problem in caught.value.problems] == [
        (CHECK, 4, 11)
    ]


def test_what_holds_for_every_listing_of_a_cloud_is_in_its_kinds(pack: Any) -> None:
    assert [kind.completeness for kind in pack.load().kinds.values()] == [
        (),
        (),
    ]  # none of them is listed by region
    pack.change(CLOUD, "scope: region", "scope: account")
    kinds = pack.load().kinds
    (source,) = kinds["aws.s3.bucket"].completeness
    assert (source.operation, source.means, source.needed) == (
        "config:GetSeen",
        CountMeaning.WHOLE,
        True,
    )
    assert kinds["aws.s3.account"].completeness == ()  # nothing is listed


def test_the_file_of_a_cloud_is_called_as_the_cloud(pack: Any) -> None:
    pack.change(CLOUD, "cloud: aws", "cloud: gcp")
    assert pack.problems() == [
        f"{CLOUD}:2:8: cloud 'gcp' does not match its file\n  hint: it belongs in gcp.yaml"
    ]


def test_a_kind_is_in_the_folder_of_its_cloud(pack: Any) -> None:
    (pack.folder / KIND).rename(pack.folder / "resources/bucket.yaml")
    assert f"{'resources/bucket.yaml'}:2:1: unknown key 'kind'" in "\n".join(pack.problems())


def test_loading_imports_no_jsonschema() -> None:
    modules = "sys, scanner.content, scanner.content.config, scanner.content.examples"
    code = f"import {modules}; print('jsonschema' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_a_library_that_is_read_as_it_is_asked_is_the_same() -> None:
    at_once, lazily = load_library(), load_library(lazily=True)
    assert list(lazily.checks) == list(at_once.checks)
    assert len(lazily.checks) == len(at_once.checks)
    assert "aws-iam-root-mfa-enabled" in lazily.checks
    assert "aws-iam-root" not in lazily.checks
    assert lazily.checks.get("aws-iam-root") is None
    assert (lazily.sha256, lazily.controls) == (at_once.sha256, at_once.controls)
    events = {name for name in lazily.checks if lazily.is_event(name)}
    assert events == {
        name
        for name, check in at_once.checks.items()
        if at_once.kinds[check.kind].nature == "event"
    }
    assert not lazily.is_event("aws-iam-root")
    assert all(lazily.is_same(name, load_library(lazily=True)) for name in list(lazily.checks)[:3])
    assert not at_once.is_same("aws-iam-root-mfa-enabled", lazily)
    for name, check in at_once.checks.items():
        other = lazily.checks[name]
        assert lazily.cloud(name) == at_once.cloud(name) == check.cloud
        assert other.pass_when.source == check.pass_when.source
        assert replace(other, pass_when=check.pass_when, where=check.where) == check
        assert lazily.checks[name] is other


def test_whether_a_check_asks_about_events_is_told_without_reading_it(pack: Any) -> None:
    pack.change(CHECK, "self.default_encryption != 'none'", "self.‸encryption != 'none'")
    assert not load_library(pack.roots(), lazily=True).is_event("aws-s3-bucket-encrypted")
    pack.change(KIND, "nature: state", "nature: ‸event")
    assert load_library(pack.roots(), lazily=True).is_event("aws-s3-bucket-encrypted")


def test_a_check_whose_kind_is_written_in_another_way_is_read_for_it(pack: Any) -> None:
    pack.change(KIND, "nature: state", "nature: ‸event")
    pack.change(CHECK, "resource: aws.s3.bucket", "resource: ‸'aws.s3.bucket'")
    assert load_library(pack.roots(), lazily=True).is_event("aws-s3-bucket-encrypted")


def test_a_check_that_is_read_late_shows_its_mistakes_then(pack: Any) -> None:
    place = pack.change(CHECK, "self.default_encryption != 'none'", "self.‸encryption != 'none'")
    library = load_library(pack.roots(), lazily=True)
    assert "aws-s3-bucket-encrypted" in library.checks
    with pytest.raises(ContentError) as caught:
        library.checks["aws-s3-bucket-encrypted"]
    assert str(caught.value).startswith(place)


def test_a_users_check_cannot_take_the_name_of_one_that_is_read_late(
    pack: Any, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "aws-s3-bucket-encrypted.yaml").write_text((pack.folder / CHECK).read_text())
    with pytest.raises(ContentError, match="exists already"):
        load_library(pack.roots(more_checks=(mine,)), lazily=True)


def test_a_pack_of_an_earlier_format_is_refused_in_one_line(pack: Any) -> None:
    """Not as a list of unknown keys: history keeps such packs, with hundreds of files."""
    pack.change("checks/parameters.yaml", "stricter: lower", "tighter: lower")
    pack.change(CHECK, "if_empty:", "none_means:")
    (problem,) = pack.problems()
    assert problem.startswith("checks/parameters.yaml:")
    assert problem.endswith(
        "written for an earlier version of the content format ('tighter' is now 'stricter'):"
        " read it with the release that wrote it\n"
        "  hint: rename the key if the file is yours"
    )


def test_every_number_that_is_shipped_has_a_least_value() -> None:
    for name, parameter in shipped_library().parameters.items():
        if parameter.type in ("int", "double"):
            assert parameter.minimum is not None, name
            assert parameter.minimum >= 0, name
