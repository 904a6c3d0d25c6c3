"""A plan: what is to happen to the items of one scene, and what is to be remembered of it.

Makers of plans read both servers and decide; the executor carries any plan out. What one maker
needs and others do not is data of the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from core.change_words import scene_called
from core.models import Change, Failure, FullItem, ItemRef, Job, Role, Value
from core.planning.item_plan import ItemPlan, is_untouched, only
from core.records import NO_PICTURES, FieldRecord, PictureRecords, Record
from storage.state_tables.plans import PlannedChange


@dataclass(frozen=True, slots=True)
class ItemEdit:
    """What is to happen to one item.

    Attributes:
        plan: the fields to change, and the item as it was read: the before-image.
        locks: the locks that fields and pictures are to have; those not named stay.
        roles: the parts and photos that its actors keep.
        title_sort: the sort title to put back beside the title; "" leaves it.
        pictures: pictures to select by Plex's names of them; None unsets one.
        shown_pictures: of `pictures` and of locks of pictures: Plex's names of those shown before.
        next: of fields that change, what the record says once they show; None: nothing.
        names: what the one edit of the item concerns: fields, and locks that change alone.
    """

    plan: ItemPlan
    locks: Mapping[str, bool] = field(default_factory=dict)
    roles: tuple[Role, ...] = ()
    title_sort: str = ""
    pictures: Mapping[str, str | None] = field(default_factory=dict)
    shown_pictures: Mapping[str, str | None] = field(default_factory=dict)
    next: Mapping[str, FieldRecord | None] = field(default_factory=dict)
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        names = dict.fromkeys([*(c.field for c in self.changes), *self.new_locks])
        object.__setattr__(self, "names", tuple(names))

    @property
    def item(self) -> FullItem:
        return self.plan.item

    @property
    def ref(self) -> ItemRef:
        return self.item.ref

    @property
    def changes(self) -> tuple[Change, ...]:
        return self.plan.changes

    @property
    def new_locks(self) -> dict[str, bool]:
        """The locks that the item does not have as they are wanted, or has not once a picture is
        selected."""
        locked, selected = self.item.locked, self.pictures
        return {n: w for n, w in self.locks.items() if n in selected or w != (n in locked)}

    def is_untouched(self, item: FullItem) -> bool:
        """Whether the item shows nothing of what is to change; False where nothing is."""
        changes = self.changes
        return bool(changes) and all(is_untouched(c, item.values.get(c.field)) for c in changes)

    def only(self, names: Collection[str]) -> ItemEdit:
        """The part of the edit that concerns some fields and locks; pictures stay."""
        locks = {name: want for name, want in self.locks.items() if name in names}
        return replace(self, plan=only(self.plan, names), locks=locks)


@dataclass(frozen=True, slots=True)
class Proof:
    """What was read back of one scene's items.

    Attributes:
        shown: the items that were written to, as Plex shows them now, and all others as they were
            read; those that are gone are absent.
        back: of each item that was written to, the fields, pictures and locks that show.
        pictures: what is known of the scene's pictures by now.
        tells_locks: the server says which fields are locked.
    """

    shown: Mapping[ItemRef, FullItem]
    back: Mapping[ItemRef, frozenset[str]]
    pictures: PictureRecords
    tells_locks: bool = False


@dataclass(frozen=True, slots=True)
class ScenePlan:
    """All that is to happen for one scene.

    Attributes:
        title: what people know the scene by.
        edits: one for each of its items, those without work among them.
        record: what is known of the scene.
        remember: of this plan and its proof, what is known afterwards; None: nothing new. Pure.
        cover: the pictures ("poster", "background") that are to show the scene's cover.
        job: the order that this is for; it is acknowledged with the scene.
        notes: conflicts and givings up, for people: each begins with its item.
        applied: the fingerprint of which the changes are a part.
        is_journaled: the values before are kept, so that the run can be undone.
        is_whole: with this plan the scene shows all that it wants.
        held: what the clear guard holds back of the scene, as `HeldJob` has it; the job is held
            once all else shows.
        is_partial_ok: what shows is remembered also where something else was refused.
        carried_out: items that a run before has written to without a record of it.
        items: as they were read.
    """

    scene_id: int
    title: str
    edits: tuple[ItemEdit, ...]
    record: Record | None
    remember: Callable[[ScenePlan, Proof], Record | None]
    cover: frozenset[str] = frozenset()
    job: Job | None = None
    notes: tuple[str, ...] = ()
    applied: str = ""
    is_journaled: bool = True
    is_whole: bool = True
    held: tuple[PlannedChange, ...] | None = None
    is_partial_ok: bool = False
    carried_out: frozenset[ItemRef] = frozenset()
    items: Mapping[ItemRef, FullItem] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", {edit.ref: edit.item for edit in self.edits})

    @property
    def changes(self) -> Iterable[Change]:
        return (change for edit in self.edits for change in edit.changes)

    @property
    def pictures(self) -> PictureRecords:
        """What is known of the scene's pictures."""
        return self.record.pictures if self.record is not None else NO_PICTURES

    @property
    def called(self) -> str:
        """The scene as people know it."""
        return scene_called(self.scene_id, self.title)

    def value_before(self, edit: ItemEdit, name: str) -> Value:
        """What an item shows of a field or picture before the plan is carried out."""
        if name in edit.shown_pictures:
            return edit.shown_pictures[name]
        return edit.item.values.get(name)


@dataclass(frozen=True, slots=True)
class Absent:
    """A job whose scene Plex does not have; `files` are the scene's, as Stash sees them, and at
    least one."""

    job: Job
    files: tuple[str, ...]

    @property
    def path(self) -> str:
        """The primary file, for people."""
        return self.files[0]


@dataclass(slots=True)
class Batch:
    """What a maker of plans made of some scenes. The values beside a job say why, for people.

    Attributes:
        ready: the plans.
        done: jobs that have nothing to do.
        not_found: jobs whose scenes Plex does not have.
        given_up: jobs that cannot be planned, and will not be by another try.
        failed: jobs that could not be planned this time.
        left_alone: jobs that stay in line as they are.
    """

    ready: list[ScenePlan] = field(default_factory=list)
    done: list[tuple[Job, str]] = field(default_factory=list)
    not_found: list[Absent] = field(default_factory=list)
    given_up: list[tuple[Job, Failure, str]] = field(default_factory=list)
    failed: list[tuple[Job, Failure, str]] = field(default_factory=list)
    left_alone: list[Job] = field(default_factory=list)

    @property
    def jobs(self) -> list[Job]:
        """The jobs that have no plan and are not acknowledged by themselves."""
        ended = [job for job, _ in self.done]
        return [*ended, *(each[0] for each in (*self.given_up, *self.failed)), *self.left_alone]
