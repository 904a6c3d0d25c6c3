"""Pins from end to end: set, used by reconcile and drain, ignored when the item is gone."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from app.tasks.pins import pin, unpin
from app.tasks.reconcile import reconcile_all, reconcile_recent
from app.wiring import Context
from core.errors import ConfigError, PinRefused
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site
from tests.acceptance.small_library import (
    FILMS,
    OTHER,
    SERIES,
    SmallLibrary,
    part,
    plex_item,
    restore,
)

# Scene 1 has two equal candidates (11, 12); scene 2 lies at the path of item 20, and 21 is free;
# scene 3 has nothing in Plex by its name; 40 is an episode; 50 is in a library of its own.
TWIN = ("/d/Takes/clip.mp4", 500)


def _library() -> SmallLibrary:
    made = SmallLibrary({FILMS: ["/m/films"], OTHER: ["/m/other"], SERIES: ["/m/series"]})
    made.scene(1, made.file(*TWIN))
    made.item(FILMS, 11, part("/m/films/Copies A/clip.mp4", 500))
    made.item(FILMS, 12, part("/m/films/Copies B/clip.mp4", 500))
    made.scene(2, made.file("/m/films/two.mp4", 600))
    made.item(FILMS, 20, part("/m/films/two.mp4", 600))
    made.item(FILMS, 21, part("/m/films/a two.mkv", 601))
    made.scene(3, made.file("/d/odd.mp4", 700))
    made.item(SERIES, 40, part("/m/series/A Show/s01e40.mkv", 701))
    made.item(OTHER, 50, part("/m/other/fifty.mp4", 900))
    return made


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(_library().seed())


@pytest.fixture
def site(library: Site, data: Any) -> Site:
    library.forget(data)
    restore(library)
    return library


@contextlib.contextmanager
def _context(site: Site, args: Mapping[str, object]) -> Iterator[Context]:
    with site.context() as context:
        yield replace(context, args=args)


def do_pin(site: Site, **args: object) -> dict[str, Any]:
    with _context(site, args) as context:
        return pin(context)


def do_unpin(site: Site, **args: object) -> dict[str, Any]:
    with _context(site, args) as context:
        return unpin(context)


def _title(site: Site, key: int) -> str:
    return str(site.item(str(key))["title"])


def _settled(site: Site) -> bool:
    """Once all scenes are synced, another round finds nothing to do."""
    site.reconcile()
    site.drain()
    site.reset_counters()
    found, _drained = site.reconcile(), site.drain()
    return found["total_gaps"] == 0 and site.writes() == 0


def test_one_of_the_candidates_is_chosen_by_its_number(site: Site) -> None:
    found = site.reconcile()
    (told,) = found["ambiguous"]
    assert told["scene_id"] == 1
    assert [c["rating_key"] for c in told["candidates"]] == ["11", "12"]
    site.drain()
    assert (_title(site, 11), _title(site, 12)) == ("Item 11", "Item 12")

    ended = site.run("pin", scene_id="1", candidate="2").output

    assert (ended["rating_key"], ended["library"]) == ("12", "Films")
    assert ended["path"] == "/m/films/Copies B/clip.mp4"
    assert site.queued().keys() == {1}
    assert "pin: pinned to item 12" in site.queued()[1]
    assert site.drain()["items_edited"] == 1
    assert (_title(site, 11), _title(site, 12)) == ("Item 11", "Scene 1")
    found = site.reconcile()
    assert (found["ambiguous_count"], found["ambiguous"]) == (0, [])
    assert _settled(site)


def test_a_pin_overrules_a_match_that_was_synced_already(site: Site) -> None:
    site.reconcile()
    site.drain()
    assert _title(site, 20) == "Scene 2"

    told = do_pin(site, scene_id=2, rating_key=21, section="films")

    assert (told["pinned"], told["given_up"]) == (["21"], ["20"])
    site.drain()
    assert _title(site, 21) == "Scene 2"
    record = site.record(2)
    assert record is not None
    assert [[item.ref.key for item in each] for each in (record.items, record.former)] == [
        ["21"],
        ["20"],
    ]
    assert _settled(site)


def test_a_pinned_item_goes_over_to_its_scene_with_what_is_known_of_it(site: Site) -> None:
    """Scene 3 takes the item of scene 2: our tag goes, what was there before us stays."""
    site.hand_edit("20", genre=["From before"])
    site.reconcile()
    site.drain()
    assert site.item("20")["genre"] == ["From before", "Tag 1"]
    site.edit_scene(3, tag_ids=[4])

    do_pin(site, scene_id=3, rating_key=20)
    site.drain()

    assert (_title(site, 20), site.item("20")["genre"]) == ("Scene 3", ["From before", "Tag 4"])
    assert site.recorded() == {"1:20": 3}
    found = site.reconcile()
    (loss,) = [each for each in found["contested"] if each["scene_id"] == 2]
    assert (loss["owner"], loss["rating_key"], loss["library"]) == (3, "20", "Films")
    assert loss["why"].startswith("it has a pin, this scene ")
    assert _settled(site)


def test_neither_a_queued_job_nor_a_recent_run_takes_a_pinned_item(site: Site) -> None:
    do_pin(site, scene_id=3, rating_key=20)
    site.drain()
    assert _title(site, 20) == "Scene 3"
    site.edit_scene(2, title="Mine after all")

    site.enqueue(2)
    drained = site.drain()
    assert (drained["skipped"], drained["items_edited"]) == (1, 0)

    found = site.do(reconcile_recent)
    assert found["contested_count"] == 1
    drained = site.drain()
    assert drained["items_edited"] == 0
    assert _title(site, 20) == "Scene 3"


def test_a_pin_whose_item_is_gone_is_ignored_until_it_comes_back(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    do_pin(site, scene_id=3, rating_key=50)
    site.drain()
    assert _title(site, 50) == "Scene 3"
    site.drop_item("50")

    with caplog.at_level(logging.WARNING):
        found = site.reconcile()

    (told,) = found["ignored_pins"]
    assert (told["scene_id"], told["rating_key"], told["library"]) == (3, "50", "Other Videos")
    assert "gone from Plex" in told["why"]
    assert "the pin of scene 3 to item 50 of library 'Other Videos' was ignored" in caplog.text
    caplog.clear()
    site.enqueue(3)
    with caplog.at_level(logging.WARNING):
        assert site.drain()["retried"] == 1
    assert "the pin of scene 3 to item 50" in caplog.text

    # Scanned anew: the same file under another key.
    item = plex_item(9051, part("/m/other/fifty.mp4", 900))
    site.both.plex.control("POST", "items", {"section": OTHER, "item": item})
    assert site.drain(lambda: 3e9)["items_edited"] == 1
    assert _title(site, 9051) == "Scene 3"
    assert site.reconcile()["ignored_pins"] == []
    with site.state() as state:
        ((kept,),) = state.pins.all().values()
    assert kept.ref.key == "9051"


def test_an_old_key_that_names_another_film_is_not_touched(site: Site) -> None:
    do_pin(site, scene_id=3, rating_key=50)
    site.drain()
    site.drop_item("50")
    other = plex_item(50, part("/m/other/another film.mp4", 5, 60.0))
    site.both.plex.control("POST", "items", {"section": OTHER, "item": other})
    site.edit_scene(3, title="Not for this")
    site.enqueue(3)

    assert site.drain()["items_edited"] == 0
    found = site.reconcile()

    assert [each["rating_key"] for each in found["ignored_pins"]] == ["50"]
    assert _title(site, 50) == "Item 50"


def test_a_pinned_item_may_be_renamed_in_plex(site: Site) -> None:
    do_pin(site, scene_id=3, rating_key=50)
    site.drain()
    site.drop_item("50")
    renamed = plex_item(50, part("/m/other/new name.mp4", 900))
    site.both.plex.control("POST", "items", {"section": OTHER, "item": renamed})

    assert site.reconcile()["ignored_pins"] == []
    site.drain()

    assert _title(site, 50) == "Scene 3"
    with site.state() as state:
        ((kept,),) = state.pins.all().values()
    assert [file.path for file in kept.files] == ["/m/other/new name.mp4"]


def test_a_scene_is_pinned_to_an_episode(site: Site) -> None:
    do_pin(site, scene_id=3, rating_key=40)
    site.drain()
    assert _title(site, 40) == "Scene 3"
    assert _settled(site)


def test_a_pin_in_one_library_leaves_the_others_to_evidence(site: Site) -> None:
    twin = plex_item(60, part("/x/elsewhere/two.mp4", 600))
    site.both.plex.control("POST", "items", {"section": OTHER, "item": twin})

    do_pin(site, scene_id=2, rating_key=21)
    site.drain()

    assert (_title(site, 20), _title(site, 21)) == ("Item 20", "Scene 2")
    site.reconcile()
    site.drain()
    assert _title(site, 60) == "Scene 2"
    assert _settled(site)


def test_what_is_unpinned_is_left_to_evidence_again(site: Site) -> None:
    do_pin(site, scene_id=1, rating_key=11)
    do_pin(site, scene_id=2, rating_key=21)
    site.drain()

    assert do_unpin(site, scene_id=1) == {"scene_id": 1, "unpinned": ["11"]}
    assert do_unpin(site, scene_id=2, rating_key=21)["unpinned"] == ["21"]

    found = site.reconcile()
    assert [each["scene_id"] for each in found["ambiguous"]] == [1]
    site.drain()
    assert _title(site, 20) == "Scene 2"
    assert do_unpin(site, scene_id=2)["note"] == "the scene has no such pin"
    # Nothing of it is kept once the record knows nothing of it either.
    site.reconcile()
    with site.state() as state:
        assert {pin.ref.key for pins in state.pins.all().values() for pin in pins} == {"11"}


def test_a_library_that_is_not_synced_any_more_is_told(site: Site) -> None:
    do_pin(site, scene_id=3, rating_key=50)
    site.use(plex_library="Films")

    (told,) = site.reconcile()["ignored_pins"]

    assert "not among those that are synced" in told["why"]


def test_the_pin_of_a_scene_that_is_gone_gives_way(site: Site) -> None:
    do_pin(site, scene_id=3, rating_key=20)
    site.behind("destroy_scene", scene_id=3)

    found = site.reconcile()

    assert [each["why"] for each in found["ignored_pins"]] == ["the scene is gone from Stash"]
    site.drain()
    assert _title(site, 20) == "Scene 2"
    assert do_pin(site, scene_id=1, rating_key=20)["pinned"] == ["20"]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"rating_key": 20}, "argument 'scene_id' is missing"),
        ({"scene_id": 2}, "argument 'rating_key'"),
        ({"scene_id": 999, "rating_key": 20}, "Stash has no scene 999"),
        ({"scene_id": 2, "rating_key": 999}, "Plex has no item 999, or its file is gone"),
        ({"scene_id": 2, "rating_key": 20, "section": "Other Videos"}, "in library 'Films', not"),
        ({"scene_id": 1, "candidate": 3}, "1: item 11 ('/m/films/Copies A/clip.mp4'); 2: item 12"),
        ({"scene_id": 1}, "Name one with the argument 'candidate'"),
    ],
)
def test_what_cannot_be_pinned_says_why(site: Site, args: dict[str, Any], error: str) -> None:
    site.do(reconcile_all)
    with pytest.raises(PinRefused) as refused:
        do_pin(site, **args)
    assert error in str(refused.value)
    with site.state() as state:
        assert state.pins.all() == {}


@pytest.mark.parametrize("bad", ["", "x", "-1", 0, True, "1 2"])
def test_arguments_that_are_no_numbers(site: Site, bad: object) -> None:
    with pytest.raises((ConfigError, PinRefused), match="scene_id"):
        do_pin(site, scene_id=bad, rating_key=20)


def test_an_item_is_pinned_to_one_scene_only(site: Site) -> None:
    do_pin(site, scene_id=3, rating_key=20)
    with pytest.raises(PinRefused, match="is pinned to scene 3 already; unpin that scene first"):
        do_pin(site, scene_id=1, rating_key=20)
    do_unpin(site, scene_id=3)
    assert do_pin(site, scene_id=1, rating_key=20)["pinned"] == ["20"]


def test_shows_and_other_libraries_cannot_be_pinned_to(site: Site) -> None:
    season = site.item("40")["parent"]
    with pytest.raises(PinRefused, match="has no file of its own; pin to an episode"):
        do_pin(site, scene_id=3, rating_key=season)
    site.use(plex_library="Films")
    with pytest.raises(PinRefused, match="in none of the libraries that are synced"):
        do_pin(site, scene_id=3, rating_key=50)


def test_an_error_of_pin_is_the_reply_of_the_process(site: Site) -> None:
    assert site.run("pin", scene_id="999", rating_key="20").error == "Stash has no scene 999."
    assert "scene_id" in site.run("unpin").error
