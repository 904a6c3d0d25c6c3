"""Carries plans out: previous values into the journal, one edit per item, read back, then record.

Every step may be the last before the process is killed. The journal is durable before the first
edit; a job is acknowledged only after its record; an edit sent twice changes nothing the second
time, since the plan is made anew from what Plex shows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.models import Change, FullItem, ItemRef, Record, Role
from core.planning import ItemPlan, recorded
from core.text import name_key
from plex.client import PlexClient
from plex.editing import edit_params
from plex.exceptions import PlexRejected
from storage.journal import Journal, JournalEntry
from storage.records import RecordStore
from worker.prepare import Prepared

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Applied:
    """What became of some prepared scenes."""

    synced: list[Prepared] = field(default_factory=list)
    rejected: list[tuple[Prepared, PlexRejected]] = field(default_factory=list)
    vanished: list[Prepared] = field(default_factory=list)
    items_edited: int = 0


class Applier:
    """Applies prepared scenes.

    Args:
        run_id: under which run the journal keeps the previous values.
        on_scene: told after each scene, for progress.
    """

    def __init__(
        self,
        plex: PlexClient,
        records: RecordStore,
        journal: Journal,
        run_id: int,
        clock: Callable[[], float],
        on_scene: Callable[[], None],
    ) -> None:
        self._plex = plex
        self._records = records
        self._journal = journal
        self._run_id = run_id
        self._clock = clock
        self._on_scene = on_scene

    def apply(self, batch: Sequence[Prepared]) -> Applied:
        """Make the items show what their scenes want, and record what they show afterwards.

        Raises:
            PlexError: but PlexRejected; scenes not recorded yet are simply not done.
        """
        result = Applied()
        self._journal.write(self._run_id, self._entries(batch))
        edited: dict[ItemRef, ItemPlan] = {}
        sent: list[Prepared] = []
        for prepared in batch:
            try:
                for plan in prepared.plans:
                    if plan.changes:
                        self._edit(plan, plan.changes, prepared.items[plan.ref].roles)
                        edited[plan.ref] = plan
                sent.append(prepared)
            except PlexRejected as error:
                result.rejected.append((prepared, error))
            self._on_scene()
        shown = self._read_back(edited)
        result.items_edited = len(edited)
        self._record(sent, shown, edited, result)
        return result

    def _edit(self, plan: ItemPlan, changes: Iterable[Change], roles: Iterable[Role]) -> None:
        params = edit_params(changes, roles)
        self._plex.edit(plan.ref.section, plan.item_type, plan.ref.key, params)

    def _entries(self, batch: Iterable[Prepared]) -> list[JournalEntry]:
        now = self._clock()
        return [
            JournalEntry(
                prepared.scene.id,
                plan.ref,
                change.field,
                change.before,
                change.after,
                now,
                change.field in prepared.items[plan.ref].locked,
                _extra(change, prepared.items[plan.ref]),
            )
            for prepared in batch
            for plan in prepared.plans
            for change in plan.changes
        ]

    def _read_back(self, edited: Mapping[ItemRef, ItemPlan]) -> dict[str, FullItem]:
        shown = self._plex.full_items([ref.key for ref in edited]) if edited else {}
        stubborn = {
            ref: left
            for ref, plan in edited.items()
            if ref.key in shown and (left := list(_surplus_left(plan, shown[ref.key])))
        }
        if stubborn:
            for ref, changes in stubborn.items():
                self._remove_singly(edited[ref], changes, shown[ref.key].roles)
            shown |= self._plex.full_items([ref.key for ref in stubborn])
        return shown

    def _remove_singly(
        self, plan: ItemPlan, changes: Iterable[Change], roles: Sequence[Role]
    ) -> None:
        """Some servers honour one removal per edit; what they still refuse is recorded as shown."""
        for change in changes:
            for name in change.removed:
                single = replace(change, before=(), added=(), removed=(name,))
                try:
                    self._edit(plan, [single], roles)
                except PlexRejected as error:
                    log.warning("item %s: %r could not be removed: %s", plan.ref, name, error)

    def _record(
        self,
        sent: Iterable[Prepared],
        shown: Mapping[str, FullItem],
        edited: Mapping[ItemRef, ItemPlan],
        result: Applied,
    ) -> None:
        records = []
        for prepared in sent:
            after = {
                ref: shown.get(ref.key) if ref in edited else item
                for ref, item in prepared.items.items()
            }
            there = {ref: item for ref, item in after.items() if item is not None}
            if not there:
                result.vanished.append(prepared)
                continue
            records.append(_record_of(prepared, there))
            result.synced.append(prepared)
        self._records.save_many(records)


def _extra(change: Change, item: FullItem) -> Mapping[str, object]:
    """What the previous value of a list does not say by itself."""
    if change.field != "performers":
        return {}
    return {"roles": [[role.name, role.text, role.thumb] for role in item.roles]}


def _surplus_left(plan: ItemPlan, shown: FullItem) -> Iterable[Change]:
    """The removals of a plan that the item does not show, as changes of their own."""
    for change in plan.changes:
        value = shown.values.get(change.field)
        there = {name_key(name) for name in value} if isinstance(value, tuple) else set()
        left = tuple(name for name in change.removed if name_key(name) in there)
        if left:
            yield replace(change, removed=left)


def _record_of(prepared: Prepared, shown: Mapping[ItemRef, FullItem]) -> Record:
    scene = prepared.scene
    return Record(
        scene_id=scene.id,
        scene_updated_at=scene.updated_at,
        fingerprint=prepared.fingerprint,
        files=scene.files,
        studio_id=scene.studio.id if scene.studio else None,
        performer_ids=tuple(performer.id for performer in scene.performers),
        tag_ids=tuple(tag.id for tag in scene.tags),
        items=tuple(
            recorded(plan, shown[plan.ref], prepared.base(plan.ref))
            for plan in prepared.plans
            if plan.ref in shown
        ),
        images=prepared.record.images if prepared.record is not None else {},
    )
