"""What Stash asks for is answered here: what the page reads at once, all else by a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.directories import data_dir_of
from app.page.operations import OPERATIONS, answer
from shell import logs, open_files
from shell.protocol import PluginInput
from storage.files.token_file import TokenFile


def reply_to(
    plugin: PluginInput,
    env: Mapping[str, str],
    on_progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Stash's reply. Raises what the operation or the task raises.

    Args:
        on_progress: gets the share of a task that is done, 0..1; None: Stash gets it, on stderr.
    """
    # Stash may echo it in its first answer, before its settings are known.
    token = TokenFile(data_dir_of(plugin, env)).read()
    logs.configure(debug=False, secrets=[token])
    if plugin.mode in OPERATIONS:
        return answer(plugin, env)
    open_files.make_sure()
    from app.setup.operations import OPERATIONS as SETUP
    from app.setup.operations import connect

    if plugin.mode in SETUP:
        return connect(plugin, env)
    # Half a second of imports, which no read waits for.
    from app.task_frame import STATUS, attended

    if plugin.mode == STATUS.name:
        return attended(STATUS, plugin, env, on_progress, STATUS.task)
    from app.task_runner import run_task

    return run_task(plugin, env, on_progress)
