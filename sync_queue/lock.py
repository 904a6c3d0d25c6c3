"""One drain at a time, by a lock that the operating system takes back from a killed process."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

from filelock import FileLock

from core.errors import DrainBusy
from storage.files import file_locks

LOCK_FILE = "drain.lock"
BUSY = "Another run is working through the queue; it takes these jobs with it."


class DrainLock:
    """Held from `with` to its end; taken by somebody else, also in this process: `DrainBusy`.

    Args:
        busy: what that error says.

    Raises:
        DrainBusy: at once, another drain holds it.
        StateError: the lock's file cannot be made.
    """

    def __init__(self, data_dir: str | os.PathLike[str], busy: str = BUSY) -> None:
        self._path = Path(data_dir) / LOCK_FILE
        self._busy = busy
        # One object could enter a FileLock twice; a new one in each __enter__ cannot.
        self._held: FileLock | None = None

    def __enter__(self) -> DrainLock:
        taken = file_locks.take(self._path)
        if taken is None:
            raise DrainBusy(self._busy)
        self._held = taken
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._held is not None:
            self._held.release()
            self._held = None
