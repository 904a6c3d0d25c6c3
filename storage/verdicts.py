"""What the last whole reconcile found of each scene, and what it looked at to say so.

A verdict says: with these inputs (a digest of them), this scene had no gap and these claims. Of a
scene that was not found in order, all that is kept is that it was looked at, and what became of its
gap: that counts only while nothing at all has moved. Both save looking at what has not changed, and
may be lost at any time. The scene's record is one of the inputs, so whatever touches the record
drops the verdict in the same transaction, by triggers.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from core.matching.match_outcome import Claim, Evidence
from core.models import ItemRef
from storage.codec import dumps
from storage.rows import BLOB, INT, TEXT, Row, Table
from storage.sqlite import Database


class Fate(IntEnum):
    """What became of a scene: it was found in order, or its gap was dealt with in this way."""

    IN_ORDER = 0
    NO_GAP = 1  # not in order for sure, or there is something else to say of it
    QUEUED = 2  # it has a job
    GIVEN_UP = 3  # its job was given up on, and nothing new would help
    LEFT = 4  # a job could do nothing
    TIMELESS = 5  # in order while its items, which never say when they changed, show the same


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verdict rests on, and what it says.

    Attributes:
        digest: of all that was looked at.
        scene: of the scene alone.
        claims: the items that the scene claimed.
        taught: the folders in which its files lie: section key, that of Stash, that of Plex.
        fate: IN_ORDER or TIMELESS.
    """

    digest: bytes
    claims: tuple[Claim, ...]
    scene: bytes = b""
    taught: tuple[tuple[str, str, str], ...] = ()
    fate: Fate = Fate.IN_ORDER


def _drops(name: str, event: str, scene: str) -> str:
    return (
        f"CREATE TRIGGER verdict_{name} {event} BEGIN"
        f" DELETE FROM verdicts WHERE scene_id = {scene}; END"
    )


TABLES = (
    """CREATE TABLE verdicts (
        scene_id INTEGER PRIMARY KEY,
        digest BLOB NOT NULL,
        claims TEXT NOT NULL
    )""",
    _drops("record_added", "AFTER INSERT ON records", "NEW.scene_id"),
    _drops("record_changed", "AFTER UPDATE ON records", "NEW.scene_id"),
    _drops("record_deleted", "AFTER DELETE ON records", "OLD.scene_id"),
    # Before: an item that changes hands is taken from another scene by the insertion itself.
    _drops(
        "item_added",
        "BEFORE INSERT ON record_items",
        "NEW.scene_id OR scene_id IN (SELECT scene_id FROM record_items"
        " WHERE section = NEW.section AND key = NEW.key)",
    ),
    _drops("item_changed", "AFTER UPDATE ON record_items", "NEW.scene_id"),
    _drops("item_deleted", "AFTER DELETE ON record_items", "OLD.scene_id"),
    _drops("time_added", "AFTER INSERT ON timestamps", "NEW.scene_id"),
    _drops("time_changed", "AFTER UPDATE ON timestamps", "NEW.scene_id"),
    _drops("time_deleted", "AFTER DELETE ON timestamps", "OLD.scene_id"),
)

# What was found before is found again.
SECOND = (
    "DROP TABLE verdicts",
    """CREATE TABLE verdicts (
        scene_id INTEGER PRIMARY KEY,
        digest BLOB NOT NULL,
        claims TEXT NOT NULL,
        scene BLOB NOT NULL,
        taught TEXT NOT NULL
    )""",
)
# Also those scenes that are not in order.
THIRD = (
    "ALTER TABLE verdicts ADD COLUMN fate INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX verdict_fates ON verdicts (fate) WHERE fate > 1",
)
_VERDICTS = Table(
    "verdicts",
    ("scene_id",),
    {"scene_id": INT, "digest": BLOB, "claims": TEXT, "scene": BLOB, "taught": TEXT},
)
_RECORDED = "EXISTS (SELECT 1 FROM records WHERE scene_id = ?)"
_IN_ORDER = f"fate = {Fate.IN_ORDER:d}"


class VerdictStore:
    """Verdicts by scene id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_many(self, scene_ids: Iterable[int]) -> dict[int, Verdict]:
        """The verdicts on those of some scenes that were found in order for sure."""
        with self._database.snapshot():
            tail = f"AND {_IN_ORDER}"
            return dict(self._database.select_in(_VERDICTS, _verdict, "scene_id", scene_ids, tail))

    def looked_at(self, first: int, last: int) -> dict[int, tuple[bytes, int]]:
        """Of the scenes with ids from the first to the last one that were looked at, the digest of
        the scene alone, and its `Fate`."""
        sql = "SELECT scene_id, scene, fate FROM verdicts WHERE scene_id BETWEEN ? AND ?"
        return {i: (scene, fate) for i, scene, fate in self._database.rows(sql, (first, last))}

    def with_fate(self, fate: Fate) -> list[int]:
        """The scenes of which that became; not to be asked for those without a gap."""
        return self._database.numbers("SELECT scene_id FROM verdicts WHERE fate = ?", (fate,))

    def count(self, *, only_in_order: bool = False) -> int:
        """How many scenes were looked at, or found in order."""
        where = f"WHERE {_IN_ORDER}" if only_in_order else ""
        return int(self._database.rows(f"SELECT count(*) FROM verdicts {where}")[0][0])

    def save(self, verdicts: Mapping[int, Verdict], void: Iterable[int]) -> None:
        """Write verdicts on scenes that have a record, and drop those on others.

        Args:
            void: scenes that were looked at and are not in order.
        """
        with self._database.transaction() as connection:
            connection.executemany(
                "DELETE FROM verdicts WHERE scene_id = ?", ((scene_id,) for scene_id in void)
            )
            connection.executemany(
                f"INSERT OR REPLACE INTO verdicts SELECT ?, ?, ?, ?, ?, ? WHERE {_RECORDED}",
                (
                    (
                        *(scene_id, verdict.digest, _text(verdict.claims)),
                        *(verdict.scene, dumps(verdict.taught), verdict.fate, scene_id),
                    )
                    for scene_id, verdict in verdicts.items()
                ),
            )

    def note(self, looked_at: Iterable[tuple[int, bytes, Fate, bool]]) -> None:
        """Note scenes that were not found in order: the digest of each alone, its fate, and whether
        it had a record when it was looked at."""
        with self._database.transaction() as connection:
            connection.executemany(
                f"INSERT OR REPLACE INTO verdicts SELECT ?, x'', '[]', ?, '[]', ?"
                f" WHERE {_RECORDED} = ?",
                ((i, scene, fate, i, has_record) for i, scene, fate, has_record in looked_at),
            )

    def forget_others(self, seen: Container[int]) -> None:
        """Forget scenes that are gone."""
        known = self._database.numbers("SELECT scene_id FROM verdicts")
        self.save({}, (each for each in known if each not in seen))


def _text(claims: Iterable[Claim]) -> str:
    return json.dumps([claim_row(claim) for claim in claims], separators=(",", ":"))


def claim_row(claim: Claim) -> tuple[str, str, int, int, int, int]:
    """A claim as plain data."""
    evidence, native = int(claim.evidence), int(claim.native)
    return (*claim.ref, evidence, claim.file_rank, claim.shared, native)


def _verdict(row: Row) -> tuple[int, Verdict]:
    scene_id, digest, claims, scene, taught = row
    folders = tuple([(section, stash, plex) for section, stash, plex in json.loads(taught)])
    return scene_id, Verdict(digest, tuple(map(claim_of, json.loads(claims))), scene, folders)


def claim_of(row: Sequence[Any]) -> Claim:
    """The claim that `claim_row` made plain data of."""
    section, key, evidence, rank, shared, native = row
    return Claim(ItemRef(section, key), _EVIDENCE[evidence], rank, shared, _EVIDENCE[native])


_EVIDENCE = tuple(Evidence)
