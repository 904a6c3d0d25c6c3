"""The operations of the page by their modes, and how one is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from app.page.actions import (
    drop_dead_letters,
    ignore_scenes,
    stop_run,
    sync_scenes,
    unignore_scenes,
)
from app.page.context import PageContext
from app.page.gaps import page_gaps, page_orphans
from app.page.log import page_log
from app.page.overview import page_overview
from app.page.plan import page_plan
from app.page.report import page_report
from app.page.runs import page_run, page_runs
from app.page.support import page_support
from app.page.waiting import page_dead_letters, page_held, page_pins
from shell.protocol import PluginInput

Operation = Callable[[PageContext], dict[str, Any]]

READS: Mapping[str, Operation] = MappingProxyType(
    {
        each.__name__: each
        for each in (
            *(page_overview, page_gaps, page_orphans, page_plan, page_runs, page_run),
            *(page_held, page_dead_letters, page_pins, page_log, page_support, page_report),
        )
    }
)
# What changes our own files, and nothing else.
ACTIONS: Mapping[str, Operation] = MappingProxyType(
    {
        each.__name__: each
        for each in (sync_scenes, ignore_scenes, unignore_scenes, drop_dead_letters, stop_run)
    }
)
OPERATIONS: Mapping[str, Operation] = MappingProxyType({**READS, **ACTIONS})


def answer(plugin: PluginInput, env: Mapping[str, str]) -> dict[str, Any]:
    """The reply to an operation.

    Raises:
        KeyError: `plugin.mode` is none of `OPERATIONS`.
        SyncError: it cannot be answered; the text is for the user.
    """
    operation = OPERATIONS[plugin.mode]
    context = PageContext.of(plugin, env, looks_only=plugin.mode in READS)
    return {"output": operation(context)}
