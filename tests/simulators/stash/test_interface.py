"""stashapp-tools' own client against the simulator: the contract of a widely used consumer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from stashapi.stashapp import StashInterface

from tests.simulators.stash.running import (
    Stash,
    StashProcess,
    loaded,
    scene,
    seed,
    until,
    write_plugin,
)

KEY = "key"


@pytest.fixture(scope="module")
def stash(stash_process: StashProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stash]:
    plugins: Path = tmp_path_factory.mktemp("interface") / "plugins"
    write_plugin(plugins, "Demo", "answer(args)", "tasks:\n- name: Echo\n")
    library = seed(
        *(scene(num, tag_ids=[1, 2], performer_ids=[1], studio_id=2) for num in range(1, 31))
    )
    options = ("--plugin-dir", str(plugins), "--api-key", KEY)
    with loaded(stash_process, library, *options) as client:
        yield client


@pytest.fixture(scope="module")
def client(stash: Stash) -> Iterator[Any]:
    port = urlsplit(stash.url).port
    known = StashInterface({"Scheme": "http", "Host": "0.0.0.0", "Port": port, "ApiKey": KEY})
    yield known
    known.s.close()


def test_it_connects_with_three_requests(stash: Stash) -> None:
    stash.tell("counters/reset", {})
    port = urlsplit(stash.url).port
    known = StashInterface({"Host": "127.0.0.1", "Port": port}, force_api_key=True)
    known.s.close()
    assert stash.ask("counters")["by_route"] == {"POST /graphql": 3}
    assert known.s.headers["ApiKey"] == KEY
    assert (known.version.major, known.version.minor) == (0, 30)


def test_it_finds_scenes_with_its_generated_fragment(client: Any) -> None:
    count, found = client.find_scenes(filter={"per_page": 5, "sort": "id"}, get_count=True)
    assert count == 30
    assert [row["id"] for row in found] == ["1", "2", "3", "4", "5"]
    assert found[0]["studio"] == {"id": "2"}
    assert found[0]["files"][0]["path"] == "/data/library/scene 1.mp4"


def test_it_pages_with_a_callback(client: Any) -> None:
    met: list[str] = []
    client.find_scenes(
        filter={"per_page": 7, "sort": "id"},
        fragment="id",
        callback=lambda rows: met.extend(row["id"] for row in rows),
    )
    assert met == [str(num) for num in range(1, 31)]


def test_it_reads_and_updates_one_scene(client: Any) -> None:
    assert client.find_scene(2)["title"] == "Scene 2"
    client.update_scene({"id": 2, "title": "Changed", "tag_ids": [3]})
    assert client.find_scene(2, fragment="title tags { name }") == {
        "title": "Changed",
        "tags": [{"name": "4K"}],
    }


def test_it_runs_its_own_queries(client: Any) -> None:
    query = "query ($i: ID!) { findTag(id: $i) { name } }"
    assert client.call_GQL(query, {"i": 1}) == {"findTag": {"name": "Night"}}
    with pytest.raises(Exception, match="422"):
        client.call_GQL("{ nothing }")


def test_it_makes_entities(client: Any) -> None:
    made = client.create_tag({"name": "Made"})
    assert {row["id"] for row in client.find_performers()} == {"1", "2", "3"}
    client.destroy_tag(made["id"])


def test_it_destroys_scenes(client: Any) -> None:
    client.update_scenes({"ids": [20, 21], "rating100": 20})
    assert client.destroy_scene(21) is True
    created = client.create_scene({"title": "Fresh"})
    assert client.find_scene(int(created["id"]))["files"] == []


def test_it_keeps_plugin_settings_and_runs_tasks(stash: Stash, client: Any) -> None:
    assert client.find_plugin_config("Demo") == {}
    client.configure_plugin("Demo", {"a": 1})
    assert client.configure_plugin("Demo", {"b": "x"}) == {"a": 1, "b": "x"}
    num = client.run_plugin_task("Demo", "Echo", {"mode": "m", "n": 2, "half": 0.5})
    until(lambda: client.find_job(num)["status"] == "FINISHED")
    assert stash.job(num)["output"] == {"half": 0.5, "mode": "m", "n": 2}
    assert client.wait_for_job(num) is True
    assert client.job_queue() is None
    client.stop_job(num)


def test_it_starts_stash_s_own_jobs(client: Any) -> None:
    assert client.metadata_scan(flags={"rescan": False}) is not None
