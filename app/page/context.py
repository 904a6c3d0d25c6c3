"""What an operation of the page needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.directories import data_dir_of, plugin_dir_of
from app.own_files import OwnFiles
from shell.protocol import PluginInput


@dataclass(frozen=True, slots=True)
class PageContext(OwnFiles):
    """Our files, and what Stash has handed over.

    Attributes:
        server: Stash, as the plugin input names it.
    """

    data_dir: Path
    plugin_dir: Path
    args: Mapping[str, Any]
    server: Mapping[str, Any]
    env: Mapping[str, str]
    looks_only: bool = True
    clock: Callable[[], float] = time.time

    @classmethod
    def of(
        cls,
        plugin: PluginInput,
        env: Mapping[str, str],
        *,
        looks_only: bool,
        clock: Callable[[], float] = time.time,
    ) -> PageContext:
        """For what Stash has handed to this process."""
        data_dir, plugin_dir = data_dir_of(plugin, env), plugin_dir_of(plugin)
        server = plugin.server_connection
        return cls(data_dir, plugin_dir, plugin.args, server, env, looks_only, clock)
