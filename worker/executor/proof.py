"""Proof: what one scene was written, and what its items show of that. Only what was read back
counts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from core.fields import LABEL
from core.models import FullItem, ItemRef, Value
from core.overlays import has_overlay, with_label_off
from core.planning.item_plan import is_incomplete, is_untouched, refused
from core.records import PictureRecords
from plex.exceptions import PlexError, PlexItemFailed, PlexRejected
from worker.executor.outcome import Outcome, Status
from worker.pictures.sync import PictureOutcome
from worker.plan import ItemEdit, ScenePlan

DID_NOT_TAKE = "Plex did not take it: it answered, and item {ref} still shows what it had ({what})"


@dataclass(slots=True)
class Written:
    """What was sent of one plan.

    Attributes:
        edits: the edits that were sent, as far as they were.
        refused_alone: fields that were sent by themselves, and refused.
        errors: items whose edit failed as a whole.
        restored: pictures that were put back and proven, by item.
        cover: what became of the pictures that were to show the cover.
        shown: items that were read back already.
        failures: pictures that could not be put back, for people.
        is_complete: all of the plan was sent.
    """

    plan: ScenePlan
    edits: dict[ItemRef, ItemEdit] = field(default_factory=dict)
    refused_alone: dict[ItemRef, frozenset[str]] = field(default_factory=dict)
    errors: dict[ItemRef, PlexError] = field(default_factory=dict)
    restored: dict[ItemRef, set[str]] = field(default_factory=dict)
    cover: PictureOutcome | None = None
    shown: dict[ItemRef, FullItem] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    is_complete: bool = False

    def note_failed(self, failed: Mapping[ItemRef, str]) -> None:
        """Items that could not be read back, or written again, though Plex answers for others."""
        for ref in (self.edits.keys() | self.moved) & failed.keys():
            self.errors[ref] = PlexItemFailed(failed[ref])

    def note_label_off(self, ref: ItemRef) -> None:
        """A label was taken off: what else was sent of labels is not to bring it back."""
        edit = self.edits.get(ref)
        outcome = edit.plan.outcomes.get(LABEL) if edit is not None else None
        if edit is not None and outcome is not None and outcome.change is not None:
            changed = replace(outcome, change=with_label_off(outcome.change))
            plan = replace(edit.plan, outcomes={**edit.plan.outcomes, LABEL: changed})
            self.edits[ref] = replace(edit, plan=plan)

    @property
    def moved(self) -> set[ItemRef]:
        """The items whose pictures were written to."""
        cover = self.cover
        touched = cover.touched | cover.outdated if cover is not None else set()
        return touched | self.restored.keys()

    def after(self, shown: Mapping[ItemRef, FullItem]) -> dict[ItemRef, FullItem | None]:
        """Each item as it is now: those that were written to as read back, None where gone."""
        changed = self.edits.keys() | self.moved
        unread = self.errors.keys() - shown.keys()  # nothing is known of these but what was before
        return {
            ref: item if ref not in changed or ref in unread else shown.get(ref)
            for ref, item in self.plan.items.items()
        }

    def known(self, there: Mapping[ItemRef, FullItem]) -> PictureRecords:
        """What is known of the scene's pictures by now."""
        if self.cover is not None:
            return self.cover.after(there)
        return self.plan.pictures


def judged(
    written: Written,
    shown: Mapping[ItemRef, FullItem],
    is_lost: Callable[[ItemRef, str], bool] = lambda _ref, _field: False,
) -> Outcome:
    """What became of a plan, by what its items show.

    Args:
        is_lost: whether a field of an item that does not show may show at another try.
    """
    outcome = Outcome(written.plan, Status.PROVEN, failures=written.failures)
    after = written.after(shown)
    back: dict[ItemRef, frozenset[str]] = {}
    for ref, edit in written.edits.items():
        item = after[ref]
        if ref not in written.errors and item is not None:
            back[ref] = _showing(edit, item, written.refused_alone.get(ref, ()), outcome)
    for ref, names in written.restored.items():
        back[ref] = back.get(ref, frozenset()) | names
    outcome.back = back
    if written.cover is not None:
        _add_cover(written.cover, outcome)
        for ref in written.cover.outdated:
            item = after.get(ref)
            if item is not None and has_overlay(item):
                outcome.failures.append(f"item {ref} keeps the label Overlay beside a new poster")
    outcome.status, outcome.why = _status(written, after, is_lost)
    return outcome


def _showing(
    edit: ItemEdit, item: FullItem, refused_alone: Collection[str], outcome: Outcome
) -> frozenset[str]:
    """The fields and locks of an edit that show, the altered ones among them."""
    names = set(edit.names)
    for change in refused(edit.plan, item):
        value: Value = item.values.get(change.field)
        is_left = change.field in refused_alone or is_untouched(change, value)
        if outcome.plan.is_partial_ok and (is_left or is_incomplete(change, value)):
            how = "refuses" if change.field in refused_alone else "did not take"
            outcome.failures.append(f"item {edit.ref}, {change.field}: Plex {how} it")
            is_left = True
        else:
            outcome.refused.append((change, value))
        if is_left:
            names.discard(change.field)
    changed = {change.field for change in edit.changes}
    for name, want in edit.locks.items():
        if name not in changed and want != (name in item.locked):
            names.discard(name)
            state = "locked" if name in item.locked else "unlocked"
            outcome.failures.append(f"item {edit.ref}: Plex keeps {name} {state}")
    return frozenset(names)


def _add_cover(cover: PictureOutcome, outcome: Outcome) -> None:
    outcome.is_final = cover.unusable and not outcome.failures
    outcome.failures += cover.failures
    outcome.pictures_wait = cover.unavailable
    outcome.conflicts += cover.conflicts
    outcome.uploads, outcome.selects = cover.uploads, cover.selects
    back = dict(outcome.back)
    for change in cover.changes:
        back[change.ref] = back.get(change.ref, frozenset()) | {change.field}
    outcome.back = back


def _status(
    written: Written,
    after: Mapping[ItemRef, FullItem | None],
    is_lost: Callable[[ItemRef, str], bool],
) -> tuple[Status, str]:
    if written.errors:
        ref, error = next(iter(written.errors.items()))
        is_refused = isinstance(error, PlexRejected)
        return (Status.REJECTED if is_refused else Status.ITEM_FAILED), f"item {ref}: {error}"
    if written.plan.edits and all(item is None for item in after.values()):
        return Status.VANISHED, "its item went away"
    for ref, edit in written.edits.items():
        item = after[ref]
        if item is None:
            continue
        left = [c.field for c in edit.changes if is_incomplete(c, item.values.get(c.field))]
        alone = written.refused_alone.get(ref, ())
        if edit.is_untouched(item):
            left = [c.field for c in edit.changes]
        elif not any(is_lost(ref, n) for n in left if n not in alone):
            continue
        return Status.NOT_TAKEN, DID_NOT_TAKE.format(ref=ref, what=", ".join(left))
    return Status.PROVEN, ""
