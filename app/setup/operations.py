"""The operations that connect to Plex, by their modes: they need no settings that are right.

Each imports what it needs when it is asked for, since somebody waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from app.directories import PLUGIN_ID, data_dir_of
from app.setup.context import SetupContext
from shell.protocol import PluginInput
from stash.connection import StashConnection

Operation = Callable[[SetupContext], dict[str, Any]]
Group = tuple[Operation, ...]


def _settings() -> Group:
    from app.setup.settings_page import page_settings, save_settings

    return page_settings, save_settings


def _sign_in() -> Group:
    from app.setup.sign_in import sign_in, sign_in_check

    return sign_in, sign_in_check


def _servers() -> Group:
    from app.setup.connection_trial import try_connection
    from app.setup.discovery import discover

    return discover, try_connection


OPERATIONS: Mapping[str, Callable[[], Group]] = MappingProxyType(
    {
        **dict.fromkeys(("page_settings", "save_settings"), _settings),
        **dict.fromkeys(("sign_in", "sign_in_check"), _sign_in),
        **dict.fromkeys(("discover", "try_connection"), _servers),
    }
)


def operation(mode: str) -> Operation:
    """The operation of that mode.

    Raises:
        KeyError: it is none of `OPERATIONS`.
    """
    return {each.__name__: each for each in OPERATIONS[mode]()}[mode]


def connect(plugin: PluginInput, env: Mapping[str, str]) -> dict[str, Any]:
    """The reply to one of them.

    Raises:
        KeyError: `plugin.mode` is none of `OPERATIONS`.
        SyncError: it cannot be done; the text is for the user.
    """
    connection = StashConnection.from_plugin_input(plugin.server_connection, env)
    context = SetupContext(PLUGIN_ID, data_dir_of(plugin, env), plugin.args, connection, env=env)
    return {"output": operation(plugin.mode)(context)}
