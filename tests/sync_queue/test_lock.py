"""One drain at a time, and a killed one holds up nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import DrainBusy, StateError
from sync_queue.lock import DrainLock

HOLDER = """
import sys, time
from sync_queue.lock import DrainLock
with DrainLock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def try_to_take(lock: DrainLock) -> None:
    with lock:
        pass


def test_it_is_free_again_after_use(tmp_path: Path) -> None:
    lock = DrainLock(tmp_path / "data")
    for _ in range(2):
        try_to_take(lock)
    with pytest.raises(KeyError), lock:
        raise KeyError
    try_to_take(DrainLock(tmp_path / "data"))


def test_this_process_cannot_take_it_twice(tmp_path: Path) -> None:
    lock = DrainLock(tmp_path)
    with lock:
        for other in (lock, DrainLock(tmp_path)):
            with pytest.raises(DrainBusy, match="Another run"):
                try_to_take(other)
        with pytest.raises(DrainBusy):
            try_to_take(lock)
    try_to_take(lock)


@pytest.mark.processes
def test_a_killed_holder_frees_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(DrainBusy):
            try_to_take(DrainLock(tmp_path))
        holder.kill()
        holder.wait()
        try_to_take(DrainLock(tmp_path))


def test_a_place_that_cannot_be_locked_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file in the place of the folder")

    with pytest.raises(StateError, match=r"cannot be used.*STASH_PLUGIN_DATA"):
        try_to_take(DrainLock(tmp_path / "data"))
