"""The scenes that performers, studios and tags concern which have changed in Stash.

Stash tells of the thing alone. Its scenes are asked for in pages, those of many things at once;
where the links are gone, after a destroy or a merge, our records know them. An update that left the
name alone concerns no scene, and costs no page.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal

from core.desired import SyncPolicy
from core.fields import BY_NAME, Field, name_keys
from core.models import Entity, Scene, Value
from core.records import Record
from stash.queries import showing
from stash.scenes import (
    MAX_IDS,
    StashApi,
    as_far_as_readable,
    fetch_names,
    fetch_readable,
    iter_scene_pages,
)
from storage.files.database import chunks
from storage.state_tables.records import EntityKind, RecordStore
from sync_queue.inbox_reader import Event

log = logging.getLogger(__name__)

Kind = EntityKind | Literal["group"]

NOTHING: Mapping[str, Collection[int]] = {}

# The fields in which the name of each shows, unless rules say otherwise.
SHOWN_IN: Mapping[Kind, tuple[str, ...]] = {
    "performer": ("performers",),
    "studio": ("studio", "collection"),
    "tag": ("tags",),
    "group": ("collection",),
}


class EntityChanges:
    """Resolves events.

    Args:
        policy: what Plex should show. What shows in none of its fields concerns nobody.
    """

    def __init__(self, stash: StashApi, records: RecordStore, policy: SyncPolicy) -> None:
        self._stash = stash
        self._records = records
        self._policy = policy
        makes = policy.placing is not None and policy.placing.places_groups
        self._fields: Mapping[Kind, list[Field]] = {
            kind: [BY_NAME[name] for name in names if name in policy.enabled]
            for kind, names in SHOWN_IN.items()
            if kind != "group" or makes
        }

    def scenes(
        self, events: Sequence[Event], moved: Mapping[str, Collection[int]] = NOTHING
    ) -> Iterator[Sequence[Scene]]:
        """The scenes that some events concern, page by page, each scene once.

        Args:
            moved: by kind, those that show otherwise now, whatever happened to them.

        Raises:
            StashError: or its kinds; the pages until then are good.
        """
        seen: set[int] = set()
        for kind in (kind for kind, fields in self._fields.items() if fields):
            others = moved.get(kind, ())
            for page in self._pages(kind, [e for e in events if e.kind == kind], others, seen):
                fresh = [scene for scene in page if scene.id not in seen]
                seen.update(scene.id for scene in fresh)
                if fresh:
                    yield fresh

    def _pages(
        self,
        kind: Kind,
        events: Sequence[Event],
        moved: Collection[int],
        seen: set[int],
    ) -> Iterator[Iterable[Scene]]:
        updated, merged, gone = (
            [event.id for event in events if event.action == action]
            for action in ("update", "merge", "destroy")
        )
        names = fetch_names(self._stash, kind, updated)
        if kind == "performer":
            names = {i: self._policy.name_of(Entity(i, name)) for i, name in names.items()}
        # Where rules decide what a name becomes, what was applied decides whether that is new.
        is_ruled = kind != "performer" and self._policy.placing is not None
        renamed = [
            i
            for i in updated
            if i in names and (kind == "group" or is_ruled or self._is_renamed(kind, i, names[i]))
        ]
        for some in chunks(list(dict.fromkeys([*renamed, *merged, *moved])), MAX_IDS):
            pages = iter_scene_pages(self._stash, criteria=showing(kind, some))
            yield from as_far_as_readable(pages, partial(log.warning, "%s"))
        if kind == "group":
            return  # no record knows of groups: of those that are gone a reconcile finds the scenes
        unlinked = [*gone, *merged, *(i for i in updated if i not in names)]
        known = {scene for i in unlinked for scene in self._records.with_entity(kind, i)}
        for ids in chunks(sorted(known - seen), MAX_IDS):
            found = fetch_readable(self._stash, ids)
            for scene, error in found.unreadable.items():
                log.warning("scene %d is left to the next reconcile: %s", scene, error)
            yield found.scenes.values()

    def _is_renamed(self, kind: EntityKind, entity_id: int, name: str) -> bool:
        """Whether a scene that was synced with it shows another name; also where none was."""
        known = self._records.with_entity(kind, entity_id)
        return not known or any(
            not _shows(record, self._fields[kind], name)
            for ids in chunks(known, MAX_IDS)
            for record in self._records.get_many(ids).values()
        )


def _shows(record: Record, fields: Iterable[Field], name: str) -> bool:
    """Whether we have sent that name in all of these fields of every item."""
    return bool(record.items) and all(
        (known := item.fields.get(field.name)) is not None and _holds(field, known.sent, name)
        for item in record.items
        for field in fields
    )


def _holds(field: Field, sent: Value, name: str) -> bool:
    if not field.is_list:
        return field.equal(name, sent)
    # Of two performers with one name in all scenes the other could hide a new name: rare enough to
    # be left to reconcile.
    key = name_keys(field.normal((name,)))
    return bool(key) and key <= name_keys(field.normal(sent))
