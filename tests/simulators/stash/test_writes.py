"""Writes of scenes and their files, and what they do to `updated_at`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulators.stash.running import Stash, StashProcess, loaded, scene, seed

NOW = "2026-06-01T12:00:00+02:00"
BEFORE = "2025-02-01T10:00:00Z"


def many(count: int) -> list[dict[str, Any]]:
    tagged = [scene(num, tag_ids=[1], performer_ids=[1], studio_id=2) for num in range(1, count)]
    pair = scene(901)["files"] + scene(902)["files"]
    return [*tagged, scene(99, files=pair, tag_ids=[2], performer_ids=[2], studio_id=1)]


@pytest.fixture(scope="module")
def stash(stash_process: StashProcess) -> Iterator[Stash]:
    with loaded(stash_process, seed(*many(60))) as client:
        client.tell("config", {"now": NOW, "offset": "+02:00"})
        yield client


def updated(stash: Stash, num: int) -> str:
    text: str = stash.scene(num)["updated_at"]
    return text


def test_an_update_changes_what_it_names_and_the_time(stash: Stash) -> None:
    query = """mutation ($i: SceneUpdateInput!) { sceneUpdate(input: $i) {
        title details date rating100 organized urls studio { id } tags { id } updated_at } }"""
    given = {
        "id": "1",
        "title": " New ",
        "date": "2024-07",
        "rating100": 55,
        "organized": True,
        "urls": ["https://example.com/1"],
        "studio_id": None,
        "tag_ids": ["2", "1"],
    }
    assert stash.data(query, i=given)["sceneUpdate"] == {
        "title": "New",
        "details": "",
        "date": "2024-07",
        "rating100": 55,
        "organized": True,
        "urls": ["https://example.com/1"],
        "studio": None,
        "tags": [{"id": "1"}, {"id": "2"}],
        "updated_at": NOW,
    }


def test_an_update_without_a_difference_moves_the_time_too(stash: Stash) -> None:
    stash.data('mutation { sceneUpdate(input: {id: "2", title: "Scene 2"}) { id } }')
    assert updated(stash, 2) == NOW


def test_a_bad_value_changes_nothing(stash: Stash) -> None:
    bad = 'mutation { sceneUpdate(input: {id: "3", title: "x", tag_ids: ["777"]}) { id } }'
    assert stash.error(bad) == "FOREIGN KEY constraint failed"
    undated = 'mutation { sceneUpdate(input: {id: "3", title: "x", date: "soon"}) { id } }'
    assert "date" in stash.error(undated)
    assert stash.scene(3) == {"id": "3", "title": "Scene 3", "updated_at": BEFORE}


def test_bulk_modes_set_add_and_remove(stash: Stash) -> None:
    query = """mutation ($m: BulkUpdateIdMode!, $t: [ID!]) { bulkSceneUpdate(
        input: {ids: ["4", "5"], tag_ids: {mode: $m, ids: $t}}) { tags { id } } }"""
    for mode, tags, result in (
        ("ADD", ["2"], ["1", "2"]),
        ("REMOVE", ["1"], ["2"]),
        ("SET", ["3"], ["3"]),
    ):
        both = stash.data(query, m=mode, t=tags)["bulkSceneUpdate"]
        assert [[tag["id"] for tag in row["tags"]] for row in both] == [result, result]
    assert updated(stash, 4) == updated(stash, 5) == NOW


def test_a_created_scene_needs_a_title_or_a_file(stash: Stash) -> None:
    created = stash.data('mutation { sceneCreate(input: {title: "Fresh"}) { id created_at } }')
    num = int(created["sceneCreate"]["id"])
    assert num > 99
    assert created["sceneCreate"]["created_at"] == NOW
    assert "title must be set" in stash.error("mutation { sceneCreate(input: {}) { id } }")
    stash.data("mutation ($i: ID!) { sceneDestroy(input: {id: $i}) }", i=num)
    assert stash.scene(num) is None
    second = stash.data('mutation { sceneCreate(input: {title: "Again"}) { id } }')
    assert int(second["sceneCreate"]["id"]) == num + 1  # ids are never used twice


SILENT = [
    ("auto_tag", {"performer_ids": [3]}, True),
    ("cover", {"cover": "fresh"}, True),
    ("edit_scene", {"values": {"details": "x"}}, True),
    ("attach_file", {"file": {"path": "/n", "size": 1, "duration": 1, "oshash": "f"}}, True),
    ("play", {}, False),
    ("count_o", {}, False),
]


@pytest.mark.parametrize(("action", "parameters", "moves"), SILENT)
def test_silent_changes_move_the_time_as_stash_does(
    stash: Stash, action: str, parameters: dict[str, Any], moves: bool
) -> None:
    num = 40 + [row[0] for row in SILENT].index(action)
    stash.edit(action, scene_id=num, **parameters)
    assert updated(stash, num) == (NOW if moves else BEFORE)


def test_dropping_one_of_two_files_moves_the_time_and_the_last_takes_the_scene(
    stash: Stash,
) -> None:
    file = stash.edit(
        "attach_file",
        scene_id=50,
        file={"path": "/second", "size": 1, "duration": 1, "oshash": "s"},
    )["id"]
    stash.edit("set", kind="scene", id=50, attributes={"updated_at": BEFORE})
    stash.edit("drop_file", file_id=file)
    assert updated(stash, 50) == NOW
    stash.edit("drop_file", file_id=50)
    assert stash.scene(50) is None


def test_an_unknown_silent_change_is_refused(stash: Stash) -> None:
    with pytest.raises(Exception, match="400"):
        stash.edit("explode")


def test_the_state_dump_shows_relations_as_numbers(stash: Stash) -> None:
    state = stash.ask("state")
    row = next(row for row in state["scenes"] if row["num"] == 99)
    assert (row["performers"], row["studio"], row["tags"]) == ([2], 1, [2])
    assert {"scenes", "tags", "performers", "studios"} <= set(state)


def test_times_are_written_in_the_offset_of_the_moment(stash: Stash) -> None:
    with stash.switched(offset="Z"):
        stash.edit("cover", scene_id=55, cover="z")
    assert updated(stash, 55) == "2026-06-01T10:00:00Z"


def test_the_other_silent_changes(stash: Stash) -> None:
    made = stash.edit("create_scene", values={"title": "Quiet"})["id"]
    assert stash.scene(made)["title"] == "Quiet"
    stash.edit("destroy_scene", scene_id=made)
    raw = scene(500, updated_at="2020-01-01T00:00:00-05:00")
    assert stash.edit("import_scene", scene=raw) == {"ok": True, "id": 500}
    assert updated(stash, 500) == "2020-01-01T00:00:00-05:00"
    stash.edit("merge_scenes", source=[500], destination=37)
    assert updated(stash, 37) == NOW
    first = stash.edit("create", kind="tag", values={"name": "First"})["id"]
    second = stash.edit("create", kind="tag", values={"name": "Second"})["id"]
    stash.edit("auto_tag", scene_id=38, tag_ids=[first])
    stash.edit("merge_tags", source=[first], destination=second)
    assert {"name": "Second"} in stash.scene(38, "tags { name }")["tags"]
    stash.edit("destroy", kind="tag", id=second)
    assert {"name": "Second"} not in stash.scene(38, "tags { name }")["tags"]
    stash.edit("move_file", file_id=38, path="C:\\lib\\x.mp4")
    moved = stash.scene(38, "files { basename parent_folder { path } }")["files"]
    assert moved == [{"basename": "x.mp4", "parent_folder": {"path": "C:\\lib"}}]
    stash.edit(
        "assign_file",
        scene_id=39,
        file_id=stash.edit(
            "attach_file", scene_id=38, file={"path": "/z", "size": 1, "duration": 1, "oshash": "z"}
        )["id"],
    )
    assert len(stash.scene(39, "files { id }")["files"]) == 2
