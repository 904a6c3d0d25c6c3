"""The Plex client against the simulated server: listings, full items, edits, and their traps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.models import Change, ItemRef, MediaFile, Role, Section
from plex.client import PlexClient
from plex.editing import edit_params, lock_params
from plex.exceptions import PlexItemFailed, PlexRejected, PlexServerDown, PlexUnauthorized
from tests.contract.servers import Simulated, item, seed_of
from tests.plex.wire import client_at
from tests.pool import TOKEN, Pool

GENRES = ["Drama", "Night", "Outdoor", "Train", "Two, maybe three"]
ROLES = ["Ana Lind", "Boris Kay", "Cleo Mar", "Dee Novak", "Eli Stone"]
PUNCTUATION = "#a, b%2Cc+d & e;f=g?h/i'j\"k\\l!m(n)*o:p@q[r]s$t^u`v{w}|x~y%"
COUNT = 60


@pytest.fixture(scope="module")
def server(pool: Pool) -> Iterator[Simulated]:
    items = [item(key) for key in range(101, 101 + COUNT)]
    items[0] = item(
        101,
        title="Night Train",
        summary="Two strangers.\n“Quotes” 🎬",
        studio="Aurora Studio",
        originally_available_at="2024-08-22",
        user_rating=8.0,
        genres=GENRES,
        roles=[{"tag": name, "role": None, "thumb": None} for name in ROLES],
        directors=["R. Vale"],
        collections=["Best of 2024"],
        labels=["Stash"],
        locked=["title", "genre"],
    )
    part = {"file": "/data/x.mp4", "size": None, "duration": None, "deleted_at": None}
    gone = {**part, "deleted_at": 1_700_000_000}
    items[1] = item(102, media=[[{**part, "file": "/data/cd1.mp4"}, part], [gone]])
    items[2] = item(103, deleted_at=1_700_000_000)
    items[3] = item(104, media=[[gone]])
    own = {**part, "file": "/data/105.mp4"}
    made = {**part, "file": "/data/Plex Versions/TV/105.mp4", "optimized_for": "TV"}
    items[4] = item(105, media=[[own], [made]])
    with pool.plex(seed_of(items=items)) as simulated:
        yield simulated


@pytest.fixture
def client(server: Simulated) -> Iterator[PlexClient]:
    server.reset()
    with client_at(server.url, TOKEN) as made:
        yield made


@pytest.fixture
def section(client: PlexClient) -> Section:
    (only,) = client.sections()
    return only


def test_who_and_what_is_there(client: PlexClient) -> None:
    assert client.identity().version == "1.43.0.10492-abcdef012"
    assert client.sections() == [
        Section("1", "Scenes", "movie", "com.plexapp.agents.none", ("/data",), False)
    ]


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"size_cap": 7},
        {"honour_excludes": False},
        {"missing_size": "400", "over_cap": "400", "gzip": False},
    ],
    ids=str,
)
def test_a_listing_is_whole_whatever_the_server_does(
    client: PlexClient, section: Section, server: Simulated, switches: dict[str, Any]
) -> None:
    with server.switched(**switches):
        pages = list(client.list_pages(section, page_size=25))
    listed = [one for page in pages for one in page.items]
    assert {page.total for page in pages} == {COUNT}
    assert sum(page.received for page in pages) == COUNT
    assert [one.ref.key for one in listed] == [
        str(key) for key in range(101, 101 + COUNT) if key not in (103, 104)
    ]
    first, second = listed[:2]
    summary = "Two strangers.\n“Quotes” 🎬"
    assert first.scalars == ("Night Train", summary, "Aurora Studio", "2024-08-22", 8.0, "")
    assert first.has_performers
    assert first.has_tags
    assert second.files == (MediaFile("/data/cd1.mp4"), MediaFile("/data/x.mp4"))
    assert not second.has_performers
    assert not second.has_tags


def test_a_page_of_five_hundred_is_one_request(
    client: PlexClient, section: Section, server: Simulated
) -> None:
    server.reset()
    list(client.list_pages(section))
    assert server.counters()["total"] == 1


def test_only_what_changed_since(client: PlexClient, section: Section) -> None:
    query = (("updatedAt>>", str(1_700_000_000 + 158)),)
    pages = list(client.list_pages(section, query=query))
    assert [one.ref.key for page in pages for one in page.items] == ["159", "160"]


def test_find_by_a_part_of_the_path(client: PlexClient, section: Section) -> None:
    assert [one.ref.key for one in client.find_by_file(section, "DATA/CD1")] == ["102"]
    assert client.find_by_file(section, "a&b#c%") == []


@pytest.mark.parametrize(
    "switches", [{}, {"shuffle_metadata": True}, {"metadata_page_cap": 3}], ids=str
)
def test_full_items_are_whole(
    client: PlexClient, server: Simulated, switches: dict[str, Any]
) -> None:
    with server.switched(**switches):
        found = client.full_items([str(key) for key in (*range(101, 120), 999)])
    assert sorted(found) == [str(key) for key in range(101, 120) if key not in (103, 104)]
    whole = found["101"]
    assert whole.ref == ItemRef("1", "101")
    assert whole.values == {
        "title": "Night Train",
        "summary": "Two strangers.\n“Quotes” 🎬",
        "studio": "Aurora Studio",
        "date": "2024-08-22",
        "rating": 8.0,
        "content_rating": "",
        "performers": tuple(ROLES),
        "tags": tuple(GENRES),
        "director": ("R. Vale",),
        "collection": ("Best of 2024",),
        "label": ("Stash",),
    }
    assert whole.locked == {"title", "tags"}
    assert whole.files == (MediaFile("/data/101.mp4", 5, 600.5),)


def test_what_plex_has_optimized_is_no_file_of_the_user(
    client: PlexClient, section: Section, server: Simulated
) -> None:
    raw = client.http.read_list("/library/metadata/105")["Metadata"][0]["Media"]
    assert [(each["title"], each.get("proxyType")) for each in raw] == [
        ("Original", None),
        ("Optimized for TV", 42),
    ]
    own = (MediaFile("/data/105.mp4"),)
    assert client.full_items(["105"])["105"].files == own
    (found,) = client.find_by_file(section, "105.mp4")
    assert found.files == own


def test_items_that_nobody_knows(client: PlexClient) -> None:
    assert client.full_items(["998", "999"]) == {}


@pytest.mark.parametrize("mode", ["additive", "replacing"])
@pytest.mark.parametrize("removal_last", [False, True])
def test_an_edit_shows_exactly_what_was_wanted(
    client: PlexClient, server: Simulated, mode: str, removal_last: bool
) -> None:
    """Right on servers that add and on those that replace (facts of Plex, 4.13)."""
    key = "110"
    wanted = ("Drama", PUNCTUATION, "Bébé 🎬", "50%")
    with server.switched(edit_section=mode, removal_last=removal_last):
        write(client, key, tags=((), tuple(GENRES)), performers=((), tuple(ROLES)))
        write(client, key, tags=(tuple(GENRES), wanted))
        assert shown(client, key, "tags") == set(wanted)
        assert shown(client, key, "performers") == set(ROLES)
        write(client, key, tags=(wanted, ("Drama",)), performers=(tuple(ROLES), ()))
        assert shown(client, key, "tags") == {"Drama"}
        assert shown(client, key, "performers") == set()


@pytest.mark.parametrize("mode", ["additive", "replacing"])
def test_an_actor_who_stays_keeps_part_and_photo(
    client: PlexClient, server: Simulated, mode: str
) -> None:
    role = Role("Zoë", "The Conductor", "http://photos/zoe.jpg")
    with server.switched(edit_section=mode):
        write(client, "116", performers=((), ("Zoë", "Boris Kay")))
        client.edit("1", 1, "116", [("actor[0].tag.tag", "Zoë"), *part_and_photo(0, role)])
        found = client.full_items(["116"])["116"]
        assert role in found.roles
        change = Change("performers", found.values["performers"], ("Zoë", "New"))
        client.edit("1", 1, "116", edit_params([change], found.roles))
        assert client.full_items(["116"])["116"].roles == (role, Role("New", "", ""))


def part_and_photo(index: int, role: Role) -> list[tuple[str, str]]:
    return [
        (f"actor[{index}].tagging.text", role.text),
        (f"actor[{index}].tag.thumb", role.thumb),
    ]


def test_scalars_are_set_cleared_locked_and_unlocked(client: PlexClient) -> None:
    key = "111"
    text = "a + b & c = d # 100%\nsecond “line” ~é🎬"
    before = client.full_items([key])[key]
    changes = [
        Change("title", before.values["title"], "T/itle?"),
        Change("summary", "", text),
        Change("date", None, "2025-06-01"),
        Change("rating", None, 7.5),
        Change("studio", None, "S, & Co"),
    ]
    assert client.edit("1", before.item_type, key, edit_params(changes)) == 1
    after = client.full_items([key])[key]
    assert [after.values[change.field] for change in changes] == [c.after for c in changes]
    names = {"title", "summary", "date", "rating", "studio"}
    assert after.locked == names
    assert after.updated_at != before.updated_at
    clear = [Change(name, "x", None) for name in ("summary", "studio", "date", "rating")]
    client.edit("1", 1, key, edit_params(clear))
    client.edit("1", 1, key, lock_params({"summary": False, "title": False}))
    after = client.full_items([key])[key]
    assert [after.values[name] for name in ("summary", "studio", "date", "rating")] == [
        "",
        "",
        "",
        None,
    ]
    assert after.locked == names - {"summary", "title"}


def test_an_edit_touches_its_item_only(client: PlexClient, server: Simulated) -> None:
    others = {key: found for key, found in everything(client).items() if key != "112"}
    server.reset()
    write(client, "112", tags=((), ("Only here",)))
    counted = server.counters()
    assert (counted["writes"], counted["total"]) == (1, 1)
    assert {key: found for key, found in everything(client).items() if key != "112"} == others


def test_a_long_edit_fits_behind_a_proxy(client: PlexClient, server: Simulated) -> None:
    changes = [Change("summary", "", "é" * 1000), Change("studio", None, "s" * 3000)]
    with server.switched(max_url=8000):
        assert client.edit("1", 1, "113", edit_params(changes)) == 2
        assert client.full_items(["113"])["113"].values["studio"] == "s" * 3000
        with pytest.raises(PlexRejected) as caught:
            client.edit("1", 1, "113", edit_params([Change("summary", "", "é" * 2000)]))
    assert caught.value.status == 414


def test_edits_that_plex_refuses(client: PlexClient, server: Simulated) -> None:
    with pytest.raises(PlexRejected) as caught:
        client.edit("1", 1, "999", edit_params([Change("title", None, "x")]))
    assert caught.value.status == 404
    with pytest.raises(PlexRejected) as caught:
        client.edit("1", 1, "114", [("nonsense.value", "x")])
    assert caught.value.status == 400
    with server.switched(non_admin=True), pytest.raises(PlexItemFailed, match="owner"):
        client.edit("1", 1, "114", edit_params([Change("title", None, "x")]))


def test_a_wrong_token(server: Simulated) -> None:
    client = PlexClient(server.url, "another-token")
    assert client.identity().machine_id
    with pytest.raises(PlexUnauthorized, match="the Plex token was refused") as caught:
        client.sections()
    assert "another-token" not in str(caught.value)
    client.close()


def test_a_server_that_starts_or_fails(
    client: PlexClient, section: Section, server: Simulated
) -> None:
    with server.switched(maintenance=True):
        with pytest.raises(PlexServerDown, match="startup maintenance"):
            client.sections()
        with pytest.raises(PlexServerDown):
            client.full_items(["101"])
    with server.switched(locked_share=1.0), pytest.raises(PlexItemFailed, match="HTTP 500"):
        write(client, "115", tags=((), ("x",)))
    for action in ("reset", "truncate"):
        fault = {"match": "/all|library/sections", "action": action, "times": -1, "after": 1}
        with server.failing(fault):
            pages = client.list_pages(section, page_size=25)
            assert len(next(pages).items) == 23
            with pytest.raises(PlexServerDown):
                next(pages)


def test_a_hanging_server(server: Simulated) -> None:
    fault = {"match": "sections", "action": "hang", "times": -1, "seconds": 1}
    with (
        client_at(server.url, TOKEN, pause=0.1) as client,
        server.failing(fault),
        pytest.raises(PlexServerDown, match="within"),
    ):
        client.sections()


def write(client: PlexClient, key: str, **lists: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    changes = [Change(name, before, after) for name, (before, after) in lists.items()]
    client.edit("1", 1, key, edit_params(changes))


def shown(client: PlexClient, key: str, name: str) -> set[str]:
    value = client.full_items([key])[key].values[name]
    assert isinstance(value, tuple)
    assert len(set(value)) == len(value)
    return set(value)


def everything(client: PlexClient) -> dict[str, Any]:
    return dict(client.full_items(str(key) for key in range(101, 101 + COUNT)))
