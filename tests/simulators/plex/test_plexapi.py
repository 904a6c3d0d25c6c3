"""The simulated Plex server against plexapi, a client that real servers satisfy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from plexapi import server as plexapi_server
from plexapi.exceptions import NotFound, Unauthorized

from simulators.launch import PlexHandle
from tests.plex_seeds import plex_item, plex_part, plex_section, plex_seed

CONNECT: Any = plexapi_server.PlexServer  # plexapi has no types
TRICKY = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ %2C"


def library() -> Any:
    episodes = [
        plex_item(
            400 + number,
            type="episode",
            show_title="Harbour",
            season=1,
            episode=number,
            media=[[plex_part(f"/tv/{number}.mkv")]],
        )
        for number in range(1, 4)
    ]
    show = plex_section(
        episodes,
        key=2,
        title="Shows",
        type="show",
        agent="tv.plex.agents.series",
        locations=["/tv"],
    )
    fresh = plex_item(300, title="Fresh", media=[[plex_part("/data/scenes/New one/f.mp4")]])
    movies = plex_section([plex_item(key) for key in range(1, 131)])
    return plex_seed(movies, show, unscanned=[fresh])


@pytest.fixture
def server(process: PlexHandle) -> Iterator[Any]:
    process.load(library())
    found = CONNECT(process.url, process.token)
    yield found
    found._session.close()


@pytest.fixture
def section(server: Any) -> Any:
    return server.library.section("Scenes")


def test_connecting(server: Any, process: PlexHandle) -> None:
    assert server.friendlyName == "Loft"
    assert server.identity().version == server.version
    assert [section.type for section in server.library.sections()] == ["movie", "show"]
    with pytest.raises(Unauthorized):
        CONNECT(process.url, "wrong")


def test_all_items_of_several_pages(section: Any) -> None:
    items = section.all()
    assert len(items) == len({item.ratingKey for item in items}) == 130
    assert section.totalSize == 130
    assert section.locations == ["/data/scenes"]
    assert items[0].locations == ["/data/scenes/Aurora/0001.mp4"]


def test_lists_are_cut_until_reloaded(section: Any) -> None:
    item = section.all(maxresults=1)[0]
    assert [genre.tag for genre in item.genres] == ["Drama", "Night"]
    assert [label.tag for label in item.labels] == ["Stash"]  # reloads by itself
    assert len(item.genres) == 3


def test_fetching_by_key(server: Any) -> None:
    assert server.fetchItem(5).title == "Title 0005"
    assert [item.ratingKey for item in server.fetchItems([7, 5, 999])] == [7, 5]
    assert len(server.fetchItems(list(range(1, 131)))) == 130
    with pytest.raises(NotFound):
        server.fetchItem(999)


def test_batch_edits(server: Any, process: PlexHandle) -> None:
    item = server.fetchItem(7)
    item.batchEdits()
    item.editTitle("X, y & z").editSummary("one\ntwo").editStudio("").addGenre(["Q, r"])
    item.addLabel("New").removeDirector("R. Vale").editUserRating(3.5)
    item.editOriginallyAvailable("2001-02-03").editTags("actor", ["Newcomer"])
    item.saveEdits()
    assert process.control("GET", "counters")["writes"] == 1
    item.reload()
    assert (item.title, item.summary, item.studio) == ("X, y & z", "one\ntwo", None)
    assert [genre.tag for genre in item.genres] == ["Drama", "Night", "Outdoor", "Q, r"]
    assert [label.tag for label in item.labels] == ["Stash", "New"]
    assert item.directors == []
    assert (item.userRating, item.year) == (3.5, 2001)
    assert item.roles[-1].tag == "Newcomer"
    assert item.isLocked("title")


def test_a_tag_of_all_punctuation(server: Any) -> None:
    item = server.fetchItem(7)
    item.addGenre(TRICKY).reload()
    assert TRICKY in [genre.tag for genre in item.genres]
    item.removeGenre([TRICKY, "Night"]).reload()
    assert [genre.tag for genre in item.genres] == ["Drama", "Outdoor"]


def test_edits_of_many_at_once(section: Any, server: Any) -> None:
    section.batchMultiEdits([server.fetchItem(1), server.fetchItem(2)])
    section.addLabel("Both").saveMultiEdits()
    assert [label.tag for label in server.fetchItem(2).labels] == ["Stash", "Both"]
    section.lockAllField("thumb")
    assert server.fetchItem(99).isLocked("thumb")


def test_scanning(section: Any, server: Any, process: PlexHandle) -> None:
    section.update("/data/scenes/New one")
    assert server.fetchItem(300).title == "Fresh"
    process.configure(scan_seconds=600.0)
    section.update()
    kinds = [activity.type for activity in server.activities]
    assert kinds == ["library.update.section", "butler"]
    assert section.reload().refreshing is True
    section.cancelUpdate()
    assert [activity.type for activity in server.activities] == ["butler"]
