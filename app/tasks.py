"""The tasks that Stash can start, by the mode that it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import ProtocolError
from protocol import PluginInput

MODES = frozenset(
    {
        "all",
        "clear_dlq",
        "clear_match_cache",
        "clear_queue",
        "confirm_stopped_run",
        "health_check",
        "process_queue",
        "purge_dlq",
        "queue_status",
        "recent",
        "reconcile_7days",
        "reconcile_all",
        "reconcile_missing_metadata",
        "reconcile_recent",
        "retry_dlq",
    }
)


def run_task(plugin: PluginInput, env: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG001
    """Run the task that `plugin.mode` names and return Stash's reply.

    Raises:
        ProtocolError: there is no such mode.
    """
    if plugin.mode not in MODES:
        raise ProtocolError(
            f"The task mode {plugin.mode!r} is unknown; known are: {', '.join(sorted(MODES))}"
        )
    return {"output": {"mode": plugin.mode}}
