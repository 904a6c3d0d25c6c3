"""The operations that connect to Plex, by their modes: they need no settings that are right.

Each imports what it needs when it is asked for, since somebody waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from app.deferred_imports import later
from app.directories import PLUGIN_ID, data_dir_of
from app.setup.context import SetupContext
from shell.protocol import PluginInput
from stash.connection import StashConnection

OPERATIONS: Mapping[str, Callable[[SetupContext], dict[str, Any]]] = MappingProxyType(
    {
        **later("app.setup.settings_page", "page_settings", "save_settings"),
        **later("app.setup.sign_in", "sign_in", "sign_in_check", "discover"),
        **later("app.setup.connection_trial", "try_connection"),
    }
)


def connect(plugin: PluginInput, env: Mapping[str, str]) -> dict[str, Any]:
    """The reply to one of them.

    Raises:
        KeyError: `plugin.mode` is none of `OPERATIONS`.
        SyncError: it cannot be done; the text is for the user.
    """
    connection = StashConnection.from_plugin_input(plugin.server_connection, env)
    context = SetupContext(PLUGIN_ID, data_dir_of(plugin, env), plugin.args, connection, env=env)
    return {"output": OPERATIONS[plugin.mode](context)}
