"""The 61 criteria of SOC 2: all there, in our own words, each with a control that can carry it."""

from __future__ import annotations

from scanner.model.library import Library

SIZES = {
    "Security": {
        "CC1": 5,
        "CC2": 3,
        "CC3": 4,
        "CC4": 2,
        "CC5": 3,
        "CC6": 8,
        "CC7": 5,
        "CC8": 1,
        "CC9": 2,
    },
    "Availability": {"A1": 3},
    "Confidentiality": {"C1": 2},
    "Processing Integrity": {"PI1": 5},
    "Privacy": {"P1": 1, "P2": 1, "P3": 2, "P4": 3, "P5": 2, "P6": 7, "P7": 1, "P8": 1},
}
"""How many criteria each series of the 2017 Trust Services Criteria has."""

MANUAL = {"CC1", "CC9", "P1", "P2", "P3", "P5", "P6", "P7", "P8"}
"""Series about people, places and promises, of which no cloud setting speaks."""


def test_all_61_criteria_are_there_with_their_category(library: Library) -> None:
    expected = {
        f"{series}.{number}": category
        for category, sizes in SIZES.items()
        for series, size in sizes.items()
        for number in range(1, size + 1)
    }
    criteria = library.frameworks["soc2-2017"].criteria
    assert {criterion.id: criterion.category for criterion in criteria} == expected
    assert len(criteria) == 61


def test_every_criterion_has_a_primary_control(library: Library) -> None:
    for criterion in library.frameworks["soc2-2017"].criteria:
        assert any(link.primary for link in criterion.controls), criterion.id


def test_every_control_carries_a_criterion(library: Library) -> None:
    carrying = {
        link.control
        for criterion in library.frameworks["soc2-2017"].criteria
        for link in criterion.controls
        if link.primary
    }
    assert set(library.controls) == carrying


def test_manual_controls_serve_the_criteria_of_a_control_that_asks_for_them(
    library: Library,
) -> None:
    criteria = library.frameworks["soc2-2017"].criteria
    for identity, manual in library.manual.items():
        asking = {control.id for control in library.controls.values() if identity in control.manual}
        served = {
            criterion.id
            for criterion in criteria
            if asking & {link.control for link in criterion.controls}
        }
        assert set(manual.criteria) <= served, identity


def test_criteria_of_people_and_places_claim_no_cloud_evidence(library: Library) -> None:
    for criterion in library.frameworks["soc2-2017"].criteria:
        assert criterion.evidence in ("automated", "partly", "manual")
        if criterion.id.partition(".")[0] in MANUAL:
            assert criterion.evidence == "manual", criterion.id


def test_titles_are_our_own_short_and_differ(library: Library) -> None:
    """Every criterion of the published text is a long sentence about "the entity", or one of two
    that name the board or management; ours are headings that fit the first screen."""
    openings = ("the entity", "the board of directors", "management establishes", "coso principle")
    criteria = library.frameworks["soc2-2017"].criteria
    for criterion in criteria:
        title = criterion.title.lower()
        assert len(title) <= 40, criterion.id
        assert not title.startswith(openings), criterion.id
        assert "the entity" not in title, criterion.id
    assert len({criterion.title for criterion in criteria}) == len(criteria)
