"""What a task that failed says: in words, what waits, and what sends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.sync_changes.drain_messages import once_mended
from core.change_words import closed
from core.errors import StateError, SyncError
from core.setting_words import by_label
from sync_queue.inbox import INBOX_FILE
from sync_queue.inbox_reader import Inbox
from sync_queue.queue import SyncQueue
from sync_queue.reader import QUEUE_FILE


@contextmanager
def failing_in_words(data_dir: Path, *, sends: bool) -> Iterator[None]:
    """Around a task: settings are called as people see them.

    Args:
        sends: the task brings changes to Plex, or looks for them.
    """
    try:
        yield
    except SyncError as error:
        text = by_label(str(error))
        if sends and not error.says_what_waits:
            with suppress(StateError, OSError):
                end = "\n" if "\n" in text else " "
                text = f"{closed(text)}{end}{once_mended(_waiting(data_dir))}"
        error.args = (text, *error.args[1:])
        raise


def _waiting(data_dir: Path) -> int:
    """How many changes wait, in the queue and in the inbox; without making either."""
    waiting, folder = 0, data_dir / "queue"
    if (folder / QUEUE_FILE).exists():
        with SyncQueue(folder) as queue:
            # What a task had in hand waits as well, where it could not even be given back.
            waiting = queue.count_waiting() + len(queue.working_scene_ids())
    if (data_dir / INBOX_FILE).exists():
        with Inbox(data_dir) as inbox:
            waiting += inbox.count()
    return waiting
