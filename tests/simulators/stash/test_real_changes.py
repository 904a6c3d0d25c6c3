"""What a running Stash (v0.30.1-44-gcf3489efd) was seen to change, and what it told of it.

Each docstring names the fact.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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

HOOKS = """
hooks:
  - name: note
    triggeredBy: [Scene.Create.Post, Scene.Update.Post, Scene.Destroy.Post, Performer.Update.Post,
      Performer.Destroy.Post, Tag.Update.Post, Studio.Update.Post]
"""
# Scenes 41 to 44 dawdle until somebody ends them.
NOTE = """
if args["hookContext"]["id"] in range(41, 45):
    time.sleep(30)
"""
LATER = {"now": "2027-01-01T00:00:00Z"}


def library() -> dict[str, Any]:
    return seed(
        *(in_folder(num, "first", title=f"Scene {num}") for num in (1, 2, 3, 4)),
        *(in_folder(num, "second") for num in (11, 12, 13)),
        *(in_folder(num, "slow") for num in (41, 42, 43, 44)),
        *(scene(num) for num in range(21, 31)),
        scene(31, organized=True, files=scene(231)["files"]),
        version="v0.30.1-44-gcf3489efd",
    )


def in_folder(num: int, folder: str, **changes: Any) -> dict[str, Any]:
    file = {**scene(num)["files"][0], "path": f"/data/{folder}/{num}.mp4"}
    return scene(num, files=[file], **changes)


@pytest.fixture(scope="module")
def stash(stash_process: StashProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stash]:
    plugins = tmp_path_factory.mktemp("changes") / "plugins"
    write_plugin(plugins, "Note", NOTE, HOOKS)
    options = ("--plugin-dir", str(plugins))
    with loaded(stash_process, library(), *options) as client:
        yield client


def fired(stash: Stash, mutation: str, **variables: Any) -> list[Any]:
    """The contexts of the hooks that a mutation and the job that it may start have run."""
    before = len(stash.ask("hooks"))
    (result,) = stash.data(mutation, **variables).values()
    if "metadata" in mutation:
        stash.finished(result)
    return [run["args"]["hookContext"] for run in stash.ask("hooks")[before:]]


def scan(stash: Stash, **options: Any) -> list[tuple[str, int]]:
    query = "mutation ($i: ScanMetadataInput!) { metadataScan(input: $i) }"
    return [(row["type"], row["id"]) for row in fired(stash, query, i=options)]


def paths(stash: Stash, *nums: int) -> list[str]:
    found = [stash.scene(num, "files { path updated_at } updated_at") for num in nums]
    assert all(row["updated_at"] < "2026" for row in found)
    assert all(file["updated_at"] < "2026" for row in found for file in row["files"])
    return [row["files"][0]["path"] for row in found]


def test_a_renamed_folder_is_silent(stash: Stash) -> None:
    """A scan follows a folder that is gone: no hook, no time of scene or file moves."""
    stash.tell("disk", {"rename_folders": [{"from": "/data/first", "to": "/data/deep/er/moved"}]})
    assert scan(stash) == []
    assert paths(stash, 1, 4) == ["/data/deep/er/moved/1.mp4", "/data/deep/er/moved/4.mp4"]
    stash.tell("disk", {"rename_folders": [{"from": "/data/deep", "to": "/data/flat"}]})
    assert scan(stash) == []
    assert paths(stash, 2) == ["/data/flat/er/moved/2.mp4"]
    stash.edit("rename_folder", path="/data/flat/er", to="/data/first")
    assert paths(stash, 3) == ["/data/first/moved/3.mp4"]


def test_half_of_its_files_make_a_folder_the_same(stash: Stash) -> None:
    """The others are given the new path too, though nothing lies there."""
    stash.tell("disk", {"rename_folders": [{"from": "/data/second", "to": "/data/third"}]})
    stash.tell("disk", {"remove": ["/data/third/11.mp4", "/data/third/12.mp4"]})
    assert scan(stash) == []
    assert paths(stash, 11, 13) == ["/data/third/11.mp4", "/data/third/13.mp4"]


def test_files_that_leave_their_folder_behind_are_told_of(stash: Stash) -> None:
    """A file moved by itself, or changed on the way, fires a hook; the scene's time stays."""
    stash.tell("disk", {"move": [{"from": "/data/library/scene 21.mp4", "to": "/data/n/x.mp4"}]})
    assert scan(stash) == [("Scene.Update.Post", 21)]
    stash.tell("disk", {"rename_folders": [{"from": "/data/n", "to": "/data/m"}]})
    stash.tell("disk", {"modify": ["/data/m/x.mp4"]})
    assert scan(stash) == [("Scene.Update.Post", 21)]
    assert stash.scene(21)["updated_at"] < "2026"


def test_a_stopped_scan_loses_its_events(stash: Stash) -> None:
    """Its hooks are killed and never run again: the files count as scanned."""
    stash.tell("disk", {"modify": [f"/data/slow/{num}.mp4" for num in (41, 42, 43, 44)]})
    before = len(stash.ask("hooks"))
    num = stash.data("mutation { metadataScan(input: {}) }")["metadataScan"]
    until(lambda: len(stash.ask("hooks")) == before + 2)
    stash.data("mutation ($j: ID!) { stopJob(job_id: $j) }", j=num)
    assert stash.finished(num)["status"] == "CANCELLED"
    first = {run["args"]["hookContext"]["id"] for run in stash.ask("hooks")[before:]}
    again = stash.data("mutation { metadataScan(input: {}) }")["metadataScan"]
    until(lambda: len(stash.ask("hooks")) == before + 4)
    stash.data("mutation ($j: ID!) { stopJob(job_id: $j) }", j=again)
    stash.finished(again)
    rest = {run["args"]["hookContext"]["id"] for run in stash.ask("hooks")[before + 2 :]}
    assert first | rest == {41, 42, 43, 44}


def test_scans_make_covers_of_what_they_handle(stash: Stash) -> None:
    """An unchanged file gets none, a rescan makes it, after the hook, and the time moves then."""
    with stash.switched(**LATER):
        assert scan(stash, scanGenerateCovers=True) == []
        assert stash.scene(22)["updated_at"] < "2026"
        where = {"paths": ["/data/library/scene 22.mp4"]}
        assert scan(stash, rescan=True, scanGenerateCovers=True, **where) == [
            ("Scene.Update.Post", 22)
        ]
    assert stash.scene(22)["updated_at"] == LATER["now"]


def test_scenes_whose_files_stayed_come_again(stash: Stash) -> None:
    """After a destroy that keeps the file, a scan makes a new scene of it."""
    stash.data('mutation { scenesDestroy(input: {ids: ["23"]}) }')
    ((event, num),) = scan(stash)
    assert event == "Scene.Create.Post"
    assert num > 44
    assert stash.scene(num, "files { id }")["files"] == [{"id": "23"}]


def test_a_bulk_update_that_clears_a_field_shows_in_the_fields_alone(stash: Stash) -> None:
    """Keys that are null are left out of the input."""
    (context,) = fired(
        stash,
        'mutation { bulkSceneUpdate(input: {ids: ["25"], studio_id: null, code: "c"}) { id } }',
    )
    assert context["input"] == {"ids": ["25"], "code": "c"}
    assert sorted(context["inputFields"]) == ["code", "ids", "studio_id"]


def test_what_inputs_look_like_to_hooks(stash: Stash) -> None:
    """Tags' inputs name what was sent, studios' and performers' everything."""
    (tag,) = fired(stash, 'mutation { tagUpdate(input: {id: "3", favorite: true}) { id } }')
    assert tag["input"] == {"id": "3", "favorite": True}
    (studio,) = fired(stash, 'mutation { studioUpdate(input: {id: "1", details: "d"}) { id } }')
    assert studio["input"]["aliases"] is None
    (person,) = fired(stash, 'mutation { performerUpdate(input: {id: "3", weight: 60}) { id } }')
    assert person["input"]["custom_fields"] == {"full": None, "partial": None, "remove": None}
    assert {"height", "aliases", "hair_color", "twitter"} <= set(person["input"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("organized: null", "Internal system error. Error <null value not allowed in optional"),
        ("play_duration: null", "Internal system error. Error <null value not allowed in"),
        ('studio_id: ""', 'converting studio id: converting  to int: strconv.Atoi: parsing ""'),
        ('tag_ids: ["x"]', 'converting tag ids: strconv.Atoi: parsing "x"'),
        ('date: "2024-13"', 'converting date: failed to parse date "2024-13"'),
        ('date: "2024-02-30"', 'converting date: failed to parse date "2024-02-30"'),
        ('date: "2024-1-1"', 'converting date: failed to parse date "2024-1-1"'),
    ],
)
def test_values_that_are_refused(stash: Stash, given: str, message: str) -> None:
    """Null for a flag panics; ids and dates are checked, a clear by empty text is none."""
    query = f'mutation {{ sceneUpdate(input: {{id: "26", {given}}}) {{ id }} }}'
    assert stash.error(query).startswith(message)


def test_values_that_are_taken(stash: Stash) -> None:
    """Dates with times lose these, addresses may come twice, ratings have no bounds, counters are
    passed over."""
    given = {"date": "2024-02-03T04:05:06Z", "urls": ["u", "u"], "rating100": 101}
    given |= {"o_counter": 3, "play_count": 3}
    query = "mutation ($i: SceneUpdateInput!) { sceneUpdate(input: $i) { id } }"
    stash.data(query, i={"id": "26", **given})
    unplayed = {"o_counter": 0, "play_count": 0}
    assert stash.scene(26, " ".join(given)) == {**given, **unplayed, "date": "2024-02-03"}


@pytest.mark.parametrize(
    ("mutation", "message"),
    [
        ('bulkSceneUpdate(input: {ids: ["27", "999"], title: "x"}) { id }', "sql: no rows in"),
        ('tagDestroy(input: {id: "99"})', "id 99 does not exist in tags"),
        ('tagsMerge(input: {source: ["99"], destination: "1"}) { id }', "id 99 does not exist in"),
        ('sceneCreate(input: {title: "x", file_ids: ["27"]}) { id }', "assigning file 27 to new"),
        ('stopJob(job_id: "x")', "converting id: strconv.Atoi"),
    ],
)
def test_changes_that_are_refused(stash: Stash, mutation: str, message: str) -> None:
    """What is missing, taken, blank, there twice, or its own parent."""
    assert stash.error(f"mutation {{ {mutation} }}").startswith(message)


def test_a_bulk_update_of_nothing_is_null(stash: Stash) -> None:
    """Not an empty list."""
    query = 'mutation { bulkSceneUpdate(input: {ids: [], title: "x"}) { id } }'
    assert stash.data(query) == {"bulkSceneUpdate": None}


def test_a_merge_of_performers_is_silent(stash: Stash) -> None:
    """Links move, the sources go, the destination's own time moves, and no hook tells of it."""
    link = 'mutation { sceneUpdate(input: {id: "28", performer_ids: ["2", "3"]}) { id } }'
    stash.data(link)
    before = stash.scene(28)["updated_at"]
    merge = 'mutation { performerMerge(input: {source: ["2"], destination: "1"}) { updated_at } }'
    with stash.switched(**LATER):
        assert fired(stash, merge) == []
    found = stash.scene(28, "performers { id updated_at } updated_at")
    assert [row["id"] for row in found["performers"]] == ["1", "3"]
    assert found["performers"][0]["updated_at"] == LATER["now"]
    assert found["updated_at"] == before
    assert stash.data("{ findPerformer(id: 2) { id } }") == {"findPerformer": None}
