"""What the page does at once, and what that leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from app import stopping
from app.page.operations import OPERATIONS, READS, answer
from app.page.public_figures import FILE, FOLDER
from app.page.publishing import publishing
from app.page.running_task import RunningNote
from core.errors import ConfigError
from core.models import Failure
from shell.protocol import PluginInput
from storage.page.findings import Finding
from sync_queue.inbox_reader import Inbox
from sync_queue.jobs import EDIT
from tests.app.page.conftest import NOW, Folder
from tests.core.builders import record
from tests.settings import parse_settings


def do(folder: Folder, mode: str, **args: Any) -> dict[str, Any]:
    return OPERATIONS[mode](folder.context(looks_only=False, mode=mode, **args))


@pytest.fixture(autouse=True)
def found(folder: Folder) -> None:
    with folder.page() as page:
        page.findings.replace_all(
            [Finding(n, "drift", f"Scene {n}", f"/m/{n}.mp4") for n in range(1, 6)], []
        )


def waiting(folder: Folder) -> list[int]:
    with folder.queue() as queue:
        return [job.scene_id for job in queue.due(NOW)]


def published(folder: Folder) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder.plugin_dir / FOLDER / FILE).read_bytes())
    return told


def test_scenes_that_are_asked_for_go_before_all_others(folder: Folder) -> None:
    with folder.queue() as queue:
        queue.put({"scene_id": 9})

    told = do(folder, "sync_scenes", scene_ids=["2", 1, "2"])

    assert told == {"queued": 2, "text": "2 scenes are queued."}
    with folder.queue() as queue:
        jobs = queue.due(NOW)
    assert [job.scene_id for job in jobs] == [2, 1, 9]
    assert jobs[0].priority == EDIT
    assert dict(jobs[0].data) == {"title": "Scene 2", "path": "/m/2.mp4"}
    with Inbox(folder.data) as inbox:
        assert [event.id for event in inbox.take()] == [1]
    rows = folder.ask("page_gaps")["rows"]
    assert [row["scene_id"] for row in rows if row["queued"]] == ["1", "2"]
    assert published(folder)["waiting"] == 3
    assert folder.ask("page_log")["rows"][0]["text"] == told["text"]


def test_all_that_a_filter_shows_are_meant(folder: Folder) -> None:
    assert do(folder, "sync_scenes", filter={"type": "drift", "text": "scene 3"})["queued"] == 1
    assert waiting(folder) == [3]
    assert do(folder, "ignore_scenes", filter={})["changed"] == 5
    assert do(folder, "unignore_scenes", filter={"type": "ignored"})["changed"] == 5
    with pytest.raises(ConfigError, match="'type' is 'odd'"):
        do(folder, "sync_scenes", filter={"type": "odd"})
    with folder.page() as page:
        page.findings.replace_all(
            [Finding(4, "drift", "Four", "/m/4.mp4"), Finding(6, "ambiguous", "Six", "/m/6.mp4")],
            [],
        )
    with folder.state() as state:
        state.records.save_many([replace(record(scene_id=n), undone=True) for n in (4, 6)])
    told = do(folder, "sync_scenes", filter={})
    text = "1 scene is queued. 1 scene is left out, since no sync can help it yet."
    assert told == {"queued": 1, "text": text}
    with folder.state() as state:
        known = state.records.get_many([4, 6])
    assert {n: each.undone for n, each in known.items()} == {4: False, 6: True}


def test_ignored_scenes_are_dropped_everywhere_and_can_be_taken_back(folder: Folder) -> None:
    with folder.queue() as queue:
        queue.put_many({"scene_id": n} for n in (1, 2, 3))
        for job in queue.claim(3, NOW):
            if job.scene_id == 2:
                queue.hold([(job, [])])
            else:
                queue.park(job, Failure.NOT_FOUND, "gone")
        queue.put({"scene_id": 1})

    told = do(folder, "ignore_scenes", scene_ids="1, 2, 7")

    assert told["changed"] == 3
    assert waiting(folder) == []
    assert folder.ask("page_held")["total"] == 0
    assert [row["scene_id"] for row in folder.ask("page_dead_letters")["rows"]] == ["3"]
    rows = folder.ask("page_gaps", type="ignored")["rows"]
    assert [(row["scene_id"], row["ignored"]) for row in rows] == [
        ("7", True),
        ("1", True),
        ("2", True),
    ]
    assert folder.ask("page_gaps")["total"] == 3
    again = do(folder, "sync_scenes", scene_ids=[1, 3])
    assert again["queued"] == 1
    assert "1 scene is left alone, since you ignore it" in again["text"]
    assert do(folder, "ignore_scenes", scene_ids=[1])["changed"] == 0

    assert do(folder, "unignore_scenes", scene_ids=[1, 2, 3])["changed"] == 2

    assert folder.ask("page_gaps")["total"] == 5
    assert folder.ask("page_gaps", type="ignored")["total"] == 1


def test_dead_letters_of_some_scenes_are_dropped(folder: Folder) -> None:
    with folder.queue() as queue:
        queue.put_many({"scene_id": n} for n in (1, 2))
        for job in queue.claim(2, NOW):
            queue.park(job, Failure.NOT_FOUND, "gone")
    told = do(folder, "drop_dead_letters", scene_ids=[1, 5])
    assert told == {"changed": 1, "text": "1 dead letter is gone."}
    assert published(folder)["dead_letters"] == 1


def test_what_the_list_of_dead_letters_shows_is_dropped_on_all_its_pages(folder: Folder) -> None:
    with folder.queue() as queue:
        queue.put_many({"scene_id": n, "data": {"title": f"Scene {n}"}} for n in range(1, 14))
        for job in queue.claim(13, NOW):
            failure = Failure.AMBIGUOUS if job.scene_id == 12 else Failure.NOT_FOUND
            queue.park(job, failure, "gone")
    wanted = {"error": "PlexNotFound", "text": "SCENE 1"}
    assert do(folder, "drop_dead_letters", filter=wanted)["changed"] == 4
    assert folder.ask("page_dead_letters", **wanted)["total"] == 0
    assert do(folder, "drop_dead_letters", filter={})["changed"] == 9
    with pytest.raises(ConfigError, match="no kind of failure"):
        do(folder, "drop_dead_letters", filter={"error": "Odd"})


def test_only_a_task_that_runs_can_be_stopped(folder: Folder) -> None:
    folder.context(looks_only=False).open_page().close()
    assert do(folder, "stop_run") == {"text": "No task of Stash2Plex runs."}
    assert not stopping.is_requested(folder.data)
    with RunningNote(folder.data, "process_queue", NOW) as note:
        note.tell(0.1, NOW)
        told = do(folder, "stop_run")
    assert told["text"] == "Process Queue ends once the scenes in hand are done."
    assert stopping.is_requested(folder.data)
    stopping.clear(folder.data)
    assert not stopping.is_requested(folder.data)


@pytest.mark.parametrize("mode", ["sync_scenes", "ignore_scenes", "unignore_scenes"])
def test_an_action_refuses_a_filter_that_is_not_known(folder: Folder, mode: str) -> None:
    for told in ({"failure": "drift"}, "drift"):
        with pytest.raises(ConfigError, match=r"failure' is unknown|'filter' is 'drift'"):
            do(folder, mode, scene_ids=[1], filter=told)
    assert waiting(folder) == []
    assert folder.ask("page_gaps", type="drift")["total"] == 5


@pytest.mark.parametrize("mode", ["sync_scenes", "ignore_scenes", "unignore_scenes"])
def test_an_action_names_its_scenes(folder: Folder, mode: str) -> None:
    with pytest.raises(ConfigError, match="'scene_ids' is missing"):
        do(folder, mode)
    with pytest.raises(ConfigError, match="'scene_ids' is 'x'"):
        do(folder, mode, scene_ids=["x"])


def test_a_read_writes_nothing(folder: Folder) -> None:
    before = {path: path.read_bytes() for path in folder.data.glob("*.db")}
    for mode in READS:
        if mode not in ("page_run", "page_report"):  # there is none
            plugin = PluginInput({"PluginDir": str(folder.plugin_dir)}, {"mode": mode})
            assert "output" in answer(plugin, folder.env)
    assert {path: path.read_bytes() for path in before} == before
    assert not (folder.plugin_dir / FOLDER).exists()


def test_the_support_bundle_hides_names_where_that_is_wished(folder: Folder) -> None:
    settings = {
        "plex_url": "http://plex:32400",
        "plex_token": "a-secret-token-of-plex",
        "path_map": "/secret/folder=>/plex",
        "obfuscate_paths": False,
    }
    texts = []
    for hides in (False, True):
        with publishing(folder.plugin("reconcile_all"), folder.env, lambda: NOW) as publisher:
            publisher.settings = parse_settings({**settings, "obfuscate_paths": hides}, {})
        with folder.state() as state:
            run = state.runs.start("settings", NOW)
            state.runs.finish(run, "stopped", {"why": "of “A Title”"}, NOW, guard="settings")
        texts.append(folder.ask("page_support")["text"])
    assert "/secret/folder" in texts[0]
    assert "A Title" in texts[0]
    assert "Stash2Plex 9.8.7" in texts[1]
    assert "max_retries: 5" in texts[1]
    for text in ("a-secret-token", "/secret/folder", "A Title"):
        assert text not in texts[1]
    assert "a-secret-token" not in texts[0]
