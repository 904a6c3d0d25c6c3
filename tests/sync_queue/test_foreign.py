"""Files that we did not write, or that broke: never loaded blindly, never in the way."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import persistqueue
import pytest
from persistqueue.serializers import json as bare_json

from core.errors import StateError
from core.models import Change, Failure, ItemRef, Job
from storage.state_tables.plans import PlannedChange, packed
from sync_queue import operations
from sync_queue.queue import SyncQueue
from sync_queue.schema import SCHEMA, TABLE
from tests.stored import make_earlier, sql
from tests.sync_queue.conftest import NOW

MOVED = "data.db.pickled-20231114-221320"


class Trap:
    """Unpickling this makes a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    return tmp_path / "sprung"


@pytest.fixture
def pickled(path: Path, trap: Path) -> None:
    """The queue of an earlier plugin, with a row that runs code when it is loaded."""
    earlier = persistqueue.SQLiteAckQueue(str(path), auto_resume=False)
    earlier.put({"scene_id": 1, "data": {}})
    earlier.put(Trap(trap))
    earlier.close()


def opened(path: Path, warnings: list[str]) -> SyncQueue:
    return SyncQueue(path, warn=warnings.append, clock=lambda: NOW)


def test_the_trap_would_work(trap: Path) -> None:
    pickle.loads(pickle.dumps(Trap(trap)))
    assert trap.exists()


@pytest.mark.usefixtures("pickled")
def test_a_pickled_queue_is_moved_aside_and_never_loaded(path: Path, trap: Path) -> None:
    before = (path / "data.db").read_bytes()
    warnings: list[str] = []

    with opened(path, warnings) as queue:
        assert queue.queued_scene_ids() == set()
        queue.put({"scene_id": 5})
        assert [job.scene_id for job in queue.claim(9, NOW)] == [5]

    assert not trap.exists()
    assert (path / MOVED).read_bytes() == before
    assert len(warnings) == 1
    assert MOVED in warnings[0]
    assert "reconcile" in warnings[0]


@pytest.mark.usefixtures("pickled")
@pytest.mark.parametrize(
    "ask",
    [
        operations.get_queued_scene_ids,
        operations.get_stats,
        lambda path: operations.enqueue(path, 5, "metadata", {}),
    ],
    ids=["ids", "stats", "enqueue"],
)
def test_no_question_loads_a_pickle(ask: Callable[[Path], object], path: Path, trap: Path) -> None:
    ask(path)

    assert not trap.exists()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("status", [0, 1, 2, 5, 9])
def test_no_pickle_of_any_kind_is_taken_for_json(path: Path, protocol: int, status: int) -> None:
    persistqueue.SQLiteAckQueue(str(path)).close()
    row = (pickle.dumps({"scene_id": 1}, protocol), 1.0, status)
    put = f"INSERT INTO {TABLE} (data, timestamp, status) VALUES (?, ?, ?)"
    sql(path / "data.db", put, bound=row)

    warnings: list[str] = []
    opened(path, warnings).close()

    assert (path / MOVED).exists()
    assert len(warnings) == 1


@pytest.mark.parametrize(
    "data", [None, b"", b"\x00", b"7", b"[]", b"{}", b'{"scene_id": "x"}', "t"]
)
def test_rows_that_are_no_jobs_are_moved_aside(path: Path, data: object) -> None:
    persistqueue.SQLiteAckQueue(str(path)).close()
    put = f"INSERT INTO {TABLE} (data, timestamp, status) VALUES (?, 1, 0)"
    sql(path / "data.db", put, bound=(data,))

    warnings: list[str] = []
    with opened(path, warnings) as queue:
        assert queue.stats(NOW).waiting == 0
    assert len(warnings) == 1


def test_an_empty_queue_of_an_earlier_plugin_is_used(path: Path) -> None:
    persistqueue.SQLiteAckQueue(str(path)).close()
    warnings: list[str] = []

    with opened(path, warnings) as queue:
        queue.put({"scene_id": 1})
        assert queue.stats(NOW).waiting == 1
    assert warnings == []


def test_a_bare_json_queue_is_migrated(path: Path) -> None:
    bare = persistqueue.SQLiteAckQueue(str(path), serializer=bare_json)
    for scene_id, version in ((1, "a"), (2, "a"), (1, "b"), (3, "a"), (3, "b"), (4, "a"), (5, "a")):
        bare.put({"scene_id": scene_id, "data": {"v": version}})
    for end in (bare.ack, bare.ack_failed):
        end(bare.get())
    bare.get()
    sql(path / "data.db", f"UPDATE {TABLE} SET status = 9 WHERE _id IN (4, 5)")
    bare.close()

    warnings: list[str] = []
    with opened(path, warnings) as queue:
        waiting, dead = queue.claim(9, NOW), queue.dead_letters()

    assert [(job.job_id, job.scene_id, job.data) for job in waiting] == [
        (3, 1, {"v": "b"}),
        (6, 4, {"v": "a"}),
        (7, 5, {"v": "a"}),
    ]
    assert {(job.scene_id, job.data["v"]) for job in dead} == {(2, "a"), (3, "b")}
    assert warnings == []


def test_an_id_is_never_given_twice_after_a_migration(path: Path) -> None:
    bare = persistqueue.SQLiteAckQueue(str(path), serializer=bare_json)
    bare.put({"scene_id": 1})
    bare.close()

    with opened(path, []) as queue:
        queue.clear_waiting()
        assert queue.put({"scene_id": 1}) == 2


@pytest.mark.parametrize("version", range(len(SCHEMA.migrations)))
def test_a_queue_of_every_earlier_version_is_migrated(path: Path, version: int) -> None:
    path.mkdir()
    make_earlier(path / "data.db", SCHEMA, version)

    warnings: list[str] = []
    with opened(path, warnings) as queue:
        row_id = queue.put({"scene_id": 1})
        assert queue.claim(1, NOW) == [Job(row_id, 1, "metadata", {}, NOW, "", 0, 0.0)]
    assert warnings == []


def test_a_newer_queue_is_refused_and_untouched(path: Path) -> None:
    with opened(path, []) as queue:
        queue.put({"scene_id": 1})
    sql(path / "data.db", "PRAGMA user_version = 99")
    before = (path / "data.db").read_bytes()

    with pytest.raises(StateError, match="newer Stash2Plex"):
        opened(path, [])

    assert (path / "data.db").read_bytes() == before


def test_a_damaged_queue_is_started_anew(path: Path) -> None:
    path.mkdir()
    (path / "data.db").write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
    warnings: list[str] = []

    with opened(path, warnings) as queue:
        queue.put({"scene_id": 1})
        assert queue.stats(NOW).waiting == 1

    assert len(warnings) == 1
    assert "data.db.corrupt-20231114-221320" in warnings[0]


def test_what_error_texts_told_becomes_a_failure(path: Path) -> None:
    errors = ["", "PlexNotFound: no item", "AwaitsScan: films", "Busy: later", "no colon"]
    path.mkdir()
    put = f"INSERT INTO {TABLE} (data, timestamp, status, scene_id, error) VALUES ('{{}}', 1, 0, "
    rows = [f"{put}{scene_id}, '{error}')" for scene_id, error in enumerate(errors, start=1)]
    gone = f"DELETE FROM {TABLE} WHERE scene_id = 5"
    make_earlier(path / "data.db", SCHEMA, 1, *rows, gone)

    with opened(path, []) as queue:
        assert [(each.failure, each.why) for each in queue.claim(9, NOW)] == [
            (Failure.NONE, ""),
            (Failure.NOT_FOUND, "no item"),
            (Failure.AWAITS_SCAN, "films"),
            (Failure.OTHER, "Busy: later"),
        ]
        assert queue.put({"scene_id": 9}) == 6  # the id of a row that is gone is not given again


def test_what_the_third_version_held_and_gave_up_on_stays(path: Path) -> None:
    loss = PlannedChange(4, "Night", ItemRef("1", "7"), Change("tags", ("A",), (), (), ("A",)))
    columns = "(data, timestamp, status, scene_id, failure, error, marks, lines)"
    rows = [
        f"(4, 4, 'HeldByGuard', 'HeldByGuard: it is held', 'ab', '{packed([loss])}')",
        "(9, 5, 'PlexNotFound', 'PlexNotFound', '', '[]')",
    ]
    path.mkdir()
    put = [f"INSERT INTO {TABLE} {columns} VALUES ('{{}}', 1, {row[1:]}" for row in rows]
    make_earlier(path / "data.db", SCHEMA, 3, *put)

    with opened(path, []) as queue:
        assert [(each.job.why, each.losses) for each in queue.held()] == [("it is held", (loss,))]
        assert [(each.failure, each.why) for each in queue.dead_letters()] == [
            (Failure.NOT_FOUND, "")
        ]
