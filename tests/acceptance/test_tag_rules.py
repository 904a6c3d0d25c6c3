"""`tag_rules`: tags become labels and collections, and labels of others are nobody's business."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.tasks.undo import undo_last_run
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site, sync
from tests.acceptance.small_library import FILMS, SmallLibrary, part, restore
from tests.acceptance.sync_driver import SyncDriver

SOLO, PLACES, HARBOUR, PARK = 1, 2, 3, 4
NAMES = {SOLO: "solo", PLACES: "Places", HARBOUR: "Harbour, old", PARK: "Park"}
RULES = "tag Solo => label; parent Places => collection, genre"
KEYS = ("101", "102")
ALL = ("genre", "label", "collection")


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    films = SmallLibrary({FILMS: ["/films"]})
    for number, tags in ((1, [SOLO, HARBOUR]), (2, [HARBOUR, PARK])):
        film = films.file(f"/films/{number}.mp4", 1000 + number)
        films.scene(number, film, tag_ids=tags)
        films.item(FILMS, 100 + number, part(f"/films/{number}.mp4", 1000 + number))
    seed: Any = films.seed()
    seed["stash"]["tags"] = [{"id": number, "name": name} for number, name in NAMES.items()]
    return open_site(seed)


@pytest.fixture
def site(library: Site, data: Path) -> Site:
    for number in (HARBOUR, PARK):
        put_below(library, number, PLACES)
    restore(library)
    library.forget(data)
    return library


def put_below(site: Site, tag: int, *parents: int) -> None:
    mutation = "mutation($input: TagUpdateInput!) { tagUpdate(input: $input) { id } }"
    given = {"id": str(tag), "parent_ids": [str(each) for each in parents]}
    site.both.stash.graphql(mutation, {"input": given})


def shows(site: Site) -> list[dict[str, list[str]]]:
    return [{name: sorted(site.item(key)[name]) for name in ALL} for key in KEYS]


def later(site: Site, seconds: int = 5) -> None:
    """Plex's times are whole seconds: let the next edit be one that can be seen."""
    site.both.plex.configure(clock_offset=seconds)


def test_tags_go_where_the_rules_say_and_labels_of_others_stay(site: Site) -> None:
    site.hand_edit("101", label=["Mine"], lock=False)

    assert sync(site, tag_rules=RULES) == 2

    harbour, park = NAMES[HARBOUR], NAMES[PARK]
    assert shows(site) == [
        {"genre": [harbour], "label": ["Mine", "Solo"], "collection": [harbour]},
        {"genre": [harbour, park], "label": [], "collection": [harbour, park]},
    ]
    assert sync(site, tag_rules=RULES) == 0
    # One rule goes, and what came by it; all else stays.
    assert sync(site, tag_rules="parent Places => collection, label") == 2
    assert shows(site) == [
        {"genre": ["solo"], "label": [harbour, "Mine"], "collection": [harbour]},
        {"genre": [], "label": [harbour, park], "collection": [harbour, park]},
    ]
    # Without rules that make some, collections are left alone, as where they are switched off.
    assert sync(site) == 2
    assert [each["label"] for each in shows(site)] == [["Mine"], []]
    assert [each["genre"] for each in shows(site)] == [[harbour, "solo"], [harbour, park]]
    assert [each["collection"] for each in shows(site)] == [[harbour], [harbour, park]]


def test_a_label_of_another_program_is_no_drift_and_ours_comes_back(site: Site) -> None:
    sync(site, tag_rules=RULES)
    later(site)
    site.hand_edit("101", label=["Overlay", "Solo"], lock=False)
    site.hand_edit("102", label=["Overlay"], lock=False)
    site.reset_counters()
    assert site.reconcile()["total_gaps"] == 0
    assert site.writes() == 0

    later(site, 10)
    site.hand_edit("101", label=["Overlay"], lock=False)

    assert site.reconcile()["drift_count"] == 1
    assert site.drain()["items_edited"] == 1
    assert shows(site)[0]["label"] == ["Overlay", "Solo"]


def test_an_undo_takes_labels_and_collections_away_again(site: Site) -> None:
    site.hand_edit("101", label=["Mine"], lock=False)
    before = shows(site)
    sync(site, tag_rules=RULES)

    site.do(undo_last_run)

    assert shows(site) == before
    assert site.reconcile()["undone_count"] == 2


def test_without_rules_nothing_is_remembered_of_labels(site: Site) -> None:
    sync(site)
    later(site)
    site.hand_edit("101", label=["Overlay"], lock=False)

    assert site.reconcile()["total_gaps"] == 0
    record = site.record(1)
    assert record is not None
    assert "label" not in record.items[0].fields


def test_an_item_that_is_to_show_no_genre_is_not_empty_for_ever(site: Site) -> None:
    assert sync(site, tag_rules="others => label") == 2

    assert site.reconcile()["total_gaps"] == 0
    # Nor where the settings keep out all that the scenes have.
    sync(site, tag_blocklist=",".join(f'"{name}"' for name in NAMES.values()))
    assert site.reconcile()["total_gaps"] == 0


def test_what_moves_in_the_hierarchy_moves_in_plex(site: Site) -> None:
    sync(site, tag_rules=RULES)
    put_below(site, PARK)

    assert sync(site, tag_rules=RULES) == 1
    assert shows(site)[1]["collection"] == [NAMES[HARBOUR]]
    # How often a tag is used counts as well.
    assert sync(site, tag_rules="use < 2 => nothing") == 2
    assert [each["genre"] for each in shows(site)] == [[NAMES[HARBOUR]], [NAMES[HARBOUR]]]


def test_a_move_in_the_hierarchy_comes_with_its_event(site: Site) -> None:
    sync(site, tag_rules=RULES, reconcile_interval="never")
    driver = SyncDriver(site)
    put_below(site, PARK)
    driver.note(PARK, kind="tag")

    assert driver.sync()["processed"] == 1
    assert shows(site)[1]["collection"] == [NAMES[HARBOUR]]
    # Another name of the tag above is one of nobody's, but rules name it.
    mutation = 'mutation { tagUpdate(input: {id: "2", name: "Elsewhere"}) { id } }'
    site.both.stash.graphql(mutation)
    driver.note(PLACES, kind="tag")
    assert driver.sync()["processed"] == 2
    assert [each["collection"] for each in shows(site)] == [[], []]
    site.both.stash.graphql(mutation.replace("Elsewhere", NAMES[PLACES]))


def test_a_bad_rule_stops_everything_and_is_named(site: Site) -> None:
    site.use(tag_rules="tag Solo => label; tag => genre")

    ended = site.run("reconcile_all")

    assert "rule 2 (tag => genre): 'tag' needs the name of a tag" in ended.error


def test_rules_are_looked_at_before_they_are_saved(site: Site) -> None:
    site.use(collection_min_items=2)

    typed = site.run("page_rules", tag_rules=f"{RULES}; tag Park => what").output
    saved = site.run("page_rules", collection_min_items="nonsense").output

    assert (typed["genres"], typed["labels"], typed["collections"]) == (3, 1, 2)
    assert typed["collections_with_minimum"] == 1
    assert typed["examples"][0] == "tag “Harbour, old” (2 scenes): collection, genre"
    assert len(typed["problems"]) == 1
    assert typed["text"].startswith("1 rule cannot be read: rule 3 (tag Park => what):")
    assert "with a minimum of 2 items: 1" in typed["text"]
    assert (saved["genres"], saved["collections"]) == (4, 0)
    assert "'Least items of a collection': a whole number" in saved["problems"][0]


def test_a_collection_needs_its_least_number_of_scenes(site: Site) -> None:
    rules = "parent Places => collection"
    assert sync(site, tag_rules=rules, collection_min_items=2) == 2
    assert [each["collection"] for each in shows(site)] == [[NAMES[HARBOUR]], [NAMES[HARBOUR]]]

    site.edit_scene(1, tag_ids=[str(PARK)])
    sync(site, tag_rules=rules, collection_min_items=2)

    assert [each["collection"] for each in shows(site)] == [[NAMES[PARK]], [NAMES[PARK]]]


def test_studios_make_collections_by_the_same_rule(site: Site) -> None:
    made = site.both.stash.graphql('mutation { studioCreate(input: {name: "Tideline"}) { id } }')
    site.edit_scene(1, studio_id=made["studioCreate"]["id"])

    sync(site, sync_collection=True, collection_min_items=2)
    assert [each["collection"] for each in shows(site)] == [[], []]

    site.edit_scene(2, studio_id=made["studioCreate"]["id"])
    sync(site, sync_collection=True, collection_min_items=2)
    assert [each["collection"] for each in shows(site)] == [["Tideline"], ["Tideline"]]
