"""Our own files, each imported and opened when it is asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.files.file_opening import Warn
    from storage.page.page_file import PageFile
    from storage.state import State
    from sync_queue.inbox_reader import Inbox
    from sync_queue.queue import SyncQueue

log = logging.getLogger(__name__)


class OwnFiles:
    """Whoever opens a file closes it, best by `with`. What is to be said of one is a warning in the
    log, or goes to `warn`.

    Attributes:
        looks_only: nothing will be written.
        checked: the files that were found whole; see `storage.files.file_opening`.
    """

    __slots__ = ()
    data_dir: Path
    clock: Callable[[], float]
    looks_only: bool = False
    checked: set[str] | None = None

    def open_state(self, warn: Warn = log.warning) -> State:
        from storage.state import State

        looks_only, checked = self.looks_only, self.checked
        return State(self.data_dir, warn, clock=self.clock, looks_only=looks_only, checked=checked)

    def open_queue(self, warn: Warn = log.warning) -> SyncQueue:
        from sync_queue.queue import SyncQueue

        return SyncQueue(
            self.data_dir / "queue",
            warn=warn,
            clock=self.clock,
            looks_only=self.looks_only,
            checked=self.checked,
        )

    def open_page(self) -> PageFile:
        """What the page shows."""
        from storage.page.page_file import PageFile

        looks_only, checked = self.looks_only, self.checked
        return PageFile(
            self.data_dir, log.warning, clock=self.clock, looks_only=looks_only, checked=checked
        )

    def open_inbox(self, warn: Warn = log.warning) -> Inbox:
        from sync_queue.inbox_reader import Inbox

        return Inbox(self.data_dir, warn=warn, clock=self.clock, looks_only=self.looks_only)

    def request_follow_up(self) -> None:
        """Have whoever ends next ask for Sync Changes: jobs wait that nobody has been told of."""
        with self.open_inbox() as inbox:
            inbox.request_follow_up()
