"""What became of one plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from core.clear_limit import Tally, tally
from core.models import Change, ItemRef, Value
from worker.plan import ScenePlan


class Status(Enum):
    """PROVEN: all items show what they were sent, or as much of it as the server takes.
    REJECTED: the server refused an edit. ITEM_FAILED: it works, and fails on this item.
    NOT_TAKEN: it answered, and nothing of the edit shows. VANISHED: the items are gone."""

    PROVEN = "proven"
    REJECTED = "rejected"
    ITEM_FAILED = "item failed"
    NOT_TAKEN = "not taken"
    VANISHED = "vanished"


@dataclass(slots=True)
class Outcome:
    """What became of one scene.

    Attributes:
        why: of every status but PROVEN, for people.
        back: of each item that was written to, the fields, pictures and locks that show.
        refused: changes that the server did not take, with what it shows instead.
        unlocked: fields that show and are not locked, by item.
        failures: what did not work of pictures and locks, for people.
        is_final: another try changes nothing of these failures.
        pictures_wait: pictures cannot be had for now; nobody has failed.
        conflicts: pictures chosen in Plex that stay, for people.
        uploads, selects: pictures that were proven.
    """

    plan: ScenePlan
    status: Status
    why: str = ""
    back: Mapping[ItemRef, frozenset[str]] = field(default_factory=dict)
    refused: list[tuple[Change, Value]] = field(default_factory=list)
    unlocked: Mapping[ItemRef, Sequence[str]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    is_final: bool = False
    pictures_wait: str = ""
    conflicts: list[str] = field(default_factory=list)
    uploads: int = 0
    selects: int = 0

    @property
    def is_proven(self) -> bool:
        return self.status is Status.PROVEN

    @property
    def is_recorded(self) -> bool:
        """What was written is recorded, so the journal is not needed to know it."""
        return self.is_proven or self.plan.is_partial_ok

    @property
    def proven_changes(self) -> list[Change]:
        """The changes of fields that show."""
        return [
            change
            for edit in self.plan.edits
            for change in edit.changes
            if change.field in self.back.get(edit.ref, ())
        ]

    @property
    def total(self) -> Tally:
        """The values of fields that were written."""
        return tally(self.proven_changes)

    @property
    def edited(self) -> set[ItemRef]:
        """The items that show something which was written to them."""
        return {ref for ref, names in self.back.items() if names} | self.plan.carried_out
