"""python-plexapi, a client in wide use, reads what our edits wrote and lists what we list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from plexapi.server import PlexServer

from core.models import Change, Section
from plex.client import PlexClient
from plex.editing import edit_params
from tests.contract.servers import Simulated, item, seed_of
from tests.pool import TOKEN, Pool

TAG = "#a, b%2Cc+d & e;f=g?h/i'j\"k\\l!m(n)*o:p@q[r]s$t^u`v{w}|x~y%"


@pytest.fixture(scope="module")
def server(pool: Pool) -> Iterator[Simulated]:
    items = [item(key) for key in range(1, 31)]
    with pool.plex(seed_of(items=items)) as simulated:
        yield simulated


@pytest.fixture
def ours(server: Simulated) -> Iterator[PlexClient]:
    client = PlexClient(server.url, TOKEN)
    yield client
    client.close()


@pytest.fixture
def theirs(server: Simulated) -> Iterator[Any]:
    connect: Any = PlexServer  # it has no types
    with requests.Session() as session:
        yield connect(server.url, TOKEN, session=session).library.sectionByID(1)


def test_plexapi_reads_what_we_wrote(ours: PlexClient, theirs: Any) -> None:
    names = ("Ana Ruiz", "Zoë", TAG)
    changes = [
        Change("title", "Item 5", "Night, Train & co"),
        Change("summary", "", "one\ntwo “three” 100% +"),
        Change("studio", "", "Quayside"),
        Change("date", "", "2025-06-14"),
        Change("rating", None, 8.0),
        Change("tags", (), names),
        Change("performers", (), names),
    ]
    ours.edit("1", 1, "5", edit_params(changes))
    video = theirs.fetchItem(5)
    assert (video.title, video.summary, video.studio) == (
        "Night, Train & co",
        "one\ntwo “three” 100% +",
        "Quayside",
    )
    assert f"{video.originallyAvailableAt:%Y-%m-%d}" == "2025-06-14"
    assert video.userRating == 8.0
    assert {genre.tag for genre in video.genres} == set(names)
    assert {role.tag for role in video.roles} == set(names)
    assert {field.name for field in video.fields} == {
        "title",
        "summary",
        "studio",
        "originallyAvailableAt",
        "userRating",
        "genre",
        "actor",
    }


def test_we_undo_what_plexapi_wrote(ours: PlexClient, theirs: Any) -> None:
    """Its way to encode removals is proven on real servers; ours has the same effect."""
    video = theirs.fetchItem(6)
    video.editTitle("By plexapi").addGenre([TAG, "Keep, me"]).addLabel("Label")
    read = ours.full_items(["6"])["6"]
    assert read.values["title"] == "By plexapi"
    tags = read.values["tags"]
    assert isinstance(tags, tuple)
    assert set(tags) == {TAG, "Keep, me"}
    assert read.values["label"] == ("Label",)
    assert read.locked == {"title", "tags", "label"}
    ours.edit("1", 1, "6", edit_params([Change("tags", tags, ("Keep, me",))]))
    assert [genre.tag for genre in theirs.fetchItem(6).genres] == ["Keep, me"]


def test_both_list_the_same(ours: PlexClient, theirs: Any) -> None:
    section: Section = ours.sections()[0]
    listed = {
        one.ref.key: [file.path for file in one.files]
        for page in ours.list_pages(section, page_size=7)
        for one in page.items
    }
    assert listed == {str(video.ratingKey): video.locations for video in theirs.all()}
