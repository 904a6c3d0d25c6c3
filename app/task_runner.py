"""The tasks that Stash can start, by the mode that it names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

from app.arguments import flag
from app.deferred_imports import Later, later
from app.notifications.notify import notify
from app.patience import BRIEFLY
from app.schedule.automatic import is_one_by_hand, request_if_due
from app.settings_guard import check_settings, have_vanished
from app.sync_changes import handover
from app.task_frame import STATUS, Mode, attended
from app.wiring import Context, open_context
from app.write_defaults import keep_defaults, write_defaults
from core.errors import ConfigError, GaveWay, ProtocolError, SyncError
from core.scopes import BY_MODE
from shell import logs
from shell.protocol import PluginInput

MODE_SHOWN = 60  # characters of an unknown one

CONFIRM = "confirm_stopped_run"
look_after_change = Later("app.health_check.task", "look_after_change")
_PREVIEW = later(
    "app.tasks.preview",
    *("preview_all", "preview_recent", "preview_7days", "preview_missing_metadata"),
    *("preview_every_scene", "preview_recent_scenes", "preview_queue"),
    *("apply_preview", "look_at_apply"),
)
_DEAD_LETTERS = later(
    "app.tasks.dead_letters",
    *("clear_dead_letters", "purge_dead_letters", "retry_dead_letters"),
)
_QUEUE = later(
    "app.tasks.queue",
    *("clear_match_cache", "clear_queue", "confirm_stopped_run"),
)
_RECONCILE = later(
    "app.tasks.reconcile",
    *("reconcile_all", "reconcile_recent", "reconcile_7days", "reconcile_missing_metadata"),
    *("enqueue_all", "enqueue_recent"),
)
_UNDO = later("app.tasks.undo", "undo_last_run", "look_at_undo", "release", "look_at_release")
_CHECK_FOLDERS = Later("app.health_check.path_checks_operation", "check_folders")
_HEALTH_CHECK = Later("app.health_check.task", "health_check")
_SYNC_EVERYTHING = Later("app.tasks.sync_everything", "sync_everything")
_TRY_NOTIFICATION = Later("app.notifications.trial_message", "try_notification")
_LOOKING = partial(Mode, looks_only=True, works_when_off=True)
_TABLE = (
    Mode("all", _RECONCILE["enqueue_all"], _PREVIEW["preview_every_scene"]),
    Mode("apply_preview", _PREVIEW["apply_preview"], _PREVIEW["look_at_apply"]),
    _LOOKING("check_folders", _CHECK_FOLDERS, bears_faults=True, is_operation=True),
    Mode("clear_dlq", _DEAD_LETTERS["clear_dead_letters"]),
    Mode("clear_match_cache", _QUEUE["clear_match_cache"]),
    Mode("clear_queue", _QUEUE["clear_queue"]),
    Mode(CONFIRM, _QUEUE["confirm_stopped_run"]),
    _LOOKING("doctor", _HEALTH_CHECK, bears_faults=True),  # its name on the command line
    _LOOKING("health_check", _HEALTH_CHECK, bears_faults=True),
    _LOOKING("outage_summary", Later("app.tasks.outages", "outage_summary")),
    _LOOKING("page_rules", Later("app.tasks.tag_rules_preview", "page_rules"), is_operation=True),
    _LOOKING("page_scene", Later("app.page.scene", "page_scene"), is_read=True),
    Mode("pin", Later("app.tasks.pins", "pin"), is_operation=True),
    Mode(
        "process_queue",
        Later("app.sync_changes.process_queue", "process_queue"),
        _PREVIEW["preview_queue"],
    ),
    Mode("purge_dlq", _DEAD_LETTERS["purge_dead_letters"]),
    STATUS,
    Mode("recent", _RECONCILE["enqueue_recent"], _PREVIEW["preview_recent_scenes"]),
    Mode("reconcile_7days", _RECONCILE["reconcile_7days"], _PREVIEW["preview_7days"]),
    Mode("reconcile_all", _RECONCILE["reconcile_all"], _PREVIEW["preview_all"]),
    Mode(
        "reconcile_missing_metadata",
        _RECONCILE["reconcile_missing_metadata"],
        _PREVIEW["preview_missing_metadata"],
    ),
    Mode("reconcile_preview", _PREVIEW["preview_all"], looks_only=True),
    Mode("reconcile_recent", _RECONCILE["reconcile_recent"], _PREVIEW["preview_recent"]),
    Mode("recover_outage_jobs", Later("app.tasks.outages", "recover_outage_jobs")),
    Mode("release", _UNDO["release"], _UNDO["look_at_release"], works_when_off=True),
    _LOOKING("report", Later("app.report.task", "report"), bears_faults=True),
    Mode("retry_dlq", _DEAD_LETTERS["retry_dead_letters"], is_operation=True),
    Mode(handover.MODE, Later("app.sync_changes.task", "sync_changes")),
    Mode("sync_everything", _SYNC_EVERYTHING, _PREVIEW["preview_all"]),
    Mode("sync_recent", partial(_SYNC_EVERYTHING, scope="recent"), _PREVIEW["preview_recent"]),
    _LOOKING("try_notification", _TRY_NOTIFICATION, bears_faults=True, is_operation=True),
    Mode("undo_last_run", _UNDO["undo_last_run"], _UNDO["look_at_undo"], works_when_off=True),
    Mode("unpin", Later("app.tasks.pins", "unpin"), is_operation=True),
    Mode("write_defaults", write_defaults, works_when_off=True, is_operation=True),
)
MODES: Mapping[str, Mode] = MappingProxyType({mode.name: mode for mode in _TABLE})


def run_task(
    plugin: PluginInput,
    env: Mapping[str, str],
    on_progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Run the task that `plugin.mode` names and return Stash's reply.

    Args:
        on_progress: gets the share done, 0..1; None: Stash gets it, on stderr.

    Raises:
        ProtocolError: there is no such mode.
        SyncError: the task failed; the text is for the user.
    """
    mode = MODES.get(plugin.mode)
    if mode is None:
        raise ProtocolError(
            f"The task mode {plugin.mode[:MODE_SHOWN]!r} is unknown; known are: "
            + ", ".join(sorted(MODES))
        )
    if mode.is_read:
        return _look(mode, plugin, env)
    return attended(mode, plugin, env, on_progress, partial(_perform_and_notify, mode))


def _look(mode: Mode, plugin: PluginInput, env: Mapping[str, str]) -> dict[str, Any]:
    """What the page looks at: as Stash itself shows it, and without a line in the log."""
    logging.disable(logging.INFO)
    try:
        with open_context(plugin, env, lambda _share: None, looks_only=True) as context:
            logs.configure(debug=False)  # names are hidden in what may be shared
            return {"output": mode.task(context.in_brief())}
    finally:
        logging.disable(logging.NOTSET)


def _perform_and_notify(mode: Mode, context: Context) -> dict[str, Any]:
    """`perform`; people elsewhere are told what came of it, whatever that is."""
    context = replace(context, notify=partial(notify, context))
    if mode.is_operation or mode.looks_only:
        return perform(mode, context)
    try:
        output = perform(mode, context)
    except SyncError:
        context.notify()
        raise
    context.notify()
    return output


def perform(mode: Mode, context: Context) -> dict[str, Any]:
    """The task with what belongs to its start and its end; looking starts nothing.

    Raises:
        ConfigError: a dry run of a mode that has none: whoever asks wants nothing to be changed.
        GuardStopped: all settings have vanished.
        RunStopped: the user has ended the task early.
        what the task raises.
    """
    if flag(context.args, "dry_run") and not mode.looks_only:
        if mode.dry_run is None:
            able = ", ".join(sorted(each.name for each in _TABLE if each.dry_run))
            raise ConfigError(f"The mode {mode.name!r} has no dry_run; these have: {able}")
        return mode.dry_run(context)
    if not mode.looks_only and not mode.works_when_off and mode.name != CONFIRM:
        check_settings(context)
        keep_defaults(context)
    if mode.looks_only:
        output = mode.task(context)
        if mode.task is _HEALTH_CHECK and not have_vanished(context):
            keep_defaults(context)
        return output
    if mode.is_operation:
        with handover.caught_up(context):
            return mode.task(context.in_brief())
    if mode.name not in BY_MODE:  # a reconcile finds out itself, and is to cost its pages
        with suppress(GaveWay):  # the next task looks
            look_after_change(handover.giving_way(context, BRIEFLY))
    if mode.name == handover.MODE:
        return mode.task(context)
    if not is_one_by_hand(context, mode.name) and request_if_due(context):
        handover.catch_up(context)
    with handover.caught_up(context):
        output = mode.task(context)
        context.go_on()
        request_if_due(context)
    return output
