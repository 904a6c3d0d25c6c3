"""The simulated Plex server against plexapi, a client that real servers satisfy."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from plexapi import server as plexapi_server
from plexapi.exceptions import NotFound, Unauthorized

from simulators.plex.process import PlexProcess
from simulators.plex.small_seeds import plex_item, plex_part, plex_section, plex_seed

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
def server(process: PlexProcess) -> Iterator[Any]:
    process.load(library())
    found = CONNECT(process.url, process.token)
    yield found
    found._session.close()


@pytest.fixture
def section(server: Any) -> Any:
    return server.library.section("Scenes")


def test_connecting(server: Any, process: PlexProcess) -> None:
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


def test_searching(section: Any) -> None:
    assert [item.title for item in section.search(title="0012")] == ["Title 0012"]
    assert len(section.search(genre="drama", maxresults=5)) == 5
    assert section.search(sort="addedAt:desc", maxresults=1)[0].ratingKey == 130
    late = {"addedAt>>": "2000-01-01", "title=": "Title 0009"}
    assert [item.ratingKey for item in section.search(filters=late)] == [9]
    both = {"or": [{"title": "0001"}, {"title": "0002"}]}
    assert [item.ratingKey for item in section.search(filters=both)] == [1, 2]
    assert section.get("Title 0003").ratingKey == 3
    assert section.recentlyAdded(maxresults=1)[0].ratingKey == 130


def test_choices(section: Any) -> None:
    assert [choice.title for choice in section.listFilterChoices("genre")] == [
        "Drama",
        "Night",
        "Outdoor",
    ]
    label = section.listFilterChoices("label")[0]
    assert len(label.items()) == 130
    assert section.listFilterChoices("studio")[0].title == "Aurora"


def test_fetching_by_key(server: Any) -> None:
    assert server.fetchItem(5).title == "Title 0005"
    assert [item.ratingKey for item in server.fetchItems([7, 5, 999])] == [7, 5]
    assert len(server.fetchItems(list(range(1, 131)))) == 130
    with pytest.raises(NotFound):
        server.fetchItem(999)


def test_batch_edits(server: Any, process: PlexProcess) -> None:
    item = server.fetchItem(7)
    item.batchEdits()
    item.editTitle("X, y & z").editSummary("one\ntwo").editStudio("").addGenre(["Q, r"])
    item.addLabel("New").removeDirector("R. Vale").editUserRating(3.5)
    item.editOriginallyAvailable("2001-02-03").editTags("actor", ["Newcomer"])
    item.saveEdits()
    assert process.sim("GET", "counters")["writes"] == 1
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


def test_collections(section: Any, server: Any) -> None:
    server.fetchItem(3).addCollection("Trains")
    [collection] = section.collections()
    assert collection.title == "Trains"
    assert [item.ratingKey for item in collection.items()] == [3]


def test_pictures(server: Any) -> None:
    item = server.fetchItem(4)
    item.uploadPoster(filepath=io.BytesIO(b"\x89PNG one"))
    posters = item.posters()
    assert [poster.selected for poster in posters] == [False, True]
    item.setPoster(posters[0])
    assert [poster.selected for poster in item.posters()] == [True, False]
    item.lockPoster().uploadArt(filepath=io.BytesIO(b"\x89PNG two"))
    assert len(item.arts()) == 2
    item.reload()
    assert item.isLocked("thumb")
    item.deletePoster().reload()
    assert item.thumb is None


def test_ratings(server: Any) -> None:
    item = server.fetchItem(4)
    assert item.rate(9).reload().userRating == 9.0
    assert item.rate().reload().userRating is None


def test_scanning(section: Any, server: Any, process: PlexProcess) -> None:
    section.update("/data/scenes/New one")
    assert section.search(title="Fresh")[0].ratingKey == 300
    process.switch(scan_seconds=600.0)
    section.update()
    kinds = [activity.type for activity in server.activities]
    assert kinds == ["library.update.section", "butler"]
    assert section.reload().refreshing is True
    section.cancelUpdate()
    assert [activity.type for activity in server.activities] == ["butler"]
    section.emptyTrash()


def test_matching(server: Any) -> None:
    item = server.fetchItem(4)
    item.unmatch()
    item.reload()
    assert item.guid == "local://4"
    item.fixMatch(auto=True)
    item.refresh()
    item.analyze()
    item.reload()
    assert item.guid.startswith("plex://movie/")


def test_shows(server: Any) -> None:
    section = server.library.section("Shows")
    [show] = section.all()
    assert [season.index for season in show.seasons()] == [1]
    assert [episode.index for episode in show.episodes()] == [1, 2, 3]
    episode = section.search(libtype="episode", sort="episode.addedAt")[0]
    assert (episode.grandparentTitle, episode.locations) == ("Harbour", ["/tv/1.mkv"])
    episode.editTitle("Pilot").addLabel("Seen").reload()
    assert episode.title == "Pilot"
    assert [label.tag for label in episode.labels] == ["Stash", "Seen"]
