"""A data folder in which the page's operations find what a test has put there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.page.context import PageContext
from app.page.operations import OPERATIONS
from shell.protocol import PluginInput
from storage.page.page_file import PageFile
from storage.state import State
from sync_queue.queue import SyncQueue

NOW = 1_900_000_000.0


class Folder:
    """The data folder and the plugin's own, and a clock that stands still."""

    def __init__(self, root: Path) -> None:
        self.data = root / "data"
        self.plugin_dir = root / "plugin"
        self.plugin_dir.mkdir()
        (self.plugin_dir / "Stash2Plex.yml").write_text("name: Stash2Plex\nversion: 9.8.7\n")
        self.now = NOW

    def context(self, *, looks_only: bool = True, **args: Any) -> PageContext:
        return PageContext(
            self.data, self.plugin_dir, args, {}, {}, looks_only=looks_only, clock=lambda: self.now
        )

    def ask(self, mode: str, **args: Any) -> dict[str, Any]:
        """The answer to a read."""
        return OPERATIONS[mode](self.context(**args))

    def plugin(self, mode: str) -> PluginInput:
        """The input of a task."""
        return PluginInput({"PluginDir": str(self.plugin_dir)}, {"mode": mode})

    @property
    def env(self) -> dict[str, str]:
        return {"STASH_PLUGIN_DATA": str(self.data)}

    def state(self) -> State:
        return State(self.data, pytest.fail, clock=lambda: self.now)

    def queue(self) -> SyncQueue:
        return SyncQueue(self.data / "queue", warn=pytest.fail, clock=lambda: self.now)

    def page(self) -> PageFile:
        return PageFile(self.data, pytest.fail, clock=lambda: self.now)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
