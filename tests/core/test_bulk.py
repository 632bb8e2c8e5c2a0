"""Reading in bulk: one answer for several kinds, in which what is not told is unread."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from scanner.core.permissions import required_permissions
from scanner.core.reading.inventory import inventory_types, with_every_reading, with_inventory
from scanner.core.reading.projection import Projection
from scanner.core.reading.read_plan import secret_paths
from scanner.core.reading.resources import Resource
from scanner.model.answers import State
from scanner.model.library import Library
from scanner.model.values import Unreadable
from tests.helpers.small_provider import Provider, library, read, refused

BOX = """
scope: account
list:
  per: x.shelf
  call: x:ListBoxes
  with: {shelf: parent.name}
  items: boxes
  secrets: ["boxes[].keys.master"]
id: "'box/' + it.name"
name: it.name
details:
  policy: {call: x:GetPolicy, with: {box: it.name}}
  more: {call: x:GetBox, with: {box: it.name}}
bulk:
  call: inv:List
  with: {content: "'THINGS'"}
  asks: types
  items: rows
  tells: is
  type: Box
  item: thing
  same: [more]
  quiet: ["locks[].spare", keys.old]
  details:
    policy: {call: inv:List, with: {content: "'POLICIES'"}, items: rows, item: policy, match: id}
attributes:
  open: {type: bool, api: it.open, absent: false, meaning: Whether it is open.}
  locks:
    type: list(record)
    api: it.locks
    absent: []
    meaning: Its locks.
    each:
      spare: {type: bool, api: item.spare, absent: true, meaning: Whether there is a spare key.}
      kind: {type: string, api: item.kind, absent: none, meaning: Its kind.}
  aged: {type: bool, api: it.keys.old, absent: true, meaning: Whether its keys are old.}
  heavy: {type: bool, api: "has(more.heavy) && more.heavy", meaning: Whether it is heavy.}
  shelf: {type: string, api: parent.name, absent: none, meaning: Where it stands.}
  public: {type: list(string), api: policy.members, absent: [], meaning: Who may open it.}
"""
SHELF = """
scope: account
list: {call: x:ListShelves, items: shelves}
id: "'shelf/' + it.name"
name: it.name
attributes: {}
"""
LABEL = """
scope: account
list: {per: x.box, call: x:ListLabels, with: {box: parent.name, colour: parent.colour}, items: labels}
id: it.name
name: it.name
attributes:
  text: {type: string, api: it.text, meaning: What it says.}
"""
WHOLE = {
    "open": True,
    "locks": [{"spare": False, "kind": "bolt"}],
    "keys": {"old": False},
    "heavy": True,
}


def check(of: str, condition: str) -> str:
    return f"""
resource: test.x.{of}
if_empty: not_applicable
pass_when: {json.dumps(condition)}
examples: {{pass: [{{resource: {{}}}}], fail: [{{resource: {{}}}}], unknown: [{{resource: {{}}}}]}}
"""


CONDITION = (
    "self.open && self.locks.exists(l, l.spare && l.kind != '') && self.aged && self.heavy"
    " && size(self.public) == 0 && self.shelf != ''"
)


@pytest.fixture
def found(tmp_path: Path) -> Library:
    kinds = {"x.box": BOX.replace("x.shelf", "test.x.shelf"), "x.shelf": SHELF}
    kinds["x.label"] = LABEL.replace("x.box", "test.x.box")
    return library(
        tmp_path,
        kinds,
        {"box": check("box", CONDITION), "label": check("label", "self.text != ''")},
    )


def row(name: str, thing: Any) -> dict[str, Any]:
    return {"is": "Box", "id": f"box/{name}", "thing": {"name": name, **thing}}


def asked(
    found: Library, rows: Sequence[Any], policies: Sequence[Any] = ()
) -> tuple[Projection, Provider]:
    types = inventory_types(found, found.checks.values())
    provider = Provider(
        {
            'inv:List@{"content":"THINGS","types":["Box"]}': {"rows": list(rows)},
            'inv:List@{"content":"POLICIES"}': {"rows": list(policies)},
            "x:ListLabels": {"labels": [{"name": "l", "text": "t"}]},
        }
    )
    return read(with_inventory(found, types), provider), provider


def only(projection: Projection) -> Resource:
    (box,) = projection.resources["test.x.box"]
    return box


def test_one_call_stands_for_many_and_no_parent_is_listed(found: Library) -> None:
    policies = [{"is": "Box", "id": "box/a", "policy": {"members": ["all"]}}]
    projection, provider = asked(found, [row("a", {**WHOLE, "colour": "red"})], policies)
    assert only(projection).value == {
        "id": "box/a", "name": "a", "account": "1", "region": "", "open": True, "aged": False, "heavy": True,
        "locks": [{"spare": False, "kind": "bolt"}], "public": ["all"],
        "shelf": Unreadable("an inventory does not name the parent"),
    }  # fmt: skip
    assert sorted(provider.asked) == [
        'inv:List@{"content":"POLICIES"}',
        'inv:List@{"content":"THINGS","types":["Box"]}',
        'x:ListLabels@{"box":"a","colour":"red"}',
    ]
    # Its listing, its policy and itself, each once.
    assert projection.stood_for == {"inv:List": 3}


@pytest.mark.parametrize("empty", [None, "", [], {}, "missing"])
@pytest.mark.parametrize("name", ["open", "locks", "keys", "heavy"])
def test_what_a_row_leaves_out_or_empty_is_unread(found: Library, name: str, empty: Any) -> None:
    thing = {key: value for key, value in WHOLE.items() if key != name}
    projection, _ = asked(
        found, [row("a", thing if empty == "missing" else {**thing, name: empty})]
    )
    value = only(projection).value[{"keys": "aged"}.get(name, name)]
    assert value == Unreadable(f"the inventory lacks thing.{name}")


def test_a_quiet_member_is_absent_as_in_the_listing_and_its_neighbour_is_not(
    found: Library,
) -> None:
    projection, _ = asked(
        found, [row("a", {**WHOLE, "locks": [{}, {"spare": [], "kind": "bolt"}]})]
    )
    locks = only(projection).value["locks"]
    assert [lock["spare"] for lock in locks] == [True, True]
    assert sum(isinstance(lock["kind"], Unreadable) for lock in locks) == 1


def test_a_detail_without_a_row_or_with_two_is_unread(found: Library) -> None:
    told = {"is": "Box", "id": "box/a", "policy": {"members": ["x"]}}
    for policies in (
        [],
        [told, told],
        [{**told, "is": "Lid"}],
        [{**told, "policy": None}],
        [{"is": "Box", "id": 7}],
    ):
        projection, _ = asked(found, [row("a", WHOLE)], policies)
        assert isinstance(only(projection).value["public"], Unreadable), policies


def test_what_children_read_of_a_parent_is_unread_where_it_is_not_told(found: Library) -> None:
    projection, provider = asked(found, [row("a", WHOLE)])
    (gap,) = projection.gaps["test.x.label"]
    assert "the inventory lacks thing.colour" in gap.unread.reason
    assert [call for call in provider.asked if "ListLabels" in call] == []


@pytest.mark.parametrize("stray", [7, {}, {"is": "Lid"}, {"is": None}])
def test_a_row_of_no_type_that_was_asked_for_leaves_the_listing_open(
    found: Library, stray: Any
) -> None:
    projection, _ = asked(found, [row("a", WHOLE), stray])
    assert [gap.unread.reason for gap in projection.gaps["test.x.box"]] == [
        "a row of inv:List has no is that was requested"
    ]
    assert only(projection).ref.id == "box/a"


def test_a_row_that_holds_no_resource_is_a_gap(found: Library) -> None:
    projection, _ = asked(found, [{"is": "Box", "id": "box/a"}])
    assert projection.resources["test.x.box"] == ()
    assert len(projection.gaps["test.x.box"]) == 1


@pytest.mark.parametrize("state", [State.DENIED, State.DISABLED, State.THROTTLED, State.ERROR])
def test_a_refused_call_shows_nothing_and_stands_for_nothing(found: Library, state: State) -> None:
    read_so = with_inventory(found, inventory_types(found, found.checks.values()))
    projection = read(read_so, Provider({"inv:List": refused(state)}))
    assert projection.resources["test.x.box"] == ()
    assert len(projection.gaps["test.x.box"]) == 1
    assert projection.stood_for == {}


@pytest.mark.parametrize("which", ["THINGS", "POLICIES"])
def test_a_cut_off_answer_is_open(found: Library, which: str) -> None:
    types = inventory_types(found, found.checks.values())
    whole = {"THINGS": {"rows": [row("a", WHOLE)]}, "POLICIES": {"rows": []}}
    said = {**whole, which: refused(State.PARTIAL, "Later", whole[which])}
    table = {
        'inv:List@{"content":"THINGS","types":["Box"]}': said["THINGS"],
        'inv:List@{"content":"POLICIES"}': said["POLICIES"],
    }
    projection = read(with_inventory(found, types), Provider(table))
    assert len(projection.gaps["test.x.box"]) == (which == "THINGS")
    public = only(projection).value["public"]
    assert isinstance(public, Unreadable)
    assert ("partial" in public.reason) == (which == "POLICIES")


def test_a_parent_that_was_not_listed_is_unread(found: Library) -> None:
    projection, _ = asked(found, [row("a", WHOLE)])
    assert only(projection).value["shelf"] == Unreadable("an inventory does not name the parent")


SILENT = "\n  completeness: [{call: x:Known, value: 'answer.boxes.map(b, b.id)', means: lists}]"


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"boxes": [{"id": "box/a"}]}, ""),
        ({"boxes": []}, ""),
        ({"boxes": [{"id": "box/b"}]}, "names box/b, which the listing lacks"),
        ({}, "returned no count"),
        ({"boxes": [{}]}, "returned no count"),
    ],
)
def test_a_second_source_of_what_is_read_in_bulk_must_speak(
    tmp_path: Path, known: Any, words: str
) -> None:
    kinds = {
        "x.box": BOX.replace("x.shelf", "test.x.shelf").replace("\n  asks", SILENT + "\n  asks")
    }
    kinds |= {"x.shelf": SHELF, "x.label": LABEL.replace("x.box", "test.x.box")}
    found = library(tmp_path, kinds, {"label": check("label", "self.text != ''")})
    types = inventory_types(found, found.checks.values())
    provider = Provider(
        {
            'inv:List@{"content":"THINGS","types":["Box"]}': {
                "rows": [row("a", {**WHOLE, "colour": "red"})]
            },
            "x:ListLabels": {"labels": []},
            "x:Known": known,
        }
    )
    projection = read(with_inventory(found, types), provider)
    # What leaves the parents open leaves their children open.
    for kind in ("test.x.box", "test.x.label"):
        reasons = [gap.unread.reason for gap in projection.gaps[kind]]
        assert len(reasons) == (1 if words else 0)
        assert words in "".join(reasons)


def test_permissions_secrets_and_what_is_read_follow(found: Library) -> None:
    read_so = with_inventory(found, {"Box"})
    assert set(required_permissions(read_so, found.checks.values(), lambda name: (name,))) == {
        "inv:List",
        "x:ListLabels",
    }
    assert with_inventory(found, ()) is found
    ways = with_every_reading(found)
    assert secret_paths(ways) == {
        "inv:List": ("rows[].thing.keys.master",),
        "x:ListBoxes": ("boxes[].keys.master",),
    }
