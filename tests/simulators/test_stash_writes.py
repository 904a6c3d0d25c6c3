"""Writes of scenes and entities, and what they do to `updated_at`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulators.stash_running import Stash, running, scene, seed

NOW = "2026-06-01T12:00:00+02:00"
BEFORE = "2025-02-01T10:00:00Z"


def many(count: int) -> list[dict[str, Any]]:
    tagged = [scene(num, tag_ids=[1], performer_ids=[1], studio_id=2) for num in range(1, count)]
    pair = scene(901)["files"] + scene(902)["files"]
    return [*tagged, scene(99, files=pair, tag_ids=[2], performer_ids=[2], studio_id=1)]


@pytest.fixture
def stash(running_stash: Stash) -> Stash:
    return running_stash


@pytest.fixture(scope="module")
def running_stash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stash]:
    with running(tmp_path_factory.mktemp("writes"), seed(*many(60))) as client:
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


def test_scenes_update_commits_all_or_nothing_by_scene(stash: Stash) -> None:
    query = "mutation ($i: [SceneUpdateInput!]!) { scenesUpdate(input: $i) { title } }"
    given = [{"id": "6", "title": "a"}, {"id": "7", "title": "b"}]
    assert stash.data(query, i=given)["scenesUpdate"] == [{"title": "a"}, {"title": "b"}]


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


def test_a_merge_takes_the_files_and_leaves_no_source(stash: Stash) -> None:
    merged = stash.data(
        """mutation { sceneMerge(input: {source: ["8", "9"], destination: "10",
        values: {id: "10", title: "Merged"}}) { title files { id } updated_at } }"""
    )["sceneMerge"]
    assert merged == {
        "title": "Merged",
        "files": [{"id": "10"}, {"id": "8"}, {"id": "9"}],
        "updated_at": NOW,
    }
    assert stash.scene(8) is None
    itself = 'mutation { sceneMerge(input: {source: ["10"], destination: "10"}) { id } }'
    assert "cannot be in source list" in stash.error(itself)


def test_moving_and_assigning_files_leaves_the_time_alone(stash: Stash) -> None:
    moved = 'input: {ids: ["11"], destination_folder: "/data/n", destination_basename: "m.mp4"}'
    stash.data(f"mutation {{ moveFiles({moved}) }}")
    assert stash.scene(11, "files { path } updated_at") == {
        "files": [{"path": "/data/n/m.mp4"}],
        "updated_at": BEFORE,
    }
    stash.data('mutation { sceneAssignFile(input: {scene_id: "12", file_id: "902"}) }')
    assert [row["id"] for row in stash.scene(12, "files { id }")["files"]] == ["12", "902"]
    assert updated(stash, 12) == updated(stash, 99) == BEFORE
    primary = 'mutation { sceneAssignFile(input: {scene_id: "12", file_id: "901"}) }'
    assert "primary file" in stash.error(primary)


def test_renaming_an_entity_moves_its_own_time_only(stash: Stash) -> None:
    tag = stash.data(
        'mutation { tagUpdate(input: {id: "1", name: "Evening"}) { name updated_at } }'
    )
    assert tag["tagUpdate"] == {"name": "Evening", "updated_at": NOW}
    shown = stash.scene(20, "tags { name } updated_at")
    assert shown == {"tags": [{"name": "Evening"}], "updated_at": BEFORE}


def test_a_name_that_is_taken_is_refused(stash: Stash) -> None:
    taken = 'mutation { studioCreate(input: {name: "quayside"}) { id } }'
    assert "already exists" in stash.error(taken)
    twin = 'mutation { performerCreate(input: {name: "Ana Ruiz", disambiguation: "c"}) { id } }'
    stash.data(twin)


def test_destroying_and_merging_entities_moves_links_but_no_times(stash: Stash) -> None:
    stash.data('mutation { tagCreate(input: {name: "Temporary"}) { id } }')
    found = stash.data('{ findTags(filter: {q: "Temporary"}) { tags { id } } }')
    tag = found["findTags"]["tags"][0]["id"]
    with stash.switched(now="2026-07-01T00:00:00Z"):
        for num in (30, 31):
            stash.edit("auto_tag", scene_id=num, tag_ids=[tag])
            stash.edit("set", kind="scene", id=num, attributes={"updated_at": BEFORE})
        stash.data(
            'mutation ($t: ID!) { tagsMerge(input: {source: [$t], destination: "3"}) { id } }',
            t=tag,
        )
    merged = stash.scene(30, "tags { name } updated_at")
    assert {row["name"] for row in merged["tags"]} >= {"4K"}
    assert merged["updated_at"] == BEFORE
    (destination,) = stash.data('{ findTags(ids: ["3"]) { tags { aliases updated_at } } }')[
        "findTags"
    ]["tags"]
    assert destination["aliases"] == ["Temporary"]
    assert not destination["updated_at"].startswith("2026-07")
    stash.data('mutation { studioDestroy(input: {id: "2"}) }')
    assert stash.scene(32, "studio { id } updated_at") == {"studio": None, "updated_at": BEFORE}


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
    assert {"scenes", "tags", "performers", "studios", "plugin_settings", "jobs"} <= set(state)


def test_times_are_written_in_the_offset_of_the_moment(stash: Stash) -> None:
    with stash.switched(offset="Z"):
        stash.edit("cover", scene_id=55, cover="z")
    assert updated(stash, 55) == "2026-06-01T10:00:00Z"
