"""The plugin's settings in Stash: read, and changed without losing what others have changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stash import queries
from stash.scenes import StashApi, plugin_settings, query_data


def change_plugin_settings(stash: StashApi, plugin_id: str, changes: Mapping[str, object]) -> None:
    """Changes some settings and leaves all others as they are; as `fill_plugin_settings`."""
    fill_plugin_settings(stash, plugin_id, lambda _stored: changes)


def fill_plugin_settings(
    stash: StashApi,
    plugin_id: str,
    changes: Callable[[Mapping[str, object]], Mapping[str, object]],
) -> Mapping[str, object]:
    """Changes settings, if there are any to change; returns what was changed.

    Stash replaces the whole map of a plugin, so it is read again right before.

    Args:
        changes: by key, to the settings as they are then; None takes a setting out, which then has
            its default.

    Raises:
        StashError: Stash does not answer, or does not take it.
    """
    stored, _ = plugin_settings(stash, plugin_id)
    changed = changes(stored)
    if changed:
        wanted = {key: value for key, value in {**stored, **changed}.items() if value is not None}
        query_data(stash, queries.SAVE_PLUGIN_SETTINGS, {"id": plugin_id, "input": wanted})
    return changed
