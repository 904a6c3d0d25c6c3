"""`<data_dir>/page.db`: what people look at, and what may be lost at any time."""

from __future__ import annotations

import time
from pathlib import Path

from storage import findings, key_value, log_lines
from storage.findings import FindingStore
from storage.key_value import KeyValueFile
from storage.log_lines import LogStore
from storage.migration import Schema
from storage.opening import Clock, Warn
from storage.orphans import OrphanStore

PAGE_FILE = "page.db"
SCHEMA = Schema(
    title="what the page shows",
    migrations=((*findings.TABLES, *log_lines.TABLES, *key_value.TABLES),),
    remedy="The next reconcile finds it out anew.",
    synchronous="NORMAL",
)


class PageFile(KeyValueFile):
    """The stores of that file."""

    FILE, SCHEMA = PAGE_FILE, SCHEMA

    def __init__(
        self,
        data_dir: Path,
        warn: Warn,
        *,
        clock: Clock = time.time,
        looks_only: bool = False,
        checked: set[str] | None = None,
    ) -> None:
        super().__init__(data_dir, warn, clock=clock, looks_only=looks_only, checked=checked)
        self.findings = FindingStore(self._database)
        self.orphans = OrphanStore(self._database)
        self.log = LogStore(self._database)
