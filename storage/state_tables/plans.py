"""What a preview found would be written, change by change, until it is applied or forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core.fields import PICTURES
from core.models import Change, ItemRef
from storage.files.row_checks import INT, TEXT, Row, Table
from storage.files.store import Store
from storage.record_codec import dumps, value_from_json

TABLES = (
    """CREATE TABLE plans (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id INTEGER NOT NULL,
        scene_id INTEGER NOT NULL,
        title TEXT NOT NULL,
        section TEXT NOT NULL,
        key TEXT NOT NULL,
        field TEXT NOT NULL,
        kinds TEXT NOT NULL,
        before TEXT NOT NULL,
        after TEXT NOT NULL,
        added TEXT NOT NULL,
        removed TEXT NOT NULL
    )""",
    "CREATE INDEX plans_by_scene ON plans (run_id, scene_id)",
)
# With all that a list of a plan can be filtered by.
SECOND = (
    "DROP INDEX plans_by_scene",
    "CREATE INDEX plans_by_scene ON plans (run_id, scene_id, field, kinds, title)",
)

_PLANS = Table(
    "plans",
    ("id",),
    {
        "id": INT,
        "scene_id": INT,
        **dict.fromkeys(
            ("title", "section", "key", "field", "before", "after", "added", "removed"), TEXT
        ),
    },
)
# A plan of a whole library takes hundreds of megabytes, and an old one is soon outdated.
KEPT = 3


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One change of one item, with the scene that it is for, as it was called then."""

    scene_id: int
    title: str
    ref: ItemRef
    change: Change


class PlanStore(Store):
    """The plans of preview runs, by run."""

    def add(self, run_id: int, planned: Iterable[PlannedChange]) -> None:
        """Adds to the plan of a run."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO plans (run_id, scene_id, title, section, key, field, kinds, before,"
                " after, added, removed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (_row(run_id, each) for each in planned),
            )

    def scene_ids(self, run_id: int) -> list[int]:
        """The scenes that a plan changes, in rising order."""
        return self._database.numbers(
            "SELECT DISTINCT scene_id FROM plans WHERE run_id = ? ORDER BY scene_id", (run_id,)
        )

    def of_scenes(self, run_id: int, scene_ids: Sequence[int]) -> dict[int, list[PlannedChange]]:
        """The planned changes of some scenes; a scene without any is left out."""
        found: dict[int, list[PlannedChange]] = {}
        of_run = "AND run_id = ? ORDER BY id"
        read = self._database.select_in
        for planned in read(_PLANS, _planned, "scene_id", scene_ids, of_run, (run_id,)):
            found.setdefault(planned.scene_id, []).append(planned)
        return found

    def page(
        self, run_id: int, kinds: Sequence[str] | None, text: str, offset: int, limit: int
    ) -> tuple[int, list[int]]:
        """How many scenes a plan changes like that, and some of them, in rising order.

        Args:
            kinds: values of `ChangeKind` of which it has one; empty: it changes a picture; None:
                any change will do.
            text: a part of the scene's title, in any case, or its id.
        """
        terms, values = ["run_id = ?"], list[object]([run_id])
        pictures = ", ".join(f"'{name}'" for name in sorted(PICTURES))
        if kinds is not None:
            has = " OR ".join(["instr(',' || kinds || ',', ?)"] * len(kinds))
            terms.append(
                f"field NOT IN ({pictures}) AND ({has})" if kinds else f"field IN ({pictures})"
            )
            values += [f",{kind}," for kind in kinds]
        where = " AND ".join(terms)
        if text:
            # SQLite knows no case but that of ASCII.
            sql = f"SELECT DISTINCT scene_id, title FROM plans WHERE {where} ORDER BY scene_id"
            rows, part = self._database.rows(sql, values), text.casefold()
            found = (i for i, title in rows if part in str(title).casefold() or text == str(i))
            ids = list(dict.fromkeys(found))
        else:
            sql = f"SELECT DISTINCT scene_id FROM plans WHERE {where} ORDER BY scene_id"
            ids = self._database.numbers(sql, values)
        return len(ids), ids[offset : offset + limit]

    def drop_old(self) -> None:
        """Forgets all plans but the newest."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM plans WHERE run_id NOT IN"
                " (SELECT DISTINCT run_id FROM plans ORDER BY run_id DESC LIMIT ?)",
                (KEPT,),
            )

    def drop_orphans(self) -> None:
        """Forgets the plans of runs that are forgotten."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM plans WHERE run_id NOT IN (SELECT id FROM runs)")


def packed(planned: Iterable[PlannedChange]) -> str:
    """Planned changes as one text."""
    return dumps(
        [
            [p.scene_id, p.title, *p.ref, c.field, c.before, c.after, c.added, c.removed]
            for p in planned
            for c in [p.change]
        ]
    )


def unpacked(text: str) -> tuple[PlannedChange, ...]:
    """Those of such a text; what is none is left out."""
    return tuple(_planned_from(row) for row in json.loads(text) if isinstance(row, list))


def _row(run_id: int, planned: PlannedChange) -> tuple[object, ...]:
    change = planned.change
    return (
        run_id,
        planned.scene_id,
        planned.title,
        planned.ref.section,
        planned.ref.key,
        change.field,
        ",".join(kind.value for kind in change.kinds),
        dumps(change.before),
        dumps(change.after),
        dumps(change.added),
        dumps(change.removed),
    )


def _planned(row: Row) -> PlannedChange:
    return _planned_from([*row[1:6], *map(json.loads, row[6:])])


def _planned_from(row: Sequence[Any]) -> PlannedChange:
    scene_id, title, section, key, field, before, after, added, removed = row
    values = value_from_json(before), value_from_json(after)
    change = Change(field, *values, tuple(added), tuple(removed))
    return PlannedChange(scene_id, title, ItemRef(section, key), change)
