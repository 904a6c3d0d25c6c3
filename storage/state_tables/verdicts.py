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
from dataclasses import dataclass
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


class LookedAt(NamedTuple):
    """A scene that was not found in order.

    Attributes:
        scene: a digest of the scene alone.
        claims: as `claim_row` makes them.
        taught: see `Verdict`.
        kinds: a bit for each kind of finding; see `reconciliation.detection_state`.
        has_record: it had a record then.
        stands: it need not be looked at again while nothing has moved.
    """

    id: int
    scene: bytes
    claims: Sequence[Sequence[object]]
    taught: Taught
    fate: int
    kinds: int
    has_record: bool
    stands: bool


class Left(NamedTuple):
    """What the last look at a scene has left, though it may be void by now."""

    claims: tuple[Claim, ...]
    taught: Taught
    fate: int
    kinds: int


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
    taught: Taught = ()
    fate: GapOutcome = GapOutcome.IN_ORDER


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
    {"scene_id": INT, "digest": BLOB, "claims": TEXT, "scene": BLOB, "taught": TEXT},
)
_LEFT = Table(
    "verdicts",
    ("scene_id",),
    {"scene_id": INT, "claims": TEXT, "taught": TEXT, "fate": INT, "kinds": INT},
)
_RECORDED = "EXISTS (SELECT 1 FROM records WHERE scene_id = ?)"
_IN_ORDER = f"fate = {GapOutcome.IN_ORDER:d} AND touched = 0"
_ALL = "SELECT scene_id FROM verdicts"
_SOME = 10_000  # of them at once
_COLUMNS = "scene_id, digest, claims, scene, taught, fate, kinds"


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

    def with_fate(self, fate: GapOutcome) -> Iterator[list[int]]:
        """The scenes of which that became, some thousand at a time and in order; not to be asked
        for those without a gap."""
        sql = f"{_ALL} WHERE fate > 1 AND fate = ? AND touched = 0 AND scene_id > ?"
        last = -1
        while some := self._database.numbers(
            f"{sql} ORDER BY scene_id LIMIT {_SOME}", (fate, last)
        ):
            yield some
            last = some[-1]

    def count(self) -> int:
        """How many scenes were looked at."""
        return self._database.numbers("SELECT count(*) FROM verdicts")[0]

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
                f"INSERT OR REPLACE INTO verdicts ({_COLUMNS}) SELECT ?, ?, ?, ?, ?, ?, 0"
                f" WHERE {_RECORDED}",
                (
                    (
                        *(scene_id, verdict.digest, _text(verdict.claims)),
                        *(verdict.scene, dumps(verdict.taught), verdict.fate, scene_id),
                    )
                    for scene_id, verdict in verdicts.items()
                ),
            )

    def note(self, looked_at: Iterable[LookedAt]) -> None:
        """Note scenes that were not found in order."""
        with self._database.transaction() as connection:
            connection.executemany(
                f"INSERT OR REPLACE INTO verdicts ({_COLUMNS}, touched)"
                f" SELECT ?, x'', ?, ?, ?, ?, ?, ? WHERE {_RECORDED} = ?",
                (
                    (
                        *(each.id, dumps(each.claims), each.scene, dumps(each.taught)),
                        *(int(each.fate), each.kinds, not each.stands, each.id, each.has_record),
                    )
                    for each in looked_at
                ),
            )

    def left(self, scene_ids: Iterable[int]) -> dict[int, Left]:
        """What is left of those of some scenes that were looked at, if only before their records
        were touched."""
        with self._database.snapshot():
            return dict(self._database.select_in(_LEFT, _left, "scene_id", scene_ids))

    def forget_others(self, seen: Container[int]) -> None:
        """Forget scenes that are gone."""
        some = f"{_ALL} WHERE scene_id > ? ORDER BY scene_id LIMIT {_SOME}"
        known = [-1]
        while known := self._database.numbers(some, (known[-1],)):
            gone = [each for each in known if each not in seen]
            if gone:
                self.save({}, gone)


def _text(claims: Iterable[Claim]) -> str:
    return json.dumps([claim_row(claim) for claim in claims], separators=(",", ":"))


def claim_row(claim: Claim) -> tuple[str, str, int, int, int, int]:
    """A claim as plain data."""
    evidence, native = int(claim.evidence), int(claim.native)
    return (*claim.ref, evidence, claim.file_rank, claim.shared, native)


def _verdict(row: Row) -> tuple[int, Verdict]:
    scene_id, digest, claims, scene, taught = row
    made = tuple(map(claim_of, json.loads(claims)))
    return scene_id, Verdict(digest, made, scene, _folders(taught))


def _folders(taught: str) -> Taught:
    return tuple([(section, stash, plex) for section, stash, plex in json.loads(taught)])


def _left(row: Row) -> tuple[int, Left]:
    scene_id, claims, taught, fate, kinds = row
    made = tuple(map(claim_of, json.loads(claims)))
    return scene_id, Left(made, _folders(taught), fate, kinds)


def claim_of(row: Sequence[Any]) -> Claim:
    """The claim that `claim_row` made plain data of."""
    section, key, evidence, rank, shared, native = row
    return Claim(ItemRef(section, key), _EVIDENCE[evidence], rank, shared, _EVIDENCE[native])


_EVIDENCE = tuple(Evidence)
