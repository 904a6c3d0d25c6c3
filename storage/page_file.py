"""`<data_dir>/page.db`: what people look at, and what may be lost at any time."""

from __future__ import annotations

from storage import findings, key_value, log_lines
from storage.findings import FindingStore
from storage.key_value import KeyValueFile
from storage.log_lines import LogStore
from storage.migration import Schema
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

    def _open(self) -> None:
        self.findings = FindingStore(self._database)
        self.orphans = OrphanStore(self._database)
        self.log = LogStore(self._database)
