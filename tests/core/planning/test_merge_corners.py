"""Histories that a random search seldom finds: locks, lost records, ratings of others, notes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.fields import BY_NAME
from core.models import FullItem, Value
from core.planning.drift import altered_fields
from core.planning.three_way_merge import FieldOutcome, FirstSync, MergeRules, Sides, merge
from core.records import FieldRecord
from core.redaction import Redactor
from storage.record_codec import field_body, field_from
from tests.core.builders import full, item_record
from tests.core.planning.test_merge_laws import FIELDS, World
from tests.core.plex_like import EMPTY, Server


def world_with(
    stash: dict[str, Value], shown: dict[str, Value], *, locked: tuple[str, ...] = ()
) -> World:
    nothing = {name: () if isinstance(EMPTY[name], tuple) else None for name in FIELDS}
    item = full("/m/x.mp4", values={**EMPTY, "title": "One", **shown})
    item = replace(item, locked=frozenset(locked))
    return World(Server(), FirstSync.MERGE, {**nothing, "title": "One", **stash}, item)


def lock(world: World, name: str) -> None:
    world.item = replace(world.item, locked=world.item.locked | {name})


SIDES: list[tuple[str, Value, Value]] = [
    ("studio", "Tideline", "North"),
    ("rating", 7.0, 4.0),
    ("date", "2024-05-06", "2023-01-01"),
    ("tags", ("Jazz",), ("Jazz", "Sea")),
]


@pytest.mark.parametrize(("name", "one", "other"), SIDES)
def test_a_lock_that_came_alone_protects_what_we_never_wrote(
    name: str, one: Value, other: Value
) -> None:
    world = world_with({name: one}, {name: one})
    world.sync()
    lock(world, name)
    world.sync()
    world.stash[name] = other

    plan = world.sync()

    assert world.item.values[name] == one
    assert [field for field, _ in plan.notes] == [name]
    assert "locked in Plex" in plan.notes[0][1]


@pytest.mark.parametrize(("name", "one", "other"), SIDES)
def test_a_lock_that_we_wrote_over_says_nothing_any_more(
    name: str, one: Value, other: Value
) -> None:
    """Written while preserve_plex_edits was off; on again, the field goes on following Stash."""
    world = world_with({name: other}, {name: one}, locked=(name,))
    world.sync(preserve=False)
    assert world.item.values[name] == other
    world.stash[name] = one

    world.sync()

    assert world.item.values[name] == one


@pytest.mark.parametrize(("name", "one", "other"), SIDES)
def test_when_all_records_are_lost_our_own_locks_freeze_nothing(
    name: str, one: Value, other: Value
) -> None:
    world = world_with({name: one}, {})
    world.sync()
    assert name in world.item.locked
    world.base = None
    world.sync()
    world.stash[name] = other

    plan = world.sync()

    assert world.item.values[name] == other
    assert plan.notes == ()


def test_a_field_is_given_back_by_what_stash_says_whatever_its_lock() -> None:
    world = world_with({"studio": "Tideline"}, {"studio": "Tideline"})
    world.sync()
    world.show("studio", "Mine")
    world.sync()
    world.show("studio", "Tideline")
    world.sync()
    world.stash["studio"] = "North"
    world.sync()
    assert world.item.values["studio"] == "North"


def test_what_both_sides_put_into_a_list_locked_as_a_whole_is_the_users() -> None:
    world = world_with({"tags": ("Jazz",)}, {"tags": ("Sea",)}, locked=("tags",))
    world.sync()
    world.put("tags", "Jazz", there=True)
    world.want("tags", "Jazz", there=False)

    plan = world.sync()

    assert world.item.values["tags"] == ("Sea", "Jazz")
    assert plan.notes == (), "nobody asks for the entry to go any more"


def test_a_rating_left_to_somebody_else_is_not_ours_to_clear() -> None:
    world = world_with({"rating": 7.0}, {})
    world.sync(preserve=False)
    for _ in range(3):
        world.show("rating", 4.0)
        world.sync(preserve=False)
    assert world.item.values["rating"] == 4.0
    world.stash["rating"] = None

    world.sync(preserve=False)

    assert world.item.values["rating"] == 4.0


@pytest.mark.parametrize(("before", "kept"), [(4.0, True), (None, False)])
def test_a_rating_that_plex_did_not_take_leaves_what_was_there(
    before: float | None, kept: bool
) -> None:
    world = world_with({"rating": 7.0}, {"rating": before})
    world.server = Server(refuses=frozenset({"rating"}))
    world.sync()
    world.server = Server()
    assert world.sync().changes == (), "not sent again until Stash changes it"
    world.stash["rating"] = None

    assert world.sync().changes == ()
    assert world.item.values["rating"] == before
    assert world.base is not None


def test_a_rounded_rating_of_ours_is_ours() -> None:
    """A server that keeps whole points made 7.0 of 7.3, which it had shown for 7.0 already."""
    world = world_with({"rating": 7.0}, {})
    world.sync()
    world.stash["rating"] = 7.3
    world.server = Server(refuses=frozenset({"rating"}))
    world.sync()
    world.server = Server()
    world.stash["rating"] = None
    world.sync()
    assert world.item.values["rating"] is None


def test_a_conflict_says_who_says_what_and_is_told_once() -> None:
    world = world_with({"summary": "As it was", "tags": ("Jazz",)}, {})
    world.sync()
    world.show("summary", "Mine. " * 50)
    world.put("tags", "Sea", there=True)
    world.put("tags", "Jazz", there=False)
    world.stash["summary"] = "As it is"
    world.want("tags", "Bread", there=True)
    (told,) = world.sync().notes
    assert told[0] == "summary"
    assert told[1].startswith("changed in Plex to “Mine. Mine. ")
    assert told[1].endswith("…”, while Stash says “As it is”; Plex's stays")
    assert len(told[1]) < 150
    hidden = Redactor(hides_names=True).clean(told[1])
    assert "Mine" not in hidden
    assert "As it is" not in hidden
    assert world.sync().notes == ()

    world.want("tags", "Jazz", there=False)
    assert world.sync().notes == ()
    world.want("tags", "Jazz", there=True)
    world.want("tags", "Sea", there=True)
    (told,) = world.sync().notes
    assert told == ("tags", "taken out in Plex, while Stash adds “Jazz”; Plex's stays")

    world.want("tags", "Sea", there=False)
    (told,) = world.sync().notes
    assert told == ("tags", "put there in Plex, while Stash drops “Sea”; Plex's stays")
    assert set(_names(world.item, "tags")) == {"Sea", "Bread"}


def _names(item: FullItem, name: str) -> tuple[str, ...]:
    names = item.values[name]
    assert isinstance(names, tuple)
    return names


def test_a_field_emptied_in_plex_is_named_as_such() -> None:
    world = world_with({"studio": "Tideline"}, {})
    world.sync()
    world.show("studio", None)
    world.stash["studio"] = "North"
    (told,) = world.sync().notes
    assert told[1] == "changed in Plex to nothing, while Stash says “North”; Plex's stays"


def test_a_rating_of_another_precision_is_no_drift() -> None:
    left = item_record(fields={"rating": FieldRecord(7.3, 7.3)})
    assert altered_fields(left, full(values={"rating": 7.300000190734863}), FIELDS) == []
    assert altered_fields(left, full(values={"rating": 7.4}), FIELDS) == ["rating"]


def test_every_mark_of_a_field_is_stored() -> None:
    record = FieldRecord("A", "B", ("C",), ("D",), user_owned=True, rewrites=3, lock_ignored=True)
    assert field_from(field_body(record)) == record
    old = ["A", "B", [], [], 1, 2, 1]  # as it was before lock_void
    assert field_from(old) == FieldRecord("A", "B", user_owned=True, rewrites=2, locked=True)


def test_a_note_shows_the_beginning_of_long_names() -> None:
    names = tuple(f"{letter * 300}" for letter in "abcdefg")
    base = FieldRecord((), None, suppressed=names)
    outcome = merge(
        Sides(BY_NAME["tags"], names, (), base), MergeRules(FirstSync.MERGE, preserve=True)
    )
    assert outcome.note.count("…") == 6
    assert len(outcome.note) < 500


@pytest.mark.parametrize("preserve", [True, False])
@pytest.mark.parametrize(
    ("name", "value", "alike"),
    [
        ("title", "One", "One "),
        ("summary", None, ""),
        ("rating", 8.0, 8.001),
        ("tags", ("A", "B"), ("B", "A")),
        ("tags", ("A", "B"), ("b", "A")),
        ("tags", None, ()),
    ],
)
def test_what_all_sides_say_is_settled_at_a_glance_as_it_would_be_by_a_closer_look(
    name: str, value: Value, alike: Value, preserve: bool
) -> None:
    sent = () if (name, value) == ("tags", None) else value
    base, rules = FieldRecord(sent, value), MergeRules(FirstSync.MIRROR, preserve)
    for shown in (value, alike):
        sides = Sides(BY_NAME[name], value, shown, base)
        assert merge(sides, rules) == FieldOutcome(None, sent)
