"""A pure stand-in for a Plex server: what an item shows after an edit, on servers of every kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from core.fields import BY_NAME
from core.models import Change, FullItem, Value
from core.planning.item_plan import ItemPlan

EMPTY: dict[str, Value] = {
    name: () if field.is_list else None if name == "rating" else ""
    for name, field in BY_NAME.items()
}


def _as_sent(sent: str) -> str:
    return sent


@dataclass(frozen=True)
class Server:
    """How a server takes edits.

    Attributes:
        replaces: a list edit replaces the list; otherwise it adds, and takes out what is named.
        spells: what it makes of a text or name that it stores.
        refuses: names and scalar fields (by field name) that it leaves as they are.
    """

    replaces: bool = False
    spells: Callable[[str], str] = _as_sent
    refuses: frozenset[str] = frozenset()

    def apply(self, plan: ItemPlan, item: FullItem) -> FullItem:
        values = dict(item.values)
        for change in plan.changes:
            if change.field not in self.refuses:
                shown = self._list if BY_NAME[change.field].is_list else self._scalar
                values[change.field] = shown(change, values[change.field])
        return replace(item, values=values, updated_at=(item.updated_at or 0) + 1)

    def _scalar(self, change: Change, _shown: Value) -> Value:
        if change.after is None:
            return EMPTY[change.field]
        return self.spells(change.after) if isinstance(change.after, str) else change.after

    def _list(self, change: Change, shown: Value) -> Value:
        assert isinstance(shown, tuple)
        assert isinstance(change.after, tuple)
        stubborn = [name for name in shown if name in self.refuses]
        # A removal finds an entry only by the letters that the server has.
        start = [] if self.replaces else [name for name in shown if name not in change.removed]
        entries = start + [name for name in stubborn if name not in start]
        for name in change.after:
            there = {entry.casefold() for entry in entries}
            if name in shown:
                entries += [name] if name not in entries else []
            elif name not in self.refuses and self.spells(name).casefold() not in there:
                entries.append(self.spells(name))
        return tuple(entries)
