"""Who wrote a part of a merged change: what is not known of it is never nobody."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.values import Unreadable
from scanner.providers.github.authorship import Writers, writers

SIGNED = {"isValid": True, "wasSignedByGitHub": True}


def person(login: str | None, name: str = "Somebody") -> dict[str, Any]:
    return {"name": name, "user": {"login": login} if login else None}


def commit(oid: str, author: str | None = "ann", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "oid": oid,
        "author": person(author),
        "committer": person(author),
        "authors": {"nodes": [person(author)]},
        "authoredDate": f"written {oid}",
        "messageHeadline": "Change it",
        "parents": {"totalCount": 1},
        "signature": None,
    }
    return made | more


def request(*commits: Any, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "author": {"__typename": "User", "login": "ann"},
        "mergeCommit": {"oid": "landed"},
        "commits": {"nodes": [{"commit": one} for one in commits]},
    }
    return made | more


def reasons(found: Writers) -> list[str]:
    return [one.reason for one in found.unread]


def test_an_account_that_is_not_known_may_have_written_it() -> None:
    who = Unreadable("GitHub returned no login")
    assert Writers(known={"ann"}).wrote(who) == who


@pytest.mark.parametrize("parents", [None, [2], {}, {"totalCount": "2"}, {"totalCount": True}])
def test_whether_it_is_a_merge_must_be_known(parents: object) -> None:
    found = writers(commit("landed", parents=parents), request(commit("h")))
    assert reasons(found) == ["GitHub returned no number of parents"]


@pytest.mark.parametrize("row", ["h", {"commit": "h"}, {"commit": None}, None])
def test_a_proposed_commit_that_is_not_there_may_be_anybodys(row: object) -> None:
    asked = request()
    asked["commits"]["nodes"] = [row]
    assert reasons(writers(commit("landed"), asked)) == ["GitHub returned no commit"]


def test_a_commit_is_of_all_proposed_ones_unless_one_surely_became_it() -> None:
    undated = commit("h", "cat")
    del undated["authoredDate"]
    found = writers(commit("landed", "ann"), request(undated, commit("i", "ben")))
    assert found.wrote("ben") is True
    assert found.wrote("cat") is True
    copied = commit("landed", "ann", authoredDate="written i")
    found = writers(copied, request(commit("h", "cat"), commit("i", "ben")))
    assert (found.wrote("ben"), found.wrote("cat")) == (True, False)


BUTTON: dict[str, Any] = {
    "messageHeadline": "Merge branch 'main' into change",
    "committer": person("web-flow"),
    "signature": SIGNED,
}


def test_a_merge_by_githubs_button_may_hold_edits() -> None:
    found = writers(commit("landed"), request(commit("h", "ben", **BUTTON)))
    assert isinstance(found.wrote("ben"), Unreadable)
    nobody = commit("h", None, **BUTTON)
    assert (
        "conflicts can be solved by hand" in reasons(writers(commit("landed"), request(nobody)))[0]
    )


@pytest.mark.parametrize(
    "by_hand",
    [
        {"messageHeadline": "Change it"},
        {"messageHeadline": None},
        {"committer": person("ben")},
        {"signature": None},
    ],
)
def test_what_no_button_made_is_its_authors(by_hand: dict[str, Any]) -> None:
    found = writers(commit("landed"), request(commit("h", "ben", **(BUTTON | by_hand))))
    assert found.wrote("ben") is True


def test_an_app_that_opened_the_request_is_nobody_who_approves() -> None:
    robot = {"__typename": "Bot", "login": "dependabot"}
    written = person(None, "dependabot[bot]")
    change = commit("h") | {"author": written, "committer": person("web-flow")}
    landed = {**change, "oid": "landed", "authors": {"nodes": [written]}}
    found = writers(landed, request(change, author=robot))
    assert (found.unread, found.known) == ([], {"web-flow"})


@pytest.mark.parametrize("author", [None, {"__typename": "Bot"}, {"__typename": "User"}])
def test_whoever_opened_the_request_must_be_known(author: object) -> None:
    found = writers(commit("landed"), request(commit("h"), author=author))
    assert reasons(found) == ["the account that opened the pull request is not known"]


@pytest.mark.parametrize(
    ("name", "signature", "is_known"),
    [
        ("renovate[bot]", SIGNED, True),
        ("renovate[bot]", None, False),
        ("eve", SIGNED, False),
        (None, SIGNED, False),
    ],
)
def test_an_address_without_account_is_an_app_only_if_github_signed_it(
    name: str | None, signature: object, is_known: bool
) -> None:
    actor = {"name": name, "user": None}
    change = commit("h") | {"author": actor, "committer": actor, "signature": signature}
    found = writers(commit("landed"), request(change))
    said = "the address of a commit's author or committer belongs to no GitHub account"
    assert set(reasons(found)) == (set() if is_known else {said})
