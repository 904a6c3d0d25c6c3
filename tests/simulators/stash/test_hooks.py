"""Hooks: what fires, with which input, in which order, and what ends them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.simulators.stash.running import (
    Stash,
    StashProcess,
    loaded,
    scene,
    seed,
    until,
    write_plugin,
)

EVENTS = ["Create", "Update", "Destroy"]
KINDS = ["Scene", "Performer", "Studio", "Tag"]
TRIGGERS = [f"{kind}.{event}.Post" for kind in KINDS for event in EVENTS] + ["Tag.Merge.Post"]
NOTER = f"""
hooks:
  - name: note
    triggeredBy: {json.dumps(TRIGGERS)}
    defaultArgs: {{mode: hook}}
"""
# Scene 7 updates itself for ever, 8 does so with no cookie until a file appears, 9 dawdles.
NOTE = """
context = args["hookContext"]
number = context["id"]
if number == 7 and context["type"] == "Scene.Update.Post":
    ask('mutation { sceneUpdate(input: {id: "7", rating100: 5}) { id } }')
if number == 8 and context["type"] == "Scene.Update.Post":
    mark = os.path.join(os.path.dirname(os.path.abspath(__file__)), "count")
    with open(mark, "a") as file:
        file.write("x")
    if os.path.getsize(mark) < 11:
        ask('mutation { sceneUpdate(input: {id: "8", rating100: 5}) { id } }', cookie=False)
if number == 9:
    time.sleep(30)
if number == 6:
    answer(error="no good")
else:
    answer({"noted": number})
"""


@pytest.fixture(scope="module")
def stash(stash_process: StashProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stash]:
    plugins = tmp_path_factory.mktemp("hooks") / "plugins"
    write_plugin(plugins, "Note", NOTE, NOTER)
    library = seed(*(scene(num, tag_ids=[1]) for num in range(1, 41)))
    with loaded(stash_process, library, "--plugin-dir", str(plugins)) as client:
        yield client


class Watch:
    """The hooks that ran since it was made."""

    def __init__(self, stash: Stash) -> None:
        self._stash = stash
        self._from = len(stash.ask("hooks"))

    def runs(self) -> list[Any]:
        return list(self._stash.ask("hooks")[self._from :])

    def contexts(self) -> list[Any]:
        return [run["args"]["hookContext"] for run in self.runs()]


def fired(stash: Stash, mutation: str, **variables: Any) -> list[Any]:
    watch = Watch(stash)
    stash.data(mutation, **variables)
    return watch.contexts()


def test_an_update_tells_every_field_and_those_that_were_sent(stash: Stash) -> None:
    (context,) = fired(
        stash, 'mutation { sceneUpdate(input: {id: "1", title: "T", tag_ids: []}) { id } }'
    )
    assert context["id"] == 1
    assert context["type"] == "Scene.Update.Post"
    assert sorted(context["inputFields"]) == ["id", "tag_ids", "title"]
    given = context["input"]
    assert (given["id"], given["title"], given["tag_ids"]) == ("1", "T", [])
    assert given["performer_ids"] is None
    assert len(given) == 24


def test_the_hook_has_ended_before_the_mutation_is_answered(stash: Stash) -> None:
    watch = Watch(stash)
    stash.data('mutation { sceneUpdate(input: {id: "1", title: "U"}) { id } }')
    (run,) = watch.runs()
    assert (run["status"], run["output"]) == ("done", {"noted": 1})
    assert run["args"]["hookContext"]["id"] == 1


def test_a_bulk_update_fires_once_per_scene_without_its_null_keys(stash: Stash) -> None:
    contexts = fired(
        stash,
        """mutation { bulkSceneUpdate(input: {ids: ["2", "3"], rating100: 60,
        tag_ids: {ids: ["2"], mode: ADD}}) { id } }""",
    )
    assert [context["id"] for context in contexts] == [2, 3]
    assert contexts[0]["input"] == {
        "ids": ["2", "3"],
        "rating100": 60,
        "tag_ids": {"ids": ["2"], "mode": "ADD"},
    }
    assert sorted(contexts[1]["inputFields"]) == ["ids", "rating100", "tag_ids"]


def test_a_create_has_no_input(stash: Stash) -> None:
    (context,) = fired(stash, 'mutation { sceneCreate(input: {title: "Fresh"}) { id } }')
    assert context["input"] is None
    assert "inputFields" not in context


def test_a_destroy_tells_path_and_hash_of_what_is_gone(stash: Stash) -> None:
    (context,) = fired(
        stash, 'mutation { sceneDestroy(input: {id: "20", delete_generated: true}) }'
    )
    assert context["input"] == {
        "id": "20",
        "delete_file": None,
        "delete_generated": True,
        "checksum": "",
        "oshash": f"{20:016x}",
        "path": "/data/library/scene 20.mp4",
    }
    contexts = fired(stash, 'mutation { scenesDestroy(input: {ids: ["21", "22"]}) }')
    assert [context["id"] for context in contexts] == [21, 22]
    assert contexts[1]["input"]["ids"] == ["21", "22"]
    assert contexts[1]["input"]["path"].endswith("scene 22.mp4")
    # The next scan would give them scenes again.
    gone = [f"/data/library/scene {num}.mp4" for num in (20, 21, 22)]
    stash.tell("disk", {"remove": gone})


def test_entities_fire_their_own_hooks_and_none_of_scenes(stash: Stash) -> None:
    (context,) = fired(stash, 'mutation { tagCreate(input: {name: "New"}) { id } }')
    assert context["type"] == "Tag.Create.Post"
    assert context["input"]["name"] == "New"
    num = str(context["id"])
    (context,) = fired(
        stash, "mutation ($i: ID!) { tagUpdate(input: {id: $i, aliases: []}) { id } }", i=num
    )
    assert sorted(context["inputFields"]) == ["aliases", "id"]
    (context,) = fired(
        stash,
        'mutation ($i: ID!) { tagsMerge(input: {source: [$i], destination: "3"}) { id } }',
        i=num,
    )
    assert (context["type"], context["id"]) == ("Tag.Merge.Post", 3)
    assert context["input"] == {"source": [num], "destination": "3"}
    contexts = fired(stash, 'mutation { performersDestroy(ids: ["2", "3"]) }')
    assert [(row["type"], row["id"], row["input"]) for row in contexts] == [
        ("Performer.Destroy.Post", 2, ["2", "3"]),
        ("Performer.Destroy.Post", 3, ["2", "3"]),
    ]
    (context,) = fired(stash, 'mutation { studioUpdate(input: {id: "1", name: "N"}) { id } }')
    assert context["type"] == "Studio.Update.Post"


def test_a_failing_hook_is_logged_and_the_mutation_succeeds(stash: Stash) -> None:
    stash.data('mutation { sceneUpdate(input: {id: "6", title: "S"}) { id } }')
    messages = [entry["message"] for entry in stash.ask("plugin_log")]
    assert "Scene.Update.Post [Note]: returned error: no good" in messages


def test_a_hook_that_updates_its_own_scene_runs_ten_times(stash: Stash) -> None:
    contexts = fired(stash, 'mutation { sceneUpdate(input: {id: "7", title: "L"}) { id } }')
    assert len(contexts) == 10


def test_without_the_cookie_nothing_ends_a_loop(stash: Stash) -> None:
    contexts = fired(stash, 'mutation { sceneUpdate(input: {id: "8", title: "L"}) { id } }')
    assert len(contexts) == 11


def test_a_client_that_goes_away_ends_the_running_hook_and_those_behind_it(stash: Stash) -> None:
    watch = Watch(stash)
    connection = http.client.HTTPConnection(urlsplit(stash.url).netloc, timeout=10)
    query = 'mutation { bulkSceneUpdate(input: {ids: ["9", "10"], title: "B"}) { id } }'
    connection.request(
        "POST", "/graphql", json.dumps({"query": query}), {"Content-Type": "application/json"}
    )
    until(watch.runs)
    connection.close()
    until(lambda: watch.runs()[0]["status"] == "killed")
    assert [run["args"]["hookContext"]["id"] for run in watch.runs()] == [9]
    assert stash.scene(10)["title"] == "B"  # committed all the same


def test_hooks_of_one_request_do_not_hold_up_another(stash: Stash) -> None:
    watch = Watch(stash)
    connection = http.client.HTTPConnection(urlsplit(stash.url).netloc, timeout=10)
    query = 'mutation { sceneUpdate(input: {id: "9", title: "slow"}) { id } }'
    connection.request(
        "POST", "/graphql", json.dumps({"query": query}), {"Content-Type": "application/json"}
    )
    until(watch.runs)
    stash.data('mutation { sceneUpdate(input: {id: "11", title: "fast"}) { id } }')
    assert [run["status"] for run in watch.runs()] == ["running", "done"]
    connection.close()
    until(lambda: watch.runs()[0]["status"] == "killed")


def test_a_disabled_plugin_has_no_hooks(stash: Stash) -> None:
    switch = "mutation ($m: BoolMap!) { setPluginsEnabled(enabledMap: $m) }"
    stash.data(switch, m={"Note": False})
    assert fired(stash, 'mutation { sceneUpdate(input: {id: "12", title: "q"}) { id } }') == []
    stash.data(switch, m={"Note": True})


def test_a_scan_creates_scenes_with_null_input_and_then_covers_silently(stash: Stash) -> None:
    stash.tell("disk", [{"path": f"/data/new/{name}.mp4"} for name in "abc"])
    watch = Watch(stash)
    num = stash.data("mutation { metadataScan(input: {scanGenerateCovers: true}) }")
    stash.finished(num["metadataScan"])
    contexts = watch.contexts()
    assert [row["type"] for row in contexts] == ["Scene.Create.Post"] * 3
    assert all(row["input"] is None and "inputFields" not in row for row in contexts)
    created = stash.scene(contexts[0]["id"], "title files { basename } paths { screenshot }")
    assert created["title"] == ""
    row = next(r for r in stash.ask("state")["scenes"] if r["num"] == contexts[0]["id"])
    assert row["cover"] is not None


def test_a_scan_meets_moved_changed_and_second_files(stash: Stash) -> None:
    before = stash.scene(30)["updated_at"]
    library = "/data/library/scene"
    stash.tell("disk", {"move": [{"from": f"{library} 30.mp4", "to": "/data/new/thirty.mp4"}]})
    stash.tell("disk", {"modify": [f"{library} 31.mp4"]})
    stash.tell("disk", [{"path": "/data/new/copy of 32.mp4", "oshash": f"{32:016x}"}])
    watch = Watch(stash)
    stash.finished(stash.data("mutation { metadataScan(input: {}) }")["metadataScan"])
    assert sorted((row["id"], row["type"]) for row in watch.contexts()) == [
        (30, "Scene.Update.Post"),
        (31, "Scene.Update.Post"),
        (32, "Scene.Update.Post"),
    ]
    assert all(row["input"] is None for row in watch.contexts())
    assert stash.scene(30, "files { path } updated_at") == {
        "files": [{"path": "/data/new/thirty.mp4"}],
        "updated_at": before,
    }
    assert stash.scene(31)["updated_at"] == before
    assert stash.scene(32)["updated_at"] != before
    assert len(stash.scene(32, "files { id }")["files"]) == 2


def scanned(stash: Stash, *disk: dict[str, str]) -> None:
    stash.tell("disk", list(disk))
    stash.finished(stash.data("mutation { metadataScan(input: {}) }")["metadataScan"])


def test_a_rescan_fires_for_every_file(stash: Stash) -> None:
    scanned(stash, {"path": "/data/again/1.mp4"}, {"path": "/data/again/2.mp4"})
    watch = Watch(stash)
    scan = 'mutation { metadataScan(input: {rescan: true, paths: ["/data/again/"]}) }'
    stash.finished(stash.data(scan)["metadataScan"])
    assert [row["type"] for row in watch.contexts()] == ["Scene.Update.Post"] * 2


def test_hooks_run_side_by_side_during_a_scan_and_end_with_it(stash: Stash, tmp_path: Path) -> None:
    stash.edit("attach_file", scene_id=9, file={**scene(88)["files"][0], "path": "/data/nine"})
    stash.tell("disk", [{"path": "/data/nine"}])
    stash.tell("disk", {"modify": ["/data/nine", "/data/library/scene 9.mp4"]})
    watch = Watch(stash)
    num = stash.data("mutation { metadataScan(input: {}) }")["metadataScan"]
    until(lambda: len(watch.runs()) == 2)
    assert [run["status"] for run in watch.runs()] == ["running", "running"]
    stash.data("mutation ($j: ID!) { stopJob(job_id: $j) }", j=num)
    until(lambda: [run["status"] for run in watch.runs()] == ["killed", "killed"])
    assert stash.finished(num)["status"] == "CANCELLED"
