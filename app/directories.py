"""Where the plugin and its data lie."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from shell.protocol import PluginInput

PLUGIN_ID = "Stash2Plex"
MANIFEST = "Stash2Plex.yml"


def data_dir_of(plugin: PluginInput, env: Mapping[str, str]) -> Path:
    """`$STASH_PLUGIN_DATA`, or `data` in the plugin's own folder."""
    chosen = env.get("STASH_PLUGIN_DATA", "").strip()
    return Path(chosen) if chosen else plugin_dir_of(plugin) / "data"


def plugin_dir_of(plugin: PluginInput) -> Path:
    """The plugin's own folder, which Stash serves a part of."""
    told = plugin.server_connection.get("PluginDir")
    # Stash may tell a path relative to its own working directory, which need not be ours.
    if isinstance(told, str) and "\0" not in told and Path(told).is_absolute():
        return Path(told)
    return code_dir()


def code_dir() -> Path:
    """The folder of this code, which is the plugin's own."""
    return Path(__file__).resolve().parent.parent


def version_of(plugin_dir: Path) -> str:
    """The version of the plugin, as its manifest says; "" where it cannot be read."""
    try:
        text = (plugin_dir / MANIFEST).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    lines = (line.partition(":") for line in text.splitlines())
    return next((value.strip(" \"'") for name, _, value in lines if name == "version"), "")
