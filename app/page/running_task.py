"""What runs now, told across processes: a small file that a task refreshes while it lives."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from storage.files.row_checks import NONSENSE
from storage.files.whole_file import write_whole

FILE = "running.json"
ALIVE = 10.0  # seconds without a refresh, after which the task is taken for dead
EVERY = 2.0  # seconds between two refreshes


@dataclass(frozen=True, slots=True)
class Running:
    """A task at work: its mode, since when (epoch seconds), and the share done (0..1)."""

    mode: str
    since_at: float
    share: float


def running_now(data_dir: Path, now: float) -> Running | None:
    """The task that runs; None where none does, or nobody knows."""
    try:
        told = json.loads((data_dir / FILE).read_bytes())
        found = Running(str(told["mode"]), float(told["since_at"]), float(told["share"]))
        at = float(told["at"])
    except (OSError, *NONSENSE):
        return None
    return found if abs(now - at) < ALIVE else None


class RunningNote:
    """Tells of this task while it runs; a context manager.

    Args:
        mode: of the task; "": nothing is told.

    What goes wrong with the file is nobody's trouble: it is for the page alone.
    """

    def __init__(self, data_dir: Path, mode: str, now: float) -> None:
        self._path = data_dir / FILE
        self._mode = mode
        self._since = now
        self._told_at = 0.0

    def tell(self, share: float, now: float) -> None:
        """Refresh the note, if it is time to."""
        if not self._mode or 0 <= now - self._told_at < EVERY:
            return
        self._told_at = now
        told = {"mode": self._mode, "since_at": self._since, "share": share, "at": now}
        with suppress(OSError):
            write_whole(self._path, [json.dumps(told)])

    def __enter__(self) -> RunningNote:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._told_at:
            with suppress(OSError):
                self._path.unlink()
