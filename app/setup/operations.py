"""The operations that connect to Plex, by their modes: they need no settings that are right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from app.places import PLUGIN_ID, data_dir_of
from app.setup.context import SetupContext
from app.setup.discovery import discover
from app.setup.settings_page import page_settings, save_settings
from app.setup.sign_in import sign_in, sign_in_check
from app.setup.trial import try_connection
from shell.protocol import PluginInput
from stash.connection import StashConnection

Operation = Callable[[SetupContext], dict[str, Any]]
OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        each.__name__: each
        for each in (
            *(discover, sign_in, sign_in_check),
            *(page_settings, save_settings, try_connection),
        )
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
