"""Where tags and studios show by the rules: today's way by default, and laws of all rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.desired import SyncPolicy, fingerprint
from core.library_facts import LibraryFacts, Used
from core.models import Entity, Scene
from core.tag_filter import TagFilter
from core.tag_placement import Placing, PlacingRules
from core.tag_rules import TargetKind, Taxonomy, parse
from core.tag_rules_preview import preview_rules
from core.text import name_key
from tests.core.builders import ALL_FIELDS, FEWER, scene
from tests.core.test_tag_rules import taxonomies

ENABLED = ALL_FIELDS | {"label"}
# Places > Harbour > Pier, and Places > Park.
FACTS = LibraryFacts(
    tags={
        1: Used("Solo", 40),
        2: Used("Places", 0),
        3: Used("Harbour", 12, (2,)),
        4: Used("Pier", 3, (3,)),
        5: Used("Park", 7, (2,)),
        6: Used("Rare", 1),
    },
    studios={1: Used("Tideline Shorts", 4, (2,)), 2: Used("Tideline", 2), 3: Used("Alone", 9)},
)
NAMES = {number: used.name for number, used in FACTS.tags.items()}


def tagged(*numbers: int, studio: int | None = None) -> Scene:
    known = None if studio is None else Entity(studio, FACTS.studios[studio].name)
    return scene()._replace(tags=tuple(Entity(i, NAMES[i]) for i in numbers), studio=known)


def shown(rules: str, of: Scene, *, studios: bool = False, least: int = 1) -> Mapping[str, object]:
    """What a scene shows by some rules, without what it does not."""
    placing = Placing(PlacingRules(parse(rules), studios=studios, least=least), FACTS)
    values = SyncPolicy(ENABLED, placing=placing).of(of).values
    fields = ("tags", "label", "collection", "studio")
    return {name: values[name] for name in fields if values[name] is not None}


ALL = tagged(1, 3, 4, 5, 6, studio=1)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("", {"tags": ("Solo", "Harbour", "Pier", "Park", "Rare")}),
        ("tag solo => label", {"tags": ("Harbour", "Pier", "Park", "Rare"), "label": ("Solo",)}),
        ("tag Solo => genre Alone; others => nothing", {"tags": ("Alone",)}),
        ("use < 7 => nothing", {"tags": ("Solo", "Harbour", "Park")}),
        (
            "parent places => collection; others => nothing",
            {"collection": ("Harbour", "Pier", "Park")},
        ),
        (
            "parent Harbour => collection, genre; use < 5 => nothing",
            {"tags": ("Solo", "Harbour", "Pier", "Park"), "collection": ("Pier",)},
        ),
        (
            "parent Places, use < 5 => label Small; parent Places => nothing",
            {"tags": ("Solo", "Rare"), "label": ("Small",)},
        ),
        ("tag Pier => genre harbour", {"tags": ("Solo", "Harbour", "Park", "Rare")}),
    ],
)
def test_what_becomes_of_tags(rules: str, expected: dict[str, object]) -> None:
    assert shown(rules, ALL) == {"studio": "Tideline Shorts", **expected}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("studio => studio, collection", {"studio": "Alone", "collection": ("Alone",)}),
        ("studio => collection", {"collection": ("Alone",)}),
        ("studio => nothing", {}),
        ("parent studio => label", {"studio": "Alone", "label": ("Alone",)}),
    ],
)
def test_what_becomes_of_a_studio(rules: str, expected: dict[str, object]) -> None:
    assert shown(rules, tagged(studio=3)) == expected


def test_the_studio_above_takes_the_place_of_the_studio() -> None:
    rules = "parent studio => studio, collection"
    assert shown(rules, tagged(studio=1)) == {"studio": "Tideline", "collection": ("Tideline",)}
    assert shown(rules, tagged(studio=1), studios=True)["collection"] == (
        "Tideline",
        "Tideline Shorts",
    )


def test_small_collections_are_not_made() -> None:
    rules = "parent Places => collection"
    assert shown(rules, ALL, least=7)["collection"] == ("Harbour", "Park")
    # Two tags of one name are one collection of both.
    assert shown("use < 8 => collection Few", ALL, least=11)["collection"] == ("Few",)
    assert "collection" not in shown("use < 8 => collection Few", ALL, least=12)
    parents = "parent studio => collection"
    assert shown(parents, tagged(studio=2), least=6)["collection"] == ("Tideline",)
    assert "collection" not in shown(parents, tagged(studio=2), least=7)


def test_blocked_tags_show_nowhere_and_the_limit_is_of_genres() -> None:
    placing = Placing(PlacingRules(parse("tag Solo => label"), frozenset({"park"})), FACTS)
    policy = SyncPolicy(ENABLED, TagFilter(frozenset({"park"}), 2), placing=placing)

    values = policy.of(ALL).values

    assert values["tags"] == ("Harbour", "Pier")
    assert values["label"] == ("Solo",)


def test_effects_are_those_of_facts_alone() -> None:
    def effects(rules: str, least: int = 1) -> set[tuple[str, int]]:
        return set(Placing(PlacingRules(parse(rules), least=least), FACTS).effects())

    assert effects("tag Solo => label; others => genre") == set()
    assert effects("parent Harbour => label") == {("tag", 4)}
    assert effects("use < 2 => nothing") == {("tag", 2), ("tag", 6)}
    assert effects("parent studio => studio") == {("studio", 1)}
    assert effects("tag Solo => collection; tag Rare => collection", 2) == {("tag", 6)}


def test_a_preview_counts_and_shows_examples() -> None:
    rules = parse("tag Rare => nothing; parent Places => collection; tag Solo => label One")
    found = preview_rules(PlacingRules(rules, studios=True, least=5), FACTS, ["rule 4: no"])

    assert (found.genres, found.labels, found.collections) == (1, 1, 6)
    assert found.collections_with_minimum == 3  # Harbour, Park, Alone
    assert found.examples[:3] == (
        "tag “Solo” (40 scenes): label “One”",
        "tag “Harbour” (12 scenes): collection",
        "studio “Alone” (9 scenes): studio, collection",
    )
    assert found.problems == ("rule 4: no",)
    assert found.text == (
        "1 rule cannot be read: rule 4: no. Would create 6 collections; with a minimum of 5 items:"
        " 3. 1 label and 1 genre."
    )
    assert preview_rules(PlacingRules(rules), FACTS).collections_with_minimum == 3
    for others in (PlacingRules(studios=True), PlacingRules(blocked=frozenset({"solo"}))):
        none = preview_rules(replace(others, taxonomy=parse("tag Sollo => label")), FACTS)
        assert none.text.startswith("No rule changes what becomes of a tag or a studio.")


@pytest.mark.parametrize(("least", "counted"), [(1, 5), (4, 4), (5, 5)])
def test_a_preview_says_what_a_minimum_would_leave(least: int, counted: int) -> None:
    """Without one it proposes five scenes, and still counts all collections."""
    rules = PlacingRules(parse("parent places => collection"), studios=True, least=least)

    told = preview_rules(rules, FACTS)

    sizes = Placing(PlacingRules(rules.taxonomy, studios=True), FACTS).sizes().values()
    large = sum(size >= counted for size in sizes)
    assert 0 < large < len(sizes) == told.collections
    assert f"with a minimum of {counted} items: {large}." in told.text
    assert told.collections_with_minimum == (large if least > 1 else told.collections)


# Laws -------------------------------------------------------------------------------------

TAGS = [Entity(number, name) for number, name in NAMES.items()]
libraries = st.builds(
    lambda tags: LibraryFacts(tags=tags),
    st.dictionaries(
        st.integers(1, 6),
        st.builds(
            Used,
            st.sampled_from(["studio", "tag", "A, B", "Solo", "solo"]),
            st.integers(0, 9),
            st.lists(st.integers(1, 6), max_size=2).map(tuple),
        ),
    ),
)
scenes = st.lists(st.sampled_from(TAGS), unique=True).map(
    lambda tags: scene(studio="Alone")._replace(tags=tuple(tags))
)


@FEWER
@given(scenes, libraries, st.booleans())
def test_without_rules_all_is_as_ever(of: Scene, facts: LibraryFacts, studios: bool) -> None:
    rules = PlacingRules(studios=studios)
    assert rules.is_plain
    ours = SyncPolicy(
        ENABLED if studios else ENABLED - {"collection"}, placing=Placing(rules, facts)
    )
    plain = SyncPolicy(ALL_FIELDS if studios else ALL_FIELDS - {"collection"})
    assert fingerprint(ours.of(of)) == fingerprint(plain.of(of))
    assert Placing(rules, facts).effects() == {}


@FEWER
@given(scenes, libraries, taxonomies, st.integers(1, 9), st.data())
def test_the_order_of_tags_does_not_matter(
    of: Scene, facts: LibraryFacts, taxonomy: Taxonomy, least: int, data: st.DataObject
) -> None:
    rules = PlacingRules(taxonomy, least=least)
    shuffled = of._replace(tags=tuple(data.draw(st.permutations(of.tags))))
    one, other = (
        SyncPolicy(ENABLED, placing=Placing(rules, facts)).of(each) for each in (of, shuffled)
    )
    assert fingerprint(one) == fingerprint(other)


@FEWER
@given(libraries, taxonomies, st.integers(2, 9))
def test_a_minimum_takes_away_small_collections_and_nothing_else(
    facts: LibraryFacts, taxonomy: Taxonomy, least: int
) -> None:
    free = Placing(PlacingRules(taxonomy), facts)
    bound = Placing(PlacingRules(taxonomy, least=least), facts)
    all_names, left = free.names(), bound.names()

    assert {kind: left[kind] for kind in TargetKind if kind is not TargetKind.COLLECTION} == {
        kind: all_names[kind] for kind in TargetKind if kind is not TargetKind.COLLECTION
    }
    large = {key for key, size in free.sizes().items() if size >= least}
    assert left[TargetKind.COLLECTION].keys() == all_names[TargetKind.COLLECTION].keys() & large
    assert all(name_key(name) for name in large)


NEEDS = ("makes_collections", "is_about_studios", "needs_tags", "needs_studios", "needs_groups")


@pytest.mark.parametrize(
    ("rules", "said", "needed"),
    [
        ("", {}, set()),
        ("", {"studios": True}, {"makes_collections", "is_about_studios"}),
        ("", {"studios": True, "least": 2}, {*NEEDS} - {"needs_tags", "needs_groups"}),
        ("", {"groups": True}, {"makes_collections"}),
        ("", {"groups": True, "least": 2}, {"makes_collections", "needs_groups"}),
        ("", {"least": 2}, set()),
        ("tag a => label", {"least": 2}, set()),
        ("tag a => collection", {}, {"makes_collections"}),
        ("tag a => collection", {"least": 2}, {"makes_collections", "needs_tags"}),
        ("parent a => label", {}, {"needs_tags"}),
        ("use < 5 => label", {}, {"needs_tags"}),
        ("studio => label", {"least": 2}, {"is_about_studios"}),
        ("parent studio => label", {}, {"is_about_studios", "needs_studios"}),
    ],
)
def test_what_rules_need_to_know(rules: str, said: Mapping[str, Any], needed: set[str]) -> None:
    made = PlacingRules(parse(rules), **said)
    assert {name for name in NEEDS if getattr(made, name)} == needed
    assert made.is_plain is (rules == "" and said.keys() <= {"studios"})
