"""The history of runs, and the user's confirmations that a stopped run may go on.

A guard stops a run before its first write and leaves its figures here. The user looks at them and
confirms; the next run takes that confirmation, once, if it is about to do what was confirmed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from core.errors import GaveWay, GuardStopped, RunStopped
from core.run_kinds import RECONCILE, SYNCING
from storage.files.database import placeholders
from storage.files.row_checks import INT, TEXT, TIME, Row, Table
from storage.files.store import Store
from storage.record_codec import dumps

STOPPED_BY_USER = "you stopped it"
RunStatus = Literal["running", "done", "partial", "stopped", "failed"]
Figures = Mapping[str, Any]

TABLES = (
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        status TEXT NOT NULL,
        started_at REAL NOT NULL,
        finished_at REAL,
        figures TEXT NOT NULL DEFAULT '{}',
        guard TEXT NOT NULL DEFAULT '',
        confirmation TEXT NOT NULL DEFAULT 'none'
    )""",
    "CREATE INDEX runs_by_kind ON runs (kind, id)",
    "CREATE INDEX runs_stopped ON runs (guard, id) WHERE status = 'stopped'",
)

_RUNS = Table(
    "runs",
    ("id",),
    {
        "id": INT,
        "kind": TEXT,
        "status": TEXT,
        "started_at": TIME,
        "finished_at": TIME.optional(),
        "figures": TEXT,
        "guard": TEXT,
        "confirmation": TEXT,
    },
)


@dataclass(frozen=True, slots=True)
class Run:
    """One reconcile or drain.

    Attributes:
        figures: JSON-able, by name; what the task reports.
        guard: the guard that stopped it, or "".
        confirmation: none, given (waits for the next run) or taken (used up, or overtaken by a run
            that needed none).
    """

    id: int
    kind: str
    status: RunStatus
    started_at: float
    finished_at: float | None
    figures: Figures
    guard: str = ""
    confirmation: Literal["none", "given", "taken"] = "none"

    @property
    def has_ended(self) -> bool:
        """Whether it came to its end, be it that it did not get to everything."""
        return self.status in ("done", "partial")


@dataclass(slots=True)
class OpenRun:
    """A run under way, as its history will have it at its end.

    Attributes:
        figures: asked for at the end, whatever the end is.
        status: `failed` until somebody says something else.
    """

    id: int
    figures: Callable[[], Figures]
    status: RunStatus = "failed"


class RunStore(Store):
    """Runs, newest first wherever several are returned."""

    @contextmanager
    def begun(
        self,
        kind: str,
        clock: Callable[[], float],
        figures: Figures = MappingProxyType({}),
        resumed: Run | None = None,
    ) -> Iterator[OpenRun]:
        """A run that ends with the `with`: `stopped` by GuardStopped, `partial` by RunStopped, or
        as its `status` says.

        Args:
            clock: epoch seconds.
            figures: what is known of it by now.
            resumed: the run to go on with, instead of a new one.
        """
        run_id = resumed.id if resumed is not None else self.start(kind, clock(), figures)
        run = OpenRun(run_id, lambda: figures)
        why: dict[str, str] = {}
        try:
            yield run
        except GuardStopped:
            run.status = "stopped"
            raise
        except GaveWay:
            run.status = "partial"
            raise
        except RunStopped:
            run.status, why = "partial", {"why": STOPPED_BY_USER}
            raise
        finally:
            self.finish(run.id, run.status, {**run.figures(), **why}, clock())

    def stopped(self, kind: str, guard: str, figures: Figures, at: float) -> None:
        """Notes a run that a guard has stopped before it did anything."""
        self.finish(self.start(kind, at), "stopped", figures, at, guard=guard)

    def start(self, kind: str, at: float, figures: Figures = MappingProxyType({})) -> int:
        """Notes that a run begins, and what is known of it by then; returns its id."""
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO runs (kind, status, started_at, figures) VALUES (?, 'running', ?, ?)",
                (kind, at, dumps(dict(figures))),
            )
            assert cursor.lastrowid is not None
            return cursor.lastrowid

    def finish(
        self, run_id: int, status: RunStatus, figures: Figures, at: float, *, guard: str = ""
    ) -> None:
        """Closes a run; `guard` names what stopped it where the status is `stopped`."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE runs SET status = ?, figures = ?, finished_at = ?, guard = ? WHERE id = ?",
                (status, dumps(dict(figures)), at, guard, run_id),
            )

    def note(self, run_id: int, figures: Figures) -> None:
        """Keeps the figures that a run has so far, for the case that it is killed."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE runs SET figures = ? WHERE id = ?", (dumps(dict(figures)), run_id)
            )

    def resume(self, kind: str, since: float, fits: Callable[[Figures], bool]) -> Run | None:
        """Goes on with the newest run of a kind, if it did not come to its end and nothing was
        written by another run since: each run can be undone in the order in which they wrote. Only
        for who holds that kind's lock. Older ones that never ended are closed.

        Args:
            since: epoch seconds before which a run that began is not gone on with.
            fits: tells by its figures whether that run is meant; must be pure.
        """
        newest = self.newest(kind)
        if newest is not None and not (
            newest.status in ("running", "failed", "partial")
            and newest.started_at >= since
            and fits(newest.figures)
            and not self._database.numbers(
                "SELECT 1 FROM journal WHERE run_id > ? LIMIT 1", (newest.id,)
            )
        ):
            newest = None
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE runs SET status = 'failed', finished_at = started_at"
                " WHERE kind = ? AND status = 'running'",
                (kind,),
            )
            if newest is not None:
                connection.execute(
                    "UPDATE runs SET status = 'running', finished_at = NULL WHERE id = ?",
                    (newest.id,),
                )
        return newest

    def close_abandoned(self, kind: str, at: float) -> int:
        """Marks runs of a kind that never ended as failed; only for who holds that kind's lock."""
        with self._database.transaction() as connection:
            return connection.execute(
                "UPDATE runs SET status = 'failed', finished_at = ?"
                " WHERE kind = ? AND status = 'running'",
                (at, kind),
            ).rowcount

    def get(self, run_id: int) -> Run | None:
        return self._one("WHERE id = ?", (run_id,))

    def latest(self, kind: str | None = None, limit: int = 10) -> list[Run]:
        where, parameters = ("WHERE kind = ?", [kind]) if kind else ("", [])
        tail = f"{where} ORDER BY id DESC LIMIT ?"
        return self._database.select(_RUNS, _run, tail, [*parameters, limit])

    def newest(self, kind: str) -> Run | None:
        return self._one("WHERE kind = ? ORDER BY id DESC LIMIT 1", (kind,))

    def newest_ended(self, kind: str) -> Run | None:
        """The newest run of a kind that came to its end."""
        where = "WHERE kind = ? AND status IN ('done', 'partial') ORDER BY id DESC LIMIT 1"
        return self._one(where, (kind,))

    def latest_of_each_kind(self) -> list[Run]:
        """The newest run of every kind."""
        newest = "WHERE id IN (SELECT max(id) FROM runs GROUP BY kind) ORDER BY id DESC"
        return self._database.select(_RUNS, _run, newest)

    def page(self, offset: int, limit: int) -> tuple[int, list[Run]]:
        """How many runs are known, and some of them."""
        total = self._database.numbers("SELECT count(*) FROM runs")[0]
        tail = "ORDER BY id DESC LIMIT ? OFFSET ?"
        return total, self._database.select(_RUNS, _run, tail, (limit, offset))

    def taken_back(self) -> set[int]:
        """The runs that an undo has taken back as a whole, but for those undos that were taken back
        themselves."""
        told = "CASE WHEN json_valid(figures) THEN json_extract(figures, '$.undone_run') END"
        sql = f"SELECT id, {told} FROM runs WHERE kind = 'undo' AND status = 'done'"
        found: set[int] = set()
        for undo, target in self._database.rows(f"{sql} ORDER BY id DESC"):
            if undo not in found and isinstance(target, int):
                found.add(target)
        return found

    def undone_by(self, run_id: int) -> list[int]:
        """The runs that took a run back, or a part of it."""
        told = "CASE WHEN json_valid(figures) THEN json_extract(figures, '$.undone_run') END"
        sql = f"SELECT id FROM runs WHERE kind = 'undo' AND id > ? AND {told} = ?"
        return self._database.numbers(sql, (run_id, run_id))

    def sums(self, since: float, width: float) -> list[tuple[int, int, int | None]]:
        """What runs that have ended since then did, by stretches of so many seconds.

        Returns:
            the number of each stretch, counted from 1970; how many scenes were brought to Plex in
            it; how many gaps the last whole reconcile in it found, None where there was none.
        """
        told = "CASE WHEN json_valid(figures) THEN figures ELSE '{}' END"
        rows = self._database.rows(
            "SELECT CAST(finished_at / ?2 AS INTEGER) AS stretch, kind, status,"
            " coalesce(json_extract(told, '$.succeeded'), json_extract(told, '$.scenes_done'), 0)"
            " - coalesce(json_extract(told, '$.skipped'), 0),"
            " json_extract(told, '$.scenes_with_gaps') + json_extract(told, '$.ambiguous_count'),"
            " json_extract(told, '$.scope')"
            f" FROM (SELECT *, {told} AS told FROM runs WHERE finished_at >= ?1) ORDER BY id",
            (since, width),
        )
        synced: dict[int, int] = {}
        gaps: dict[int, int] = {}
        for stretch, kind, status, done, found, scope in rows:
            is_whole = kind == RECONCILE and status == "done" and scope == "all"
            if is_whole and isinstance(found, int):
                gaps[stretch] = found
            synced[stretch] = synced.get(stretch, 0)
            if kind in SYNCING and isinstance(done, int):
                synced[stretch] += max(done, 0)
        return [(each, synced[each], gaps.get(each)) for each in sorted(synced)]

    def first_end(self, since: float) -> float | None:
        """When the first run ended that has ended since then (epoch seconds); None: none has."""
        query = "SELECT min(finished_at) FROM runs WHERE finished_at >= ?"
        at: float | None
        [(at,)] = self._database.rows(query, (since,))
        return at

    def stopped_latest(self) -> Run | None:
        """The latest run that a guard has stopped, if the user can still confirm it."""
        where = "WHERE status = 'stopped' AND guard <> '' ORDER BY id DESC LIMIT 1"
        run = self._one(where)
        return run if run is not None and run.confirmation == "none" else None

    def confirm_latest(self) -> Run | None:
        """The user agrees to what the latest stopped run was about to do.

        None when no run was stopped, or when its confirmation is already used up.
        """
        with self._database.transaction() as connection:
            run = self._one("WHERE status = 'stopped' AND guard <> '' ORDER BY id DESC LIMIT 1")
            if run is None or run.confirmation == "taken":
                return None
            connection.execute("UPDATE runs SET confirmation = 'given' WHERE id = ?", (run.id,))
        return self.get(run.id)

    def take_confirmation(self, guard: str, fits: Callable[[Figures], bool]) -> bool:
        """Uses up a confirmation whose figures fit what is about to be done; False if none does.

        `fits` gets the figures of the confirmed run and must be pure.
        """
        with self._database.transaction() as connection:
            runs = self._stopped(guard, "confirmation = 'given'")
            run = next((run for run in runs if fits(run.figures)), None)
            if run is None:
                return False
            connection.execute("UPDATE runs SET confirmation = 'taken' WHERE id = ?", (run.id,))
            return True

    def overtake(self, guard: str, fits: Callable[[Figures], bool] = lambda _: True) -> None:
        """The guard has let a run through by itself: earlier stops cannot be confirmed any more.

        Args:
            fits: tells of the figures of a stopped run whether it is meant; must be pure.
        """
        with self._database.transaction() as connection:
            runs = self._stopped(guard, "confirmation <> 'taken'")
            connection.executemany(
                "UPDATE runs SET confirmation = 'taken' WHERE id = ?",
                [(run.id,) for run in runs if fits(run.figures)],
            )

    def prune(self, before: float, kept: Sequence[int] = ()) -> int:
        """Drops ended runs that began before `before` (epoch seconds), but these; returns how
        many."""
        with self._database.transaction() as connection:
            return connection.execute(
                "DELETE FROM runs WHERE started_at < ? AND status <> 'running'"
                f" AND id NOT IN ({placeholders(len(kept))})",
                [before, *kept],
            ).rowcount

    def _one(self, where: str, parameters: tuple[object, ...] = ()) -> Run | None:
        return next(iter(self._database.select(_RUNS, _run, where, parameters)), None)

    def _stopped(self, guard: str, where: str) -> list[Run]:
        tail = f"WHERE status = 'stopped' AND guard = ? AND {where} ORDER BY id DESC"
        return self._database.select(_RUNS, _run, tail, (guard,))


def _run(row: Row) -> Run:
    run_id, kind, status, started_at, finished_at, figures, guard, confirmation = row
    told = dict(json.loads(figures))
    return Run(run_id, kind, status, started_at, finished_at, told, guard, confirmation)
