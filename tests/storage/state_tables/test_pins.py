"""Pins and noted files as they are kept."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from core.matching.pins import Pin
from core.models import ItemRef, MediaFile
from core.records import FieldRecord, ItemRecord, PictureRecord, PictureRecords, Record
from storage.state import State
from storage.state_tables.records import MovedFiles

FILES = (MediaFile("/m/a b.mp4", 5, 60.5), MediaFile("M:\\ü.mkv", None, None))


def pin(scene_id: int, key: str, section: str = "1", *, released: bool = False) -> Pin:
    return Pin(scene_id, ItemRef(section, key), FILES, released)


def test_pins_come_back_as_they_were_saved(state: State) -> None:
    mine = [pin(1, "7"), pin(1, "8", "2"), pin(2, "9")]
    state.pins.save(mine)

    assert state.pins.all() == {1: mine[:2], 2: mine[2:]}
    assert state.pins.of_scenes([2, 3]) == {2: mine[2:]}
    assert state.pins.of_scenes([]) == {}
    assert state.pins.of_items([ItemRef("1", "7"), ItemRef("1", "8")]) == {mine[0].ref: mine[0]}


def test_of_very_many_scenes_those_with_pins_are_found(state: State) -> None:
    state.pins.save([pin(n, str(n)) for n in range(2000)])
    assert len(state.pins.of_scenes(range(0, 4000, 2))) == 1000


def test_an_item_has_one_pin(state: State) -> None:
    state.pins.save([pin(1, "7")])
    state.pins.save([pin(2, "7")])
    assert state.pins.all() == {2: [pin(2, "7")]}


def test_a_released_pin_is_kept_but_holds_nothing(state: State) -> None:
    state.pins.save([pin(1, "7"), pin(1, "8")])

    assert state.pins.release(1, [ItemRef("1", "7"), ItemRef("1", "9")]) == [pin(1, "7")]
    assert state.pins.release(1, [ItemRef("1", "7")]) == []
    assert state.pins.release(2) == []
    assert state.pins.of_items([ItemRef("1", "7")]) == {}
    assert state.pins.all() == {1: [pin(1, "7", released=True), pin(1, "8")]}
    assert state.pins.release(1) == [pin(1, "8")]
    state.pins.save([pin(1, "7")])  # pinned once more
    assert state.pins.of_items([ItemRef("1", "7")]) == {ItemRef("1", "7"): pin(1, "7")}
    state.pins.delete([pin(1, "7"), pin(2, "8")])
    assert state.pins.all() == {1: [pin(1, "8", released=True)]}


def test_a_pin_follows_its_item(state: State) -> None:
    old, new = pin(1, "7"), replace(pin(1, "70"), files=FILES[:1])
    state.pins.save([old])
    state.pins.move(old, new)
    assert state.pins.all() == {1: [new]}


@pytest.mark.parametrize(
    "meanwhile",
    [
        [],  # deleted
        [pin(1, "7", released=True)],
        [pin(2, "7")],
        [pin(1, "7"), pin(2, "70")],
    ],
)
def test_a_pin_that_was_changed_meanwhile_is_not_moved(state: State, meanwhile: list[Pin]) -> None:
    state.pins.save(meanwhile)
    before = state.pins.all()
    state.pins.move(pin(1, "7"), pin(1, "70"))
    assert state.pins.all() == before


def _record() -> Record:
    fields = {"title": FieldRecord("A", "A"), "tags": FieldRecord(("x",), ("X",), ("k",))}
    items = tuple(
        ItemRecord(ItemRef("1", key), (f"/m/{key}.mp4",), 5, fields) for key in ("7", "8")
    )
    pictures = PictureRecords(pictures={("poster", ItemRef("1", "7")): PictureRecord("abc")})
    return Record(1, 10.0, "print", FILES, 2, (3,), (4,), items, pictures, True)


def test_new_names_of_files_change_nothing_else(state: State) -> None:
    known = _record()
    state.records.save_many([known])
    state.save_timestamp(1, 99.0)
    files, paths = (MediaFile("/d/new.mp4", 6, 61.0),), ("/m/new 7.mp4", "/m/cd2.mp4")

    state.records.note_files(
        [MovedFiles(1, files, {ItemRef("1", "7"): paths}), MovedFiles(5, files, {})]
    )

    items = (replace(known.items[0], files=paths), known.items[1])
    assert state.records.get_many([1, 5]) == {1: replace(known, files=files, items=items)}
    assert state.timestamps() == {1: 99.0}


def test_records_of_older_versions_take_new_names_too(state: State) -> None:
    """Their bodies have fewer parts."""
    state.records.save_many([replace(_record(), undone=False)])
    with state.records._database.transaction() as connection:
        ((body,),) = connection.execute("SELECT body FROM records").fetchall()
        files, items, images = json.loads(body)
        short = json.dumps([files, [item[:5] for item in items], images])
        connection.execute("UPDATE records SET body = ?", (short,))
    before = state.records.get_many([1])[1]

    state.records.note_files([MovedFiles(1, FILES[:1], {})])

    assert state.records.get_many([1])[1] == replace(before, files=FILES[:1])
