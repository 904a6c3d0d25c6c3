"""`content_rating`: one value for all items, a field like any other: drift, undo, hand edits."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.tasks.undo import undo_last_run
from tests.acceptance.conftest import Open
from tests.acceptance.site import Site, sync
from tests.acceptance.small_library import FILMS, SmallLibrary, part, restore

KEYS = ("101", "102")


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    films = SmallLibrary({FILMS: ["/films"]})
    for number in (1, 2):
        films.scene(number, films.file(f"/films/{number}.mp4", 1000 + number))
        films.item(FILMS, 100 + number, part(f"/films/{number}.mp4", 1000 + number))
    return open_site(films.seed())


@pytest.fixture
def site(library: Site, data: Path) -> Site:
    restore(library)
    library.forget(data)
    sync(library)
    return library


def rated(site: Site) -> list[str | None]:
    return [site.item(key).get("contentRating") for key in KEYS]


def test_it_comes_to_all_items_is_locked_and_goes_nowhere_by_itself(site: Site) -> None:
    site.hand_edit("101", contentRating="PG")

    assert sync(site, content_rating="XXX") == 2
    assert rated(site) == ["XXX", "XXX"]
    assert all("contentRating" in site.item(key)["locked"] for key in KEYS)
    site.reset_counters()
    assert sync(site, content_rating="XXX") == 0
    # Another one is another wish; none leaves it as it is.
    assert sync(site, content_rating="18") == 2
    assert rated(site) == ["18", "18"]
    assert sync(site) == 0
    assert rated(site) == ["18", "18"]


def test_what_is_changed_in_plex_is_drift_or_stays(site: Site) -> None:
    sync(site, content_rating="XXX")
    site.both.plex.configure(clock_offset=5)  # Plex's times are whole seconds
    site.hand_edit("101", contentRating="R")

    assert sync(site, content_rating="XXX") == 1
    assert rated(site) == ["XXX", "XXX"]
    site.both.plex.configure(clock_offset=10)
    site.hand_edit("101", contentRating="R")
    assert sync(site, content_rating="XXX", preserve_plex_edits=True) == 0
    assert rated(site) == ["R", "XXX"]


def test_an_undo_brings_back_what_was_there(site: Site) -> None:
    site.hand_edit("101", contentRating="PG", lock=False)
    sync(site, content_rating="XXX")

    site.do(undo_last_run)

    assert rated(site) == ["PG", None]
    assert not any("contentRating" in site.item(key)["locked"] for key in KEYS)
    assert sync(site, content_rating="XXX") == 0
