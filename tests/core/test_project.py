"""Reading kinds: what is asked, what becomes a resource, and what becomes a gap."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scanner.core.reading.projection import Estate, Projection, project
from scanner.model.answers import Call, State
from scanner.model.values import ABSENT, OpenList, Unreadable
from tests.helpers.small_provider import STARTED, Provider, library, read, refused

DOOR = """
scope: region
list: {call: x:ListDoors, items: Doors}
id: it.Id
name: it.Id
details:
  lock: {call: x:GetLock, with: {Id: it.Id}, absent_on: [NoLock], gone_on: [NoDoor]}
  hinge: {call: x:GetHinge, with: {Id: it.Id}, when: it.Kind == 'swing'}
attributes:
  locked: {meaning: ., type: bool, api: lock.Locked, absent: false}
  strength: {meaning: ., type: int, api: lock.Strength}
  oiled: {meaning: ., type: bool?, api: hinge.Oiled}
  kind: {meaning: ., type: string, api: it.Kind}
  words: {meaning: ., type: list(string), api: lock.Words, absent: []}
"""


def check(condition: str, kind: str = "x.door", if_empty: str = "not_applicable") -> str:
    """A check whose examples are not looked at here."""
    return f"""
resource: test.{kind}
if_empty: {if_empty}
pass_when: {json.dumps(condition)}
examples: {{pass: [{{resource: {{}}}}], fail: [{{resource: {{}}}}], unknown: [{{resource: {{}}}}]}}
"""


def doors(tmp_path: Path, condition: str, **table: Any) -> tuple[Projection, Provider]:
    provider = Provider(
        {
            "x:ListDoors@south": {"Doors": []},
            **{key.replace("__", ":"): v for key, v in table.items()},
        }
    )
    provider.table |= {
        "x:ListDoors@north": {"Doors": [{"Id": "a", "Kind": "swing"}]}
    } | provider.table  # type: ignore[operator]
    return read(library(tmp_path, {"x.door": DOOR}, {"one": check(condition)}), provider), provider


def value(projection: Projection, name: str, kind: str = "test.x.door") -> Any:
    (resource,) = projection.resources[kind]
    return resource.value[name]


def test_only_what_a_check_reads_is_asked(tmp_path: Path) -> None:
    _, provider = doors(tmp_path, "self.kind == 'swing'")
    assert {key.partition("@")[0] for key in provider.asked} == {"x:ListDoors"}
    _, provider = doors(tmp_path / "more", "self.locked", x__GetLock={"Locked": True})
    assert {key.partition("@")[0] for key in provider.asked} == {"x:ListDoors", "x:GetLock"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"Locked": True}, True),
        (refused(State.ABSENT, "NoLock"), False),
        (refused(State.ERROR, "NoLock"), False),
    ],
)
def test_what_an_absence_means_is_declared(tmp_path: Path, answer: Any, expected: bool) -> None:
    projection, _ = doors(tmp_path, "self.locked", x__GetLock=answer)
    assert value(projection, "locked") is expected


@pytest.mark.parametrize(
    "answer",
    [
        refused(),
        refused(State.THROTTLED, "Throttling"),
        refused(State.ERROR, "InternalError"),
        refused(State.DISABLED, "OptInRequired"),
        {"Locked": "yes"},
        {"Locked": 1},
        {"Locked": {"$redacted": "declared secret"}},
        "not an object",
        {},  # the code would have said that there is no lock
        {"Locked": None},
    ],
)
def test_whatever_else_comes_back_is_unread(tmp_path: Path, answer: Any) -> None:
    projection, _ = doors(tmp_path, "self.locked", x__GetLock=answer)
    assert isinstance(value(projection, "locked"), Unreadable)


def test_an_undeclared_absence_is_unread(tmp_path: Path) -> None:
    projection, _ = doors(tmp_path, "self.strength > 3", x__GetLock={})
    assert isinstance(value(projection, "strength"), Unreadable)


def test_a_call_that_does_not_apply_is_not_made(tmp_path: Path) -> None:
    sliding = {"Doors": [{"Id": "a", "Kind": "slide"}]}
    provider = Provider({"x:ListDoors@north": sliding, "x:ListDoors@south": {"Doors": []}})
    found = library(tmp_path, {"x.door": DOOR}, {"one": check("!has(self.oiled) || self.oiled")})
    assert value(read(found, provider), "oiled") is ABSENT


def test_a_condition_on_a_call_that_was_not_read_leaves_the_detail_unread(tmp_path: Path) -> None:
    provider = Provider(
        {"x:ListDoors@north": {"Doors": [{"Id": "a"}]}, "x:ListDoors@south": {"Doors": []}}
    )
    found = library(tmp_path, {"x.door": DOOR}, {"one": check("!has(self.oiled) || self.oiled")})
    assert isinstance(value(read(found, provider), "oiled"), Unreadable)


def test_a_refused_listing_is_one_gap_in_its_region(tmp_path: Path) -> None:
    projection, _ = doors(tmp_path, "self.kind == 'swing'", **{"x__ListDoors@south": refused()})
    (gap,) = projection.gaps["test.x.door"]
    assert (gap.ref.id, gap.ref.region) == ("*", "south")
    assert "x:ListDoors denied" in gap.unread.reason


def test_a_listing_that_was_cut_off_keeps_its_items_and_leaves_a_gap(tmp_path: Path) -> None:
    cut = refused(State.PARTIAL, "Throttling", {"Doors": [{"Id": "b", "Kind": "slide"}]})
    projection, _ = doors(tmp_path, "self.kind == 'swing'", **{"x__ListDoors@south": cut})
    assert {resource.ref.id for resource in projection.resources["test.x.door"]} == {"a", "b"}
    assert len(projection.gaps["test.x.door"]) == 1


def test_regions_that_are_not_known_are_a_gap(tmp_path: Path) -> None:
    provider = Provider(
        {"x:ListDoors": {"Doors": []}}, regions=("north",), regions_open="x:Regions denied"
    )
    found = library(tmp_path, {"x.door": DOOR}, {"one": check("self.kind == 'swing'")})
    (gap,) = read(found, provider).gaps["test.x.door"]
    assert gap.ref.region == "*"


class TestGone:
    """A resource that was listed, and is gone when its detail is asked."""

    def found(self, tmp_path: Path, again: Any) -> Projection:
        key = Call(operation="x:ListDoors", region="north", attempt=1).key
        projection, _ = doors(
            tmp_path, "self.locked", x__GetLock=refused(State.ERROR, "NoDoor"), **{key: again}
        )
        return projection

    def test_is_dropped_when_a_second_listing_lacks_it(self, tmp_path: Path) -> None:
        projection = self.found(tmp_path, {"Doors": []})
        assert projection.resources["test.x.door"] == ()
        assert projection.dropped == {"test.x.door": 1}
        assert len(projection.known_absent) == 1

    def test_is_unread_when_it_is_still_listed(self, tmp_path: Path) -> None:
        projection = self.found(tmp_path, {"Doors": [{"Id": "a", "Kind": "swing"}]})
        assert isinstance(value(projection, "locked"), Unreadable)

    def test_is_unread_when_the_second_listing_is_refused(self, tmp_path: Path) -> None:
        assert isinstance(value(self.found(tmp_path, refused()), "locked"), Unreadable)


def test_an_item_without_an_id_is_a_gap(tmp_path: Path) -> None:
    projection, _ = doors(
        tmp_path, "self.kind == 'swing'", **{"x__ListDoors@south": {"Doors": [{"Kind": "slide"}]}}
    )
    assert len(projection.resources["test.x.door"]) == 1
    assert len(projection.gaps["test.x.door"]) == 1


def test_the_same_thing_listed_twice_is_merged_when_equal(tmp_path: Path) -> None:
    same = {"Doors": [{"Id": "a", "Kind": "swing"}]}
    projection, _ = doors(tmp_path, "self.kind == 'swing'", **{"x__ListDoors@south": same})
    assert value(projection, "kind") == "swing"


def test_and_unread_where_the_listings_disagree(tmp_path: Path) -> None:
    other = {"Doors": [{"Id": "a", "Kind": "slide"}]}
    projection, _ = doors(tmp_path, "self.kind == 'swing'", **{"x__ListDoors@south": other})
    assert isinstance(value(projection, "kind"), Unreadable)


def test_a_call_that_the_snapshot_lacks_is_unread_and_named(tmp_path: Path) -> None:
    found = library(tmp_path, {"x.door": DOOR}, {"one": check("self.locked")})
    provider = Provider({"x:ListDoors": {"Doors": [{"Id": "a", "Kind": "swing"}]}})
    call = Call(operation="x:ListDoors", region="north", items=("Doors",))
    estate = Estate(
        target="test:1",
        account="1",
        partition="test",
        regions=("north",),
        regions_open="",
        params={},
        started=STARTED,
    )
    projection = project(
        {call.key: provider.request(call)}, found, found.checks.values(), {}.__getitem__, estate
    )
    assert value(projection, "locked") == Unreadable(
        "x:GetLock was not called", gaps=frozenset(("x:GetLock@north",))
    )
    assert [call.operation for call in projection.unanswered] == ["x:GetLock"]


BATCHED = """
scope: account
list: {call: x:ListLamps, items: Lamps}
id: it
name: it
details:
  state: {call: x:GetStates, batch: {member: Ids, size: 2, key: it, items: States, match: Id}}
attributes:
  lit: {meaning: ., type: bool, api: state.Lit, absent: false}
"""


class TestBatch:
    """One call for several items."""

    def lamps(
        self, tmp_path: Path, kind: str = BATCHED, **table: Any
    ) -> tuple[Projection, Provider]:
        provider = Provider({"x:ListLamps": {"Lamps": ["c", "a", "b"]}, **table})
        return read(
            library(tmp_path, {"x.lamp": kind}, {"one": check("self.lit", "x.lamp")}), provider
        ), provider

    def test_rows_go_to_their_items_and_a_missing_row_is_unread(self, tmp_path: Path) -> None:
        projection, provider = self.lamps(
            tmp_path, **{"x:GetStates": {"States": [{"Id": "a", "Lit": True}]}}
        )
        lit = {
            resource.ref.id: resource.value["lit"]
            for resource in projection.resources["test.x.lamp"]
        }
        unread = Unreadable("x:GetStates returned no row of it", gaps=frozenset(("x:GetStates@",)))
        assert lit == {"a": True, "b": unread, "c": unread}
        assert sum(key.startswith("x:GetStates") for key in provider.asked) == 2

    def test_a_missing_row_is_absent_where_that_is_knowledge(self, tmp_path: Path) -> None:
        kind = BATCHED.replace("match: Id", "match: Id, lacking_is: absent")
        projection, _ = self.lamps(
            tmp_path, kind, **{"x:GetStates": {"States": [{"Id": "a", "Lit": True}]}}
        )
        lit = {
            resource.ref.id: resource.value["lit"]
            for resource in projection.resources["test.x.lamp"]
        }
        assert lit == {"a": True, "b": False, "c": False}

    def test_a_refused_batch_is_unread_for_its_items_only(self, tmp_path: Path) -> None:
        key = Call(operation="x:GetStates", region="", params={"Ids": ["c"]}).key
        kind = BATCHED.replace("match: Id", "match: Id, lacking_is: absent")
        projection, _ = self.lamps(
            tmp_path, kind, **{"x:GetStates": {"States": []}, key: refused()}
        )
        lit = {
            resource.ref.id: resource.value["lit"]
            for resource in projection.resources["test.x.lamp"]
        }
        assert lit["a"] is False
        assert isinstance(lit["c"], Unreadable)


CHILD = """
scope: region
list: {per: test.x.door, call: x:ListKeys, with: {Door: parent.Id}, items: Keys}
id: parent.Id + '/' + it.Id
name: it.Id
attributes:
  cut: {meaning: ., type: bool, api: it.Cut, absent: false}
"""


def test_children_are_listed_for_each_parent(tmp_path: Path) -> None:
    found = library(tmp_path, {"x.door": DOOR, "x.key": CHILD}, {"one": check("self.cut", "x.key")})
    provider = Provider(
        {
            "x:ListDoors@north": {"Doors": [{"Id": "a"}, {"Id": "b"}]},
            "x:ListDoors@south": refused(),
            "x:ListKeys": {"Keys": [{"Id": "1", "Cut": True}]},
        }
    )
    projection = read(found, provider)
    assert [resource.ref.id for resource in projection.resources["test.x.key"]] == ["a/1", "b/1"]
    assert [gap.ref.region for gap in projection.gaps["test.x.key"]] == ["south"]


PLACED = """
scope: account
list: {call: x:ListShops, items: Shops}
at: where.Region
id: it
name: it
details:
  where: {call: x:GetPlace, with: {Id: it}, at: "''"}
attributes:
  title: {meaning: ., type: string, api: it}
"""
TOWN = """
scope: region
id: region
name: region
attributes:
  title: {meaning: ., type: string, api: region}
relations:
  shops: {meaning: ., many: test.x.shop, on: {region: region}}
"""


def test_a_resource_whose_region_is_unread_may_be_in_any(tmp_path: Path) -> None:
    found = library(
        tmp_path,
        {"x.shop": PLACED, "x.town": TOWN},
        {"one": check("self.shops.exists(s, s.title == 'a')", "x.town")},
    )
    table = {"x:ListShops": {"Shops": ["a"]}, "x:GetPlace": {"Region": "north"}}
    towns = {
        resource.ref.id: resource.value["shops"]
        for resource in read(found, Provider(table)).resources["test.x.town"]
    }
    assert [len(towns["north"]), towns["south"]] == [1, []]
    projection = read(found, Provider({**table, "x:GetPlace": refused()}))
    assert all(
        isinstance(resource.value["shops"], OpenList)
        for resource in projection.resources["test.x.town"]
    )


BELL = """
scope: region
list: {call: x:ListBells, items: Bells}
id: it.Id
name: it.Id
attributes:
  door: {meaning: ., type: string, api: it.Door}
  rings: {meaning: ., type: bool, api: it.Rings, absent: false}
"""
HOUSE = """
scope: account
id: "'house'"
name: "'house'"
attributes:
  doors: {meaning: ., type: list(string), api: "['a']"}
relations:
  bells: {meaning: ., many: test.x.bell, on: {door: self.doors}, home: {account: "key.split(':')[1]"}}
  bell: {meaning: ., maybe_one: test.x.bell, on: {door: "'a'"}}
  northern: {meaning: ., many: test.x.bell, on: {door: self.doors, region: "'north'"}}
"""


class TestRelations:
    """No match is knowledge only where everything that could match was read."""

    def house(self, tmp_path: Path, condition: str, house: str = HOUSE, **table: Any) -> Any:
        found = library(
            tmp_path, {"x.bell": BELL, "x.house": house}, {"one": check(condition, "x.house")}
        )
        provider = Provider(
            {
                "x:ListBells": {"Bells": []},
                **{key.replace("__", ":"): v for key, v in table.items()},
            }
        )
        (resource,) = read(found, provider).resources["test.x.house"]
        return resource.value

    MANY = "self.bells.exists(b, b.rings)"

    def test_matches(self, tmp_path: Path) -> None:
        bells = {"Bells": [{"Id": "1", "Door": "a", "Rings": True}, {"Id": "2", "Door": "z"}]}
        house = self.house(tmp_path, self.MANY, **{"x__ListBells@north": bells})
        assert [bell["id"] for bell in house["bells"]] == ["1"]
        assert type(house["bells"]) is list

    def test_a_refused_region_leaves_the_list_open(self, tmp_path: Path) -> None:
        house = self.house(tmp_path, self.MANY, **{"x__ListBells@south": refused()})
        assert isinstance(house["bells"], OpenList)

    def test_but_not_where_the_key_names_another_region(self, tmp_path: Path) -> None:
        condition = "self.northern.exists(b, b.rings)"
        house = self.house(tmp_path, condition, **{"x__ListBells@south": refused()})
        assert type(house["northern"]) is list
        house = self.house(tmp_path / "2", condition, **{"x__ListBells@north": refused()})
        assert isinstance(house["northern"], OpenList)

    def test_an_unread_key_on_their_side_leaves_the_list_open(self, tmp_path: Path) -> None:
        house = self.house(tmp_path, self.MANY, **{"x__ListBells@north": {"Bells": [{"Id": "1"}]}})
        assert isinstance(house["bells"], OpenList)

    def test_a_key_of_another_account_is_not_absent(self, tmp_path: Path) -> None:
        house = self.house(tmp_path, self.MANY, HOUSE.replace("['a']", "['other:2']"))
        assert isinstance(house["bells"], OpenList)
        house = self.house(tmp_path / "2", self.MANY, HOUSE.replace("['a']", "['mine:1']"))
        assert type(house["bells"]) is list

    def test_maybe_one(self, tmp_path: Path) -> None:
        condition = "has(self.bell) && self.bell.rings"
        assert self.house(tmp_path, condition)["bell"] is ABSENT
        one = {"Bells": [{"Id": "1", "Door": "a"}]}
        two = {"Bells": [{"Id": "2", "Door": "a"}]}
        assert (
            self.house(tmp_path / "2", condition, **{"x__ListBells@north": one})["bell"]["id"]
            == "1"
        )
        both = {"x__ListBells@north": one, "x__ListBells@south": two}
        assert isinstance(self.house(tmp_path / "3", condition, **both)["bell"], Unreadable)
        house = self.house(tmp_path / "4", condition, **{"x__ListBells@north": refused()})
        assert isinstance(house["bell"], Unreadable)

    def test_one_without_a_match_is_unread(self, tmp_path: Path) -> None:
        house = self.house(tmp_path, "self.bell.rings", HOUSE.replace("maybe_one:", "one:"))
        assert isinstance(house["bell"], Unreadable)
