"""One task of the plugin, run from the command line as Stash would run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from app.dispatch import reply_to
from cli.terminal import Terminal
from shell import logs
from shell.protocol import PluginInput


@dataclass(frozen=True, slots=True)
class Session:
    """Where Stash is and where our data lies.

    Attributes:
        env: the environment with what the options have added; never logged.
        plugin_dir: the folder of the entry script.
    """

    terminal: Terminal
    env: Mapping[str, str] = field(repr=False)
    plugin_dir: Path

    def run(
        self, mode: str, args: Mapping[str, object] = MappingProxyType({}), *, what: str = ""
    ) -> dict[str, Any]:
        """Run one mode and return its output.

        Args:
            mode: as `args.mode` of the plugin names it.
            args: its other arguments; None is one that was not given.
            what: shown beside the bar; "" for what takes no time.

        Raises:
            SyncError: the task failed; the text is for people.
        """
        logs.install(self.terminal, logs.secrets_of(self.env))
        plugin = PluginInput(
            {"PluginDir": str(self.plugin_dir)},
            {"mode": mode, **{key: value for key, value in args.items() if value is not None}},
        )
        with self.terminal.bar(what):
            reply = reply_to(plugin, self.env, self.terminal.progress)
        output: dict[str, Any] = reply["output"]
        return output
