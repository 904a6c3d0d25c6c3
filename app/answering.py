"""What Stash asks for is answered here: what the page reads at once, all else by a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.page.operations import READS, answer
from shell.protocol import PluginInput


def reply_to(plugin: PluginInput, env: Mapping[str, str]) -> dict[str, Any]:
    """Stash's reply. Raises what the operation or the task raises."""
    if plugin.mode in READS:
        return answer(plugin, env)
    from app.task_runner import run_task  # half a second of imports, which no read waits for

    return run_task(plugin, env)
