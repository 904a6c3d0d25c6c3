"""The operations of the page by their modes, and how one is answered.

Somebody waits for each, and half of the time goes into imports: so one imports what it needs, and
nothing of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from app.page.context import PageContext
from shell.protocol import PluginInput

Operation = Callable[[PageContext], dict[str, Any]]
Group = tuple[Operation, ...]


def _overview() -> Group:
    from app.page.overview import page_overview

    return (page_overview,)


def _found() -> Group:
    from app.page.gaps import page_gaps, page_orphans

    return page_gaps, page_orphans


def _plan() -> Group:
    from app.page.plan import page_plan

    return (page_plan,)


def _runs() -> Group:
    from app.page.runs import page_run, page_runs

    return page_run, page_runs


def _waiting() -> Group:
    from app.page.queue_lists import page_dead_letters, page_held, page_pins

    return page_dead_letters, page_held, page_pins


def _told() -> Group:
    from app.page.log import page_log
    from app.page.report import page_report
    from app.page.support import page_support

    return page_log, page_report, page_support


def _actions() -> Group:
    from app.page.actions import (
        drop_dead_letters,
        ignore_scenes,
        stop_run,
        sync_scenes,
        unignore_scenes,
    )

    return drop_dead_letters, ignore_scenes, stop_run, sync_scenes, unignore_scenes


READS: Mapping[str, Callable[[], Group]] = MappingProxyType(
    {
        "page_overview": _overview,
        **dict.fromkeys(("page_gaps", "page_orphans"), _found),
        "page_plan": _plan,
        **dict.fromkeys(("page_runs", "page_run"), _runs),
        **dict.fromkeys(("page_held", "page_dead_letters", "page_pins"), _waiting),
        **dict.fromkeys(("page_log", "page_support", "page_report"), _told),
    }
)
# What changes our own files, and nothing else.
ACTIONS: Mapping[str, Callable[[], Group]] = MappingProxyType(
    dict.fromkeys(
        ("sync_scenes", "ignore_scenes", "unignore_scenes", "drop_dead_letters", "stop_run"),
        _actions,
    )
)
OPERATIONS = MappingProxyType({**READS, **ACTIONS})


def operation(mode: str) -> Operation:
    """The operation of that mode.

    Raises:
        KeyError: it is none of `OPERATIONS`.
    """
    return {each.__name__: each for each in OPERATIONS[mode]()}[mode]


def answer(plugin: PluginInput, env: Mapping[str, str]) -> dict[str, Any]:
    """The reply to an operation.

    Raises:
        KeyError: `plugin.mode` is none of `OPERATIONS`.
        SyncError: it cannot be answered; the text is for the user.
    """
    context = PageContext.of(plugin, env, looks_only=plugin.mode in READS)
    return {"output": operation(plugin.mode)(context)}
