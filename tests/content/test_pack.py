"""The small pack of these tests: it loads, and its digest and names do not depend on where it lies."""

from __future__ import annotations

from typing import Any

import pytest

CHECK = "checks/aws/s3/aws-s3-bucket-encrypted.yaml"
KIND = "resources/aws/s3.bucket.yaml"


def test_the_pack_itself_loads(pack: Any) -> None:
    library = pack.load()
    assert sorted(library.kinds) == ["aws.s3.account", "aws.s3.bucket"]
    assert list(library.checks) == ["aws-s3-bucket-encrypted"]
    assert library.frameworks["soc2-2017"].criteria[0].controls[0].control == "ENC-01"


def test_the_digest_is_of_names_and_bytes_and_not_of_the_place(
    pack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pack.load().sha256
    monkeypatch.chdir("/")
    assert pack.load().sha256 == first
    assert len(first) == 64
    pack.change("checks/parameters.yaml", "default: 90", "default: 91")
    second = pack.load().sha256
    assert second != first
    (pack.folder / "mappings/soc2-2017/CC6.yaml").rename(
        pack.folder / "mappings/soc2-2017/CC7.yaml"
    )
    assert pack.load().sha256 not in (first, second)


def test_no_file_is_named_by_the_machine_it_lies_on(pack: Any) -> None:
    library = pack.load()
    paths = [
        thing.path
        for part in (library.kinds, library.checks, library.controls, library.frameworks)
        for thing in part.values()
    ]
    assert sorted(paths) == [
        "checks/aws/s3/aws-s3-bucket-encrypted.yaml",
        "mappings/controls/ENC-01.yaml",
        "mappings/soc2-2017/framework.yaml",
        "resources/aws/s3.account.yaml",
        "resources/aws/s3.bucket.yaml",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  tags: {meaning: Its labels.,", "  labels: {meaning: Its labels.,"),
        ("type: map(string), api: it.Tags, absent: {}", "type: string, api: it.Tags"),
    ],
)
def test_a_choice_by_label_needs_tags(pack: Any, old: str, new: str) -> None:
    pack.change(KIND, old, new)
    assert pack.problems() == [
        f"{CHECK}:7:1: aws.s3.bucket has no tags to choose by\n"
        "  hint: give aws.s3.bucket an attribute 'tags' of the type map(string)"
    ]
