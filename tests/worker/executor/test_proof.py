"""What became of a scene is judged by what its items show, whatever the server answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from core.models import Change, FullItem, ItemRef, Value
from core.records import NO_PICTURES, PictureRecord, PictureRecords, Record
from plex.exceptions import PlexError, PlexItemFailed, PlexRejected
from tests.core.builders import record, ref
from tests.worker.builders import change, edit, plan
from worker.executor.outcome import Outcome, Status
from worker.executor.proof import Written, judged
from worker.pictures.sync import PictureOutcome
from worker.pictures.writer import PictureChange
from worker.plan import ItemEdit, ScenePlan

TITLE = change("title", "Old", "New")
STUDIO = change("studio", None, "Tideline")
TAGS = change("tags", ("Old", "Stays"), ("Stays", "Jazz", "Sea"))
MORE = change("tags", ("Old",), ("Old", "Jazz"))
GONE: dict[str, Value] = {"gone": None}


def sent(scene: ScenePlan, **more: Any) -> Written:
    """All of a plan was sent; `more` as of `Written`."""
    edits = {each.ref: each for each in scene.edits if each.names}
    return replace(Written(scene, edits, is_complete=True), **more)


def after(each: ItemEdit, **values: Value) -> FullItem:
    """The item of an edit as it shows afterwards."""
    return replace(each.item, values={**each.item.values, **values})


def shown(*items: FullItem) -> dict[ItemRef, FullItem]:
    return {item.ref: item for item in items}


def back(outcome: Outcome) -> dict[str, set[str]]:
    """What shows, by the key of the item."""
    return {ref.key: set(names) for ref, names in outcome.back.items()}


def refused(outcome: Outcome) -> list[tuple[str, Value]]:
    return [(change.field, value) for change, value in outcome.refused]


@pytest.mark.parametrize(
    ("changes", "values", "status", "showing", "refusals"),
    [
        # all of it
        ([TITLE], {"title": "New"}, Status.PROVEN, {"title"}, []),
        (
            [TITLE, TAGS],
            {"title": "New", "tags": ("SEA", "Stays", "Jazz")},
            Status.PROVEN,
            {"title", "tags"},
            [],
        ),
        # nothing of it: whatever the server answered, it did not carry it out
        ([TITLE], {}, Status.NOT_TAKEN, set(), ["title"]),
        ([TITLE, STUDIO, TAGS], {}, Status.NOT_TAKEN, set(), ["title", "studio", "tags"]),
        # a part of it
        ([TITLE, STUDIO], {"title": "New"}, Status.PROVEN, {"title"}, ["studio"]),
        (
            [TITLE, TAGS],
            {"tags": ("Old", "Stays", "Sea")},
            Status.PROVEN,
            {"tags"},
            ["title", "tags"],
        ),
        # something else than was sent
        ([TITLE], {"title": "NEW!"}, Status.PROVEN, {"title"}, ["title"]),
        ([TAGS], {"tags": ("Stays", "Old", "By hand")}, Status.NOT_TAKEN, set(), ["tags"]),
        ([MORE], {"tags": ("Old", "By hand")}, Status.NOT_TAKEN, set(), ["tags"]),
        # cleared
        ([change("summary", "Old.", None)], {"summary": ""}, Status.PROVEN, {"summary"}, []),
        ([change("summary", "Old.", None)], {}, Status.NOT_TAKEN, set(), ["summary"]),
    ],
)
def test_the_fields_of_one_item(
    changes: list[Change],
    values: Mapping[str, Value],
    status: Status,
    showing: set[str],
    refusals: list[str],
) -> None:
    one = edit(*changes)
    item = after(one, **values)

    outcome = judged(sent(plan(one)), shown(item))

    assert (outcome.status, back(outcome)) == (status, {"7": showing})
    assert refused(outcome) == [(name, item.values[name]) for name in refusals]
    assert outcome.is_proven == (outcome.why == "") == (status is Status.PROVEN)
    assert [each.field for each in outcome.proven_changes] == [
        each.field for each in changes if each.field in showing
    ]
    assert len(outcome.edited) == bool(showing)
    if status is Status.NOT_TAKEN:
        assert "1:7" in outcome.why
        assert all(each.field in outcome.why for each in changes)


def test_what_was_refused_by_itself_is_not_back_whatever_shows() -> None:
    one = edit(TITLE, STUDIO)
    written = sent(plan(one), refused_alone={one.ref: frozenset({"studio"})})

    outcome = judged(written, shown(after(one, title="New", studio="Somebody's")))

    assert (outcome.status, back(outcome)) == (Status.PROVEN, {"7": {"title"}})
    assert refused(outcome) == [("studio", "Somebody's")]
    assert outcome.failures == []


def test_what_this_server_loses_now_and_then_was_not_taken() -> None:
    one = edit(TITLE, STUDIO)
    there = shown(after(one, title="New"))

    def is_lost(_ref: ItemRef, name: str) -> bool:
        return name == "studio"

    outcome = judged(sent(plan(one)), there, is_lost)

    assert (outcome.status, back(outcome)) == (Status.NOT_TAKEN, {"7": {"title"}})
    assert "(studio)" in outcome.why
    alone = sent(plan(one), refused_alone={one.ref: frozenset({"studio"})})
    assert judged(alone, there, is_lost).status is Status.PROVEN


def test_where_a_part_is_enough_what_is_refused_by_itself_is_a_failure() -> None:
    one = edit(TITLE, STUDIO)
    written = sent(plan(one, is_partial_ok=True), refused_alone={one.ref: frozenset({"studio"})})

    outcome = judged(written, shown(after(one, title="New")))

    assert (outcome.status, back(outcome)) == (Status.PROVEN, {"7": {"title"}})
    assert outcome.failures == ["item 1:7, studio: Plex refuses it"]
    assert refused(outcome) == []


# Several items ---------------------------------------------------------------------------------

ONE, TWO = edit(TITLE, key="1"), edit(TITLE, key="2")


@pytest.mark.parametrize(
    ("of_one", "of_two", "status", "edited"),
    [
        ({"title": "New"}, {"title": "New"}, Status.PROVEN, 2),
        ({"title": "New"}, {}, Status.NOT_TAKEN, 1),
        ({"title": "New"}, GONE, Status.PROVEN, 1),
        ({}, GONE, Status.NOT_TAKEN, 0),
        (GONE, GONE, Status.VANISHED, 0),
    ],
)
def test_a_scene_is_proven_if_all_items_that_are_there_show_it(
    of_one: Mapping[str, Value], of_two: Mapping[str, Value], status: Status, edited: int
) -> None:
    there = [after(e, **v) for e, v in ((ONE, of_one), (TWO, of_two)) if v is not GONE]

    outcome = judged(sent(plan(ONE, TWO)), shown(*there))

    assert (outcome.status, len(outcome.edited)) == (status, edited)


def test_items_without_work_are_as_they_were_read_and_keep_a_scene_from_vanishing() -> None:
    idle = edit(key="9")
    written = sent(plan(ONE, idle))

    outcome = judged(written, {})

    assert outcome.status is Status.PROVEN
    assert written.after({}) == {ONE.ref: None, idle.ref: idle.item}
    assert judged(sent(plan(idle)), {}).status is Status.PROVEN
    assert judged(sent(plan()), {}).status is Status.PROVEN


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PlexRejected("HTTP 400", 400), Status.REJECTED),
        (PlexItemFailed("HTTP 500"), Status.ITEM_FAILED),
    ],
)
def test_an_item_whose_edit_failed_fails_the_scene_and_what_the_others_show_is_known(
    error: PlexError, status: Status
) -> None:
    written = sent(plan(ONE, TWO), errors={TWO.ref: error})

    outcome = judged(written, shown(after(ONE, title="New")))

    assert outcome.status is status
    assert outcome.why == f"item 1:2: {error}"
    assert back(outcome) == {"1": {"title"}}
    # It was not read again: nothing was done to it.
    assert written.after({})[TWO.ref] is TWO.item


def test_an_item_whose_edit_failed_but_whose_picture_is_back_is_read_again() -> None:
    one = edit(TITLE, pictures={"poster": "media://x"})
    written = sent(
        plan(one), errors={one.ref: PlexRejected("HTTP 400", 400)}, restored={one.ref: {"poster"}}
    )
    now = replace(one.item, updated_at=500)

    assert written.moved == {one.ref}
    assert written.after(shown(now)) == {one.ref: now}
    outcome = judged(written, shown(now))
    assert (outcome.status, back(outcome)) == (Status.REJECTED, {"7": {"poster"}})


def test_an_item_that_plex_cannot_read_back_fails_and_is_not_gone() -> None:
    idle = edit(key="9")
    written = sent(plan(ONE, TWO, idle), restored={TWO.ref: {"poster"}})
    written.note_failed({TWO.ref: "HTTP 500", idle.ref: "HTTP 500"})

    outcome = judged(written, shown(after(ONE, title="New")))

    assert (outcome.status, outcome.why) == (Status.ITEM_FAILED, "item 1:2: HTTP 500")
    assert back(outcome) == {"1": {"title"}, "2": {"poster"}}
    assert written.after({})[TWO.ref] is TWO.item


def test_what_a_run_before_has_carried_out_counts_as_edited() -> None:
    scene = plan(ONE, edit(key="9"), carried_out=frozenset({ref("9")}))
    assert len(judged(sent(scene), shown(after(ONE, title="New"))).edited) == 2
    assert len(judged(sent(scene), shown(after(ONE))).edited) == 1


# Locks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wanted", "is_locked"), [(True, False), (False, True)])
def test_a_lock_alone_that_the_server_keeps_is_a_failure_and_no_refusal(
    wanted: bool, is_locked: bool
) -> None:
    before = frozenset({"summary"} if is_locked else ())
    one = edit(locked=before, locks={"summary": wanted})
    kept, taken = one.item, replace(one.item, locked=frozenset({"summary"} if wanted else ()))
    assert one.names == ("summary",)

    outcome = judged(sent(plan(one)), shown(kept))

    state = "locked" if is_locked else "unlocked"
    assert outcome.failures == [f"item 1:7: Plex keeps summary {state}"]
    assert (outcome.status, back(outcome), outcome.refused) == (Status.PROVEN, {"7": set()}, [])
    outcome = judged(sent(plan(one)), shown(taken))
    assert (outcome.failures, back(outcome)) == ([], {"7": {"summary"}})


def test_the_lock_of_a_field_that_was_taken_is_not_asked_for_again() -> None:
    one = edit(TITLE, locks={"title": True})

    outcome = judged(sent(plan(one)), shown(after(one, title="New")))

    assert (outcome.failures, back(outcome)) == ([], {"7": {"title"}})


# Pictures --------------------------------------------------------------------------------------


def cover(*fields: str, failures: list[str] | None = None) -> PictureOutcome:
    changes = [PictureChange(ref("7"), field, None, "upload://x", False) for field in fields]
    known = PictureRecords(
        pictures={(field, ref("7")): PictureRecord("ab", 100) for field in fields}
    )
    return PictureOutcome(
        known,
        changes,
        uploads=len(changes),
        failures=failures or [],
        conflicts=["chosen in Plex"],
        touched={ref("7")} if changes else set(),
        verified=set(known.pictures),
    )


def test_pictures_count_beside_the_fields_of_their_item() -> None:
    one = edit(TITLE)
    written = sent(plan(one), cover=cover("poster", failures=["background: no"]))

    outcome = judged(written, shown(after(one, title="New")))

    assert back(outcome) == {"7": {"title", "poster"}}
    assert (outcome.uploads, outcome.selects, len(outcome.edited)) == (1, 0, 1)
    assert outcome.failures == ["background: no"]
    assert outcome.conflicts == ["chosen in Plex"]
    # Failed pictures are no reason to doubt the fields.
    assert outcome.is_proven


def test_an_item_that_only_pictures_were_written_to_may_vanish_too() -> None:
    one = edit()
    written = sent(plan(one), cover=cover("poster"))
    assert judged(written, {}).status is Status.VANISHED
    assert judged(written, shown(one.item)).status is Status.PROVEN


@pytest.mark.parametrize("record_of", [None, record()])
def test_what_is_known_of_pictures_afterwards(record_of: Record | None) -> None:
    one = edit()
    there = shown(replace(one.item, updated_at=900))
    written = sent(plan(one, record=record_of), cover=cover("poster"))

    assert written.known(there).of("poster", one.ref) == PictureRecord("ab", 900)
    had = replace(record(), pictures=PictureRecords(failed=True))
    assert sent(plan(one, record=had)).known(there) == had.pictures
    assert sent(plan(one, record=record_of)).known(there) == NO_PICTURES


@pytest.mark.parametrize("others", [[], ["item 7: Plex keeps title unlocked"]])
def test_a_cover_that_is_unusable_is_the_end_if_nothing_else_failed(others: list[str]) -> None:
    cover = PictureOutcome(NO_PICTURES, failures=["it is no picture"], unusable=True)

    outcome = judged(sent(plan(edit(TITLE)), cover=cover, failures=[*others]), {})

    assert outcome.failures == [*others, "it is no picture"]
    assert outcome.is_final == (not others)


def test_a_label_that_was_taken_off_is_not_asked_for_again() -> None:
    labels = change("label", ("Ours", "Overlay"), ("Ours", "Overlay", "More"))
    with_labels, without = edit(labels, TITLE), edit(TITLE, key="8")
    scene = plan(with_labels, without)
    written = sent(scene)

    for each in (*scene.items, ref("9")):
        written.note_label_off(each)

    assert written.edits[without.ref] == without
    outcome = judged(
        written,
        shown(after(with_labels, title="New", label=("Ours", "More")), after(without, title="New")),
    )
    assert (outcome.status, refused(outcome)) == (Status.PROVEN, [])
    assert back(outcome) == {"7": {"label", "title"}, "8": {"title"}}
