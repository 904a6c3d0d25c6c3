"""The contract's names, as an outsider calls them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from threading import Thread
from typing import Any

import persistqueue
import pytest
from persistqueue.serializers import json as bare_json

from core.models import Failure
from storage.state import State
from sync_queue.jobs import Encoded
from sync_queue.operations import (
    enqueue,
    enqueue_all,
    get_queued_scene_ids,
    get_stats,
    load_sync_timestamps,
    open_queue,
    save_sync_timestamp,
)
from sync_queue.queue import SyncQueue
from tests.sync_queue.conftest import NOW


def test_jobs_put_in_bulk_stay_and_what_comes_later_waits_for_the_disk(path: Path) -> None:
    data = Encoded('{"title": "x", "tags": ["a"]}')
    jobs = [{"scene_id": i, "data": data} for i in range(1, 251)]
    with SyncQueue(path) as queue:
        log = Path(f"{queue.database.path}-wal")
        for ends in (True, False):
            with pytest.raises(KeyError) if ends else nullcontext(), queue.bulk():
                enqueue_all(queue, jobs)
                assert queue.database.rows("PRAGMA synchronous") == [(1,)]
                size = log.stat().st_size
                if ends:
                    raise KeyError
            assert log.stat().st_size > size  # only a commit that writes waits for the disk
            assert get_stats(queue)["completed"] == 0
            assert queue.database.rows("PRAGMA synchronous") == [(2,)]
            assert queue.database.rows("PRAGMA wal_autocheckpoint") == [(1000,)]
    with SyncQueue(path) as queue:
        assert get_queued_scene_ids(queue) == set(range(1, 251))
        assert {str(job.data) for job in queue.claim(250, NOW)} == {str(json.loads(data))}


def test_what_is_put_in_bulk_leaves_the_layout_that_a_newer_version_has_made_meanwhile(
    queue: SyncQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = queue.database
    begin = database.transaction

    def begin_after_migration() -> AbstractContextManager[sqlite3.Connection]:
        with closing(sqlite3.connect(database.path)) as newer:
            newer.execute("PRAGMA user_version = 99")
        return begin()

    with queue.bulk():
        enqueue(queue, 7, "metadata", {})
        monkeypatch.setattr(database, "transaction", begin_after_migration)
    assert database.rows("PRAGMA user_version") == [(99,)]


def test_an_enqueued_job_is_returned_as_it_is_kept(queue: SyncQueue, path: Path) -> None:
    job = enqueue(queue, 7, "metadata", {"title": "x"}, "hook", now=5.0, not_before=3.0)

    bare = open_queue(path)
    assert [row["data"] for row in bare.queue()] == [job]
    elsewhere = Thread(target=bare.close)  # as garbage collection may
    elsewhere.start()
    elsewhere.join()
    assert job == {
        "job_id": 1,
        "scene_id": 7,
        "update_type": "metadata",
        "data": {"title": "x"},
        "enqueued_at": 5.0,
        "reason": "hook",
        "attempts": 0,
        "not_before": 3.0,
        "error": "",
        "priority": 0,
    }


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_is_as_good_as_a_queue(queue: SyncQueue, path: Path, kind: Any) -> None:
    first = enqueue(kind(path), 7, "metadata", {"v": 1})
    second = enqueue(queue, 7, "metadata", {"v": 2})

    assert first["job_id"] == second["job_id"]
    assert first["not_before"] == 0
    assert get_queued_scene_ids(kind(path)) == {7}
    assert [job.data for job in queue.claim(9, NOW)] == [{"v": 2}]


def test_a_bare_queue_is_as_good(path: Path) -> None:
    bare = persistqueue.SQLiteAckQueue(str(path), serializer=bare_json, auto_resume=False)
    enqueue(bare, 7, "metadata", {"v": 1})
    enqueue(bare, 8, "metadata", {"v": 1})
    assert get_queued_scene_ids(path) == {7, 8}
    enqueue(bare, 7, "metadata", {"v": 2})
    assert get_stats(path)["pending"] == 2
    bare.close()


def test_questions_make_no_file(tmp_path: Path) -> None:
    assert get_queued_scene_ids(tmp_path / "queue") == set()
    assert set(get_stats(tmp_path / "queue").values()) == {0}
    assert load_sync_timestamps(tmp_path / "data") == {}

    assert list(tmp_path.iterdir()) == []


def test_stats_count_by_status(queue: SyncQueue, path: Path) -> None:
    queue.put_many({"scene_id": n} for n in range(1, 7))
    queue.put({"scene_id": 9, "not_before": 1e12})
    done, dead, *_ = queue.claim(3, NOW)
    queue.finish([done])
    queue.park(dead, Failure.NOT_FOUND, "no item")

    stats = get_stats(path)

    assert stats == {
        "pending": 4,
        "due": 3,
        "backing_off": 1,
        "in_progress": 1,
        "completed": 1,
        "failed": 1,
        "held": 0,
    }
    assert get_stats(path.parent / "none").keys() == stats.keys()


def test_timestamps_are_kept(tmp_path: Path) -> None:
    save_sync_timestamp(str(tmp_path), 7, 5.5)
    save_sync_timestamp(tmp_path, 8, 6.5)
    save_sync_timestamp(tmp_path, 7, 7.5)

    assert load_sync_timestamps(str(tmp_path)) == {7: 7.5, 8: 6.5}
    with State(tmp_path, print) as state:
        for scene_id, at in ((1.5, 1.0), ("x", 1.0), (7, float("nan"))):
            with pytest.raises(ValueError):
                save_sync_timestamp(state, scene_id, at)  # type: ignore[arg-type]
        assert state.timestamps() == {7: 7.5, 8: 6.5}


def test_an_earlier_plugins_timestamps_are_found(tmp_path: Path) -> None:
    (tmp_path / "sync_timestamps.json").write_text('{"7": 5.5}')

    assert load_sync_timestamps(tmp_path) == {7: 5.5}
    assert load_sync_timestamps(tmp_path) == {7: 5.5}
