"""Whoever holds the queue as a bare persist-queue, here or elsewhere, breaks no promise."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import persistqueue
import pytest
from persistqueue.exceptions import Empty
from persistqueue.serializers import json as bare_json

from sync_queue.queue import SyncQueue
from tests.sync_queue.conftest import NOW


@pytest.fixture
def bare(queue: SyncQueue, path: Path) -> Iterator[persistqueue.SQLiteAckQueue]:
    """persist-queue's own class on the file that `queue` has open."""
    opened = persistqueue.SQLiteAckQueue(str(path), serializer=bare_json, auto_resume=False)
    yield opened
    opened.close()


def test_its_own_methods_work(queue: SyncQueue) -> None:
    ids = [queue.put({"scene_id": n, "data": {"n": n}}) for n in (1, 2, 3)]
    assert (len(queue), queue.qsize(), queue.empty(), queue.full()) == (3, 3, False, False)

    one, two = queue.get(), queue.get(block=False)
    three = queue.get(timeout=1, raw=True)
    assert [one["data"], two["data"], three["data"]["data"]] == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert (queue.active_size(), queue.unack_count(), queue.empty()) == (3, 3, True)

    assert queue.ack(one) == ids[0]
    assert queue.nack(two) == ids[1]
    assert queue.ack_failed(three) == ids[2]
    assert (queue.acked_count(), queue.ready_count(), queue.ack_failed_count()) == (1, 1, 1)
    assert queue.ack(one) is None
    assert queue.ack("1") is None
    with pytest.raises(ValueError):
        queue.ack()

    queue.clear_acked_data()
    assert queue.ack_failed_count() == 1
    queue.clear_acked_data(clear_ack_failed=True)
    assert queue.ack_failed_count() == 0
    queue.shrink_disk_usage()


def test_a_job_is_taken_by_its_id_or_after_another(queue: SyncQueue) -> None:
    first, second, third = (queue.put({"scene_id": n}) for n in (1, 2, 3))

    assert queue.get(id=second)["scene_id"] == 2
    with pytest.raises(Empty):
        queue.get(id=second, block=False)
    assert queue.get(id=second, next_in_order=True)["job_id"] == third
    assert queue.get(id=third, next_in_order=True)["job_id"] == first
    with pytest.raises(Empty):
        queue.get(block=False)


def test_a_job_in_backoff_is_not_handed_out(queue: SyncQueue) -> None:
    queue.put({"scene_id": 1, "not_before": NOW + 1})
    row_id = queue.put({"scene_id": 2, "not_before": NOW - 1})

    assert queue.get(block=False)["job_id"] == row_id
    with pytest.raises(Empty):
        queue.get(timeout=0.01)


def test_a_put_wakes_whoever_waits(queue: SyncQueue) -> None:
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(queue.get(timeout=20)["scene_id"]))
    thread.start()
    queue.put({"scene_id": 5})
    thread.join()

    assert found == [5]


def test_resuming_merges_twins(queue: SyncQueue) -> None:
    queue.put({"scene_id": 1, "data": {"v": 1}})
    queue.get()
    queue.put({"scene_id": 1, "data": {"v": 2}})

    queue.resume_unack_tasks()

    assert [job.data for job in queue.claim(9, NOW)] == [{"v": 2}]


def test_an_update_keeps_the_scene(queue: SyncQueue) -> None:
    one, two = queue.put({"scene_id": 1}), queue.put({"scene_id": 2})

    queue.update({"scene_id": 1, "data": {"v": 2}, "attempts": 3}, id=one)
    queue.update({"scene_id": 1, "data": {"v": 3}}, id=two)
    raw = queue.get(id=one, raw=True)
    raw["data"]["reason"] = "raw"
    queue.update(raw)
    with pytest.raises(ValueError):
        queue.update({"scene_id": 1})

    queue.nack(raw)
    assert [
        (job.job_id, job.scene_id, job.data, job.attempts, job.reason)
        for job in queue.claim(9, NOW)
    ] == [(one, 1, {"v": 2}, 3, "raw"), (two, 2, {}, 0, "")]


def test_rows_of_a_bare_queue_become_jobs(
    queue: SyncQueue, bare: persistqueue.SQLiteAckQueue
) -> None:
    bare.put({"scene_id": 1, "update_type": "image", "data": {"v": 1}, "attempts": 4, "x": "y"})
    bare.put({"scene_id": "2"})

    one, two = queue.claim(9, NOW)

    assert (one.scene_id, one.update_type, one.data, one.attempts) == (1, "image", {"v": 1}, 4)
    assert (two.scene_id, two.update_type, two.data, two.attempts) == (2, "metadata", {}, 0)
    assert two.enqueued_at > NOW


def test_a_bare_put_refreshes_the_scene_that_waits(
    queue: SyncQueue, bare: persistqueue.SQLiteAckQueue
) -> None:
    row_id = queue.put({"scene_id": 1, "enqueued_at": 5.0, "not_before": NOW + 9})
    queue.put({"scene_id": 2})
    bare.put({"scene_id": 1, "data": {"v": 2}})

    one, two = queue.claim(9, NOW)

    assert (one.job_id, one.data, one.enqueued_at) == (row_id, {"v": 2}, 5.0)
    assert two.scene_id == 2


def test_a_bare_put_waits_behind_the_scene_that_is_worked_on(
    queue: SyncQueue, bare: persistqueue.SQLiteAckQueue
) -> None:
    queue.put({"scene_id": 1})
    working = queue.claim(1, NOW)
    bare.put({"scene_id": 1, "data": {"v": 2}})

    assert queue.claim(1, NOW) == []
    queue.finish(working)
    assert [job.data for job in queue.claim(1, NOW)] == [{"v": 2}]


def test_a_bare_queue_cannot_take_a_scene_twice(
    queue: SyncQueue, bare: persistqueue.SQLiteAckQueue
) -> None:
    queue.put({"scene_id": 1})
    queue.claim(1, NOW)
    queue.put({"scene_id": 1})

    with pytest.raises(sqlite3.IntegrityError):
        bare.get(block=False)
    with pytest.raises(sqlite3.IntegrityError):
        bare.resume_unack_tasks()

    assert queue.stats(NOW).working == 1


def test_what_a_bare_queue_finishes_is_gone_and_counted(
    queue: SyncQueue, bare: persistqueue.SQLiteAckQueue
) -> None:
    queue.put({"scene_id": 1})
    bare.ack(bare.get(block=False))

    assert queue.queue() == []
    assert queue.acked_count() == 1


@pytest.mark.parametrize("item", [{"no": "scene"}, {"scene_id": "x"}, {"scene_id": -1}, 7, "text"])
def test_a_bare_queue_cannot_put_what_is_no_job(
    queue: SyncQueue, bare: persistqueue.SQLiteAckQueue, item: object
) -> None:
    with pytest.raises(sqlite3.Error):
        bare.put(item)

    assert queue.queue() == []


def test_a_pickle_cannot_be_put(queue: SyncQueue, path: Path) -> None:
    pickling = persistqueue.SQLiteAckQueue(str(path), auto_resume=False)
    with pytest.raises(sqlite3.Error):
        pickling.put({"scene_id": 1})
    pickling.close()

    assert queue.queue() == []
