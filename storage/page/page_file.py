"""`<data_dir>/page.db`: what people look at, and what may be lost at any time."""

from __future__ import annotations

from storage import key_value
from storage.files.migration import Schema
from storage.key_value import KeyValueFile
from storage.page import findings, log_lines
from storage.page.findings import FindingStore
from storage.page.log_lines import LogStore
from storage.page.orphans import OrphanStore

PAGE_FILE = "page.db"
SCHEMA = Schema(
    title="what the page shows",
    migrations=(
        (*findings.TABLES, *log_lines.TABLES, *key_value.TABLES),
        findings.NEWER_COLUMNS,
    ),
    remedy="The next reconcile finds it out anew.",
    synchronous="NORMAL",
)


class PageFile(KeyValueFile):
    FILE, SCHEMA = PAGE_FILE, SCHEMA

    def _open(self) -> None:
        self.findings = FindingStore(self._database)
        self.orphans = OrphanStore(self._database)
        self.log = LogStore(self._database)
