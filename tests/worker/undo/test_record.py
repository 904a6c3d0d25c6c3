"""What is remembered of a scene after a run over it was undone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.models import Change, ItemRef
from core.planning.item_plan import ItemPlan
from core.planning.three_way_merge import FieldOutcome
from core.records import CoverRecord, ItemRecord, PictureRecord, PictureRecords, Record
from tests.core.builders import record, ref
from tests.core.plex_like import EMPTY
from tests.worker.undo.test_item_undo_plan import PLAIN, journal
from worker.executor.before_image import picture_entry
from worker.plan import ItemEdit, ScenePlan
from worker.undo.item_undo_plan import histories, item_undo_plan
from worker.undo.record import RestoredItem, after_undo


def restored(
    known: Record | None, applied: str, field: str = "title", before: str = "A"
) -> RestoredItem:
    """An item that shows "A" again, or what was there before, which a run had made "B" of.

    Args:
        known: the scene's record when that run changed it.
        applied: what that run brought about.
    """
    item = replace(PLAIN, values={**EMPTY, "title": "B"})
    now: dict[str, str | None] = {}
    change = Change(field, "A", "B")
    edit = ItemEdit(ItemPlan(item, {field: FieldOutcome(change, "B")}))
    (entry,) = journal(edit, known, applied)
    if field == "poster":
        plan = ScenePlan(1, "", (), known, lambda _plan, _proof: None, applied=applied)
        entry = picture_entry(plan, item.ref, field, before, "B", False, 1.0)
        now = {field: "B"}
    todo = item_undo_plan(item, histories([entry]), now, frozenset())
    return RestoredItem(todo, PLAIN, frozenset({field}))


@pytest.mark.parametrize(
    ("recorded_print", "known", "applied", "left"),
    [
        ("new", "old", "new", "new"),  # the run came to its end
        ("old", "old", "new", "new"),  # it was killed before it could say so
        ("", "old", "new", "new"),  # only a part was written
        ("newer", "old", "new", "newer"),  # synced once more since
        ("old", "old", "", "old"),  # not known
    ],
)
def test_what_was_wanted_when_it_was_undone(
    recorded_print: str, known: str, applied: str, left: str
) -> None:
    of = record(ItemRecord(ref("7"), (), 1, {}), fingerprint=recorded_print)

    before = replace(of, fingerprint=known)
    after = after_undo(of, 1, [restored(before, applied)], is_redo=False)

    assert after is not None
    assert (after.fingerprint, after.undone) == (left, True)


def test_a_scene_whose_first_sync_was_killed_gets_a_record() -> None:
    after = after_undo(None, 5, [restored(None, "new")], is_redo=False)

    assert after is not None
    assert (after.scene_id, after.fingerprint, after.undone) == (5, "new", True)
    assert [item.ref for item in after.items] == [ItemRef("1", "7")]
    assert after_undo(None, 5, [restored(None, "")], is_redo=False) is None


def test_what_was_remembered_of_a_picture_comes_back() -> None:
    poster, cover = ("poster", ref("7")), CoverRecord("e")
    old, new = PictureRecord("old", locked=True), PictureRecord("new", 9, locked=True)
    of, first, later = (
        replace(
            record(ItemRecord(ref("7"), (), 1, {}), fingerprint=of_print),
            pictures=PictureRecords(cover, pictures),
        )
        for of_print, pictures in [("new", {poster: new}), ("", {}), ("old", {poster: old})]
    )

    after_first, after_later = (
        after_undo(of, 1, [restored(known, "new", "poster")], is_redo=False)
        for known in (first, later)
    )

    assert after_first is not None
    assert after_later is not None
    assert after_first.pictures == PictureRecords(cover)
    assert after_later.pictures == PictureRecords(cover, {poster: old})


@pytest.mark.parametrize(
    ("left_at", "before", "seen_at"),
    [
        (5, "upload://posters/" + "ab" * 20, PLAIN.updated_at),
        # Somebody had chosen another one before the run that is undone.
        (5, "media://x", 5),
        (PLAIN.updated_at, "media://x", None),
    ],
)
def test_a_picture_that_is_back_is_ours_only_if_it_is_the_one_that_we_had_left(
    left_at: int, before: str, seen_at: int | None
) -> None:
    poster, ours = ("poster", ref("7")), PictureRecord("ab" * 20, left_at)
    bare = record(ItemRecord(ref("7"), (), 1, {}), fingerprint="new")
    new = PictureRecord("cd" * 20, PLAIN.updated_at)
    of, known = (
        replace(bare, pictures=PictureRecords(pictures={poster: each})) for each in (new, ours)
    )

    after = after_undo(of, 1, [restored(known, "new", "poster", before)], is_redo=False)

    assert after is not None
    assert after.pictures.pictures == {poster: ours._replace(seen_at=seen_at)}
