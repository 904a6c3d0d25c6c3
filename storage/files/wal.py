"""Disks on which SQLite cannot share memory between processes, as its write-ahead log needs.

Some network and union file systems are like that. A rollback journal works there; it is slower, and
who reads and who writes wait for each other. What was found out is noted in the data folder, so
that nobody tries again. Hooks load this when they meet such a disk: standard library only.
"""

from __future__ import annotations

import os
import sqlite3

# In the data folder. Empty until the user has been told. Hooks know its name as well.
MARK = "no-wal"
_REFUSALS = ("disk I/O error", "locking protocol")


def is_refused(error: sqlite3.Error) -> bool:
    """Whether this is how SQLite says that it cannot use a write-ahead log; broken disks say it
    as well."""
    return str(error).startswith(_REFUSALS)


def leave(connection: sqlite3.Connection) -> None:
    """On a connection that has read nothing yet: the file gets a rollback journal for good.

    Raises:
        sqlite3.OperationalError: that does not work either.
    """
    # Who has a file alone keeps the log's index in memory of its own.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = TRUNCATE").fetchone()
    connection.execute("PRAGMA locking_mode = NORMAL")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def is_noted(folder: str | os.PathLike[str]) -> bool:
    """Whether such a disk was met in this data folder."""
    return os.path.exists(os.path.join(folder, MARK))  # noqa: PTH110, PTH118 - see the module


def note(folder: str | os.PathLike[str], said: str = "") -> bool:
    """Remembers it, and what the user was told of it; False if that was known already."""
    path = os.path.join(folder, MARK)  # noqa: PTH118
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as file:  # noqa: PTH123
        if file.read() or not said:
            return False
        file.write(said)
    return True
