"""What is around every task: its context, its progress, what it leaves for people to look at.

Loads no task but the status, for which people wait.
"""

from __future__ import annotations

import gc
import logging
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app import stopping
from app.directories import data_dir_of
from app.page.publishing import publishing
from app.page.running_task import RunningNote
from app.progress import Heartbeat
from app.sync_changes import handover
from app.sync_changes.failure_message import failing_in_words
from app.tasks.status import SWITCHED_OFF, queue_status
from app.wiring import Context, open_context
from core.errors import RunStopped
from shell import protocol
from shell.protocol import PluginInput

log = logging.getLogger(__name__)

GC_THRESHOLD = 200_000  # new objects between two looks
SWITCH_SECONDS = 0.0002  # that a thread works on while others wait; 0.005 by default

Task = Callable[[Context], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Mode:
    """One row of the table of modes.

    Attributes:
        name: as `args.mode` names it.
        task: what it does.
        dry_run: what it does with the argument `dry_run`: it shows what it would do.
        looks_only: it changes nothing in any case, so a dry run of it is the task itself.
        works_when_off: it also works while the plugin is switched off.
        is_read: it looks at things for the page, and leaves no trace.
        is_operation: it is answered at once and asks for no reconcile.
        bears_faults: it also works with settings that make no sense.
    """

    name: str
    task: Task
    dry_run: Task | None = None
    looks_only: bool = False
    works_when_off: bool = False
    is_read: bool = False
    is_operation: bool = False
    bears_faults: bool = False

    @property
    def sends(self) -> bool:
        """Whether it brings changes to Plex, or looks for them."""
        return self.name == handover.MODE or bool(self.dry_run and not self.works_when_off)


STATUS = Mode("queue_status", queue_status, looks_only=True, works_when_off=True)


def attended(
    mode: Mode,
    plugin: PluginInput,
    env: Mapping[str, str],
    on_progress: Callable[[float], None] | None,
    perform: Callable[[Context], dict[str, Any]],
) -> dict[str, Any]:
    """Perform a task; Stash's reply.

    Args:
        on_progress: gets the share done, 0..1; None: Stash gets it, on stderr.

    Raises:
        SyncError: the task failed; the text is for the user.
    """
    _tune_interpreter()
    progress = on_progress or protocol.stderr_frames().progress
    data_dir = data_dir_of(plugin, env)
    if not mode.is_operation:
        stopping.clear(data_dir)
    with (
        publishing(plugin, env) as publisher,
        failing_in_words(data_dir, sends=mode.sends),
        handover.attended(plugin.mode, data_dir),
        RunningNote(data_dir, "" if mode.is_operation else mode.name, time.time()) as note,
        Heartbeat(_reporting(progress, note)) as heartbeat,
        open_context(
            plugin,
            env,
            heartbeat.report,
            looks_only=mode.looks_only,
            bears_faults=mode.bears_faults,
        ) as context,
    ):
        publisher.settings = context.settings
        if not context.settings.enabled and not mode.works_when_off:
            log.warning(SWITCHED_OFF)
            handover.decline(mode.name, data_dir)
            return {"output": {"note": SWITCHED_OFF}}
        return {"output": _output(perform, context)}


def _tune_interpreter() -> None:
    # A library is hundreds of thousands of small objects without cycles: looking through them all
    # for cycles as they grow would take a fifth of the time of a reconcile.
    gc.set_threshold(GC_THRESHOLD)
    # Whoever has an answer of Plex is not to wait long for who plans meanwhile.
    sys.setswitchinterval(SWITCH_SECONDS)


def _output(perform: Callable[[Context], dict[str, Any]], context: Context) -> dict[str, Any]:
    """What a task says in the end, or that the user has ended it early."""
    try:
        output = perform(context)
    except RunStopped as stopped:
        log.info("%s", stopped)
        return {"note": str(stopped)}
    context.on_progress(1.0)
    return output


def _reporting(progress: Callable[[float], None], note: RunningNote) -> Callable[[float], None]:
    """Tells Stash, or who else wants to know, and the page of the share that is done."""

    def tell(share: float) -> None:
        progress(share)
        note.tell(share, time.time())

    return tell
