"""Scans of the simulated Plex server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from simulators.launch import PlexHandle
from tests.plex_seeds import (
    FIRST_ADDED_AT,
    plex_item,
    plex_part,
    plex_section,
    plex_seed,
)
from tests.simulators.plex.client import PlexHttp

REFRESH = "/library/sections/1/refresh"
NEW = "/data/scenes/New"


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
def plex(process: PlexHandle) -> Iterator[PlexHttp]:
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
    now = plex.sim.control("GET", "state")["now"]
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
    assert titles(plex) == ["Title 0001"]


def test_a_scan_of_everything(plex: PlexHttp) -> None:
    assert plex.status("GET", "/library/sections/all/refresh") == 200
    assert titles(plex) == ["Fresh", "Newer", "Title 0001"]
    # The folder belongs to a second section, too; one of music takes no videos.
    assert titles(plex, 3) == ["Fresh"]
    assert titles(plex, 4) == []
    assert plex.sim.control("GET", "state")["unscanned"] == ["/elsewhere/y.mp4"]


def test_a_running_scan_can_be_watched_and_cancelled(plex: PlexHttp) -> None:
    assert [each["type"] for each in plex.container("/activities")["Activity"]] == ["butler"]
    plex.sim.configure(scan_seconds=600.0, butler=False)
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
    assert plex.status("DELETE", REFRESH) == 200
    assert titles(plex) == ["Title 0001"]


def test_scanned_at_moves_without_news_but_content_does_not(plex: PlexHttp) -> None:
    plex.sim.configure(clock_offset=5000)
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


def test_trash_is_emptied_by_scans_where_switched_on(plex: PlexHttp) -> None:
    plex.sim.control("POST", "trash", {"key": 1})
    plex.status("GET", REFRESH)
    assert 1 in plex.keys("/library/sections/1/all?trash=1")
    plex.sim.configure(auto_empty_trash=True)
    plex.status("GET", REFRESH)
    assert plex.status("GET", "/library/metadata/1") == 404


def test_a_person_edits_in_plex_web(plex: PlexHttp) -> None:
    body = {"key": 1, "set": {"title": "Hand", "genre": ["Own"], "studio": None}}
    plex.sim.control("POST", "edit", body)
    item = plex.sim.item(1)
    assert (item["title"], item["genre"], item["locked"]) == (
        "Hand",
        ["Own"],
        ["title", "genre", "studio"],
    )
    assert item["updatedAt"] > FIRST_ADDED_AT + 1
    assert (item["writes"], "studio" in item) == (0, False)
    plex.sim.control("POST", "edit", {"key": 1, "set": {"locked": []}, "lock": False})
    assert plex.sim.item(1)["locked"] == []
    actors = [{"tag": "Ana", "role": "Guest", "thumb": "http://x/1.jpg"}]
    plex.sim.control("POST", "edit", {"key": 1, "set": {"actor": actors}, "lock": False})
    assert plex.sim.item(1)["actor"] == actors


def test_an_item_comes_and_goes_behind_the_servers_back(plex: PlexHttp) -> None:
    plex.sim.control("POST", "unscanned", plex_item(60, media=[[plex_part(f"{NEW}/60.mp4")]]))
    plex.status("GET", folder(NEW))
    assert 60 in plex.keys("/library/sections/1/all")
    plex.sim.control("DELETE", "items/60")
    assert 60 not in plex.keys("/library/sections/1/all")
    plex.sim.control("POST", "trash", {"key": 1, "deleted_at": 5})
    assert plex.full(1)["deletedAt"] == 5
    plex.sim.control("POST", "trash", {"key": 1, "deleted_at": None})
    assert "deletedAt" not in plex.full(1)
    assert plex.full(1)["updatedAt"] == FIRST_ADDED_AT + 1
