"""The queue's table: persist-queue's own, with what it lacks to keep its promises by itself.

The rules live in the store and not in this process, so they hold for every process and also for
whoever opens the file with persist-queue alone:

- the scene id, attempts and due time are columns computed from the JSON, so no question reads
  the jobs one by one, and a row that is no JSON (a pickle, say) cannot be inserted at all;
- unique indexes allow a scene one waiting, one working and one dead row;
- triggers turn the insertion of a scene that waits already into a refresh of its row, and drop
  rows that are acknowledged.
"""

from __future__ import annotations

import sqlite3

from storage.sqlite import Refusal, Schema

# persist-queue's name for the table of SQLiteAckQueue(path, name="default").
TABLE = "ack_queue_default"


def merged(new: str, new_not_before: str) -> str:
    """SQL: the JSON of a waiting row (columns unqualified) after a newer order `new` for its scene.

    The newer order wins, attempts included, because something changed since the older one failed.
    The row keeps its id, so its place in the line, and its first `enqueued_at`; of the two due
    times the earlier counts.
    """
    return f"""CAST(json_set({new},
        '$.job_id', _id,
        '$.enqueued_at', coalesce(json_extract(CAST(data AS TEXT), '$.enqueued_at'), timestamp),
        '$.not_before', min(not_before, {new_not_before})
    ) AS BLOB)"""


def _computed(name: str, kind: str, default: str) -> str:
    return (
        f"ALTER TABLE {TABLE} ADD COLUMN {name} {kind} GENERATED ALWAYS AS"
        f" (CAST(coalesce(json_extract(CAST(data AS TEXT), '$.{name}'), {default}) AS {kind}))"
        " VIRTUAL"
    )


_MIGRATIONS = (
    (
        # As persist-queue 1.1 creates it (SQLiteAckQueue._SQL_CREATE).
        f"CREATE TABLE IF NOT EXISTS {TABLE} (_id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " data BLOB, timestamp FLOAT, status INTEGER)",
        _computed("scene_id", "INTEGER", "NULL"),
        _computed("attempts", "INTEGER", "0"),
        _computed("not_before", "REAL", "0"),
        # Rows of a bare persist-queue: of several for one scene the newest order stands.
        f"DELETE FROM {TABLE} WHERE status NOT IN (0, 1, 2, 9) OR _id NOT IN"
        f" (SELECT max(_id) FROM {TABLE}"
        " GROUP BY scene_id, CASE WHEN status < 2 THEN 0 ELSE status END)",
        f"UPDATE {TABLE} SET data = CAST(json_set(CAST(data AS TEXT), '$.job_id', _id) AS BLOB)",
        f"CREATE UNIQUE INDEX one_waiting ON {TABLE} (scene_id) WHERE status < 2",
        f"CREATE UNIQUE INDEX one_working ON {TABLE} (scene_id) WHERE status = 2",
        f"CREATE UNIQUE INDEX one_dead ON {TABLE} (scene_id) WHERE status = 9",
        f"CREATE INDEX due ON {TABLE} (not_before, _id) WHERE status < 2",
        f"""CREATE TRIGGER refresh_waiting BEFORE INSERT ON {TABLE} WHEN NEW.status < 2
            AND EXISTS (SELECT 1 FROM {TABLE} WHERE scene_id = NEW.scene_id AND status < 2)
        BEGIN
            UPDATE {TABLE} SET data = {merged("CAST(NEW.data AS TEXT)", "NEW.not_before")}
                WHERE scene_id = NEW.scene_id AND status < 2;
            SELECT RAISE(IGNORE);
        END""",
        f"""CREATE TRIGGER name_job AFTER INSERT ON {TABLE} BEGIN
            SELECT RAISE(ABORT, 'a job names its scene') WHERE NEW.scene_id IS NULL;
            UPDATE {TABLE} SET data = CAST(json_set(CAST(data AS TEXT), '$.job_id', _id) AS BLOB)
                WHERE _id = NEW._id;
        END""",
        f"""CREATE TRIGGER drop_finished AFTER UPDATE OF status ON {TABLE} WHEN NEW.status = 5
        BEGIN
            DELETE FROM {TABLE} WHERE _id = NEW._id;
            UPDATE counters SET value = value + 1 WHERE name = 'completed';
        END""",
        "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
        "INSERT INTO counters VALUES ('completed', 0)",
    ),
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
    migrations=_MIGRATIONS,
    remedy="The next reconcile finds what is left to do.",
    refuse=_refuse_foreign,
)
