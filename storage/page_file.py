"""`<data_dir>/page.db`: what people look at, and what may be lost at any time."""

from __future__ import annotations

import time
from pathlib import Path

from storage import findings, key_value, log_lines
from storage.findings import FindingStore
from storage.key_value import KeyValueStore
from storage.log_lines import LogStore
from storage.opening import Clock, Warn
from storage.orphans import OrphanStore
from storage.schema import Schema
from storage.sqlite import Closing, Database

PAGE_FILE = "page.db"
SCHEMA = Schema(
    title="what the page shows",
    migrations=((*findings.TABLES, *log_lines.TABLES, *key_value.TABLES),),
    remedy="The next reconcile finds it out anew.",
    synchronous="NORMAL",
)


class PageFile(Closing):
    """The stores of that file, on one connection; a context manager that closes it.

    Attributes:
        get_value, set_value: of `KeyValueStore`.

    Args:
        looks_only: nothing will be written; see `storage.sqlite.Database`.

    Raises:
        StateError: see `storage.sqlite.Database`.
    """

    def __init__(
        self, data_dir: Path, warn: Warn, *, clock: Clock = time.time, looks_only: bool = False
    ) -> None:
        path = data_dir / PAGE_FILE
        self._database = Database(path, SCHEMA, warn, clock=clock, looks_only=looks_only)
        self.findings = FindingStore(self._database)
        self.orphans = OrphanStore(self._database)
        self.log = LogStore(self._database)
        values = KeyValueStore(self._database)
        self.get_value, self.set_value = values.get, values.set

    def close(self) -> None:
        self._database.close()
