"""The same expectations of our client and of stashapp-tools', through `stash.scenes`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timezone
from typing import Any

import pytest
from stashapi.stashapp import StashInterface

from core.errors import StashError, StashUnauthorized, StashUnreachable
from core.models import Entity, MediaFile, Scene
from stash import scenes
from stash.client import StashClient
from stash.connection import StashConnection
from tests.contract.scripted import as_html, scripted
from tests.contract.servers import Simulated, scene, seed_of
from tests.pool import Pool
from transport.retrying import Retrying

Open = Callable[[Simulated], AbstractContextManager[scenes.StashApi]]
API_KEY = "simulated-api-key"
FULL = {
    "title": "Harbour Lights",
    "details": "Evening.\nQuay. “Quotes” 🎬",
    "director": "R. Vale",
    "date": "2025-06",
    "rating100": 80,
    "organized": True,
    "studio_id": 1,
    "performer_ids": [1, 2],
    "tag_ids": [1, 2],
    "created_at": "2025-06-20T19:02:44+10:00",
    "updated_at": "2026-01-11T18:07:53+11:00",
}


class _Quiet:
    """stashapp-tools logs to stderr in Stash's format; tests need none of it."""

    def __getattr__(self, _level: str) -> Callable[..., None]:
        return lambda *_args: None


@contextmanager
def ours(server: Simulated) -> Iterator[scenes.StashApi]:
    connection = StashConnection("http", "127.0.0.1", server.port, api_key=API_KEY)
    client = StashClient(
        connection, connect_timeout=1, silence=5, retrying=Retrying(lambda _seconds: None)
    )
    yield client
    client.close()


@contextmanager
def theirs(server: Simulated) -> Iterator[scenes.StashApi]:
    connection = {"Port": server.port, "Host": "127.0.0.1", "ApiKey": API_KEY, "Logger": _Quiet()}
    interface: Any = StashInterface(connection)
    yield interface
    interface.s.close()


@pytest.fixture(scope="module")
def server(pool: Pool) -> Iterator[Simulated]:
    made = [scene(number) for number in range(1, 26)]
    made[6] = scene(7, **FULL)
    made.append(scene(5000, title="", files=[]))
    with pool.stash(seed_of(scenes=made), api_key=API_KEY) as simulated:
        yield simulated


@pytest.fixture(params=[ours, theirs])
def stash(request: pytest.FixtureRequest, server: Simulated) -> Iterator[scenes.StashApi]:
    with request.param(server) as client:
        server.reset()
        yield client


def test_every_scene_comes_once_in_order(stash: scenes.StashApi, server: Simulated) -> None:
    pages = list(scenes.iter_scene_pages(stash, page_size=10, expected=26))
    assert [len(page) for page in pages] == [10, 10, 6]
    assert [one.id for page in pages for one in page] == [*range(1, 26), 5000]
    assert server.counters()["total"] == 3


def test_a_full_last_page_is_followed_by_an_empty_one(stash: scenes.StashApi) -> None:
    pages = list(scenes.iter_scene_pages(stash, page_size=13))
    assert [len(page) for page in pages] == [13, 13, 0]


def test_a_scene_arrives_whole(stash: scenes.StashApi) -> None:
    whole = Scene(
        id=7,
        said={
            "title": "Harbour Lights",
            "details": "Evening.\nQuay. “Quotes” 🎬",
            "date": "2025-06",
            "rating100": 80,
            "director": "R. Vale",
        },
        organized=True,
        studio=Entity(1, "Quayside"),
        performers=(Entity(1, "Ana Ruiz"), Entity(2, "Ana Ruiz")),
        tags=(Entity(1, "Night"), Entity(2, "Two, maybe three")),
        files=(MediaFile("/data/7.mp4", 10_000_000_007, 600.5),),
        updated_at=epoch(2026, 1, 11, 7, 7, 53),
    )
    (listed,) = [s for page in scenes.iter_scene_pages(stash) for s in page if s.id == 7]
    assert listed == whole
    assert scenes.fetch_scenes(stash, [7]) == {7: whole}


def test_scenes_by_id_in_one_request_without_those_gone(
    stash: scenes.StashApi, server: Simulated
) -> None:
    found = scenes.fetch_scenes(stash, [3, 999, 1, 3, 5000])
    assert sorted(found) == [1, 3, 5000]
    assert all(scene_id == found[scene_id].id for scene_id in found)
    assert server.counters()["total"] == 1
    assert scenes.fetch_scenes(stash, []) == {}
    assert len(scenes.fetch_scenes(stash, range(1, 150))) == 25
    assert server.counters()["total"] == 3


def test_only_scenes_touched_since(stash: scenes.StashApi, server: Simulated) -> None:
    def touched(since: float) -> list[int]:
        return [s.id for page in scenes.iter_scene_pages(stash, since=since) for s in page]

    changed = epoch(2026, 1, 11, 7, 7, 53)
    assert touched(changed) == [7]
    assert touched(changed + 1) == []
    created = epoch(2025, 6, 20, 9, 2, 44)
    assert len(touched(created)) == 26
    assert touched(created + 1) == [7]
    assert server.counters()["total"] == 8  # a page and a count each
    assert len(touched(-1e12)) == 26
    assert touched(1e15) == []


def test_count_settings_and_version(stash: scenes.StashApi, server: Simulated) -> None:
    assert scenes.count_scenes(stash) == 26
    assert scenes.stash_version(stash) == "v0.30.1"
    server.reset()
    assert scenes.plugin_settings(stash, "Nobody") == ({}, API_KEY)
    assert server.counters()["total"] == 1


@pytest.mark.parametrize("version", ["v0.24.0", "v0.25.1", "v0.27.0", "v0.30.1"])
def test_settings_of_every_version(stash: scenes.StashApi, server: Simulated, version: str) -> None:
    saved = {"plex_url": "http://plex", "max_tags": 5, "sync_tags": False}
    with server.switched(version=version):
        stash.call_GQL(
            "mutation Configure($input: Map!)"
            ' { configurePlugin(plugin_id: "Stash2Plex", input: $input) }',
            {"input": saved},
        )
        settings, _key = scenes.plugin_settings(stash, "Stash2Plex")
        assert {name: settings[name] for name in saved} == saved
        assert scenes.fetch_scenes(stash, [7])[7].title == "Harbour Lights"


def test_an_error_of_stash(stash: scenes.StashApi, server: Simulated) -> None:
    with server.switched(locked_share=1.0), pytest.raises(StashError):
        scenes.count_scenes(stash)


def test_refused_credentials(stash: scenes.StashApi, server: Simulated) -> None:
    fault = {"match": "POST /graphql", "action": "status", "status": 401, "times": -1}
    with server.failing(fault), pytest.raises(StashUnauthorized):
        scenes.count_scenes(stash)


@pytest.mark.parametrize("action", ["reset", "truncate"])
def test_a_broken_connection(stash: scenes.StashApi, server: Simulated, action: str) -> None:
    with server.failing({"match": "graphql", "action": action, "times": -1}):
        with pytest.raises(StashUnreachable) as caught:
            list(scenes.iter_scene_pages(stash))
        assert API_KEY not in str(caught.value)


@pytest.mark.parametrize("error", [ConnectionError, TimeoutError])
def test_what_another_adapter_raises_is_an_outage(error: type[OSError]) -> None:
    class Gone:
        def find_scenes(self, f: Any = None, filter: Any = None, *, fragment: Any = None) -> Any:  # noqa: A002
            raise error

        call_GQL = find_scenes  # noqa: N815

    with pytest.raises(StashUnreachable):
        scenes.count_scenes(Gone())


def test_a_page_that_fails_midway_keeps_the_earlier_ones(
    stash: scenes.StashApi, server: Simulated
) -> None:
    fault = {"match": "graphql", "action": "reset", "times": -1, "after": 1}
    with server.failing(fault):
        pages = scenes.iter_scene_pages(stash, page_size=10, expected=26)
        assert len(next(pages)) == 10
        with pytest.raises(StashUnreachable):
            next(pages)


def test_scenes_that_go_meanwhile_make_no_other_scene_slide(pool: Pool) -> None:
    made = [scene(number) for number in range(1, 6)]
    with (
        pool.stash(seed_of(scenes=made), api_key=API_KEY) as server,
        ours(server) as client,
    ):
        pages = scenes.iter_scene_pages(client, page_size=2)
        first = [one.id for one in next(pages)]
        client.call_GQL('mutation { scenesDestroy(input: {ids: ["1", "3"]}) }')
        assert [*first, *(one.id for page in pages for one in page)] == [1, 2, 4, 5]


class Spoilt(StashClient):
    """Answers that hold certain scenes are errors."""

    spoiling = frozenset({"3", "7", "5000"})

    def call_GQL(self, query: str, variables: Any = None) -> Any:  # noqa: N802
        data = super().call_GQL(query, variables)
        listed = (data.get("findScenes") or {}).get("scenes") or data.values()
        if any(isinstance(one, dict) and one.get("id") in self.spoiling for one in listed):
            raise StashError("boom")
        return data


def test_scenes_that_spoil_their_answers_are_found_by_what_stash_counts(server: Simulated) -> None:
    server.reset()
    client = Spoilt(StashConnection("http", "127.0.0.1", server.port, api_key=API_KEY))
    told: list[str] = []
    pages = scenes.as_far_as_readable(scenes.iter_scene_pages(client, page_size=20), told.append)
    ids = [one.id for page in pages for one in page]
    assert ids == [each for each in range(1, 26) if each not in (3, 7)]
    assert all(f"scene {each} (boom)" in told[0] for each in (3, 7, 5000))
    assert scenes.fetch_readable(client, range(1, 26)).unreadable.keys() == {3, 7}
    client.close()


def test_another_program_in_stashs_place() -> None:
    with (
        scripted(as_html(200, "Router")) as other,
        ours(Simulated(other.url)) as client,
        pytest.raises(StashUnreachable),
    ):
        scenes.count_scenes(client)


def epoch(*moment: int) -> float:
    year, month, day, hour, minute, second = moment
    return datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc).timestamp()
