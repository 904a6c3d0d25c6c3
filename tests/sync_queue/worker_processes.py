"""The processes of `test_processes`: a writer and a drain, each killed at any instant.

Run as `python -m tests.sync_queue.worker_processes writer|drain FOLDER NAME`. What a process
says on stdout has happened: a line is printed after the call that it tells of returned.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from pathlib import Path

from core.errors import DrainBusy
from core.models import Failure
from sync_queue.lock import DrainLock
from sync_queue.queue import SyncQueue

SCENES = 12


def say(**facts: object) -> None:
    # One write a line, so that a kill cannot leave half a line of two processes.
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def write(folder: Path, name: str) -> None:
    """Puts orders for a few scenes, one by one and in bulk, until it is told to stop."""
    with SyncQueue(folder / "queue") as queue:
        for version in itertools.count():
            if (folder / "stop").exists():
                return
            scene_ids = [version % SCENES + 1]
            if version % 5 == 0:
                scene_ids = list(range(1, SCENES + 1, 2))
            before = time.monotonic()
            queue.put_many(
                {"scene_id": scene_id, "data": {"writer": name, "version": version}}
                for scene_id in scene_ids
            )
            # Users pause between edits too; three tight loops would only measure the disk.
            time.sleep(0.005)
            say(did="put", scenes=scene_ids, writer=name, version=version, before=before)


def drain(folder: Path) -> None:
    """Works on what is there, with every ending that a job can have, until told to stop."""
    with SyncQueue(folder / "queue") as queue:
        while True:
            try:
                with DrainLock(folder):
                    queue.recover()
                    queue.retry_dead()  # a kill may have come after the park of a dead letter
                    if _drained(folder, queue):
                        return
            except DrainBusy:
                time.sleep(0.01)


def _drained(folder: Path, queue: SyncQueue) -> bool:
    for number in itertools.count():
        stopping = (folder / "stop").exists()
        jobs = queue.claim(3, time.time())
        claimed = time.monotonic()
        if not jobs:
            if stopping:
                return True
            continue
        first, *others = jobs
        if number % 7 == 3:
            queue.retry(first, 0.0, Failure.OTHER, "later")
            queue.release(others)
            continue
        if number % 7 == 5:
            queue.park(first, Failure.NOT_FOUND, "later")
            queue.retry_dead()
            jobs = others
        for job in jobs:
            say(did="applied", scene=job.scene_id, claimed=claimed, **job.data)
        queue.finish(jobs)
    return False


if __name__ == "__main__":
    role, place, own_name = sys.argv[1:]
    if role == "writer":
        write(Path(place), own_name)
    else:
        drain(Path(place))
