"""The plugin's own last lines in the log, for people who look later than Stash's log page shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from core.text import storable
from storage.files.row_checks import INT, TEXT, TIME, Table
from storage.files.store import Store

KEPT = 1000

TABLES = (
    """CREATE TABLE log_lines (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        level TEXT NOT NULL,
        text TEXT NOT NULL,
        run TEXT NOT NULL,
        task TEXT NOT NULL
    )""",
    "CREATE INDEX log_lines_by_run ON log_lines (run, id)",
)
_LINES = Table(
    "log_lines",
    ("id",),
    {"at": TIME, **dict.fromkeys(("level", "text", "run", "task"), TEXT), "id": INT},
)


class LogLine(NamedTuple):
    """One line.

    Attributes:
        at: epoch seconds.
        level: debug, info, warning or error.
        run: names the process that wrote it.
        task: the mode of that process.
    """

    at: float
    level: str
    text: str
    run: str
    task: str


class LogStore(Store):
    """The last `KEPT` lines."""

    def add(self, lines: Iterable[LogLine]) -> None:
        """Adds lines, in one transaction, and forgets as many of the oldest as there are too
        many."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO log_lines (at, level, text, run, task) VALUES (?, ?, ?, ?, ?)",
                (each._replace(text=storable(each.text)) for each in lines),
            )
            connection.execute(
                "DELETE FROM log_lines WHERE id <= (SELECT max(id) FROM log_lines) - ?", (KEPT,)
            )

    def newest(self) -> list[LogLine]:
        """All lines, newest first."""
        return self._select("ORDER BY id DESC")

    def latest_error(self) -> LogLine | None:
        """The newest error with which the last run of its task has ended; those in the midst of a
        run need not have ended it."""
        last = "SELECT max(id) FROM log_lines GROUP BY task"
        errors = self._select(f"WHERE level = 'error' AND id IN ({last}) ORDER BY id DESC LIMIT 1")
        return errors[0] if errors else None

    def _select(self, tail: str) -> list[LogLine]:
        return self._database.select(_LINES, lambda row: LogLine(*row[:-1]), tail)
