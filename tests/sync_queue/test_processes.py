"""Several processes write and drain, some are killed in mid-work, and no order is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from sync_queue.queue import SyncQueue
from sync_queue.schema import TABLE
from tests.stored import sql

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]


@contextmanager
def worker_process(folder: Path, role: str, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of `worker_processes`, whose words go to a file of its own."""
    with (
        (folder / f"{role}-{name}.log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "tests.sync_queue.worker_processes", role, str(folder), name],
            stdout=log,
            cwd=ROOT,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def said(folder: Path, pattern: str) -> list[dict[str, Any]]:
    """Every whole line; the last one of a killed process may be cut."""
    lines = [
        line
        for log in sorted(folder.glob(pattern))
        for line in log.read_text().splitlines(keepends=True)
    ]
    return [json.loads(line) for line in lines if line.endswith("}\n")]


def wait_for(log: Path, lines: int, process: subprocess.Popen[bytes]) -> None:
    """Until a process has said that much; the timeout of the test ends it otherwise."""
    while log.read_bytes().count(b"\n") < lines:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.02)


def assert_each_scene_at_most_once(folder: Path) -> None:
    path = folder / "queue" / "data.db"
    assert sql(path, "PRAGMA integrity_check") == [("ok",)]
    twins = sql(
        path,
        f"SELECT scene_id, min(status, 2) FROM {TABLE} WHERE status < 5"
        " GROUP BY scene_id, CASE WHEN status < 2 THEN 0 ELSE 2 END HAVING count(*) > 1",
    )
    assert twins == []


def test_no_order_is_lost_and_none_is_applied_out_of_order(tmp_path: Path) -> None:
    with ExitStack() as stack:
        writers = [stack.enter_context(worker_process(tmp_path, "writer", name)) for name in "abc"]
        # Two drains take turns by the lock; each is killed in the middle of its work.
        for life in range(3):
            with worker_process(tmp_path, "drain", f"{life}") as drain:
                wait_for(tmp_path / f"drain-{life}.log", 25, drain)
                if life == 1:
                    writers[0].kill()
            assert_each_scene_at_most_once(tmp_path)
        (tmp_path / "stop").touch()
        for writer in writers[1:]:
            assert writer.wait() == 0
        with worker_process(tmp_path, "drain", "last") as drain:
            assert drain.wait() == 0

    assert_each_scene_at_most_once(tmp_path)
    with SyncQueue(tmp_path / "queue") as queue:
        stats = queue.stats(0.0)
        assert (stats.waiting, stats.working, stats.dead) == (0, 0, {})

    applied = said(tmp_path, "drain-*.log")
    last = {
        scene: max(a["claimed"] for a in applied if a["scene"] == scene) for scene in range(1, 13)
    }
    puts = said(tmp_path, "writer-*.log")
    lost = [put for put in puts for scene in put["scenes"] if last[scene] < put["before"]]
    assert lost == []
    assert {put["writer"] for put in puts} == set("abc")

    newest: dict[tuple[int, str], int] = {}
    for word in sorted(applied, key=lambda a: a["claimed"]):
        key = (word["scene"], word["writer"])
        assert word["version"] >= newest.get(key, -1)
        newest[key] = word["version"]


def test_openers_that_come_together_all_work(tmp_path: Path) -> None:
    with ExitStack() as stack:
        writers = [stack.enter_context(worker_process(tmp_path, "writer", name)) for name in "abc"]
        for name, writer in zip("abc", writers, strict=True):
            wait_for(tmp_path / f"writer-{name}.log", 3, writer)
        (tmp_path / "stop").touch()
        assert [writer.wait() for writer in writers] == [0, 0, 0]

    assert_each_scene_at_most_once(tmp_path)
