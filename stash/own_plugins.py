"""The plugins that belong to us, as Stash has them switched."""

from __future__ import annotations

from stash.answers import objects
from stash.scenes import StashApi, query_data

QUICK_HOOKS = "Stash2PlexQuickHooks"  # note edits inside Stash
SCENE_HOOKS = "Stash2PlexSceneHooks"  # do so by a process for each

_PLUGINS = "query PluginSwitches { plugins { id enabled } }"
_SWITCH = "mutation SwitchPlugins($switches: BoolMap!) { setPluginsEnabled(enabledMap: $switches) }"


def switches(stash: StashApi) -> dict[str, bool]:
    """Whether each plugin that Stash has is switched on, by its id.

    Raises:
        StashError: or its kinds.
    """
    listed = query_data(stash, _PLUGINS, {}).get("plugins")  # null where there is none
    return {str(each.get("id")): each.get("enabled") is True for each in objects(listed)}


def switch(stash: StashApi, plugin: str, *, on: bool) -> None:
    """Switch a plugin on or off. Raises StashError: or its kinds."""
    query_data(stash, _SWITCH, {"switches": {plugin: on}})
