"""Both both of one inbox for tests: a hook and a task, with one clock."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sync_queue.inbox import Ask, HookInbox
from sync_queue.inbox_reader import Inbox

NOW = 1_700_000_000.0


class HookAndTask:
    """Both both of one inbox, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = NOW
        self.warnings: list[str] = []
        self.hook = HookInbox(str(folder))
        self.task = Inbox(folder, warn=self.warnings.append, clock=lambda: self.now)

    def note(
        self,
        num: int = 1,
        action: str = "update",
        kind: str = "scene",
        *,
        by_user: bool = True,
        is_quick: bool = False,
        gone: Sequence[int] = (),
    ) -> Ask | None:
        return self.hook.note(
            kind, num, action, by_user=by_user, now=self.now, gone=gone, is_quick=is_quick
        )

    def close(self) -> None:
        self.hook.close()
        self.task.close()
