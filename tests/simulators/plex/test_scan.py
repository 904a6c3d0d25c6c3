"""Scans of the simulated Plex server, what listeners hear, and what agents overwrite."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSServerHandshakeError

from simulators.plex.process import PlexProcess
from simulators.plex.small_seeds import (
    FIRST_ADDED_AT,
    plex_item,
    plex_part,
    plex_section,
    plex_seed,
)
from tests.simulators.plex.client import PlexHttp

REFRESH = "/library/sections/1/refresh"
NEW = "/data/scenes/New"
SOCKET = "/:/websockets/notifications"


def library() -> Any:
    waiting = [
        plex_item(50, title="Fresh", media=[[plex_part(f"{NEW}/fresh.mp4")]]),
        plex_item(51, title="Newer", media=[[plex_part("/data/scenes/Newer/x.mp4")]]),
        plex_item(52, title="Outside", media=[[plex_part("/elsewhere/y.mp4")]]),
        plex_item(53, title="Film", media=[[plex_part("M:\\Films\\A B\\z.mp4")]]),
    ]
    agent = "tv.plex.agents.movie"
    films = plex_section(
        [plex_item(10, guid="plex://movie/1"), plex_item(11, guid="local://11")],
        key=2,
        title="Films",
        agent=agent,
        locations=["M:\\Films"],
    )
    nested = plex_section([], key=3, title="Nested", locations=[NEW])
    music = plex_section([], key=4, title="Music", type="artist", locations=[NEW])
    return plex_seed(plex_section([plex_item(1)]), films, nested, music, unscanned=waiting)


@pytest.fixture
def plex(process: PlexProcess) -> Iterator[PlexHttp]:
    process.load(library())
    with PlexHttp(process) as client:
        yield client


def titles(plex: PlexHttp, section: int = 1) -> list[str]:
    return [item["title"] for item in plex.items(f"/library/sections/{section}/all")]


def refreshing(plex: PlexHttp) -> bool:
    found: bool = plex.container("/library/sections")["Directory"][0]["refreshing"]
    return found


def folder(path: str) -> str:
    return f"{REFRESH}?path={quote(path, safe='')}"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_partial_scan_finds_what_lies_in_the_folder(plex: PlexHttp, method: str) -> None:
    now = plex.sim.sim("GET", "state")["now"]
    answer = plex.ask(method, folder(NEW))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["X-Plex-Activity"]
    assert titles(plex) == ["Fresh", "Title 0001"]
    item = plex.full(50)
    assert item["addedAt"] == item["updatedAt"] >= now
    assert plex.status(method, folder(NEW)) == 200
    assert len(titles(plex)) == 2


def test_folders_match_whole_names_and_windows_paths_in_any_case(plex: PlexHttp) -> None:
    plex.status("GET", folder(f"{NEW}/"))
    assert "Newer" not in titles(plex)
    assert plex.status("GET", "/library/sections/2/refresh?path=m%3A/films/a+b") == 200
    assert "Film" in titles(plex, 2)


def test_a_path_outside_the_locations(plex: PlexHttp) -> None:
    assert plex.status("GET", folder("/elsewhere")) == 404
    plex.sim.switch(bad_scan_path=200)
    assert plex.status("GET", folder("/elsewhere")) == 200
    assert titles(plex) == ["Title 0001"]


def test_a_scan_of_everything(plex: PlexHttp) -> None:
    assert plex.status("GET", "/library/sections/all/refresh") == 200
    assert titles(plex) == ["Fresh", "Newer", "Title 0001"]
    # The folder belongs to a second section, too; one of music takes no videos.
    assert titles(plex, 3) == ["Fresh"]
    assert titles(plex, 4) == []
    assert plex.sim.sim("GET", "state")["unscanned"] == ["/elsewhere/y.mp4"]


def test_a_running_scan_can_be_watched_and_cancelled(plex: PlexHttp) -> None:
    assert [each["type"] for each in plex.container("/activities")["Activity"]] == ["butler"]
    plex.sim.switch(scan_seconds=600.0, butler=False)
    assert plex.container("/activities") == {"size": 0}
    name = plex.ask("GET", folder(NEW)).headers["X-Plex-Activity"]
    [activity] = plex.container("/activities")["Activity"]
    assert (activity["uuid"], activity["type"]) == (name, "library.update.section")
    assert "Context" not in activity  # not at once
    assert refreshing(plex)
    assert plex.status("DELETE", REFRESH) == 200
    assert not refreshing(plex)
    assert plex.container("/activities")["size"] == 0
    plex.status("GET", REFRESH)
    [activity] = plex.container("/activities")["Activity"]
    assert plex.status("DELETE", f"/activities/{activity['uuid']}") == 200
    assert plex.status("DELETE", f"/activities/{activity['uuid']}") == 404
    assert titles(plex) == ["Title 0001"]


def test_items_are_worked_on_after_their_scan(plex: PlexHttp) -> None:
    plex.sim.switch(butler=False, settle_seconds=0.3, clock_offset=5000)
    plex.status("GET", folder(NEW))
    assert not refreshing(plex)
    [activity] = plex.container("/activities")["Activity"]
    assert activity["type"] == "library.update.item.metadata"
    assert activity["Context"] == {"librarySectionID": "1"}
    plex.sim.switch(clock_offset=9000)
    while plex.container("/activities")["size"]:
        time.sleep(0.05)
    [found] = plex.items(f"/library/sections/1/all?title={quote('Fresh')}")
    assert found["updatedAt"] >= found["addedAt"] + 3900


def test_scanned_at_moves_without_news_but_content_does_not(plex: PlexHttp) -> None:
    plex.sim.switch(clock_offset=5000)
    before = plex.container("/library/sections")["Directory"][2]
    plex.status("GET", f"/library/sections/3/refresh?path={quote(NEW + '/Empty', safe='')}")
    after = plex.container("/library/sections")["Directory"][2]
    assert after["scannedAt"] > before["scannedAt"]
    assert after["contentChangedAt"] == before["contentChangedAt"]
    plex.status("GET", "/library/sections/3/refresh")
    assert (
        plex.container("/library/sections")["Directory"][2]["contentChangedAt"]
        > (after["contentChangedAt"])
    )


def test_trash_is_emptied_by_hand_or_by_scans(plex: PlexHttp) -> None:
    plex.sim.sim("POST", "trash", {"key": 1})
    plex.status("GET", REFRESH)
    assert 1 in plex.keys("/library/sections/1/all?trash=1")
    assert plex.status("PUT", "/library/sections/1/emptyTrash") == 200
    assert plex.status("GET", "/library/metadata/1") == 404
    plex.sim.switch(auto_empty_trash=True)
    plex.sim.sim("POST", "trash", {"key": 50})
    plex.status("GET", REFRESH)
    assert titles(plex) == ["Newer"]


def test_a_version_in_the_trash_leaves_the_item(plex: PlexHttp) -> None:
    both = [[plex_part("/data/scenes/a.mp4")], [plex_part("/data/scenes/b.mp4")]]
    plex.sim.sim("POST", "items", {"section": 1, "item": {"title": "Two", "media": both}})
    key = plex.keys("/library/sections/1/all?duplicate=1")[0]
    plex.sim.sim("POST", "trash", {"key": key, "media": 1})
    plex.status("PUT", "/library/sections/1/emptyTrash")
    assert len(plex.full(key)["Media"]) == 1
    assert plex.keys("/library/sections/1/all?file=b.mp4") == []


Step = Callable[[ClientSession], Awaitable[None]]


def hear(plex: PlexHttp, act: Step, until: Callable[[Any], bool], filters: str = "") -> list[Any]:
    """The notifications from an act up to the one that `until` accepts."""

    async def listen() -> list[Any]:
        headers = {"X-Plex-Token": plex.sim.token}
        async with (
            ClientSession(headers=headers) as session,
            session.ws_connect(f"{plex.url}{SOCKET}{filters}") as socket,
        ):
            await act(session)
            return await _frames(socket, until)

    return asyncio.run(asyncio.wait_for(listen(), 10))


async def _frames(socket: ClientWebSocketResponse[Any], until: Callable[[Any], bool]) -> list[Any]:
    found: list[Any] = []
    async for message in socket:
        found.append(json.loads(message.data)["NotificationContainer"])
        if until(found[-1]):
            break
    return found


def request(plex: PlexHttp, method: str, path: str) -> Step:
    async def act(session: ClientSession) -> None:
        async with session.request(method, plex.url + path) as answer:
            assert answer.status == 200

    return act


def scan_over(frame: Any) -> bool:
    return bool(frame["type"] == "status")


def states(frames: list[Any]) -> list[int]:
    return [frame["TimelineEntry"][0]["state"] for frame in frames if frame["type"] == "timeline"]


def test_a_slow_scan_is_heard_from_start_to_end(plex: PlexHttp) -> None:
    plex.sim.switch(scan_seconds=0.2)
    frames = hear(plex, request(plex, "GET", folder(NEW)), scan_over)
    events = [f["ActivityNotification"][0] for f in frames if f["type"] == "activity"]
    assert [event["event"] for event in events] == ["started", "updated", "ended"]
    assert "Context" not in events[0]["Activity"]
    assert events[2]["Activity"]["Context"] == {"librarySectionID": "1"}
    assert frames[-1]["StatusNotification"][0]["title"] == "Library scan complete"
    entry = next(f for f in frames if f["type"] == "timeline")["TimelineEntry"][0]
    assert (entry["itemID"], entry["sectionID"], entry["parentItemID"]) == ("50", "1", "-1")
    assert entry["metadataState"] == "created"
    assert titles(plex) == ["Fresh", "Title 0001"]


@pytest.mark.parametrize("stops", [True, False])
def test_without_an_agent_an_item_may_stop_at_state_1(plex: PlexHttp, stops: bool) -> None:
    plex.sim.switch(agentless_stops_at_1=stops)

    async def act(session: ClientSession) -> None:
        await request(plex, "GET", folder(NEW))(session)
        await request(plex, "PUT", "/library/metadata/1?title=Last")(session)

    def last(frame: Any) -> bool:
        return frame["type"] == "timeline" and bool(frame["TimelineEntry"][0]["title"] == "Last")

    heard = states(hear(plex, act, last))[:-1]
    assert heard == ([0, 1] if stops else [0, 1, 2, 4, 5])


def test_edits_and_deletions_are_heard(plex: PlexHttp) -> None:
    edit = request(plex, "PUT", "/library/sections/1/all?type=1&id=1&title.value=x")
    assert states(hear(plex, edit, lambda _: True)) == [5]
    removal = request(plex, "DELETE", "/library/metadata/1")
    assert states(hear(plex, removal, lambda _: True)) == [9]


def test_an_items_refresh_is_an_activity_of_another_type(plex: PlexHttp) -> None:
    refresh = request(plex, "PUT", "/library/metadata/10/refresh")
    started, settled, ended = hear(plex, refresh, lambda frame: "ended" in str(frame))
    activity = started["ActivityNotification"][0]["Activity"]
    assert activity["type"] == "library.refresh.items"
    assert activity["Context"] == {"key": "/library/metadata/10"}
    assert settled["type"] == "timeline"
    assert ended["ActivityNotification"][0]["event"] == "ended"


def test_listeners_choose_kinds(plex: PlexHttp) -> None:
    frames = hear(plex, request(plex, "GET", folder(NEW)), scan_over, "?filters=timeline,status")
    assert {frame["type"] for frame in frames} == {"timeline", "status"}
    frames = hear(plex, request(plex, "GET", REFRESH), scan_over, "?filters=-timeline")
    assert {frame["type"] for frame in frames} == {"activity", "status"}


def test_the_socket_needs_the_token(plex: PlexHttp) -> None:
    async def connect() -> None:
        async with (
            ClientSession() as session,
            session.ws_connect(f"{plex.url}{SOCKET}?X-Plex-Token={plex.sim.token}"),
        ):
            pass
        async with ClientSession() as session:
            with pytest.raises(WSServerHandshakeError, match="401"):
                await session.ws_connect(f"{plex.url}{SOCKET}")

    asyncio.run(connect())


def test_an_agents_refresh_overwrites_what_is_not_locked(plex: PlexHttp) -> None:
    edit = "title.value=Mine&title.locked=1&summary.value=Mine&genre%5B%5D.tag=&label%5B%5D.tag="
    rating = "userRating.value=9"
    assert plex.status("PUT", f"/library/sections/2/all?type=1&id=10&{edit}&{rating}") == 200
    plex.sim.switch(pictures_lock=False)
    plex.status("POST", "/library/metadata/10/posters", b"\x89PNG")
    assert plex.status("PUT", "/library/metadata/10/refresh") == 200
    item = plex.sim.item(10)
    assert (item["title"], item["summary"]) == ("Mine", "Summary 10")
    assert item["genre"] == ["Drama", "Night", "Outdoor"]
    assert (item["label"], item["userRating"]) == ([], 9.0)
    assert [poster["selected"] for poster in item["posters"]] == [True, False]


@pytest.mark.parametrize("key", [1, 11])
def test_a_refresh_without_agent_or_match_changes_nothing(plex: PlexHttp, key: int) -> None:
    section = 1 if key == 1 else 2
    plex.status("PUT", f"/library/sections/{section}/all?type=1&id={key}&summary.value=Mine")
    before = plex.sim.item(key)
    assert plex.status("PUT", f"/library/metadata/{key}/refresh") == 200
    assert plex.status("GET", f"/library/sections/{section}/refresh?force=1") == 200
    assert plex.sim.item(key) == before


def test_a_forced_scan_refreshes_all_items(plex: PlexHttp) -> None:
    plex.status("PUT", "/library/sections/2/all?type=1&id=10&summary.value=Mine")
    plex.status("GET", "/library/sections/2/refresh?force=1")
    assert plex.full(10)["summary"] == "Summary 10"


def test_unmatching_and_matching(plex: PlexHttp) -> None:
    plex.status("PUT", "/library/sections/2/all?type=1&id=10&studio.locked=1")
    assert plex.status("PUT", "/library/metadata/10/unmatch") == 200
    item = plex.sim.item(10)
    assert (item["guid"], item["title"], item["studio"]) == ("local://10", "0010", "Aurora")
    assert (item["summary"], item["genre"], item["label"]) == ("", [], ["Stash"])
    answer = plex.container("/library/metadata/10/matches?manual=1")
    [found] = answer["SearchResult"]
    path = f"/library/metadata/10/match?guid={quote(found['guid'], safe='')}&name=Found"
    assert plex.status("PUT", path) == 200
    item = plex.sim.item(10)
    assert (item["guid"], item["title"], item["summary"]) == (found["guid"], "Found", "Summary 10")
    assert plex.status("PUT", "/library/metadata/10/match") == 400
    assert plex.status("PUT", "/library/metadata/10/analyze") == 200


def test_a_person_edits_in_plex_web(plex: PlexHttp) -> None:
    body = {"key": 1, "set": {"title": "Hand", "genre": ["Own"], "studio": None}}
    plex.sim.sim("POST", "edit", body)
    item = plex.sim.item(1)
    assert (item["title"], item["genre"], item["locked"]) == (
        "Hand",
        ["Own"],
        ["title", "genre", "studio"],
    )
    assert item["updatedAt"] > FIRST_ADDED_AT + 1
    assert (item["writes"], "studio" in item) == (0, False)
    plex.sim.sim("POST", "edit", {"key": 1, "set": {"locked": []}, "lock": False})
    assert plex.sim.item(1)["locked"] == []
    actors = [{"tag": "Ana", "role": "Guest", "thumb": "http://x/1.jpg"}]
    plex.sim.sim("POST", "edit", {"key": 1, "set": {"actor": actors}, "lock": False})
    assert plex.sim.item(1)["actor"] == actors


def test_an_item_comes_and_goes_behind_the_servers_back(plex: PlexHttp) -> None:
    plex.sim.sim("POST", "unscanned", plex_item(60, media=[[plex_part(f"{NEW}/60.mp4")]]))
    plex.status("GET", folder(NEW))
    assert 60 in plex.keys("/library/sections/1/all")
    plex.sim.sim("DELETE", "items/60")
    assert 60 not in plex.keys("/library/sections/1/all")
    plex.sim.sim("POST", "trash", {"key": 1, "deleted_at": 5})
    assert plex.full(1)["deletedAt"] == 5
    plex.sim.sim("POST", "trash", {"key": 1, "deleted_at": None})
    assert "deletedAt" not in plex.full(1)
    assert plex.full(1)["updatedAt"] == FIRST_ADDED_AT + 1
