"""The queue's table: persist-queue's own, with what it lacks to keep its promises by itself.

The rules live in the store and not in this process, so they hold for every process and also for
whoever opens the file with persist-queue alone:

- what the queue asks about (scene, due time, attempts) are columns, so no question reads the jobs
  one by one; where they differ from the JSON of the job, the columns are right;
- unique indexes allow a scene one waiting, one working, one held and one dead row;
- a row that comes without a scene id, from a bare persist-queue, gets its columns from its JSON
  (one that is no JSON, a pickle say, cannot be inserted), and a row that is acknowledged goes.

A newer order for a scene that waits already takes over the waiting row: its snapshot and attempts
are the newer order's, because something changed since the older one failed; the place in the line
and `enqueued_at` stay, and of the two due times the earlier counts, of the priorities the higher.
"""

from __future__ import annotations

import sqlite3

from storage.files.migration import Refusal, Schema

# persist-queue's name for the table of SQLiteAckQueue(path, name="default").
TABLE = "ack_queue_default"


def _json(path: str, default: str) -> str:
    return f"coalesce(json_extract(CAST(NEW.data AS TEXT), '$.{path}'), {default})"


def _adopt(merged: str = "", filled: str = "") -> str:
    """The trigger that makes a bare row one of ours; `merged` and `filled` set later columns."""
    return f"""CREATE TRIGGER adopt_bare_row AFTER INSERT ON {TABLE} WHEN NEW.scene_id IS NULL
BEGIN
    UPDATE {TABLE} SET
        data = NEW.data,
        attempts = CAST({_json("attempts", "0")} AS INTEGER),
        not_before = min(not_before, CAST({_json("not_before", "0")} AS REAL)),
        error = {_json("error", "''")} {merged}
    WHERE scene_id = CAST({_json("scene_id", "0")} AS INTEGER) AND status < 2 AND NEW.status < 2;
    DELETE FROM {TABLE} WHERE _id = NEW._id AND changes() > 0;
    UPDATE {TABLE} SET
        scene_id = CAST({_json("scene_id", "0")} AS INTEGER),
        enqueued_at = CAST({_json("enqueued_at", "timestamp")} AS REAL),
        attempts = CAST({_json("attempts", "0")} AS INTEGER),
        not_before = CAST({_json("not_before", "0")} AS REAL),
        error = {_json("error", "''")} {filled}
    WHERE _id = NEW._id;
END"""


_PRIORITY = f"CAST({_json('priority', '0')} AS INTEGER)"
_DROP_FINISHED = f"""CREATE TRIGGER drop_finished AFTER UPDATE OF status ON {TABLE}
    WHEN NEW.status = 5
BEGIN
    DELETE FROM {TABLE} WHERE _id = NEW._id;
    UPDATE counters SET value = value + 1 WHERE name = 'completed';
END"""
_UNIQUE = tuple(
    f"CREATE UNIQUE INDEX {name} ON {TABLE} (scene_id) WHERE status {status}"
    for name, status in (("one_waiting", "< 2"), ("one_working", "= 2"), ("one_dead", "= 9"))
)
_COLUMNS = """(
    _id INTEGER PRIMARY KEY AUTOINCREMENT,
    data BLOB NOT NULL,
    timestamp FLOAT NOT NULL,
    status INTEGER NOT NULL CHECK (status IN (0, 1, 2, 4, 5, 9)),
    scene_id INTEGER CHECK (scene_id > 0),
    enqueued_at REAL NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before REAL NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT ''"""
_COPIED = "_id, data, timestamp, status, scene_id, enqueued_at, attempts, not_before, error"
# In the first version, what stood before the colon of an error text told its kind.
_TOLD = "trim(substr(error, 1, instr(error || ':', ':') - 1))"
_KNOWN = "'', 'PlexNotFound', 'Ambiguous', 'AwaitsScan', 'ImageFailed', 'PlexRejected'"

_FIRST = (
    # What a bare persist-queue 1.1 left (SQLiteAckQueue._SQL_CREATE), if it was here.
    f"CREATE TABLE IF NOT EXISTS {TABLE} (_id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " data BLOB, timestamp FLOAT, status INTEGER)",
    f"ALTER TABLE {TABLE} RENAME TO bare",
    f"CREATE TABLE {TABLE} {_COLUMNS})",
    *_UNIQUE,
    _adopt(),
    _DROP_FINISHED,
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "INSERT INTO counters VALUES ('completed', 0)",
    # A running job of a bare persist-queue is one that was killed: it waits again. Of several
    # dead ones the newest stands.
    f"INSERT INTO {TABLE} (_id, data, timestamp, status)"
    " SELECT _id, data, timestamp, 1 FROM bare WHERE status < 5 ORDER BY _id",
    f"INSERT OR REPLACE INTO {TABLE} (_id, data, timestamp, status)"
    " SELECT _id, data, timestamp, 9 FROM bare WHERE status = 9 ORDER BY _id",
    "DROP TABLE bare",
)
_SECOND = (
    f"ALTER TABLE {TABLE} RENAME TO first",
    f"""CREATE TABLE {TABLE} {_COLUMNS},
    failure TEXT NOT NULL DEFAULT '',
    priority INTEGER NOT NULL DEFAULT 0,
    marks TEXT NOT NULL DEFAULT '',
    lines TEXT NOT NULL DEFAULT '[]')""",
    f"INSERT INTO {TABLE} ({_COPIED}, failure) SELECT {_COPIED}, CASE WHEN {_TOLD} IN ({_KNOWN})"
    f" THEN {_TOLD} ELSE 'Failed' END FROM first ORDER BY _id",
    # An id is never given twice, though its row is gone.
    f"DELETE FROM sqlite_sequence WHERE name = '{TABLE}'",
    f"UPDATE sqlite_sequence SET name = '{TABLE}' WHERE name = 'first'",
    "DROP TABLE first",
    *_UNIQUE,
    f"CREATE UNIQUE INDEX one_held ON {TABLE} (scene_id) WHERE status = 4",
    # Beyond its order, the index holds what is asked of many waiting rows at once.
    f"CREATE INDEX due ON {TABLE} (priority DESC, not_before, _id, status, scene_id, attempts)"
    " WHERE status < 2",
    _adopt(f", failure = '', priority = max(priority, {_PRIORITY})", f", priority = {_PRIORITY}"),
    _DROP_FINISHED,
)
# What a row counts as: all that waits is one.
_OLD, _NEW = (f"max({row}.status, 1), {row}.failure" for row in ("OLD", "NEW"))
_ADD = (
    f"INSERT INTO tallies VALUES ({_NEW}, 1)"
    " ON CONFLICT (status, failure) DO UPDATE SET count = count + 1"
)
_TAKE = f"UPDATE tallies SET count = count - 1 WHERE (status, failure) = ({_OLD})"
_TALLY = f"INSERT INTO tallies SELECT max(status, 1), failure, count(*) FROM {TABLE} GROUP BY 1, 2"
# How many rows there are of each status and failure, so that nobody counts them one by one; and
# what is asked of those that wait by their time, or by why they do.
_THIRD = (
    "CREATE TABLE tallies (status INTEGER NOT NULL, failure TEXT NOT NULL,"
    " count INTEGER NOT NULL, PRIMARY KEY (status, failure)) WITHOUT ROWID",
    _TALLY,
    f"CREATE TRIGGER tally_in AFTER INSERT ON {TABLE} BEGIN {_ADD}; END",
    f"CREATE TRIGGER tally_out AFTER DELETE ON {TABLE} BEGIN {_TAKE}; END",
    f"CREATE TRIGGER tally_move AFTER UPDATE OF status, failure ON {TABLE}"
    f" WHEN ({_OLD}) <> ({_NEW}) BEGIN {_TAKE}; {_ADD}; END",
    f"CREATE INDEX waiting_by_time ON {TABLE} (not_before, scene_id, attempts) WHERE status < 2",
    f"CREATE INDEX waiting_by_failure ON {TABLE} (failure, scene_id) WHERE status < 2",
    f"CREATE INDEX kept_by_time ON {TABLE} (timestamp) WHERE status > 2",
    f"CREATE INDEX kept_by_order ON {TABLE} (enqueued_at) WHERE status > 2",
)
# A failure stands in its own column alone. Nothing reads `marks` any more: the losses say the same.
_FOURTH = (
    f"UPDATE {TABLE} SET error = substr(error, length(failure) + 3) WHERE failure <> ''"
    " AND substr(error || ': ', 1, length(failure) + 2) = failure || ': '",
    f"ALTER TABLE {TABLE} RENAME COLUMN lines TO losses",
)


def _refuse_foreign(connection: sqlite3.Connection) -> Refusal | None:
    """Looks whether a file of an earlier plugin holds rows that are no JSON job; loads none."""
    has_table = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (TABLE,)
    ).fetchone()
    if has_table is None:
        return None
    # CASE, because SQLite may evaluate the sides of an AND in any order and json_extract throws.
    foreign = connection.execute(
        f"""SELECT 1 FROM {TABLE} WHERE NOT (CASE
            WHEN data IS NULL OR NOT json_valid(CAST(data AS TEXT)) THEN 0
            WHEN json_type(CAST(data AS TEXT)) <> 'object' THEN 0
            ELSE coalesce(CAST(json_extract(CAST(data AS TEXT), '$.scene_id') AS INTEGER), 0) > 0
        END) LIMIT 1"""
    ).fetchone()
    if foreign is None:
        return None
    return Refusal("pickled", "holds jobs of an earlier plugin in a form that is not safe to load")


SCHEMA = Schema(
    title="the queue",
    migrations=(_FIRST, _SECOND, _THIRD, _FOURTH),
    remedy="The next reconcile finds what is left to do.",
    refuse=_refuse_foreign,
    derived=("DELETE FROM tallies", _TALLY),
)
