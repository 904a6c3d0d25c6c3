"""Many changes of a database that wait for the disk together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from storage.files.database import Database
from storage.files.migration import version_of

# Pages of the log after which they are copied into the file: in bulk, and by SQLite's default.
_BULK, _AS_EVER = 16_384, 1_000


@contextmanager
def bulk(database: Database) -> Iterator[None]:
    """Around changes that can be had again, of a database that waits for the disk at each commit:
    they wait at the end, and not one by one. Until then a power cut takes some of them back, the
    last ones first; a kill takes none.
    """
    if database.rows("PRAGMA journal_mode") != [("wal",)]:
        yield
        return
    changes = "SELECT total_changes()"
    before = database.rows(changes)
    try:
        _set(database, synchronous="NORMAL", wal_autocheckpoint=_BULK)
        yield
    finally:
        _set(database, synchronous="FULL", wal_autocheckpoint=_AS_EVER)
        if database.rows(changes) != before:
            with database.transaction() as connection:  # all of it reaches the disk
                connection.execute(f"PRAGMA user_version = {version_of(connection)}")


def _set(database: Database, **pragmas: object) -> None:
    for name, value in pragmas.items():
        database.rows(f"PRAGMA {name} = {value}")
