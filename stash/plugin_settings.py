"""The plugin's settings in Stash: read, and changed without losing what others have changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stash import queries
from stash.scenes import StashApi, plugin_settings, query_data


def change_plugin_settings(
    stash: StashApi, plugin_id: str, changes: Mapping[str, object]
) -> dict[str, object]:
    """Changes some settings and leaves all others as they are; returns all.

    Args:
        changes: by key; None takes a setting out, which then has its default.

    Stash replaces the whole map of a plugin, so it is read again right before.

    Raises:
        StashError: Stash does not answer, or does not take it.
    """
    stored, _ = plugin_settings(stash, plugin_id)
    changed = {**stored, **changes}
    merged = {key: value for key, value in changed.items() if value is not None}
    query_data(stash, queries.SAVE_PLUGIN_SETTINGS, {"id": plugin_id, "input": merged})
    return merged


def fill_plugin_settings(
    stash: StashApi,
    plugin_id: str,
    missing: Callable[[Mapping[str, object]], Mapping[str, object]],
) -> Mapping[str, object]:
    """Adds settings to those that are stored, if there are any to add; returns what was added.

    Args:
        missing: what to add to the settings as they are right before.

    Raises:
        StashError: Stash does not answer, or does not take it.
    """
    stored, _ = plugin_settings(stash, plugin_id)
    added = missing(stored)
    if added:
        merged = {**stored, **added}
        query_data(stash, queries.SAVE_PLUGIN_SETTINGS, {"id": plugin_id, "input": merged})
    return added
