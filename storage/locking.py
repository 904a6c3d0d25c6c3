"""Locks that the operating system takes back from a killed process."""

from __future__ import annotations

import time
from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import StateError
from storage import folder
from storage.replace_damaged import set_aside


def take(path: Path) -> FileLock | None:
    """Locks a file of the data folder, at once; None: somebody else has it, also in this process.

    Raises:
        StateError: the file cannot be made.
    """
    lock = FileLock(path, timeout=0, thread_local=False, mode=0o600)
    folder.ready(path.parent)
    if path.is_dir():
        set_aside(path, "folder", time.time())
    try:
        lock.acquire()
    except Timeout:
        return None
    except OSError as error:
        raise StateError(f"{path} cannot be locked: {error}. {folder.WAY_OUT}") from error
    return lock
