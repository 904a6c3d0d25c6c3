"""What the last whole reconcile found of each scene, and what it looked at to say so.

A verdict says: with these inputs (a digest of them), this scene had no gap and these claims. Of a
scene that was not found in order, all that is kept is that it was looked at, and what became of its
gap, what it claimed and taught: that counts only while nothing has moved that may concern it. Both
save looking at what has not changed, and may be lost at any time. The scene's record is one of the
inputs, so whatever touches the record voids the verdict in the same transaction, by triggers.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from core.matching.match_outcome import Claim, Evidence
from core.models import ItemRef
from storage.files.row_checks import BLOB, INT, TEXT, Row, Table
from storage.files.store import Store
from storage.record_codec import dumps


class GapOutcome(IntEnum):
    """What became of a scene: it was found in order, or its gap was dealt with in this way."""

    IN_ORDER = 0
    NO_GAP = 1  # not in order for sure, or there is something else to say of it
    QUEUED = 2  # it has a job
    GIVEN_UP = 3  # its job was given up on, and nothing new would help
    LEFT = 4  # a job could do nothing
    TIMELESS = 5  # in order while its items, which never say when they changed, show the same
    UNGATED = 6  # nothing may be written for it


Taught = tuple[tuple[str, str, str], ...]


class Verdict(NamedTuple):
    """What a look at a scene rests on, and what it says.

    Attributes:
        digest: of all that was looked at; b"" where the scene was not found in order.
        claims: the items that the scene claimed.
        scene: a digest of the scene alone.
        taught: the folders in which its files lie: section key, that of Stash, that of Plex.
        outcome: a `GapOutcome`.
        kinds: a bit for each kind of finding; see `reconciliation.detection_state`.
        stands: it need not be looked at again while nothing has moved.
    """

    digest: bytes
    claims: tuple[Claim, ...]
    scene: bytes = b""
    taught: Taught = ()
    outcome: int = GapOutcome.IN_ORDER
    kinds: int = 0
    stands: bool = True


# What touches a record, by the name of the trigger, and the scene that is concerned.
_TOUCHES = {
    "record_added": ("AFTER INSERT ON records", "NEW.scene_id"),
    "record_changed": ("AFTER UPDATE ON records", "NEW.scene_id"),
    "record_deleted": ("AFTER DELETE ON records", "OLD.scene_id"),
    # Before: an item that changes hands is taken from another scene by the insertion itself.
    "item_added": (
        "BEFORE INSERT ON record_items",
        "NEW.scene_id OR scene_id IN (SELECT scene_id FROM record_items"
        " WHERE section = NEW.section AND key = NEW.key)",
    ),
    "item_changed": ("AFTER UPDATE ON record_items", "NEW.scene_id"),
    "item_deleted": ("AFTER DELETE ON record_items", "OLD.scene_id"),
    "time_added": ("AFTER INSERT ON timestamps", "NEW.scene_id"),
    "time_changed": ("AFTER UPDATE ON timestamps", "NEW.scene_id"),
    "time_deleted": ("AFTER DELETE ON timestamps", "OLD.scene_id"),
}
# What earlier versions had found is found again.
TABLES = (
    *(f"DROP TRIGGER IF EXISTS verdict_{name}" for name in _TOUCHES),
    "DROP TABLE IF EXISTS verdicts",
    """CREATE TABLE verdicts (
        scene_id INTEGER PRIMARY KEY,
        digest BLOB NOT NULL,
        claims TEXT NOT NULL,
        scene BLOB NOT NULL,
        taught TEXT NOT NULL,
        fate INTEGER NOT NULL DEFAULT 0,
        kinds INTEGER NOT NULL DEFAULT 0,
        touched INTEGER NOT NULL DEFAULT 0
    )""",
    "CREATE INDEX verdict_fates ON verdicts (fate) WHERE fate > 1",
    *(
        f"CREATE TRIGGER verdict_{name} {event} BEGIN UPDATE verdicts SET touched = 1"
        f" WHERE scene_id = {scene}; END"
        for name, (event, scene) in _TOUCHES.items()
    ),
)
_VERDICTS = Table(
    "verdicts",
    ("scene_id",),
    {
        **{"scene_id": INT, "digest": BLOB, "claims": TEXT, "scene": BLOB, "taught": TEXT},
        **dict.fromkeys(("fate", "kinds", "touched"), INT),
    },
)
_RECORDED = "EXISTS (SELECT 1 FROM records WHERE scene_id = ?)"
_IN_ORDER = f"fate = {GapOutcome.IN_ORDER:d} AND touched = 0"
_ALL = "SELECT scene_id FROM verdicts"
_SOME = 10_000  # of them at once


class VerdictStore(Store):
    """Verdicts by scene id."""

    def get_many(self, scene_ids: Iterable[int]) -> dict[int, Verdict]:
        """The verdicts on those of some scenes that were found in order for sure."""
        with self._database.snapshot():
            tail = f"AND {_IN_ORDER}"
            return dict(self._database.select_in(_VERDICTS, _verdict, "scene_id", scene_ids, tail))

    def looked_at(self, first: int, last: int) -> dict[int, bytes]:
        """Of the scenes with ids from the first to the last one that were looked at, and whose
        records were not touched since, the digest of the scene alone."""
        sql = "SELECT scene_id, scene FROM verdicts WHERE scene_id BETWEEN ? AND ? AND touched = 0"
        return dict(self._database.rows(sql, (first, last)))

    def in_order(self, first: int, last: int) -> set[int]:
        """Those of the scenes with ids from the first to the last one that were found in order."""
        among = f"{_ALL} WHERE scene_id BETWEEN ? AND ? AND {_IN_ORDER}"
        return set(self._database.numbers(among, (first, last)))

    def with_outcome(self, outcome: GapOutcome) -> Iterator[list[int]]:
        """The scenes of which that became, some thousand at a time and in order; not to be asked
        for those without a gap."""
        sql = f"{_ALL} WHERE fate > 1 AND fate = ? AND touched = 0 AND scene_id > ?"
        last = -1
        while some := self._database.numbers(
            f"{sql} ORDER BY scene_id LIMIT {_SOME}", (outcome, last)
        ):
            yield some
            last = some[-1]

    def count(self) -> int:
        """How many scenes were looked at."""
        return self._database.numbers("SELECT count(*) FROM verdicts")[0]

    def save(
        self,
        verdicts: Mapping[int, Verdict],
        void: Iterable[int] = (),
        recorded: Container[int] | None = None,
    ) -> None:
        """Write verdicts on scenes, and drop those on others.

        Args:
            void: those.
            recorded: the scenes that had a record when they were looked at; None: all. Where that
                is otherwise by now, nothing is written.
        """
        with self._database.transaction() as connection:
            connection.executemany(
                "DELETE FROM verdicts WHERE scene_id = ?", ((scene_id,) for scene_id in void)
            )
            connection.executemany(
                "INSERT OR REPLACE INTO verdicts SELECT ?, ?, ?, ?, ?, ?, ?, ?"
                f" WHERE {_RECORDED} = ?",
                (
                    (
                        *(scene_id, verdict.digest, dumps([*map(claim_row, verdict.claims)])),
                        *(verdict.scene, dumps(verdict.taught), verdict.outcome),
                        *(verdict.kinds, not verdict.stands, scene_id),
                        recorded is None or scene_id in recorded,
                    )
                    for scene_id, verdict in verdicts.items()
                ),
            )

    def left(self, scene_ids: Iterable[int]) -> dict[int, Verdict]:
        """What the last look at some scenes has left, though it may be void by now: where their
        records were touched since, it does not stand."""
        with self._database.snapshot():
            return dict(self._database.select_in(_VERDICTS, _verdict, "scene_id", scene_ids))

    def forget_others(self, seen: Container[int]) -> None:
        """Forget scenes that are gone."""
        some = f"{_ALL} WHERE scene_id > ? ORDER BY scene_id LIMIT {_SOME}"
        known = [-1]
        while known := self._database.numbers(some, (known[-1],)):
            gone = [each for each in known if each not in seen]
            if gone:
                self.save({}, gone)


def claim_row(claim: Claim) -> tuple[str, str, int, int, int, int]:
    """A claim as plain data."""
    evidence, native = int(claim.evidence), int(claim.native)
    return (*claim.ref, evidence, claim.file_rank, claim.shared, native)


def _verdict(row: Row) -> tuple[int, Verdict]:
    scene_id, digest, claims, scene, taught, outcome, kinds, touched = row
    made = tuple(map(claim_of, json.loads(claims)))
    folders = tuple([(section, stash, plex) for section, stash, plex in json.loads(taught)])
    return scene_id, Verdict(digest, made, scene, folders, outcome, kinds, not touched)


def claim_of(row: Sequence[Any]) -> Claim:
    """The claim that `claim_row` made plain data of."""
    section, key, evidence, rank, shared, native = row
    return Claim(ItemRef(section, key), _EVIDENCE[evidence], rank, shared, _EVIDENCE[native])


_EVIDENCE = tuple(Evidence)
