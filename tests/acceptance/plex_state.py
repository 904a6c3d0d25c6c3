"""How Plex stands, for comparing before and after: all that undo has to bring back."""

from __future__ import annotations

import json
from typing import Any

from simulators.dumps import State, whole_items
from tests.acceptance.site import Site

# How often an item was written to is no part of what it shows.
_COUNTS = frozenset({"writes"})
_SHELVES = frozenset({"posters", "arts"})

PlexState = dict[str, dict[str, Any]]


def plex_state(state: State) -> PlexState:
    """ "section:ratingKey" → what the item shows, without the order of lists and times.

    Of pictures only the selected one counts: no upload can be deleted from Plex.
    """
    return {
        key: {name: _plain(name, value) for name, value in row.items() if name not in _COUNTS}
        for key, row in whole_items(state).items()
    }


def now(site: Site) -> PlexState:
    """How Plex stands."""
    return plex_state(site.both.plex.state())


def differing(before: PlexState, after: PlexState) -> dict[str, dict[str, tuple[Any, Any]]]:
    """Item → field → (before, after), of all that is not the same."""
    found: dict[str, dict[str, tuple[Any, Any]]] = {}
    for key in before.keys() | after.keys():
        was, row = before.get(key, {}), after.get(key, {})
        for name in was.keys() | row.keys():
            if was.get(name) != row.get(name):
                found.setdefault(key, {})[name] = (was.get(name), row.get(name))
    return found


def _plain(name: str, value: Any) -> Any:
    if name in _SHELVES:
        return next((image["name"] for image in value if image["selected"]), None)
    if isinstance(value, list):
        return sorted(json.dumps(each, sort_keys=True) for each in value)
    return value
