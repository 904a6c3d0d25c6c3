"""The table of synced fields: what a scene wants, when two values agree, what a digest covers."""

from __future__ import annotations

import itertools
import random
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.desired import Picture, SyncPolicy, fingerprint
from core.fields import (
    BY_NAME,
    CONTENT_RATING,
    FIELDS,
    LINE_LIMIT,
    PICTURE_FIELDS,
    SCALARS,
    TEXT_LIMIT,
    name_keys,
)
from core.library_facts import LibraryFacts
from core.models import Scene, Value
from core.settings import DEFAULTS
from core.tag_filter import TagFilter
from core.tag_placement import Placing, PlacingRules
from core.text import name_key
from tests.core.builders import ALL_FIELDS, desired, entities, file, scene

FULL = scene(
    file("/v/Night Walk.mp4"),
    title="A Title",
    details="One.\n\nTwo.",
    date="2024-05",
    rating100=73,
    director="R. Vale",
    studio="Tideline Films",
    performers=["Ana Müller", "Jan Žižka"],
    tags=["Sea", "Bread"],
)


def digest(of: Scene, enabled: frozenset[str] = ALL_FIELDS) -> str:
    return fingerprint(desired(of, enabled))


def altered(**parts: Any) -> Scene:
    said = {name: parts.pop(name) for name in FULL.said if name in parts}
    return FULL._replace(said={**FULL.said, **said}, **parts)


def test_the_table() -> None:
    assert [field.name for field in FIELDS] == list(BY_NAME)
    lists = {"performers", "tags", "director", "collection", "label"}
    assert {field.name for field in SCALARS} == BY_NAME.keys() - lists


def test_every_row_has_its_setting_and_its_name_in_plex() -> None:
    rows = [*FIELDS, *PICTURE_FIELDS]
    switched = [field for field in rows if field.has_switch]
    names = [field.name for field in switched]
    assert [DEFAULTS[f"sync_{name}"] for name in names] == [field.is_on for field in switched]
    rest = {key for key in DEFAULTS if key.startswith("sync_")} - {f"sync_{name}" for name in names}
    assert rest == {"sync_master", "sync_tagline", "sync_groups"} & rest
    assert len({field.plex for field in rows}) == len(rows)
    assert all(bool(field.element) == field.is_list for field in rows)


def test_what_a_full_scene_wants() -> None:
    assert desired(FULL, ALL_FIELDS).values == {
        "title": "A Title",
        "summary": "One.\n\nTwo.",
        "studio": "Tideline Films",
        "date": "2024-05",
        "rating": pytest.approx(7.3),
        "performers": ("Ana Müller", "Jan Žižka"),
        "tags": ("Sea", "Bread"),
        "director": ("R. Vale",),
        "collection": ("Tideline Films",),
    }
    assert desired(FULL, ALL_FIELDS).stem == "Night Walk"


def test_a_rating_is_never_more_than_plex_takes() -> None:
    rates = [desired(altered(rating100=told), ALL_FIELDS).values["rating"] for told in (100, 101)]
    assert rates == [10, 10]


def test_an_empty_scene_wants_nothing() -> None:
    wanted = desired(scene(), ALL_FIELDS)
    assert wanted.values == dict.fromkeys(ALL_FIELDS)
    assert wanted.stem == ""


def test_only_synced_fields_are_wanted() -> None:
    assert desired(FULL, frozenset({"tags"})).values == {"tags": ("Sea", "Bread")}
    assert desired(FULL, frozenset()).values == {}


@pytest.mark.parametrize("date", ["2024-13-01", "yesterday", " "])
def test_a_date_that_is_none_is_left_alone(date: str) -> None:
    wanted = desired(altered(date=date), ALL_FIELDS)
    assert wanted.values.keys() == ALL_FIELDS - {"date"}
    assert desired(altered(date=date), ALL_FIELDS - {"date"}).values.keys() == ALL_FIELDS - {"date"}


@pytest.mark.parametrize(
    ("field", "value", "normal"),
    [
        ("title", " A\u200b  Title\n", "A Title"),
        ("title", "", None),
        ("title", None, None),
        ("title", 5.0, None),
        ("title", "x" * (LINE_LIMIT + 1), "x" * LINE_LIMIT),
        ("summary", "One.\r\n\r\nTwo. \u202e", "One.\n\nTwo."),
        ("summary", "\x00", None),
        ("summary", ("no", "text"), None),
        ("summary", "x" * (TEXT_LIMIT + 1), "x" * TEXT_LIMIT),
        ("studio", " Tideline ", "Tideline"),
        ("studio", None, None),
        ("date", "2024-5-6", "2024-05-06"),
        ("date", "0000-00-00", None),
        ("date", 2024.0, None),
        ("rating", 7, 7.0),
        ("rating", 0.0, None),
        ("rating", -1.0, None),
        ("rating", "7", None),
        ("rating", float("nan"), None),
        ("tags", ("Sea", "SEA ", "", "Bread"), ("Sea", "Bread")),
        ("tags", (), None),
        ("tags", ("\u200b",), None),
        ("tags", "Sea", None),
        ("performers", None, None),
    ],
)
def test_normal_forms(field: str, value: Value, normal: Value) -> None:
    assert BY_NAME[field].normal(value) == normal


@pytest.mark.parametrize(
    ("field", "wanted", "shown", "same"),
    [
        ("title", "A Title", "A  Title\u200b", True),
        ("title", "A Title", "a title", False),
        ("title", "Café", unicodedata.normalize("NFD", "Café"), True),
        ("title", None, "", True),
        ("summary", "One.\nTwo.", "One.\r\nTwo. ", True),
        ("summary", "One.\nTwo.", "One. Two.", False),
        ("studio", "Tideline", None, False),
        ("date", "2024", "2024-07-08", True),
        ("date", "2024-05", "2024-07-08", False),
        ("date", "2024-05-06", None, False),
        ("date", None, "0000-00-00", True),
        ("rating", 7.3, 7.3000001, True),
        ("rating", 7.3, 7.4, False),
        ("rating", 7.3, None, False),
        ("rating", None, 0.0, True),
        ("tags", ("Sea", "Bread"), ("BREAD", "sea", "Sea"), True),
        ("tags", ("Sea",), ("Sea", "Bread"), False),
        ("tags", None, (), True),
        ("tags", None, ("Sea",), False),
        ("performers", ("Ana Müller",), None, False),
    ],
)
def test_agreement(field: str, wanted: Value, shown: Value, same: bool) -> None:
    assert BY_NAME[field].same(wanted, shown) is same


@pytest.mark.parametrize(
    ("field", "wanted", "sent"),
    [
        ("date", "2024", "2024-01-01"),
        ("date", "2024-05-06", "2024-05-06"),
        ("date", None, None),
        ("title", "2024", "2024"),
        ("tags", ("Sea",), ("Sea",)),
    ],
)
def test_what_an_edit_carries(field: str, wanted: Value, sent: Value) -> None:
    assert BY_NAME[field].to_send(wanted) == sent


def test_every_step_of_a_rating_is_a_difference() -> None:
    rating = BY_NAME["rating"]
    steps = [rating.want(altered(rating100=step)) for step in range(1, 101)]
    for lower, higher in itertools.pairwise(steps):
        assert not rating.same(lower, higher)
        assert rating.same(higher, higher)
    assert rating.want(altered(rating100=0)) is None


# What makes another desired state, and which field it is of.
CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("title", {"title": "Another Title"}),
    ("title", {"title": "a title"}),
    ("title", {"title": ""}),
    ("summary", {"details": "One. Two."}),
    ("summary", {"details": ""}),
    ("studio", {"studio": None}),
    ("studio", {"studio": entities("Northlight")[0]}),
    ("date", {"date": "2024-05-01"}),
    ("date", {"date": "2024"}),
    ("date", {"date": None}),
    ("date", {"date": "rubbish"}),
    ("rating", {"rating100": 74}),
    ("rating", {"rating100": None}),
    ("performers", {"performers": entities("Ana Müller")}),
    ("performers", {"performers": entities("Ana Müller", "Jan Zizka")}),
    ("performers", {"performers": ()}),
    ("tags", {"tags": entities("Sea", "Bread", "Boats")}),
    ("tags", {"tags": entities("Sea, Bread")}),
    ("tags", {"tags": ()}),
    ("director", {"director": "R Vale"}),
    ("director", {"director": ""}),
    ("collection", {"studio": None}),
    ("collection", {"studio": entities("Northlight")[0]}),
]
# One value of Stash that two fields show.
TOGETHER = {"studio": {"studio", "collection"}, "collection": {"studio", "collection"}}


@pytest.mark.parametrize(("field", "parts"), CHANGES)
def test_a_fingerprint_sees_every_change_of_a_synced_field(
    field: str, parts: dict[str, Any]
) -> None:
    assert digest(altered(**parts)) != digest(FULL)
    others = ALL_FIELDS - TOGETHER.get(field, {field})
    assert digest(altered(**parts), others) == digest(FULL, others)
    assert digest(altered(**parts), frozenset({field})) != digest(FULL, frozenset({field}))


@pytest.mark.parametrize(
    "parts",
    [
        {"tags": entities("Bread", "Sea")},
        {"tags": entities("SEA", "bread", "Sea")},
        {"performers": entities("JAN ŽIŽKA", unicodedata.normalize("NFD", "Ana Müller"))},
        {"title": " A  Title\u200b"},
        {"director": "r.  vale"},
        {"details": "One.\r\n\r\nTwo."},
        {"id": 2, "organized": True, "updated_at": 9.0},
        {"files": (file("/elsewhere/Another Name.mp4", 5),)},
        {"studio": entities("Tideline Films")[0]._replace(id=99)},
    ],
)
def test_a_fingerprint_ignores_what_plex_would_not_show(parts: dict[str, Any]) -> None:
    assert digest(altered(**parts)) == digest(FULL)


def test_the_stem_counts_only_for_an_untitled_scene_whose_title_is_synced() -> None:
    here, there = (altered(title="", files=(file(path),)) for path in ("/v/a.mp4", "/v/b.mp4"))
    assert digest(here) != digest(there)
    assert digest(here, ALL_FIELDS - {"title"}) == digest(there, ALL_FIELDS - {"title"})


def test_values_do_not_run_into_each_other() -> None:
    lists = [entities("a", "b"), entities("a,b"), entities('a","b'), entities("ab")]
    digests = {digest(altered(tags=tags)) for tags in lists}
    digests |= {digest(altered(performers=tags)) for tags in lists}
    assert len(digests) == 2 * len(lists)


def test_a_fingerprint_does_not_depend_on_the_process_or_the_version() -> None:
    """Records outlive both: a new digest for the old state would sync the whole library again."""
    fields = frozenset(["title", "summary", "studio", "date", "rating", "performers", "tags"])
    assert digest(FULL, fields) == "8e1f9b8a716917422f2fa72bcaf053e6"
    assert digest(scene(file("/v/Übung.mp4")), fields) == "c3d3dfa72892493e531a010083219e42"


@given(st.lists(st.text(min_size=1, max_size=8), max_size=8), st.randoms(use_true_random=False))
def test_order_case_and_duplicates_of_names_never_matter(
    names: list[str], rng: random.Random
) -> None:
    one = altered(tags=entities(*names), performers=entities(*names))
    shuffled = [*names, *(name_key(name) for name in names)]
    rng.shuffle(shuffled)
    other = altered(tags=entities(*shuffled), performers=entities(*shuffled))
    assert digest(one) == digest(other)


MANY = ("delta", "Alpha", "charlie", "Bravo", "échelon")


@pytest.mark.parametrize(
    ("rules", "chosen"),
    [
        (TagFilter(), MANY),
        (TagFilter(limit=5), MANY),
        (TagFilter(limit=3), ("Alpha", "Bravo", "charlie")),  # by name, whatever Stash's order
        (TagFilter(limit=0), None),
        (TagFilter(blocked=frozenset({"bravo", "échelon"})), ("delta", "Alpha", "charlie")),
        (TagFilter(frozenset({"alpha"}), 2), ("Bravo", "charlie")),  # blocked ones fill no place
        (TagFilter(frozenset({"alpha", "bravo", "charlie", "delta", "échelon"})), None),
    ],
)
def test_which_tags_are_synced(rules: TagFilter, chosen: tuple[str, ...] | None) -> None:
    for names in (MANY, tuple(reversed(MANY))):
        shown = desired(altered(tags=entities(*names)), ALL_FIELDS, rules).values["tags"]
        assert name_keys(shown) == name_keys(chosen)
    assert desired(altered(tags=()), ALL_FIELDS, rules).values["tags"] is None
    assert "tags" not in desired(FULL, ALL_FIELDS - {"tags"}, rules).values


def test_a_limit_makes_the_same_choice_whatever_the_order() -> None:
    rules = TagFilter(limit=2)
    digests = {
        fingerprint(desired(altered(tags=entities(*names)), ALL_FIELDS, rules))
        for names in itertools.permutations(MANY)
    }
    assert len(digests) == 1


def test_the_settings_wish_for_all_of_it() -> None:
    sync_policy = SyncPolicy(
        frozenset({"tags", "poster"}), TagFilter(limit=1), images=(Picture("poster", "none"),)
    )
    wanted = sync_policy.of(FULL)
    assert wanted.values == {"tags": ("Bread",)}
    assert wanted == desired(FULL, sync_policy.enabled, sync_policy.tags, sync_policy.images)
    plain = SyncPolicy(sync_policy.enabled, sync_policy.tags).of(FULL)
    fitted = SyncPolicy(sync_policy.enabled, sync_policy.tags, (Picture("poster", "crop"),)).of(
        FULL
    )
    assert len({fingerprint(wanted), fingerprint(plain), fingerprint(fitted)}) == 3


def test_whatever_is_set_of_what_plex_shows_is_part_of_digests() -> None:
    placings = [Placing(PlacingRules(least=least), LibraryFacts()) for least in (1, 2)]
    policies = [
        SyncPolicy(ALL_FIELDS),
        SyncPolicy(ALL_FIELDS - {"date"}),
        *(SyncPolicy(ALL_FIELDS, tags) for tags in (TagFilter(limit=1), TagFilter(frozenset("a")))),
        SyncPolicy(ALL_FIELDS, images=(Picture("poster"),)),
        SyncPolicy(ALL_FIELDS, organized_only=True),
        SyncPolicy(ALL_FIELDS, content_rating="X"),
        SyncPolicy(ALL_FIELDS, disambiguations={1: "a"}),
        *(SyncPolicy(ALL_FIELDS, placing=placing) for placing in placings),
        SyncPolicy(ALL_FIELDS, respect_overlays=True),
    ]
    assert len({str(policy.parts) for policy in policies}) == len(policies)


@pytest.mark.parametrize(("told", "shown"), [("", None), ("18", "18")])
def test_the_content_rating_is_that_of_the_settings(told: str, shown: str | None) -> None:
    policy = SyncPolicy(frozenset({CONTENT_RATING}), content_rating=told)
    assert policy.of(FULL).values == {CONTENT_RATING: shown}
