"""`<data_dir>/state.db`: all that must survive, opened once for a process."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from core.models import ItemRef
from core.records import Record
from core.run_kinds import UNDOABLE
from core.timestamps import DAY
from storage import key_value
from storage.files.bulk import bulk
from storage.files.migration import Schema
from storage.key_value import KeyValueFile
from storage.state_tables import (
    ignored_scenes,
    item_owners,
    journal,
    library_facts,
    outages,
    pins,
    plans,
    records,
    runs,
    scans,
    sync_timestamps,
    verdicts,
)
from storage.state_tables.ignored_scenes import IgnoredStore
from storage.state_tables.item_owners import OwnerStore
from storage.state_tables.journal import Journal
from storage.state_tables.library_facts import LibraryStore
from storage.state_tables.outages import OutageStore
from storage.state_tables.pins import PinStore
from storage.state_tables.plans import PlanStore
from storage.state_tables.records import RecordStore
from storage.state_tables.runs import RunStore
from storage.state_tables.scans import ScanStore
from storage.state_tables.sync_timestamps import TimestampStore
from storage.state_tables.verdicts import VerdictStore

STATE_FILE = "state.db"
# How long runs can be looked at and undone, in days.
KEPT_DAYS = 30
# So many of the last ones in any case: the clock may have been wrong for a while.
KEPT_RUNS = 5

SCHEMA = Schema(
    title="the sync history",
    migrations=(
        (
            *records.TABLES,
            *sync_timestamps.TABLES,
            *journal.TABLES,
            *runs.TABLES,
            *key_value.TABLES,
        ),
        (*plans.TABLES, *journal.SECOND),
        pins.TABLES,
        (),  # verdicts, which a later step makes anew
        scans.TABLES,
        item_owners.TABLES,
        journal.THIRD,
        outages.TABLES,
        (*ignored_scenes.TABLES, *plans.SECOND),
        (*pins.SECOND, *records.SECOND),
        records.THIRD,
        library_facts.TABLES,
        (),  # verdicts as well, twice
        (),
        verdicts.TABLES,
        plans.THIRD,
        (*records.FOURTH, *journal.FOURTH),
    ),
    remedy="The next reconcile finds out anew what is in sync.",
    saved={
        "pins": "pins",
        "journal": "journal entries",
        "runs": "runs",
        "ignored_scenes": "ignored scenes",
        "records": "synced scenes",
        "record_items": "items of theirs",
    },
    derived=(*records.DERIVED, *journal.DERIVED),
)


@dataclass(frozen=True, slots=True)
class WrittenScenes:
    """The scenes that something was written for, looked up one by one."""

    records: RecordStore
    journal: Journal

    def __contains__(self, scene_id: object) -> bool:
        return scene_id in self.records or self.journal.has_unrecorded(scene_id)


class State(KeyValueFile):
    """The stores of one data directory.

    Attributes:
        timestamps, timestamps_of, save_timestamp: `all`, `of` and `save` of `TimestampStore`.
        written: the scenes that something was written for; see `written_ids`.
    """

    FILE, SCHEMA = STATE_FILE, SCHEMA

    def _open(self) -> None:
        self.records = RecordStore(self._database)
        self.journal = Journal(self._database)
        self.runs = RunStore(self._database)
        self.plans = PlanStore(self._database)
        self.owners = OwnerStore(self._database)
        self.pins = PinStore(self._database)
        self.verdicts = VerdictStore(self._database)
        self.scans = ScanStore(self._database)
        self.outages = OutageStore(self._database)
        self.ignored = IgnoredStore(self._database)
        self.library = LibraryStore(self._database)
        timestamps = TimestampStore(self._database, self._clock)
        self.timestamps, self.save_timestamp = timestamps.all, timestamps.save
        self.timestamps_of = timestamps.of
        self.written = WrittenScenes(self.records, self.journal)
        if not self._looks_only:
            timestamps.take_over(self._data_dir, self._warn)

    def bulk(self) -> AbstractContextManager[None]:
        """Around many changes that can be had again; see `storage.files.bulk`."""
        return bulk(self._database)

    def remember(self, records: Sequence[Record], items: Iterable[ItemRef]) -> None:
        """Writes records, and notes that they say what became of these items; or neither."""
        with self._database.transaction() as connection:
            self.records.save(connection, records)
            self.journal.mark_recorded(connection, items)

    def written_ids(self) -> set[int]:
        """The scenes that something was written for: those with a record, and those of which a run
        that was cut off has no record yet."""
        return self.records.ids() | self.journal.unrecorded_scene_ids()

    def written_of(self, scene_ids: Collection[int]) -> set[int]:
        """The same among some scenes."""
        return self.records.among(scene_ids) | self.journal.unrecorded_among(scene_ids)

    def forget_old(self, now: float) -> None:
        """Drops runs, what they planned and what they changed, once they are `KEPT_DAYS` old; of
        those that can be undone, the last `KEPT_RUNS` are kept."""
        before = now - KEPT_DAYS * DAY
        kept = self.journal.last_runs(UNDOABLE, KEPT_RUNS)
        self.journal.prune(before, kept)
        self.outages.prune(before)
        if self.runs.prune(before, kept):
            self.plans.drop_orphans()
