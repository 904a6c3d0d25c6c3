"""What a run has written without a record of it counts as ours, as if it had been recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fields import BY_NAME
from core.models import FullItem, Scene, Value
from core.planning.item_plan import field_recorded
from core.planning.three_way_merge import FirstSync, MergeRules, Sides, merge
from core.records import (
    NO_PICTURE,
    FieldRecord,
    ItemRecord,
    PictureRecord,
    PictureRecords,
    Record,
    item_of,
)
from storage.state_tables.journal import JournalEntry
from tests.core.builders import ALL_FIELDS, FEWER, desired, file, full, record, ref, scene
from tests.core.planning.test_planning_laws import honest, items, scenes, settings_of_first_sync
from tests.core.plex_like import EMPTY, Server
from worker.executor.before_image import field_entry, picture_entry
from worker.plan import ScenePlan
from worker.scene_sync.record_transfer import bare_record
from worker.scene_sync.scene_plan import sync_edit
from worker.scene_sync.unproven_writes import Recalled, recall

ADDING = Server(replaces=False)
tries = st.lists(st.tuples(scenes, st.booleans()), max_size=4)
some_rules = st.builds(MergeRules, settings_of_first_sync, st.booleans())


@dataclass
class CutOff:
    """An item that runs write to which are cut off before they record it.

    Attributes:
        expected: what the record would say of each field that was written.
    """

    item: FullItem
    known: Record | None
    rules: MergeRules
    server: Server
    entries: list[JournalEntry]
    expected: dict[str, FieldRecord]

    @classmethod
    def of(cls, item: FullItem, known: Record | None, rules: MergeRules, server: Server) -> CutOff:
        base = item_of(known, item.ref)
        fields = dict(base.fields) if base is not None else {}
        return cls(item, known, rules, server, [], fields)

    def recalled(self) -> Recalled:
        return recall(self.known, bare_record(scene()), {self.item.ref: self.item}, self.entries)

    def write(self, wanted: Scene, *, arrives: bool) -> None:
        """One try: journaled, sent, and cut off before or after it was carried out."""
        base = item_of(self.recalled().record, self.item.ref)
        edit = sync_edit(desired(wanted, ALL_FIELDS), self.item, base, self.rules)
        plan = ScenePlan(1, "", (edit,), self.known, lambda _plan, _proof: None)
        self.entries += [field_entry(plan, edit, name, 0.0) for name in edit.names]
        if not arrives:
            return
        after = self.server.apply(edit.plan, self.item)
        fields = {change.field for change in edit.changes}
        for name in fields:
            had = base.fields.get(name) if base is not None else None
            self.expected[name] = field_recorded(edit.plan, name, after.values[name], had)
        self.item = replace(after, locked=self.item.locked | fields)


def says(fields: ItemRecord | None) -> dict[str, tuple[object, ...]]:
    """What a record says of each field, but for spelling and order."""
    said: dict[str, tuple[object, ...]] = {}
    for name, known in fields.fields.items() if fields is not None else ():
        field = BY_NAME[name]
        values = [field.normal(value) for value in (known.sent, known.read_back, known.kept)]
        plain = [
            frozenset(map(str.casefold, v)) if isinstance(v, tuple) else v or frozenset()
            for v in values
        ]
        said[name] = (*plain, known.user_owned, known.rewrites, known.locked)
    return said


@FEWER
@given(items, st.none() | scenes, tries, honest, some_rules)
def test_what_arrived_is_known_as_if_it_had_been_recorded(
    item: FullItem,
    synced: Scene | None,
    runs: Sequence[tuple[Scene, bool]],
    server: Server,
    rules: MergeRules,
) -> None:
    """Whatever was recorded before, and however many runs were cut off, before or after an edit."""
    cut_off = CutOff.of(item, None, rules, server)
    if synced is not None:
        cut_off.write(synced, arrives=True)
        base = ItemRecord(item.ref, (), 1, cut_off.expected)
        cut_off = CutOff.of(cut_off.item, record(base), rules, server)
    before = cut_off.item
    for wanted, arrives in runs:
        cut_off.write(wanted, arrives=arrives)

    recalled = cut_off.recalled()

    assert says(item_of(recalled.record, item.ref)) == says(
        ItemRecord(item.ref, (), None, cut_off.expected)
    )
    if not recalled.carried_out:
        assert recalled.record is cut_off.known
        assert cut_off.item.values == before.values
    else:
        assert item_of(recalled.record, item.ref) is not None
        # Nobody has read the item back since.
        assert [i.updated_at for i in recalled.record.items] == [None]  # type: ignore[union-attr]


@FEWER
@given(items, scenes, scenes, honest, some_rules)
def test_what_never_arrived_is_planned_as_if_it_had_never_been_tried(
    item: FullItem, synced: Scene, wanted: Scene, server: Server, rules: MergeRules
) -> None:
    cut_off = CutOff.of(item, None, rules, server)
    cut_off.write(synced, arrives=True)
    known = record(ItemRecord(item.ref, (), 1, cut_off.expected))
    cut_off = CutOff.of(cut_off.item, known, rules, server)

    cut_off.write(wanted, arrives=False)

    assert cut_off.recalled() == Recalled(known)


def shown(**values: Value) -> FullItem:
    return full("/m/a.mp4", values={**EMPTY, **values})


def cut_off_after(item: FullItem, wanted: Scene, *, preserve: bool = False) -> CutOff:
    cut_off = CutOff.of(item, None, MergeRules(FirstSync.MERGE, preserve), ADDING)
    cut_off.write(wanted, arrives=True)
    return cut_off


def test_what_the_user_takes_out_of_stash_goes_from_plex_though_no_record_says_it_is_ours() -> None:
    wanted = scene(file("/d/a.mp4"), details="Ours.", tags=["Sea", "Bread"])
    cut_off = cut_off_after(shown(tags=("By hand",)), wanted)

    cut_off.write(scene(file("/d/a.mp4"), tags=["Sea"]), arrives=True)

    assert cut_off.item.values["summary"] == ""
    assert cut_off.item.values["tags"] == ("By hand", "Sea")


@pytest.mark.parametrize("preserve", [False, True])
def test_edits_by_hand_after_a_write_that_was_cut_off_are_the_users(preserve: bool) -> None:
    wanted = scene(file("/d/a.mp4"), details="Ours.", tags=["Sea", "Bread"])
    cut_off = cut_off_after(shown(), wanted, preserve=preserve)
    by_hand: dict[str, Value] = {"summary": "By hand.", "tags": ("Sea", "By hand")}
    cut_off.item = replace(cut_off.item, values={**cut_off.item.values, **by_hand})

    cut_off.write(wanted, arrives=True)

    kept = "By hand." if preserve else "Ours."
    assert cut_off.item.values["summary"] == kept
    tags = cut_off.item.values["tags"]
    assert isinstance(tags, tuple)
    assert ("By hand" in tags, "Bread" in tags) == (preserve, not preserve)


def test_of_a_list_that_only_the_user_has_edited_since_nothing_is_taken_for_removed_by_him() -> (
    None
):
    wanted = scene(file("/d/a.mp4"), tags=["Sea"])
    cut_off = CutOff.of(shown(tags=("Old",)), None, MergeRules(FirstSync.MERGE, True), ADDING)
    cut_off.write(wanted, arrives=False)
    cut_off.item = shown(tags=("Old", "By hand"))
    assert cut_off.recalled() == Recalled(None)

    cut_off.write(wanted, arrives=True)

    assert cut_off.item.values["tags"] == ("Old", "By hand", "Sea")


def test_what_the_server_is_known_to_have_refused_has_not_arrived() -> None:
    """Also where somebody has written there since."""
    cut_off = CutOff.of(shown(studio="Old"), None, MergeRules(FirstSync.MERGE), ADDING)
    cut_off.write(scene(studio="New"), arrives=False)
    cut_off.entries = [replace(entry, after=entry.before) for entry in cut_off.entries]
    cut_off.item = shown(studio="By hand")

    assert cut_off.recalled() == Recalled(None)


def test_only_items_that_the_scene_owns_count_and_others_stay_as_they_are() -> None:
    cut_off = cut_off_after(shown(), scene(title="Ours"))
    other = ItemRecord(ref("8"), ("/m/b.mp4",), 5, {})
    cut_off.known = record(other)

    recalled = cut_off.recalled()

    assert recalled.record is not None
    assert [item.ref for item in recalled.record.items] == [ref("8"), ref("7")]
    assert recalled.record.items[0] is other
    assert recalled.carried_out == {ref("7")}
    assert recall(cut_off.known, bare_record(scene()), {}, cut_off.entries) == Recalled(
        cut_off.known
    )


def test_entries_of_older_versions_tell_what_is_ours_by_their_values() -> None:
    """What was there at first, came between, or was put back by an undo is the user's."""
    title, undone = ("title", "First", "Ours"), ("title", "Ours", "First")
    both = ("Mine", "Ours")

    def recalled(*writes: tuple[str, Value, Value]) -> dict[str, FieldRecord]:
        entries = [JournalEntry(1, ref("7"), *each, 0.0, False) for each in writes]
        name, _, now = writes[-1]
        item = shown(**{name: now})
        found = recall(None, bare_record(scene()), {item.ref: item}, entries).record
        return dict(found.items[0].fields) if found is not None else {}

    assert recalled(title) == {"title": FieldRecord("Ours", "Ours", locked=True)}
    assert recalled(title, undone) == {}
    tags = recalled(("tags", ("Mine",), both))
    assert tags == {"tags": FieldRecord(("Ours",), both, ("Mine",), locked=True)}
    sides = Sides(BY_NAME["tags"], ("Ours",), both, tags["tags"])
    assert merge(sides, MergeRules(FirstSync.MERGE)).change is None
    more = (*both, "By hand", "Last")
    assert recalled(("tags", ("Mine",), both), ("tags", more[:-1], more)) == {
        "tags": FieldRecord(("Ours", "Last"), more, ("Mine", "By hand"), locked=True)
    }


# Pictures --------------------------------------------------------------------------------------

OLD, ONE, TWO = ("ab" * 20, "cd" * 20, "ef" * 20)


def picture_tries(*after: str, locked: bool = False) -> list[JournalEntry]:
    plan = ScenePlan(1, "", (), None, lambda _plan, _proof: None)
    return [
        picture_entry(plan, ref("7"), "poster", "media://x", each, locked, 0.0) for each in after
    ]


@pytest.mark.parametrize("is_locked", [False, True])
@pytest.mark.parametrize("was_locked", [False, True])
def test_every_picture_that_was_about_to_be_selected_may_be_ours(
    was_locked: bool, is_locked: bool
) -> None:
    entries = picture_tries(f"upload://posters/{ONE}", f"upload://x/{TWO}", locked=was_locked)
    item = replace(shown(), locked=frozenset({"poster"} if is_locked else ()))
    had = PictureRecord(OLD, 5, unproven=frozenset({"restored"}))
    known = replace(record(), pictures=PictureRecords(pictures={("poster", ref("7")): had}))

    recalled = recall(known, bare_record(scene()), {item.ref: item}, entries)

    assert recalled.record is not None
    ours = is_locked and not was_locked
    assert recalled.record.pictures.of("poster", item.ref) == PictureRecord(
        OLD, None, locked=ours, unproven=frozenset({ONE, TWO, "restored"})
    )
    # Only Plex can say whether it is shown, so nothing is known to have been carried out.
    assert recalled.carried_out == frozenset()


def test_a_picture_that_was_about_to_be_put_back_is_no_choice_of_the_user() -> None:
    entries = picture_tries("media://y", "")

    recalled = recall(record(), bare_record(scene()), {ref("7"): shown()}, entries)

    assert recalled.record is not None
    assert recalled.record.pictures.of("poster", ref("7")) == NO_PICTURE._replace(
        unproven=frozenset({"media://y", ""})
    )
