"""Issues of GitHub: one for each control, up to date, closed when nothing is open; no event
twice, no mark-up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.alert import Delivered, DeliveryContext, notify, notify_failure, notify_works
from scanner.channels import Message, MessageEntry, send
from scanner.channels.issues import inert, subjects
from scanner.core.drift.alert_events import AlertEvent, scan_failed
from scanner.history.outbox import Outbox
from scanner.history.stores.local import LocalStore
from scanner.model.config import AlertRule
from scanner.model.controls import Role
from tests.helpers.alert_receivers import Issues, repository
from tests.helpers.nights import HERE, Nights, library_of, night
from tests.helpers.small_library import make_check, make_control

A, B = ("a", "eu-west-1", "bucket"), ("a", "eu-west-1", "vault")
OTHER = ("b", "eu-west-1", "key")
ELSEWHERE = "aws:444455556666"
LIBRARY = library_of(
    make_control(("a", Role.EVIDENCES), name="ENC-01"),
    make_control(("b", Role.EVIDENCES), name="KEY-01"),
    checks=(make_check("a"), make_check("b")),
)


@pytest.fixture
def issues() -> Iterator[Issues]:
    with repository() as found:
        yield found


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(LocalStore(str(tmp_path / "store")))


def post(**more: Any) -> DeliveryContext:
    return DeliveryContext(environment={"TOKEN": "s3cr/et"}, sleep=lambda _: None, **more)


class World:
    """A history that grows night by night, told to a repository."""

    def __init__(self, issues: Issues, outbox: Outbox, **rule: Any) -> None:
        self.history = Nights()
        self.outbox = outbox
        self.rules = [AlertRule(**rule, to=(issues.address,))]
        self.number = 0

    def night(
        self, *verdicts: dict[tuple[str, str, str], str], target: str = HERE, **more: Any
    ) -> None:
        for found in verdicts:
            self.history.commit(night(self.number), found, target=target, **more)
            self.number += 1

    def tell(self, target: str = HERE, **more: Any) -> Delivered:
        return notify(self.history, target, LIBRARY, self.rules, self.outbox, post(**more))


@pytest.fixture
def world(issues: Issues, outbox: Outbox) -> World:
    made = World(issues, outbox)
    made.night({A: "pass", B: "pass", OTHER: "pass"})
    return made


def test_one_issue_for_each_control(world: World, issues: Issues) -> None:
    world.night({A: "fail", B: "fail", OTHER: "fail"})
    assert world.tell().sent == 3
    assert [(one["title"], one["state"]) for one in issues.issues] == [
        ("tscan: control ENC-01", "open"), ("tscan: control KEY-01", "open"),
    ]  # fmt: skip
    assert (
        {label["name"] for one in issues.issues for label in one["labels"]}
        == {"tscan"}
        == issues.labels
    )
    body = issues.issues[0]["body"]
    assert "` control ENC-01 `: 2 failing" in body
    assert "` bucket ` ` eu-west-1 ` ` aws:111122223333 `" in body
    assert "vault" in body
    assert "key" not in body
    (comment,) = issues.comments[1]
    assert comment["body"].count("**new failure**") == 2
    assert len(re.findall("[0-9a-f]{24}", comment["body"].rpartition("tscan:events")[2])) == 2
    assert issues.tokens == {"Bearer s3cr/et"}


def test_it_is_updated_and_closed_when_all_is_fixed_and_opened_again(
    world: World, issues: Issues
) -> None:
    world.night({A: "fail", B: "fail", OTHER: "pass"})
    world.tell()
    world.night({A: "pass", B: "fail", OTHER: "pass"})
    world.tell()
    (issue,) = issues.issues
    assert issue["state"] == "open"
    assert ("1 failing" in issue["body"], "bucket" in issue["body"]) == (True, False)
    world.night({A: "pass", B: "pass", OTHER: "pass"})
    world.tell()
    assert issue["state"] == "closed"
    assert "nothing is open" in issue["body"]
    assert ["**fixed**" in one["body"] for one in issues.comments[1]] == [False, True, True]
    world.night({A: "fail", B: "pass", OTHER: "pass"})
    world.tell()
    assert (len(issues.issues), issue["state"]) == (1, "open")


def test_what_is_not_seen_any_more_is_not_fixed(issues: Issues, outbox: Outbox) -> None:
    world = World(issues, outbox, events=("new failure",))
    world.night({A: "pass", B: "pass"}, {A: "fail", B: "fail"})
    world.tell()
    world.night({A: "unknown", B: "pass"})
    world.tell()
    (issue,) = issues.issues
    assert issue["state"] == "open"
    assert "1 failing before, not seen now" in issue["body"]


def test_every_target_of_the_store_counts(world: World, issues: Issues) -> None:
    world.night({A: "pass"}, {A: "fail"}, target=ELSEWHERE)
    world.night({A: "fail", B: "pass", OTHER: "pass"})
    world.tell()
    world.tell(ELSEWHERE)
    (issue,) = issues.issues
    assert "2 failing" in issue["body"]
    world.night({A: "pass", B: "pass", OTHER: "pass"})
    world.tell()
    assert issue["state"] == "open"
    assert ELSEWHERE in issue["body"]


def test_waived_closes_it_and_is_not_called_fixed(world: World, issues: Issues) -> None:
    world.night({A: "fail", B: "pass", OTHER: "pass"})
    world.tell()
    world.night({A: "waived", B: "pass", OTHER: "pass"})
    world.tell()
    assert issues.issues[0]["state"] == "closed"
    assert "**waived**" in issues.comments[1][-1]["body"]
    assert "fixed" not in issues.comments[1][-1]["body"]


def test_what_was_never_open_is_not_opened_to_be_closed(issues: Issues, outbox: Outbox) -> None:
    world = World(issues, outbox)
    world.night({A: "fail"}, {A: "pass"})
    assert world.tell().sent == 1
    assert issues.issues == []


def test_a_repeat_opens_no_second_issue_and_tells_nothing_twice(
    world: World, issues: Issues, outbox: Outbox
) -> None:
    class Killed(BaseException):
        pass

    def killed(address: str, message: Message) -> str:
        assert send(address, message) == ""
        raise Killed

    world.night({A: "fail", B: "pass", OTHER: "pass"})
    with pytest.raises(Killed):
        world.tell(send=killed)
    done = world.tell()
    assert (done.sent, done.repeated) == (1, 1)
    assert (len(issues.issues), len(issues.comments[1])) == (1, 1)
    assert "possible repeat" not in issues.comments[1][0]["body"]


@pytest.mark.parametrize(
    "broken", [("POST", "/issues"), ("POST", "/comments"), ("PATCH", "/issues/1")]
)
def test_a_failure_half_way_is_tried_again_and_tells_nothing_twice(
    world: World, issues: Issues, broken: tuple[str, str]
) -> None:
    world.night({A: "fail", B: "pass", OTHER: "fail"})
    if broken[0] == "PATCH":
        world.tell()
        world.night({A: "fail", B: "fail", OTHER: "pass"})
    left = [2]

    def sometimes(method: str, path: str) -> tuple[int, Any] | None:
        if method == broken[0] and path.endswith(broken[1]) and left[0]:
            left[0] -= 1
            return 502, {"message": "Bad gateway"}
        return None

    issues.before = sometimes
    done = world.tell()
    assert (done.failed, left) == (0, [0])
    assert len(issues.issues) == 2
    told = [
        found for rows in issues.comments.values() for one in rows for found in _ids(one["body"])
    ]
    assert len(told) == len(set(told)) == (4 if broken[0] == "PATCH" else 2)


def _ids(text: str) -> list[str]:
    return re.findall("[0-9a-f]{24}", text.rpartition("tscan:events")[2])


def test_sent_but_not_heard_of_is_found_again(world: World, issues: Issues) -> None:
    """The issue was opened, and the answer did not arrive."""
    lost = [True]

    def late(method: str, path: str) -> tuple[int, Any] | None:
        if method == "POST" and path.endswith("/issues") and lost.pop():
            lost.append(False)
            issues.open(title="t", body=subjects_of(world)[0].body, labels=["tscan"])
            return 504, b""
        return None

    world.night({A: "fail", B: "pass", OTHER: "pass"})
    issues.before = late
    assert world.tell().sent == 1
    assert len(issues.issues) == 1


def subjects_of(world: World) -> Any:
    from scanner.core.drift.alert_events import open_problems

    items = open_problems(world.history.state_before(HERE, "9999"), LIBRARY, HERE)
    return subjects(
        Message(entries=tuple(MessageEntry(item=item) for item in items), open_events=lambda: items)
    )


def test_pages_are_read_to_the_end(world: World, issues: Issues) -> None:
    for _ in range(100):
        issues.open(title="other", body="of another control", labels=["tscan"])
    world.night({A: "fail", B: "pass", OTHER: "pass"})
    issues.open(title="pull", body=subjects_of(world)[0].marker, labels=["tscan"], pull_request={})
    world.tell()
    assert len(issues.issues) == 102
    issues.comments[102] += [{"body": "me too", "user": {"login": "x"}}] * 99
    issues.comments[102].append(issues.comments[102].pop(0))
    world.night({A: "fail", B: "fail", OTHER: "pass"})
    world.tell()
    assert len(issues.issues) == 102
    assert len(issues.comments[102]) == 101


def test_marks_of_other_people_are_not_believed(world: World, issues: Issues) -> None:
    world.night({A: "fail", B: "pass", OTHER: "pass"})
    (subject,) = subjects_of(world)
    issues.open(title="mine", body=subject.marker, labels=[])  # who may not label may still write
    world.tell()
    assert len(issues.issues) == 2
    told = issues.comments[2][0]["body"]
    issues.comments[2] = [{"body": told, "user": {"login": "mallory"}}]
    world.outbox = Outbox(LocalStore(str(Path(world.outbox._store.name) / "new")))
    world.tell()
    assert [one["user"]["login"] for one in issues.comments[2]] == ["mallory", "tscan-bot"]


def test_a_person_who_closes_it_does_not_fix_it(world: World, issues: Issues) -> None:
    world.night({A: "fail", B: "pass", OTHER: "pass"})
    world.tell()
    issues.issues[0]["state"] = "closed"
    world.night({A: "fail", B: "fail", OTHER: "pass"})
    world.tell()
    assert issues.issues[0]["state"] == "open"


def test_a_failed_scan_has_an_issue_until_it_works(
    world: World, issues: Issues, outbox: Outbox
) -> None:
    failure = scan_failed("aws (audit)", "2026-01-02T02:00:00Z", "no credentials")
    more: Any = {"scope": "s"}
    notify_failure(world.history, LIBRARY, world.rules, outbox, post(), failure=failure, **more)
    (issue,) = issues.issues
    assert (issue["title"], issue["state"]) == ("tscan: scan of aws (audit)", "open")
    assert "no credentials" in issue["body"]
    world.night({A: "fail", B: "pass", OTHER: "pass"})
    world.tell()
    assert issue["state"] == "open", "that the control is told of does not make the scan work"
    notify_works(world.history, LIBRARY, world.rules, outbox, post(), scope="another")
    assert issue["state"] == "open"
    notify_works(world.history, LIBRARY, world.rules, outbox, post(), **more)
    assert issue["state"] == "closed"
    assert "**scan works again**" in issues.comments[1][-1]["body"]


def test_a_leftover_of_a_control_told_with_a_failed_scan_does_not_close_it(
    world: World, issues: Issues, outbox: Outbox
) -> None:
    world.night({A: "fail", B: "fail", OTHER: "pass"})
    issues.before = lambda *_: (500, {})
    assert world.tell().failed == 2
    issues.before = lambda *_: None
    failure = scan_failed("aws (audit)", "2026-01-02T02:00:00Z", "no credentials")
    assert (
        notify_failure(
            world.history, LIBRARY, world.rules, outbox, post(), failure=failure, scope="s"
        ).sent
        == 3
    )
    assert [(one["title"], one["state"]) for one in issues.issues] == [
        ("tscan: control ENC-01", "open"), ("tscan: scan of aws (audit)", "open"),
    ]  # fmt: skip


def test_a_waiver_has_an_issue_that_a_person_closes(issues: Issues) -> None:
    item = replace(
        scan_failed("W-1", "2026-01-02T02:00:00Z", "x"),
        event="waiver expiring",
        what="waiver expiring",
        text="ends",
    )
    address = issues.address.replace("${TOKEN}", "t")
    assert send(address, Message(entries=(MessageEntry(item=item),))) == ""
    assert (issues.issues[0]["title"], issues.issues[0]["state"]) == ("tscan: waiver W-1", "open")
    ended = replace(
        item, id="0" * 24, event="waiver expired", what="waiver expired", text="has expired"
    )
    assert send(address, Message(entries=(MessageEntry(item=ended),))) == ""
    assert len(issues.issues) == 1
    assert "waiver expired" in issues.issues[0]["body"]
    assert len(issues.comments[1]) == 2


HOSTILE = (
    "x` @octocat <img src=x onerror=alert(1)> [a](http://evil) ![i](http://evil/p.png) #1 --> "
    "<!-- tscan:events 000000000000000000000000 --> ``` \n\n# head\u202e"
)


def test_a_hostile_name_is_no_markup(issues: Issues, outbox: Outbox) -> None:
    world = World(issues, outbox)
    bad = ("a", "eu-west-1", HOSTILE)
    world.night({bad: "pass"}, {bad: "fail"})
    world.tell()
    for text in (issues.issues[0]["body"], issues.comments[1][0]["body"]):
        assert "\u202e" not in text
        bare = _outside_of_code(text)
        assert not re.search(r"[@#\[\]]|https?:|<(?!!-- tscan:)", bare), bare
        assert bare.count("<!-- tscan:") == 1


def _outside_of_code(text: str) -> str:
    """What Markdown acts on: a code span ends at the first run of as many backticks as it began
    with."""
    bare, rest = "", text
    while found := re.search("`+", rest):
        bare += rest[: found.start()]
        end = re.search(rf"(?<!`){found[0]}(?!`)", rest[found.end() :])
        assert end, "a code span does not end"
        assert "\n" not in rest[found.end() :][: end.start()]
        rest = rest[found.end() + end.end() :]
    return bare + rest


@pytest.mark.parametrize("text", ["`", "``", "a`b``c```", "plain", "\\`", "`" * 400])
def test_a_code_span_holds_any_text(text: str) -> None:
    assert _outside_of_code(f"{inert(text)} end") == " end"


@pytest.mark.parametrize("length", [1, 5000])
def test_very_many_events_fit(issues: Issues, length: int) -> None:
    one = replace(
        scan_failed("x", "2026-01-02T02:00:00Z", "y" * length),
        resource="r" * length,
        region="z" * length,
    )
    one = replace(one, target="t" * length)
    items = [
        replace(one, id=f"{number:024x}", event="new failure", check="a", controls=("C",))
        for number in range(3000)
    ]
    message = Message(
        entries=tuple(MessageEntry(item=item) for item in items), open_events=lambda: items
    )
    assert send(issues.address.replace("${TOKEN}", "t"), message) == ""
    texts = [issues.issues[0]["body"], *(comment["body"] for comment in issues.comments[1])]
    assert max(map(len, texts)) < 65_536
    assert len({found for comment in issues.comments[1] for found in _ids(comment["body"])}) == 3000
    for text in texts:
        listed = len(re.findall(r"^- (?!and )", text, re.MULTILINE))
        of = 3000 if text is texts[0] else 500
        assert f"- and {of - listed} more: see 'tscan drift'" in text


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (
            401,
            {"message": "Bad credentials: s3cr/et"},
            "GitHub answered 401: the token is not accepted",
        ),
        (
            404,
            {"message": "Not Found"},
            "GitHub answered 404: the repository does not exist, or the token may not see it",
        ),
        (
            403,
            b"<html>",
            "GitHub answered 403: the token may not do this, or its rate limit is reached",
        ),
        (418, {"message": "Bearer s3cr/et"}, "GitHub answered 418"),
        (301, {"message": "Moved"}, "GitHub answered 301: the repository was renamed"),
        (200, b"<html>portal</html>", "response from GitHub is not JSON"),
        (200, {"not": "a list"}, "unexpected response from GitHub"),
        (200, [7], "unexpected response from GitHub"),
        (200, [{"number": 1}], "unexpected response from GitHub"),
    ],
)
def test_why_it_was_not_delivered(
    world: World, issues: Issues, status: int, answer: Any, said: str
) -> None:
    world.night({A: "fail", B: "pass", OTHER: "pass"})
    issues.before = lambda method, path: (
        (status, answer) if status != 404 or method == "POST" else None
    )
    done = world.tell()
    assert done.failed == 1
    assert f"(github-issue): {said}; the next run" in done.lines[-1]
    assert "s3cr" not in "".join(done.lines)
    assert not any("stolen" in path for _, path in issues.calls), (
        "a redirect would take the token elsewhere"
    )
    issues.before = lambda *_: None
    assert world.tell().sent == 1


def test_a_label_that_was_dropped_is_said_and_leaves_nothing_open(
    world: World, issues: Issues
) -> None:
    issues.may_label = False
    world.night({A: "fail", B: "pass", OTHER: "pass"})
    assert "can open issues but not label them" in world.tell().lines[-1]
    assert {one["state"] for one in issues.issues} == {"closed"}


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("github-issue://Owner/repo", "not a repository address"),
        ("github-issue://t@Owner", "not a repository address"),
        ("github-issue://t@[Owner/repo", "not a repository address"),
        ("github-issue://t%0A@Owner/repo", "the token has an invalid character"),
        ("github-issue://t%C4%80@Owner/repo", "the token has an invalid character"),
        ("github-issue://t@Owner/repo/more", "not a repository address"),
        ("github-issue://t@Ow ner/repo", "not a repository address"),
        (
            "github-issue://t@Owner/repo?api=http://github.example.com",
            "the API address must be https",
        ),
        ("github-issue://t@Owner/repo?api=ftp://127.0.0.1", "the API address must be https"),
        ("github-issue://t@Owner/repo?api=http://127.0.0.1:9", "GitHub is unreachable (URLError)"),
    ],
)
def test_an_address_that_leads_nowhere(address: str, said: str) -> None:
    (item,) = (scan_failed("x", datetime(2026, 1, 1, tzinfo=UTC).isoformat(), "y"),)
    assert send(
        address, Message(entries=(MessageEntry(item=item),), open_events=lambda: [item])
    ).startswith(said)


def test_the_gravest_is_listed_first() -> None:
    item: AlertEvent = replace(
        scan_failed("x", "2026-01-01T00:00:00Z", "y"),
        event="new failure",
        check="a",
        severity="low",
    )
    open_problems = [*[item] * 100, replace(item, severity="critical")]
    (subject,) = subjects(
        Message(entries=(MessageEntry(item=item),), open_events=lambda: open_problems)
    )
    assert subject.body.index("` critical `") < subject.body.index("` low `")


def test_an_item_without_a_control_is_known_by_its_check() -> None:
    item: AlertEvent = replace(
        scan_failed("x", "2026-01-01T00:00:00Z", "y"), event="new failure", check="own-check"
    )
    (subject,) = subjects(Message(entries=(MessageEntry(item=item),), open_events=lambda: [item]))
    assert subject.title == "tscan: check own-check"
