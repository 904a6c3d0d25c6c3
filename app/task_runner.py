"""The tasks that Stash can start, by the mode that it names."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from app.arguments import flag
from app.progress import Heartbeat
from app.sync_changes import lifecycle_hooks
from app.sync_changes import task as sync_changes
from app.tasks import health, pins, preview, queue, reconcile, status, undo
from app.wiring import Context, data_dir_of, open_context
from core.errors import ConfigError, ProtocolError
from shell import protocol
from shell.protocol import PluginInput

log = logging.getLogger(__name__)

MODE_SHOWN = 60  # characters of an unknown one
GC_THRESHOLD = 200_000  # new objects between two looks

Task = Callable[[Context], dict[str, Any]]

MODES: Mapping[str, Task] = MappingProxyType(
    {
        "all": reconcile.enqueue_all,
        "apply_preview": preview.apply_preview,
        "clear_dlq": queue.clear_dead_letters,
        "clear_match_cache": queue.clear_match_cache,
        "clear_queue": queue.clear_queue,
        "confirm_stopped_run": queue.confirm_stopped_run,
        "health_check": health.health_check,
        "pin": pins.pin,
        "process_queue": sync_changes.process_queue,
        "purge_dlq": queue.purge_dead_letters,
        "queue_status": status.queue_status,
        "recent": reconcile.enqueue_recent,
        "reconcile_7days": reconcile.reconcile_7days,
        "reconcile_all": reconcile.reconcile_all,
        "reconcile_missing_metadata": reconcile.reconcile_missing_metadata,
        "reconcile_preview": preview.preview_all,
        "reconcile_recent": reconcile.reconcile_recent,
        "release": undo.release,
        "retry_dlq": queue.retry_dead_letters,
        sync_changes.MODE: sync_changes.sync_changes,
        "undo_last_run": undo.undo_last_run,
        "unpin": pins.unpin,
    }
)
# What a mode does with the argument `dry_run`: it shows what it would do.
DRY_RUNS: Mapping[str, Task] = MappingProxyType(
    {
        "all": preview.preview_every_scene,
        "apply_preview": preview.look_at_apply,
        "process_queue": preview.preview_queue,
        "recent": preview.preview_recent_scenes,
        "reconcile_7days": preview.preview_7days,
        "reconcile_all": preview.preview_all,
        "reconcile_missing_metadata": preview.preview_missing_metadata,
        "reconcile_preview": preview.preview_all,
        "reconcile_recent": preview.preview_recent,
        "release": undo.look_at_release,
        "undo_last_run": undo.look_at_undo,
    }
)
# These change nothing in any case.
LOOKING = frozenset({"queue_status", "health_check"})
# These look, or take back what was done; they also work while the plugin is switched off.
ALWAYS = LOOKING | {"release", "undo_last_run"}
SWITCHED_OFF = "Stash2Plex is switched off in its settings (enabled)"


def run_task(plugin: PluginInput, env: Mapping[str, str]) -> dict[str, Any]:
    """Run the task that `plugin.mode` names and return Stash's reply.

    Raises:
        ProtocolError: there is no such mode.
        SyncError: the task failed; the text is for the user.
    """
    # A library is hundreds of thousands of small objects without cycles: looking through them all
    # for cycles as they grow would take a fifth of the time of a reconcile.
    gc.set_threshold(GC_THRESHOLD)
    task = MODES.get(plugin.mode)
    if task is None:
        raise ProtocolError(
            f"The task mode {plugin.mode[:MODE_SHOWN]!r} is unknown; known are: "
            + ", ".join(sorted(MODES))
        )
    progress = protocol.stderr_frames().progress
    data_dir = data_dir_of(plugin, env)
    with (
        sync_changes.attended(plugin.mode, data_dir),
        Heartbeat(progress) as heartbeat,
        open_context(plugin, env, heartbeat.report) as context,
    ):
        if not context.settings.enabled and plugin.mode not in ALWAYS:
            log.warning(SWITCHED_OFF)
            sync_changes.decline(plugin.mode, data_dir)
            return {"output": {"note": SWITCHED_OFF}}
        output = perform(_wanted(task, plugin), plugin.mode, context)
        heartbeat.report(1.0)
        return {"output": output}


def perform(task: Task, mode: str, context: Context) -> dict[str, Any]:
    """The task with what belongs to its start and its end; looking starts nothing.

    Raises:
        what the task raises.
    """
    looks = mode in LOOKING | {"reconcile_preview"} or flag(context.args, "dry_run")
    if looks or mode == sync_changes.MODE:
        return task(context)
    if lifecycle_hooks.task_starts(context, mode):
        sync_changes.catch_up(context)
    output = task(context)
    lifecycle_hooks.task_ended(context)
    sync_changes.catch_up(context)
    return output


def _wanted(task: Task, plugin: PluginInput) -> Task:
    """The task, or what it does in a dry run.

    Raises:
        ConfigError: a dry run of a mode that has none: whoever asks wants nothing to be changed.
    """
    if not flag(plugin.args, "dry_run"):
        return task
    if plugin.mode in DRY_RUNS:
        return DRY_RUNS[plugin.mode]
    if plugin.mode in LOOKING:
        return task
    raise ConfigError(
        f"The mode {plugin.mode!r} has no dry_run; these have: {', '.join(sorted(DRY_RUNS))}"
    )
