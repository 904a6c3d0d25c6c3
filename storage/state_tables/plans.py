"""What a preview found would be written, change by change, until it is applied or forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core.fields import PICTURES
from core.models import Change, ChangeKind, ItemRef
from storage.files.row_checks import INT, TEXT, Row, Table
from storage.files.store import Store
from storage.record_codec import dumps, value_from_json

# The bit of each kind in the column `kinds`.
_BITS = {kind: 1 << place for place, kind in enumerate(ChangeKind)}


def _table(kinds: str) -> str:
    return f"""CREATE TABLE plans (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id INTEGER NOT NULL,
        scene_id INTEGER NOT NULL,
        title TEXT NOT NULL,
        section TEXT NOT NULL,
        key TEXT NOT NULL,
        field TEXT NOT NULL,
        kinds {kinds} NOT NULL,
        before TEXT NOT NULL,
        after TEXT NOT NULL,
        added TEXT NOT NULL,
        removed TEXT NOT NULL
    )"""


TABLES = (_table("TEXT"), "CREATE INDEX plans_by_scene ON plans (run_id, scene_id)")
# With all that a list of a plan can be filtered by.
_INDEX = "CREATE INDEX plans_by_scene ON plans (run_id, scene_id, field, kinds, title)"
SECOND = ("DROP INDEX plans_by_scene", _INDEX)
# The kinds were their names, with commas between them.
_OF_NAMES = " + ".join(f"(instr(kinds, '{k.value}') > 0) * {bit}" for k, bit in _BITS.items())
THIRD = (
    "ALTER TABLE plans RENAME TO plans_of_names",
    _table("INTEGER"),
    f"INSERT INTO plans SELECT id, run_id, scene_id, title, section, key, field, {_OF_NAMES},"
    " before, after, added, removed FROM plans_of_names",
    "DROP TABLE plans_of_names",
    _INDEX,
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
        self, run_id: int, kinds: Sequence[ChangeKind] | None, text: str, offset: int, limit: int
    ) -> tuple[int, list[int]]:
        """How many scenes a plan changes like that, and some of them, in rising order.

        Args:
            kinds: the change is of one of them; empty: it changes a picture; None: any will do.
            text: a part of the scene's title, in any case, or its id.
        """
        terms, values = ["run_id = ?"], list[object]([run_id])
        pictures = ", ".join(f"'{name}'" for name in sorted(PICTURES))
        if kinds is not None:
            has = f"field NOT IN ({pictures}) AND kinds & {_bits(kinds)}"
            terms.append(has if kinds else f"field IN ({pictures})")
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
        _bits(change.kinds),
        dumps(change.before),
        dumps(change.after),
        dumps(change.added),
        dumps(change.removed),
    )


def _bits(kinds: Iterable[ChangeKind]) -> int:
    return sum(_BITS[kind] for kind in kinds)


def _planned(row: Row) -> PlannedChange:
    return _planned_from([*row[1:6], *map(json.loads, row[6:])])


def _planned_from(row: Sequence[Any]) -> PlannedChange:
    scene_id, title, section, key, field, before, after, added, removed = row
    values = value_from_json(before), value_from_json(after)
    change = Change(field, *values, tuple(added), tuple(removed))
    return PlannedChange(scene_id, title, ItemRef(section, key), change)
