"""The user's wish that the task which runs ends early: a file that it looks for between scenes.

Stash's own way to stop a task is a kill. This one lets what is in hand be proven and recorded.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from core.errors import RunStopped

FILE = "stop-request"
STOPPED = (
    "Stopped, as you asked. What was written until then is recorded; the next change in Stash, or "
    "the task 'Process Queue', goes on with what waits."
)


def request(data_dir: Path) -> None:
    """Ask the task that runs to end. Raises OSError: the file cannot be made."""
    (data_dir / FILE).touch(mode=0o600)


def clear(data_dir: Path) -> None:
    """A task begins: what was asked of an earlier one is no concern of it."""
    with suppress(OSError):
        (data_dir / FILE).unlink(missing_ok=True)


def is_requested(data_dir: Path) -> bool:
    """Whether the task is to end."""
    # It is asked for at every scene; a Path takes several times as long to say no.
    return os.path.isfile(os.path.join(data_dir, FILE))  # noqa: PTH113, PTH118


def go_on(is_stopped: Callable[[], bool]) -> None:
    """Between two steps, where nothing is in hand.

    Raises:
        RunStopped: the user wants the task to end.
    """
    if is_stopped():
        raise RunStopped(STOPPED)
