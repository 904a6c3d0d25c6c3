"""Pictures of items, on the simulated Plex server and on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from core.images import Entry, ImageFailed, ImageKind, digest, on_offer, selected
from plex.client import PlexClient
from plex.editing import lock_params
from plex.exceptions import PlexRejected, PlexServerDown, PlexUnauthorized
from plex.images import PlexImages, upload_name
from simulators.launch import PlexHandle
from simulators.stash.sample_pictures import picture
from tests.contract.scripted import Asked, Reply, Scripted, as_html, as_json, refused_url
from tests.plex.wire import SECTIONS, TOKEN, TRIES, client_at, client_of
from tests.plex_seeds import plex_item, plex_section, plex_seed

POSTER, ART = ImageKind.POSTER, ImageKind.ART
FIRST, SECOND = picture("first"), picture("png:second")
EMPTY = as_json({"MediaContainer": {"size": 0}})
BUSY = as_html(503, "Service Unavailable")


@pytest.fixture
def client(process: PlexHandle) -> Iterator[PlexClient]:
    process.load(plex_seed(plex_section([plex_item(1), plex_item(2)])))
    with client_at(process.url, process.token) as made:
        yield made


@contextmanager
def wire(
    *replies: Reply, by: Callable[[Asked], Reply] | None = None
) -> Iterator[tuple[PlexImages, Scripted]]:
    with client_of(*replies, by=by) as (client, server):
        yield PlexImages(client), server


@pytest.mark.parametrize("kind", ImageKind)
def test_upload_select_and_unset(client: PlexClient, process: PlexHandle, kind: ImageKind) -> None:
    images = PlexImages(client)
    own = images.entries("1", kind)
    assert [entry.selected for entry in own] == [True]
    assert own[0].rating_key.startswith("media://")

    images.upload("1", kind, FIRST)
    there = on_offer(images.entries("1", kind), digest(FIRST))
    assert there is not None
    assert there.selected
    images.upload("1", kind, SECOND)
    images.upload("1", kind, FIRST)
    offered = images.entries("1", kind)
    assert len(offered) == 3

    there = on_offer(offered, digest(SECOND))
    assert there is not None
    assert not there.selected
    images.select("1", kind, there.rating_key)
    assert selected(images.entries("1", kind)) == there.rating_key
    images.select("1", kind, own[0].rating_key)
    assert selected(images.entries("1", kind)) == own[0].rating_key
    images.unset("1", kind)
    assert selected(images.entries("1", kind)) is None

    other = ART if kind is POSTER else POSTER
    assert len(images.entries("1", other)) == 1
    assert len(images.entries("2", kind)) == 1
    assert process.counters()["writes"] == 6


def test_the_predicted_name_ends_as_the_true_one(client: PlexClient) -> None:
    images = PlexImages(client)
    for kind in ImageKind:
        images.upload("1", kind, FIRST)
        name = selected(images.entries("1", kind))
        assert name is not None
        assert name.rpartition("/")[2] == upload_name(kind, digest(FIRST)).rpartition("/")[2]


def test_locks(client: PlexClient, process: PlexHandle) -> None:
    images = PlexImages(client)
    before = client.full_items(["1"])["1"].locked
    images.lock(client.full_items(["1"])["1"], [POSTER, ART])
    locked = client.full_items(["1"])["1"]
    assert locked.locked - before == {"poster", "background"}
    assert process.counters()["writes"] == 1
    client.edit("1", locked.item_type, "1", lock_params({"background": False}))
    assert client.full_items(["1"])["1"].locked - before == {"poster"}


@pytest.mark.parametrize("key", ["1,2", "", "1/children", "../sections", "1?x=1"])
def test_only_ever_one_item(key: str) -> None:
    with wire(EMPTY) as (images, server):
        for call in (
            lambda: images.entries(key, POSTER),
            lambda: images.upload(key, POSTER, FIRST),
            lambda: images.select(key, POSTER, "upload://posters/x"),
            lambda: images.unset(key, POSTER),
        ):
            with pytest.raises(ValueError, match="one item"):
                call()
        assert server.asked == []


def test_what_is_sent() -> None:
    with wire(EMPTY) as (images, server):
        images.entries("7", ART)
        images.upload("7", POSTER, FIRST)
        images.select("7", POSTER, "upload://posters/a b&c")
        images.unset("7", POSTER)
        asked = [(one.method, one.path, one.body) for one in server.asked]
        headers = server.asked[1].headers
    assert asked == [
        ("GET", "/library/metadata/7/arts", b""),
        ("POST", "/library/metadata/7/posters", FIRST),
        ("PUT", "/library/metadata/7/poster?url=upload%3A%2F%2Fposters%2Fa%20b%26c", b""),
        ("DELETE", "/library/metadata/7/thumb", b""),
    ]
    assert headers["x-plex-token"] == TOKEN
    assert headers["content-length"] == str(len(FIRST))


def test_selected_in_all_spellings() -> None:
    said = [("a", True), ("b", 1), ("c", "1"), ("d", False), ("e", 0), ("f", "0"), ("g", None)]
    raw = [{"ratingKey": name, "selected": value} for name, value in said]
    answer = as_json({"MediaContainer": {"Metadata": [*raw, {"ratingKey": "h"}]}})
    with wire(answer) as (images, _):
        entries = images.entries("1", POSTER)
    assert entries == [Entry(name, name in "abc") for name in "abcdefgh"]


@pytest.mark.parametrize(
    "reply", [as_html(500, "Internal Server Error"), as_html(502, "Bad"), Reply(fault="reset")]
)
def test_a_picture_that_plex_chokes_on_does_not_look_like_an_outage(reply: Reply) -> None:
    def server(asked: Asked) -> Reply:
        return reply if asked.method == "POST" else SECTIONS

    with wire(by=server) as (images, asked):
        with pytest.raises(ImageFailed, match="Plex could not take it"):
            images.upload("1", POSTER, FIRST)
        assert sum(one.method == "POST" for one in asked.asked) == TRIES


@pytest.mark.parametrize("is_selected", [True, False])
def test_an_upload_that_has_arrived_is_not_sent_again(is_selected: bool) -> None:
    name = upload_name(POSTER, digest(FIRST))
    arrived = as_json(
        {"MediaContainer": {"Metadata": [{"ratingKey": name, "selected": is_selected}]}}
    )
    with wire(as_html(500, "Error"), arrived, Reply()) as (images, server):
        images.upload("1", POSTER, FIRST)
        methods = [one.method for one in server.asked]
    assert methods == ["POST", "GET"] + ([] if is_selected else ["PUT"])


def test_an_upload_that_has_not_arrived_is_sent_again() -> None:
    with wire(as_html(503, "Busy"), EMPTY, Reply(200, b"/library/metadata/1/posters")) as made:
        images, server = made
        images.upload("1", POSTER, FIRST)
        assert [one.method for one in server.asked] == ["POST", "GET", "POST"]


def test_an_outage_does_look_like_one() -> None:
    with wire(BUSY) as (images, _), pytest.raises(PlexServerDown):
        images.upload("1", POSTER, FIRST)
    with client_at(refused_url()) as client, pytest.raises(PlexServerDown):
        PlexImages(client).upload("1", POSTER, FIRST)


def test_refusals_keep_their_names(client: PlexClient) -> None:
    images = PlexImages(client)
    with pytest.raises(PlexRejected):
        images.entries("99", POSTER)
    with pytest.raises(PlexRejected):
        images.upload("99", POSTER, FIRST)
    with pytest.raises(PlexRejected):
        images.select("1", POSTER, "upload://posters/unknown")
    with wire(as_html(413, "Too Large")) as (wired, _), pytest.raises(PlexRejected, match="413"):
        wired.upload("1", POSTER, FIRST)
    with wire(as_html(401, "Unauthorized")) as (wired, _), pytest.raises(PlexUnauthorized):
        wired.upload("1", POSTER, FIRST)
