"""What the server tells its websocket listeners. Nothing is replayed after a disconnect."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field

from simulators.plex.model import TYPE_NUMBERS, Item, JsonObject

ARRAYS = {
    "timeline": "TimelineEntry",
    "activity": "ActivityNotification",
    "status": "StatusNotification",
}


@dataclass(slots=True, eq=False)
class Listener:
    """One connection: which kinds it wants and what waits to be sent to it."""

    wanted: frozenset[str]  # empty: all
    unwanted: frozenset[str]
    frames: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    @classmethod
    def of(cls, filters: str | None) -> Listener:
        """From `filters=timeline,activity` (only these) or `filters=-log` (all but these)."""
        names = [name for name in (filters or "-log").split(",") if name]
        unwanted = frozenset(name[1:] for name in names if name.startswith("-"))
        return cls(frozenset(name for name in names if not name.startswith("-")), unwanted)

    def wants(self, kind: str) -> bool:
        return kind not in self.unwanted and (not self.wanted or kind in self.wanted)


class EventHub:
    def __init__(self) -> None:
        self.listeners: set[Listener] = set()

    def publish(self, kind: str, entry: JsonObject) -> None:
        if not self.listeners:
            return
        body = {"type": kind, "size": 1, ARRAYS[kind]: [entry]}
        text = json.dumps({"NotificationContainer": body}, ensure_ascii=False)
        for listener in self.listeners:
            if listener.wants(kind):
                listener.frames.put_nowait(text)

    def timeline(
        self, item: Item, state: int, metadata_state: str | None = None, **more: object
    ) -> None:
        """One TimelineEntry. State 0 created, 1 queued, 2 matching, 4 loading, 5 done, 9 gone."""
        parent = item.parent
        root = parent.parent if parent and parent.parent else parent
        entry: JsonObject = {
            "identifier": "com.plexapp.plugins.library",
            "sectionID": str(item.section_key),
            "itemID": str(item.key),
            "parentItemID": str(parent.key) if parent else "-1",
            "rootItemID": str(root.key) if root else "-1",
            "type": TYPE_NUMBERS[item.type],
            "title": item.values["title"],
            "state": state,
            "updatedAt": item.version,
        }
        if metadata_state:
            entry["metadataState"] = metadata_state
        self.publish("timeline", entry | more)

    def activity(self, event: str, activity: JsonObject) -> None:
        self.publish(
            "activity", {"event": event, "uuid": activity["uuid"], "Activity": dict(activity)}
        )

    def scan_complete(self) -> None:
        entry = {
            "title": "Library scan complete",
            "description": "",
            "notificationName": "LIBRARY_UPDATE",
        }
        self.publish("status", entry)
