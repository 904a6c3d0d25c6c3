"""The operations of the page by their modes, and how one is answered.

Somebody waits for each, and half of the time goes into imports: so one imports what it needs, and
nothing of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from app.deferred_imports import later
from app.page.context import PageContext
from shell.protocol import PluginInput

Operation = Callable[[PageContext], dict[str, Any]]

READS: Mapping[str, Operation] = MappingProxyType(
    {
        **later("app.page.overview", "page_overview"),
        **later("app.page.gaps", "page_gaps", "page_orphans"),
        **later("app.page.plan", "page_plan"),
        **later("app.page.runs", "page_runs", "page_run"),
        **later("app.page.queue_lists", "page_held", "page_dead_letters", "page_pins"),
        **later("app.page.log", "page_log"),
        **later("app.page.support", "page_support"),
        **later("app.page.report", "page_report"),
    }
)
OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        **READS,
        # These change our own files, and nothing else.
        **later("app.page.actions", "sync_scenes", "ignore_scenes", "unignore_scenes"),
        **later("app.page.actions", "drop_dead_letters", "stop_run"),
    }
)


def answer(plugin: PluginInput, env: Mapping[str, str]) -> dict[str, Any]:
    """The reply to an operation.

    Raises:
        KeyError: `plugin.mode` is none of `OPERATIONS`.
        SyncError: it cannot be answered; the text is for the user.
    """
    context = PageContext.of(plugin, env, looks_only=plugin.mode in READS)
    return {"output": OPERATIONS[plugin.mode](context)}
