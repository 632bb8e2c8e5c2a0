"""Anchors outside a store: tags of a repository, and a bucket that locks what is written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from scanner.cli import run
from scanner.errors import TscanError
from scanner.history.ledger.anchors import anchor_heads, read_head, version_anchors
from scanner.history.ledger.git_anchors import GitAnchors, tag_of
from scanner.history.ledger.ledger import Ledger
from scanner.history.records.seal import Signer, make_key
from scanner.history.stores import open_store, open_versions
from scanner.history.stores.object_versions import ObjectVersions
from scanner.history.verification.verify import verify
from tests.helpers.bucket import bucket
from tests.helpers.small_scans import HERE, simple
from tests.history.conftest import git

CHAIN, OTHER = "aws=111122223333", "aws:444455556666"
FIRST_TAG = f"tscan/{CHAIN}/000000000004"
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not on this machine")


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return make_key(tmp_path / "key.pem")


def commit(place: str, signer: Signer, first: int, end: int, name: str = "") -> None:
    ledger = Ledger(open_store(place), signer)
    for number in range(first, end):
        ledger.commit(simple(number, name=name))


@pytest.fixture
def store(tmp_path: Path, signer: Signer) -> Path:
    """Four records of one target and two of another."""
    commit(str(tmp_path / "store"), signer, 0, 4)
    ledger = Ledger(open_store(str(tmp_path / "store")), signer)
    for number in range(2):
        ledger.commit(simple(number, name="other", target=OTHER))
    return tmp_path / "store"


def record(store: Path, number: int) -> Path:
    return store / f"log/{CHAIN}/{number:012d}.json"


def named(place: str, anchors: Any) -> list[tuple[str, str, str]]:
    return [
        (one.record, one.kind, one.detail)
        for one in verify(open_store(place), anchors=list(anchors)).damages
    ]


# -- a repository ----------------------------------------------------------------------------------


@needs_git
def test_a_tag_names_chain_number_digest_and_time(
    store: Path, repository: Path, capsys: Any
) -> None:
    assert run(["history", "anchor", "--git", str(repository), "--store", str(store)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"anchor: {HERE} 4 is {FIRST_TAG} in {repository}"
    assert said[2] == f"push them: git -C {repository} push origin 'refs/tags/tscan/*'"
    newest = Ledger(open_store(str(store))).records(HERE)[-1]
    text = git(repository, "cat-file", "tag", FIRST_TAG).partition("\n\n")[2]
    assert text == (
        f"tscan anchor 1\n\nchain {CHAIN}\nrecord 4\nsha256 {newest.sha256}\nfinished {newest.finished}\n"
    )
    assert git(repository, "cat-file", "-t", FIRST_TAG) == "tag\n"
    assert run(["history", "anchor", "--git", str(repository), "--store", str(store)]) == 0
    assert f"anchor: {repository} already has the newest records" in capsys.readouterr().out


@needs_git
def test_verify_says_how_far_the_anchors_reach(
    store: Path, signer: Signer, repository: Path, capsys: Any
) -> None:
    words = ["history", "anchor", "--git", str(repository), "--store", str(store), "--target", HERE]
    assert run(words) == 0
    commit(str(store), signer, 4, 6)
    capsys.readouterr()
    assert run(["verify", str(store), "--git", str(repository)]) == 0
    said = capsys.readouterr().out
    assert f"{CHAIN}: anchored up to record 4 (tag {FIRST_TAG}, 20" in said
    assert (
        f"{CHAIN}: records 5 to 6: no external anchor: whoever holds the signing key could rewrite or delete them before 2026-01-01T05:12"
        in said
    )
    assert "aws=444455556666: records 1 to 2: no external anchor" in said
    assert run(words) == 0
    capsys.readouterr()
    assert run(["verify", str(store), "--git", str(repository)]) == 0
    said = capsys.readouterr().out
    assert f"{CHAIN}: anchored up to record 6 (tag tscan/{CHAIN}/000000000006" in said
    assert f"{CHAIN}: records" not in said


@needs_git
def test_a_cut_off_end_is_named_with_the_tag_that_shows_it(
    store: Path, repository: Path, capsys: Any
) -> None:
    anchor_heads(Ledger(open_store(str(store))), [HERE, OTHER], GitAnchors(str(repository)))
    record(store, 4).unlink()
    assert run(["verify", str(store)]) == 0
    capsys.readouterr()
    assert run(["verify", str(store), "--git", str(repository)]) == 1
    said = capsys.readouterr().out
    assert (
        f"DAMAGED record {CHAIN}/4: log/{CHAIN}/000000000004.json: missing (tag {FIRST_TAG}, 20"
        in said
    )
    assert "names it: the newest records were deleted)" in said
    assert "aws=444455556666: anchored up to record 2" in said
    assert f"{CHAIN}: records 1 to 3: no external anchor" in said


@needs_git
def test_a_chain_that_the_key_holder_grew_again_is_named(
    store: Path, signer: Signer, repository: Path
) -> None:
    kept = GitAnchors(str(repository))
    anchor_heads(Ledger(open_store(str(store))), [HERE], kept)
    record(store, 4).unlink()
    record(store, 3).unlink()
    commit(str(store), signer, 10, 13, "invented")
    assert not verify(open_store(str(store))).damages
    ((name, kind, detail),) = named(str(store), kept.read())
    assert (name, kind) == (f"{CHAIN}/4", "replaced")
    assert FIRST_TAG in detail
    with pytest.raises(TscanError, match="is replaced: tag"):
        anchor_heads(Ledger(open_store(str(store))), [HERE], kept)
    assert len(kept.read()) == 1, "nothing is anchored over it"


@needs_git
def test_a_chain_that_is_gone_whole_is_named(store: Path, repository: Path) -> None:
    kept = GitAnchors(str(repository))
    anchor_heads(Ledger(open_store(str(store))), [HERE, OTHER], kept)
    shutil.rmtree(store / "log/aws=444455556666")
    assert [row[:2] for row in named(str(store), kept.read())] == [
        ("aws=444455556666/2", "missing")
    ]
    assert run(["verify", str(store), "--git", str(repository)]) == 1
    assert run(["verify", str(store), "--git", str(repository), "--target", HERE]) == 0, (
        "a part, by its name"
    )


@needs_git
@pytest.mark.parametrize(
    ("how", "said"),
    [
        (("tag", f"tscan/{CHAIN}/000000000002"), "is not an anchor written by tscan"),
        (
            ("tag", "--annotate", "--message", "hello", "tscan/x"),
            "is not an anchor written by tscan",
        ),
        (
            ("tag", "--annotate", "--message", "MOVED", f"tscan/{CHAIN}/000000000002"),
            "is not an anchor",
        ),
    ],
)
def test_a_tag_that_is_none_of_ours_is_said(
    store: Path, repository: Path, how: tuple[str, ...], said: str, capsys: Any
) -> None:
    anchor_heads(Ledger(open_store(str(store))), [HERE], GitAnchors(str(repository)))
    text = git(repository, "cat-file", "tag", FIRST_TAG).partition("\n\n")[2]
    git(repository, *(text if word == "MOVED" else word for word in how))
    assert run(["verify", str(store), "--git", str(repository)]) == 2
    assert said in capsys.readouterr().err


@needs_git
def test_a_commit_is_no_anchor(store: Path, repository: Path, capsys: Any) -> None:
    anchor_heads(Ledger(open_store(str(store))), [HERE], GitAnchors(str(repository)))
    text = git(repository, "cat-file", "tag", FIRST_TAG).partition("\n\n")[2]
    git(repository, "commit", "--quiet", "--allow-empty", "--message", text)
    git(repository, "tag", "--force", FIRST_TAG)
    assert run(["verify", str(store), "--git", str(repository)]) == 2
    assert f"tag {FIRST_TAG} is not an anchor written by tscan" in capsys.readouterr().err


@needs_git
def test_what_holds_no_anchor_is_not_silently_one(
    store: Path, repository: Path, tmp_path: Path, capsys: Any
) -> None:
    assert run(["verify", str(store), "--git", str(repository)]) == 2
    assert "has no anchors" in capsys.readouterr().err
    for place in (tmp_path / "nothing", tmp_path):
        assert run(["verify", str(store), "--git", str(place)]) == 2
        assert run(["history", "anchor", "--store", str(store), "--git", str(place)]) == 2
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "--quiet")
    assert run(["history", "anchor", "--store", str(store), "--git", str(empty)]) == 2
    assert "name a repository with a commit" in capsys.readouterr().err
    assert run(["history", "anchor", "--store", str(store)]) == 2
    assert "no Git repository is configured" in capsys.readouterr().err


@needs_git
def test_the_configuration_names_store_and_repository(
    store: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tscan.yaml").write_text("version: 1\nstore: store\nanchor: {git: anchors}\n")
    assert run(["history", "list"]) == 0
    assert run(["history", "anchor"]) == 0
    capsys.readouterr()
    assert run(["verify"]) == 0
    assert f"{CHAIN}: anchored up to record 4" in capsys.readouterr().out
    (tmp_path / "tscan.yaml").write_text("version: 1\nanchor: {git: 7}\n")
    assert run(["verify"]) == 2
    assert "tscan.yaml:2:15" in capsys.readouterr().err


@needs_git
def test_git_looks_at_the_repository_that_is_named(
    store: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "of-a-hook"))
    kept = GitAnchors(str(repository))
    assert [name for _, name in anchor_heads(Ledger(open_store(str(store))), [HERE], kept)] == [
        FIRST_TAG
    ]
    assert [anchor.name for anchor in kept.read()] == [f"{CHAIN}/4"]


def test_without_git_it_is_said(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(TscanError, match="git is not installed"):
        GitAnchors(str(repository)).read()


@needs_git
@pytest.mark.parametrize(
    "stream", ["github=a..b", "github=.x", "github=org_2frepo.lock", "tf=a.b-c"]
)
def test_every_chain_has_a_name_that_git_takes(repository: Path, stream: str) -> None:
    git(repository, "check-ref-format", f"refs/tags/{tag_of(stream, 1)}")


@pytest.mark.parametrize(
    "text", ["", "aws=1/2", "aws=1/x:" + "0" * 64, "/2:" + "0" * 64, "aws=1/2:00", "aws=1/0:" + "0" * 64,
             "aws=1/٢:" + "0" * 64, "aws=1/2:" + "g" * 64, "aws=1/2:" + "0" * 65],
)  # fmt: skip
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(TscanError, match="is not a head"):
        read_head(text)


def test_a_head_is_the_same_in_capitals() -> None:
    assert read_head(" aws=1/2:" + "AB" * 32 + "\n") == read_head("aws=1/2:" + "ab" * 32)


# -- a bucket --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def locking() -> Iterator[str]:
    with bucket(lock="COMPLIANCE") as place:
        yield place


_SERVER: dict[str, str] = {}


@pytest.fixture(scope="module", autouse=True)
def _server(locking: str) -> None:
    _SERVER.update({name: value for name, value in os.environ.items() if name.startswith("AWS_")})


def s3() -> Any:
    return boto3.client("s3", region_name="us-east-1")


@pytest.fixture
def place(locking: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store of its own in the bucket that locks."""
    for name, value in _SERVER.items():
        monkeypatch.setenv(name, value)
    return f"{locking}/{request.node.name[:40].strip('[]')}"


@pytest.fixture(params=["", "GOVERNANCE"])
def loose(place: str, request: pytest.FixtureRequest) -> str:
    """A store in a bucket with versions, none of which is kept from everybody."""
    name = f"loose-{request.param.lower()}x"
    s3().create_bucket(Bucket=name, ObjectLockEnabledForBucket=bool(request.param))
    s3().put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    if request.param:
        rule = {"DefaultRetention": {"Mode": request.param, "Days": 30}}
        configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        s3().put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=configuration)
    return f"s3://{name}/{place.rpartition('/')[2]}"


def hide(place: str, *numbers: int) -> None:
    """Delete records as who may write the bucket can: by a marker."""
    name, _, prefix = place.removeprefix("s3://").partition("/")
    for number in numbers:
        s3().delete_object(Bucket=name, Key=f"{prefix}/log/{CHAIN}/{number:012d}.json")


def anchors(place: str) -> Any:
    versions = open_versions(place)
    assert versions is not None
    return version_anchors(versions)


@pytest.mark.slow
def test_a_locked_record_is_an_anchor(place: str, signer: Signer, capsys: Any) -> None:
    commit(place, signer, 0, 3)
    assert run(["verify", place]) == 0
    said = capsys.readouterr().out
    assert f"{CHAIN}: anchored up to record 3 (version " in said
    assert " in the bucket, locked until 20" in said
    assert "no external anchor" not in said
    (anchor,) = anchors(place)
    assert anchor.sha256 == Ledger(open_store(place)).records(HERE)[-1].sha256


@pytest.mark.slow
def test_a_deleted_end_is_named(place: str, signer: Signer, capsys: Any) -> None:
    commit(place, signer, 0, 5)
    hide(place, 4, 5)
    assert len(Ledger(open_store(place)).records(HERE)) == 3
    assert run(["verify", place]) == 1
    said = capsys.readouterr().out
    for number in (4, 5):
        assert (
            f"DAMAGED record {CHAIN}/{number}: log/{CHAIN}/{number:012d}.json: missing (version "
            in said
        )
    assert "names it: the newest records were deleted" in said


@pytest.mark.slow
def test_a_record_that_was_created_again_after_a_deletion_is_named(
    place: str, signer: Signer, capsys: Any
) -> None:
    commit(place, signer, 0, 4)
    hide(place, 3, 4)
    commit(place, signer, 10, 12, "invented")
    assert not verify(open_store(place)).damages, "to who sees the newest versions it is whole"
    found = named(place, anchors(place))
    assert [row[:2] for row in found] == [(f"{CHAIN}/3", "replaced"), (f"{CHAIN}/4", "replaced")]
    assert all(
        " in the bucket" in row[2] and row[2].endswith("has another digest") for row in found
    )
    assert run(["verify", place]) == 1


@pytest.mark.slow
def test_all_of_it_deleted_is_not_an_empty_store(place: str, signer: Signer) -> None:
    commit(place, signer, 0, 2)
    hide(place, 1, 2)
    assert [row[:2] for row in named(place, anchors(place))] == [
        (f"{CHAIN}/1", "missing"),
        (f"{CHAIN}/2", "missing"),
    ]


@pytest.mark.slow
def test_the_same_record_written_again_is_no_damage(place: str, signer: Signer) -> None:
    commit(place, signer, 0, 2)
    store = open_store(place)
    key = f"log/{CHAIN}/000000000002.json"
    content = store.get(key)
    assert content is not None
    hide(place, 2)
    assert store.put_new(key, content)
    assert named(place, anchors(place)) == []


@pytest.mark.slow
def test_a_lock_that_has_run_out_anchors_nothing(place: str, signer: Signer) -> None:
    commit(place, signer, 0, 2)
    later = ObjectVersions(place, now=lambda: datetime.now(UTC) + timedelta(days=31))
    assert list(version_anchors(later)) == []
    assert [anchor.firm for anchor in anchors(place)] == [True]


@pytest.mark.slow
def test_what_somebody_may_remove_shows_damage_and_anchors_nothing(
    loose: str, signer: Signer, capsys: Any
) -> None:
    commit(loose, signer, 0, 3)
    assert list(anchors(loose)) == []
    assert run(["verify", loose]) == 0
    assert (
        "no external anchor: whoever holds the signing key could rewrite or delete records before"
        in capsys.readouterr().out
    )
    key = f"log/{CHAIN}/000000000003.json"
    content = open_store(loose).get(key)
    assert content is not None
    hide(loose, 3)
    assert [row[:2] for row in named(loose, anchors(loose))] == [(f"{CHAIN}/3", "missing")]
    assert run(["verify", loose]) == 1
    assert open_store(loose).put_new(key, content)
    capsys.readouterr()
    assert run(["verify", loose]) == 0
    assert "no external anchor" in capsys.readouterr().out, (
        "a version that fits and can be removed is none"
    )


@pytest.mark.slow
@pytest.mark.parametrize("loose", [""], indirect=True)
def test_a_deletion_whose_content_was_removed_is_named(loose: str, signer: Signer) -> None:
    commit(loose, signer, 0, 3)
    hide(loose, 3)
    name, _, prefix = loose.removeprefix("s3://").partition("/")
    (row,) = s3().list_object_versions(Bucket=name, Prefix=f"{prefix}/log/{CHAIN}/000000000003")[
        "Versions"
    ]
    s3().delete_object(Bucket=name, Key=row["Key"], VersionId=row["VersionId"])
    ((record_name, kind, detail),) = named(loose, anchors(loose))
    assert (record_name, kind) == (f"{CHAIN}/3", "missing")
    assert detail.startswith("a deletion in the bucket, 20")


@pytest.mark.slow
def test_a_bucket_without_versions_anchors_nothing_and_is_read(
    place: str, signer: Signer, capsys: Any
) -> None:
    s3().create_bucket(Bucket="plain")
    plain = f"s3://plain/{place.rpartition('/')[2]}"
    commit(plain, signer, 0, 2)
    assert run(["verify", plain]) == 0
    said = capsys.readouterr().out
    assert "no external anchor" in said
    assert "not read" not in said


@pytest.mark.slow
def test_versions_that_are_refused_are_said(
    place: str, signer: Signer, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    from botocore.exceptions import ClientError

    def refuse(*_: Any, **__: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "ListObjectVersions")

    commit(place, signer, 0, 2)
    monkeypatch.setattr("botocore.paginate.PageIterator.__iter__", refuse)
    assert run(["verify", place]) == 0
    said = capsys.readouterr().out
    assert (
        "object versions could not be read (AccessDenied): deleted or overwritten records cannot be detected"
        in said
    )
    assert "no external anchor" in said


def test_a_folder_remembers_nothing(tmp_path: Path) -> None:
    assert open_versions(str(tmp_path)) is None
    assert open_versions("gs://bucket/x") is None
