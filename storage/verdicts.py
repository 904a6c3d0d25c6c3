"""Scenes that the last whole reconcile found to be in order, and what it looked at to say so.

A verdict says: with these inputs (a digest of them), this scene had no gap and these claims. It
saves looking at what has not changed, and may be lost at any time. The scene's record is one of the
inputs, so whatever touches the record drops the verdict in the same transaction, by triggers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.matching.match_outcome import Claim, Evidence
from core.models import ItemRef
from storage.codec import dumps
from storage.rows import BLOB, INT, TEXT, Row, Table
from storage.sqlite import Database


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verdict rests on, and what it says.

    Attributes:
        digest: of all that was looked at.
        scene: of the scene alone.
        claims: the items that the scene claimed.
        taught: the folders in which its files lie: section key, that of Stash, that of Plex.
    """

    digest: bytes
    claims: tuple[Claim, ...]
    scene: bytes = b""
    taught: tuple[tuple[str, str, str], ...] = ()


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
_VERDICTS = Table(
    "verdicts",
    ("scene_id",),
    {"scene_id": INT, "digest": BLOB, "claims": TEXT, "scene": BLOB, "taught": TEXT},
)


class VerdictStore:
    """Verdicts by scene id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_many(self, scene_ids: Iterable[int]) -> dict[int, Verdict]:
        """The verdicts on those scenes that have one."""
        with self._database.snapshot():
            return dict(self._database.select_in(_VERDICTS, _verdict, "scene_id", scene_ids))

    def among(self, first: int, last: int) -> set[int]:
        """The scenes with ids from the first to the last one that have a verdict."""
        where = "WHERE scene_id BETWEEN ? AND ?"
        return set(self._database.numbers(f"SELECT scene_id FROM verdicts {where}", (first, last)))

    def count(self) -> int:
        """How many verdicts there are."""
        return int(self._database.rows("SELECT count(*) FROM verdicts")[0][0])

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
                "INSERT OR REPLACE INTO verdicts SELECT ?, ?, ?, ?, ?"
                " WHERE EXISTS (SELECT 1 FROM records WHERE scene_id = ?)",
                (
                    (
                        *(scene_id, verdict.digest, _text(verdict.claims)),
                        *(verdict.scene, dumps(verdict.taught), scene_id),
                    )
                    for scene_id, verdict in verdicts.items()
                ),
            )


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
