"""Whoever uses the queue by persist-queue, here or elsewhere, breaks no promise."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import persistqueue
import pytest

from core.models import Failure
from sync_queue.operations import open_queue
from sync_queue.queue import SyncQueue
from tests.sync_queue.conftest import NOW


@pytest.fixture
def bare(queue: SyncQueue, path: Path) -> Iterator[persistqueue.SQLiteAckQueue]:
    """persist-queue's own class on the file that `queue` has open."""
    opened = open_queue(path)
    yield opened
    opened.close()


def test_its_own_methods_work(queue: SyncQueue, bare: persistqueue.SQLiteAckQueue) -> None:
    for n in (1, 2, 3, 4):
        queue.put({"scene_id": n, "data": {"n": n}})
    (held,) = queue.claim(1, NOW)
    queue.hold([(held, [])])
    assert bare.queue()[1]["data"]["scene_id"] == 2

    two, three, four = bare.get(block=False), bare.get(block=False), bare.get(block=False)
    assert [item["data"]["n"] for item in (two, three, four)] == [2, 3, 4]
    bare.ack(two)
    bare.nack(three)
    bare.ack_failed(four)
    bare.clear_acked_data(keep_latest=0)

    assert [(job.scene_id, job.data) for job in queue.claim(9, NOW)] == [(3, {"n": 3})]
    stats = queue.stats(NOW)
    assert (stats.completed, stats.dead, stats.held) == (1, {Failure.NONE: 1}, 1)


def test_rows_of_a_bare_queue_become_jobs(
    queue: SyncQueue, bare: persistqueue.SQLiteAckQueue
) -> None:
    bare.put({"scene_id": 1, "update_type": "image", "data": {"v": 1}, "attempts": 4, "x": "y"})
    bare.put({"scene_id": "2", "priority": 1})

    two, one = queue.claim(9, NOW)

    assert (one.scene_id, one.update_type, one.data, one.attempts) == (1, "image", {"v": 1}, 4)
    assert (two.scene_id, two.update_type, two.data, two.attempts) == (2, "metadata", {}, 0)
    assert two.enqueued_at == NOW  # it was put after that, by the clock of the system
    assert (two.priority, one.priority) == (1, 0)


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

    assert queue.stats(NOW).waiting == 0
    assert queue.stats(NOW).completed == 1


@pytest.mark.parametrize("item", [{"no": "scene"}, {"scene_id": "x"}, {"scene_id": -1}, 7, "text"])
def test_a_bare_queue_cannot_put_what_is_no_job(
    queue: SyncQueue, bare: persistqueue.SQLiteAckQueue, item: object
) -> None:
    with pytest.raises(sqlite3.Error):
        bare.put(item)

    assert queue.stats(NOW).waiting == 0


def test_a_pickle_cannot_be_put(queue: SyncQueue, path: Path) -> None:
    pickling = persistqueue.SQLiteAckQueue(str(path), auto_resume=False)
    with pytest.raises(sqlite3.Error):
        pickling.put({"scene_id": 1})
    pickling.close()

    assert queue.stats(NOW).waiting == 0
