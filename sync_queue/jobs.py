"""What a job looks like in the store, and how it gets in and out.

A job is a JSON object with the keys `job_id, scene_id, update_type, data, enqueued_at, reason,
attempts, not_before, error`, kept as UTF-8 bytes in persist-queue's `data` column. JSON and not
pickle: whoever can write the file could otherwise run code in Stash.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.models import Failure, Job
from core.text import storable
from storage.files.row_checks import INT, TEXT, TIME, ColumnKind, Table
from storage.state_tables.plans import PlannedChange, unpacked
from sync_queue.schema import TABLE

# persist-queue's statuses (its AckStatus, as numbers) and one of ours, HELD, which persist-queue
# neither hands out nor deletes. Waiting is anything below WORKING.
INITED, READY, WORKING, HELD, ACKED, DEAD = 0, 1, 2, 4, 5, 9

_COLUMNS = {
    "_id": INT,
    "data": ColumnKind(frozenset({bytes, str})),
    "timestamp": TIME,
    "scene_id": INT,
    "enqueued_at": TIME,
    "attempts": INT,
    "not_before": TIME,
    "error": TEXT,
    "failure": TEXT,
    "priority": INT,
}
JOBS = Table(TABLE, ("_id",), _COLUMNS)
HELD_JOBS = Table(TABLE, ("_id",), {**_COLUMNS, "losses": TEXT})
# The classes of urgency: the higher is claimed first.
BULK, EDIT = 0, 1

_KINDS: Mapping[str, Callable[[Any], Any]] = {
    **{"update_type": str, "enqueued_at": float, "reason": str},
    **{"attempts": int, "not_before": float, "error": str, "priority": int},
}
_DEFAULTS: Mapping[str, object] = {
    **{"update_type": "metadata", "data": None, "reason": "", "attempts": 0},
    **{"not_before": 0.0, "error": ""},
}
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False)


@dataclass(frozen=True, slots=True)
class EnqueueOutcome:
    """How many jobs of a bulk put are new and how many refreshed one that waited already."""

    new: int
    refreshed: int


@dataclass(frozen=True, slots=True)
class QueueStats:
    """How the queue stands.

    Attributes:
        due: waiting and ready to run. backing_off: waiting for their time.
        dead: dead letters by their failure, the most frequent first.
        completed: jobs finished in the life of this queue.
        held: held by the clear guard until the user decides; part of no other figure.
    """

    due: int
    backing_off: int
    working: int
    dead: Mapping[Failure, int]
    completed: int
    held: int = 0

    @property
    def waiting(self) -> int:
        """Due and backing off."""
        return self.due + self.backing_off


@dataclass(frozen=True, slots=True)
class HeldJob:
    """A job that the clear guard holds back.

    Attributes:
        losses: the changes that would take something away.
    """

    job: Job
    losses: tuple[PlannedChange, ...]


class Encoded(str):
    """The `data` of a job, an object, as JSON already."""

    __slots__ = ()


def dumps(item: Mapping[str, Any]) -> bytes:
    """A job as persist-queue stores it; NaN is refused (ValueError), SQLite could not read it."""
    data = item.get("data")
    if not isinstance(data, Encoded):
        return _ENCODER.encode(item).encode()
    rest = dict(item)
    del rest["data"]
    return f'{_ENCODER.encode(rest)[:-1]},"data":{data}}}'.encode()


def scene_number(told: object) -> int:
    """The id of a scene, of which Stash makes a text. Raises ValueError: it is none."""
    if isinstance(told, (int, str)) and not isinstance(told, bool) and 0 < int(told) < 2**63:
        return int(told)
    raise ValueError(f"{told!r} is no id of a scene")


def normalised(item: Any, now: float, priority: int = BULK) -> dict[str, Any]:
    """A job object with every key of the contract; keys that we do not know stay.

    Args:
        now: its `enqueued_at`, and `priority`: where the item names none.

    Raises:
        ValueError: `item` is no mapping, names no scene by a number above zero, or has values of
            other kinds.
    """
    try:
        job = {**_DEFAULTS, "enqueued_at": now, "priority": priority, **item}
        job["job_id"] = 0  # the store gives it
        job["scene_id"] = scene_number(job["scene_id"])
        for name, kind in _KINDS.items():
            if type(job[name]) is not kind:
                job[name] = kind(job[name])
        data = job["data"] or {}
        job["data"] = data if isinstance(data, Encoded) else dict(data)
        job["error"] = storable(job["error"])
    except (LookupError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise ValueError(f"this is no job: {type(error).__name__}: {error}") from None
    return job


def job_from(row: tuple[Any, ...]) -> Job:
    """The job of a row of `JOBS`, also of one that another program put in."""
    job_id, data, _, scene_id, enqueued_at, attempts, not_before, error, failure, priority = row
    item = json.loads(data)
    snapshot = item.get("data", {})
    return Job(
        job_id,
        scene_id,
        str(item.get("update_type", "metadata")),
        snapshot if isinstance(snapshot, dict) else {},
        enqueued_at,
        str(item.get("reason", "")),
        attempts,
        not_before,
        error,
        Failure(failure),
        priority,
    )


def held_from(row: tuple[Any, ...]) -> HeldJob:
    *job, losses = row
    return HeldJob(job_from(tuple(job)), unpacked(losses))
