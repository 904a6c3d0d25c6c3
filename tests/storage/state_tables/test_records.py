"""Records come back as they went in, an item has one owner, and entities find their scenes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from core.models import ItemRef, MediaFile
from core.records import FieldRecord, ItemRecord, Record
from storage.state import State
from storage.state_tables.records import EntityKind, RecordSummary
from tests.examples import examples
from tests.storage.test_record_codec import RECORDS as PICTURES

# Any text that UTF-8 can hold: titles come from the wild.
TEXTS = st.text(max_size=20)
NUMBERS = st.integers(1, 2**40)
VALUES = st.one_of(
    st.none(),
    TEXTS,
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(TEXTS, max_size=3).map(tuple),
)
IDS = st.lists(st.integers(1, 6), max_size=4, unique=True).map(tuple)
FILES = st.builds(MediaFile, TEXTS, st.none() | NUMBERS, st.none() | st.floats(0, 1e6))
FIELDS = st.dictionaries(
    TEXTS,
    st.builds(
        FieldRecord,
        VALUES,
        VALUES,
        st.lists(TEXTS, max_size=2).map(tuple),
        st.lists(TEXTS, max_size=2).map(tuple),
        st.booleans(),
        st.integers(0, 5),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    max_size=3,
)
REFS = st.builds(ItemRef, st.sampled_from("12"), st.integers(1, 9).map(str))
ITEMS = st.lists(
    st.builds(
        ItemRecord, REFS, st.lists(TEXTS, max_size=2).map(tuple), st.none() | NUMBERS, FIELDS
    ),
    max_size=3,
    unique_by=lambda item: item.ref,
).map(tuple)
RECORDS = st.builds(
    Record,
    st.integers(1, 8),
    st.floats(0, 4e9),
    TEXTS,
    st.lists(FILES, max_size=2).map(tuple),
    st.none() | st.integers(1, 6),
    IDS,
    IDS,
    ITEMS,
    PICTURES,
    st.booleans(),
).flatmap(
    lambda kept: ITEMS.map(
        lambda items: replace(kept, former=without(items, {i.ref for i in kept.items}))
    )
)
KINDS: tuple[EntityKind, ...] = ("studio", "performer", "tag")


def record(scene_id: int, *keys: str, studio_id: int | None = None) -> Record:
    items = tuple(ItemRecord(ItemRef("1", key), (), 5, {}) for key in keys)
    return Record(scene_id, 10.0, "print", (), studio_id, (), (), items)


def without(items: tuple[ItemRecord, ...], refs: set[ItemRef]) -> tuple[ItemRecord, ...]:
    return tuple(item for item in items if item.ref not in refs)


def entity_ids(kept: Record, kind: EntityKind) -> Sequence[int | None]:
    return {
        "studio": (kept.studio_id,),
        "performer": kept.performer_ids,
        "tag": kept.tag_ids,
    }[kind]


def saved(model: dict[int, Record], batch: Sequence[Record]) -> None:
    for new in batch:
        model.pop(new.scene_id, None)
    for new in batch:
        taken = {item.ref for item in new.items}
        for scene_id, old in model.items():
            items, former = without(old.items, taken), without(old.former, taken)
            model[scene_id] = replace(old, items=items, former=former)
        model[new.scene_id] = replace(new, former=())
    for new in batch:
        owned = {item.ref for each in model.values() for item in each.known_items}
        former = without(new.former, owned)
        model[new.scene_id] = replace(model[new.scene_id], former=former)


@contextmanager
def copied(empty_state: Path) -> Iterator[State]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(empty_state, folder)
        with State(Path(folder), print) as state:
            yield state


@examples(60)
@given(
    st.lists(
        st.lists(RECORDS, max_size=4, unique_by=lambda kept: kept.scene_id),
        max_size=4,
    )
)
def test_the_store_agrees_with_a_dictionary(empty_state: Path, steps: list[list[Record]]) -> None:
    model: dict[int, Record] = {}
    with copied(empty_state) as state:
        store = state.records
        for batch in steps:
            store.save_many(batch)
            saved(model, batch)

        assert store.get_many(range(1, 9)) == model
        assert store.ids() == set(model)
        assert store.count() == len(model)
        refs = {item.ref: kept.scene_id for kept in model.values() for item in kept.known_items}
        assert store.owners_of([*refs, ItemRef("1", "none")]) == refs
        assert store.summaries(range(1, 9)) == {
            scene_id: RecordSummary(kept.scene_updated_at, kept.fingerprint)
            for scene_id, kept in model.items()
        }
        for kind in KINDS:
            for entity in range(1, 7):
                assert store.with_entity(kind, entity) == sorted(
                    scene_id for scene_id, kept in model.items() if entity in entity_ids(kept, kind)
                )


def test_types_of_values_survive(state: State) -> None:
    fields = {
        "rating": FieldRecord(8.0, 8),
        "same": FieldRecord(8.0, 8.0),
        "empty list": FieldRecord((), ()),
        "nothing": FieldRecord(None, None),
        "lone surrogate": FieldRecord("\ud83d", "\ud83d"),
    }
    item = ItemRecord(ItemRef("1", "7"), ("/a",), 5, fields)
    state.records.save_many([replace(record(1), items=(item,))])

    found = state.records.get_many([1])[1].items[0].fields

    assert {name: repr(field) for name, field in found.items()} == {
        name: repr(field) for name, field in fields.items()
    }


def test_an_item_changes_hands_and_comes_back(state: State) -> None:
    store = state.records
    store.save_many([record(1, "a", "b")])
    store.save_many([record(2, "b")])

    assert store.owners_of([ItemRef("1", "a"), ItemRef("1", "b"), ItemRef("1", "none")]) == {
        ItemRef("1", "a"): 1, ItemRef("1", "b"): 2,
    }  # fmt: skip
    assert store.get_many([1]) == {1: record(1, "a")}

    store.save_many([record(1, "a", "b")])
    assert store.get_many([1, 2]) == {1: record(1, "a", "b"), 2: record(2)}


def test_touching_moves_the_item_of_its_owner_only(state: State) -> None:
    store = state.records
    store.save_many([record(1, "a", "b"), record(2, "c")])

    store.touch_items(
        [(1, ItemRef("1", "a"), 9), (1, ItemRef("1", "c"), 9), (1, ItemRef("1", "none"), 9)]
    )

    kept = store.get_many([1, 2])
    assert {n: [item.updated_at for item in kept[n].items] for n in kept} == {1: [9, 5], 2: [5]}


def test_more_scenes_than_one_statement_can_name(state: State) -> None:
    store = state.records
    wanted = {n: record(n, str(n), studio_id=3) for n in range(1, 1203)}
    store.save_many(list(wanted.values()))

    assert store.get_many(range(0, 5000)) == wanted
    assert store.with_entity("studio", 3) == list(wanted)
    assert store.get_many([]) == {}


def test_records_outlive_the_process(tmp_path: Path) -> None:
    with State(tmp_path, print) as state:
        state.records.save_many([record(1, "a")])
    with State(tmp_path, print) as state:
        assert state.records.get_many([1]) == {1: record(1, "a")}
