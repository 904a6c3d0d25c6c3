"""The look at folders for the page: whether the files of scenes are those of Plex."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app import arguments
from app.health_check.path_checks import look
from app.health_check.server_checks import TIMEOUTS, can_ask_plex, count_libraries
from app.wiring import Context
from core import setting_values as kinds
from core.errors import ConfigError
from core.setting_values import BadValueError
from core.setting_words import by_label
from plex.library import synced_libraries
from shell import logs
from stash.scenes import count_scenes


def check_folders(context: Context) -> dict[str, Any]:
    """How a sample of scenes lines up with the items of Plex; takes a few seconds at most.

    Args of the operation: `libraries` (names or keys; empty: all; default: those of the settings)
    and `path_map` (default: that of the settings), to try them before they are saved.

    Raises:
        ConfigError: the settings do not lead to Plex, or what is to be tried makes no sense.
        StashError, PlexError: or their kinds.
    """
    if not can_ask_plex(context):
        raise ConfigError("Connect to Plex first: enter its address and sign in.")
    tried = _with_path_map(context)
    # What is suggested goes into the settings by a click: no short names in its place.
    logs.configure(debug=context.settings.debug_logging)
    with context.open_plex(TIMEOUTS) as plex:
        libraries = count_libraries(plex, synced_libraries(plex, _names(context)).there)
        found = look(tried, plex, libraries, count_scenes(context.stash))
    return {
        "scenes": found.scenes,
        "line_up": found.line_up,
        "text": found.text,
        "examples": [
            {"path": example.path, "text": by_label(example.text)} for example in found.examples
        ],
        "suggested_path_map": found.suggested,
    }


def _names(context: Context) -> tuple[str, ...]:
    given = context.args.get("libraries")
    if isinstance(given, list):
        return tuple(str(each) for each in given)
    if given is None:
        return context.settings.plex_library
    return kinds.names(arguments.text(context.args, "libraries"))


def _with_path_map(context: Context) -> Context:
    if "path_map" not in context.args:
        return context
    try:
        pairs = kinds.path_map(arguments.text(context.args, "path_map"))
    except BadValueError as allowed:
        raise ConfigError(f"The path map cannot be tried; allowed: {allowed}") from None
    return replace(context, settings=replace(context.settings, path_map=pairs))
