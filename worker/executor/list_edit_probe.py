"""Finds out on one item whether this server adds what an edit of a list names, or replaces by it.

Such an edit names only what comes and what goes. A server that replaces takes all else away, so the
item is written down before, and whoever is killed in between leaves it to the next to put it right.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.fields import name_keys
from core.models import Change, FullItem, ItemRef, Role
from core.planning.item_plan import ItemPlan
from core.text import name_key
from plex.client import PlexClient
from plex.editing import edit_params
from plex.exceptions import PlexItemFailed, PlexRejected
from storage.files.json_checks import Maybe
from storage.key_value import Key
from storage.state import State
from worker.plan import ItemEdit

log = logging.getLogger(__name__)

_REPLACES = "replaces"
# What a server was found to do; earlier versions have noted those that add as well.
_KNOWN: Key[Mapping[str, Any] | None] = Key(
    "list_edits", None, Maybe({"server": [str], "lists": str})
)
# An item whose probe has not been looked at.
_OPEN: Key[Mapping[str, Any] | None] = Key(
    "list_probe",
    None,
    Maybe({"section": str, "key": str, "lists": {str: [str]}, "roles": [(str, str, str)]}),
)


class Memory:
    """Which server was found to replace lists, by machine and version."""

    def __init__(self, plex: PlexClient, state: State) -> None:
        self._plex = plex
        self._state = state

    def replaces(self) -> bool:
        """Whether this very server is known to replace."""
        known = self._state.get_value(_KNOWN)
        if known is None or known["lists"] != _REPLACES:
            return False
        return bool(known["server"] == self._identity())

    def note_replacing(self) -> None:
        """Remember that this server replaces."""
        self._state.set_value(_KNOWN, {"server": self._identity(), "lists": _REPLACES})

    def _identity(self) -> list[str]:
        identity = self._plex.identity()
        return [identity.machine_id, identity.version]


def lists_of(plan: ItemPlan) -> list[Change]:
    return [change for change in plan.changes if isinstance(change.after, tuple)]


def survivors(change: Change) -> list[str]:
    """The entries of a list that a change leaves there."""
    assert isinstance(change.after, tuple)
    added = name_keys(change.added)
    return [name for name in change.after if name_key(name) not in added]


def lost(plan: ItemPlan, shown: FullItem) -> bool:
    """Whether an item lacks entries that its edit was to leave there."""
    return any(
        name_key(name) not in name_keys(shown.values.get(change.field))
        for change in lists_of(plan)
        for name in survivors(change)
    )


def probe(
    plex: PlexClient, state: State, edit: ItemEdit, params: Sequence[tuple[str, str]]
) -> FullItem | None:
    """Make the changes of one item by an edit that names what comes and what goes.

    Args:
        params: those of that edit.

    Returns the item as Plex shows it then, None where it is gone. If it has lost anything, `repair`
    has to follow.

    Raises:
        PlexRejected, PlexItemFailed: the edit was not taken.
    """
    plan = edit.plan
    state.set_value(_OPEN, _order(plan, edit.roles))
    try:
        plex.edit(plan.ref.section, plan.item.item_type, plan.ref.key, params)
    except (PlexRejected, PlexItemFailed):
        state.set_value(_OPEN, None)
        raise
    shown = plex.full_items([plan.ref.key]).get(plan.ref.key)
    if shown is None or not lost(plan, shown):
        state.set_value(_OPEN, None)
    return shown


def repair(plex: PlexClient, state: State, edit: ItemEdit) -> bool:
    """Send all of its lists to an item that has lost a part of them; whether Plex has taken it."""
    params = edit_params(edit.changes, edit.roles)
    taken = _edit(plex, edit.ref, edit.item.item_type, params)
    state.set_value(_OPEN, None)
    return taken


def finish_probe(plex: PlexClient, state: State) -> None:
    """Put an item right that a killed run has left after its probe; for who holds the drain lock.

    Raises:
        PlexError: Plex does not answer; the next run tries it again.
    """
    order = state.get_value(_OPEN)
    if order is None:
        return
    ref = ItemRef(order["section"], order["key"])
    item = plex.full_items([ref.key]).get(ref.key)
    if item is not None and item.ref == ref:
        changes = [c for name, kept in order["lists"].items() if (c := _missing(item, name, kept))]
        if changes:
            log.info("item %s lost entries when a run was killed; they are put back", ref)
            params = edit_params(changes, [Role(*role) for role in order["roles"]])
            _edit(plex, ref, item.item_type, params)
            Memory(plex, state).note_replacing()
    state.set_value(_OPEN, None)


def _edit(
    plex: PlexClient, ref: ItemRef, item_type: int, params: Sequence[tuple[str, str]]
) -> bool:
    try:
        plex.edit(ref.section, item_type, ref.key, params)
    except (PlexRejected, PlexItemFailed) as error:
        log.warning("item %s has lost entries of lists and refuses them: %s", ref, error)
        return False
    return True


def _missing(item: FullItem, name: str, kept: Iterable[str]) -> Change | None:
    """What brings entries back that a list has lost."""
    value = item.values.get(name)
    keys = name_keys(value)
    gone = tuple(entry for entry in kept if name_key(entry) not in keys)
    there = value if isinstance(value, tuple) else ()
    return Change(name, there, (*there, *gone), gone) if gone else None


def _order(plan: ItemPlan, roles: Iterable[Role]) -> Mapping[str, Any]:
    return {
        "section": plan.ref.section,
        "key": plan.ref.key,
        "lists": {change.field: survivors(change) for change in lists_of(plan)},
        "roles": [[role.name, role.text, role.thumb] for role in roles],
    }
