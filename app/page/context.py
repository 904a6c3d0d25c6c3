"""What an operation of the page needs: our own files, each imported and opened when asked for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.directories import data_dir_of, plugin_dir_of
from shell.protocol import PluginInput

if TYPE_CHECKING:
    from storage.page.page_file import PageFile
    from storage.state import State
    from sync_queue.inbox_reader import Inbox
    from sync_queue.queue import SyncQueue

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PageContext:
    """Whoever opens a file closes it, best by `with`.

    Attributes:
        server: Stash, as the plugin input names it.
        looks_only: nothing will be written.
    """

    data_dir: Path
    plugin_dir: Path
    args: Mapping[str, Any]
    server: Mapping[str, Any]
    env: Mapping[str, str]
    looks_only: bool = True
    clock: Callable[[], float] = time.time

    @classmethod
    def of(
        cls,
        plugin: PluginInput,
        env: Mapping[str, str],
        *,
        looks_only: bool,
        clock: Callable[[], float] = time.time,
    ) -> PageContext:
        """For what Stash has handed to this process."""
        data_dir, plugin_dir = data_dir_of(plugin, env), plugin_dir_of(plugin)
        server = plugin.server_connection
        return cls(data_dir, plugin_dir, plugin.args, server, env, looks_only, clock)

    def open_state(self) -> State:
        from storage.state import State

        return State(self.data_dir, log.warning, clock=self.clock, looks_only=self.looks_only)

    def open_queue(self) -> SyncQueue:
        from sync_queue.queue import SyncQueue

        return SyncQueue(
            self.data_dir / "queue", warn=log.warning, clock=self.clock, looks_only=self.looks_only
        )

    def open_inbox(self) -> Inbox:
        from sync_queue.inbox_reader import Inbox

        return Inbox(self.data_dir, warn=log.warning, clock=self.clock, looks_only=self.looks_only)

    def open_page(self) -> PageFile:
        from storage.page.page_file import PageFile

        return PageFile(self.data_dir, log.warning, clock=self.clock, looks_only=self.looks_only)
