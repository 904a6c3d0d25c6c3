"""Values under keys: what is not of a key's shape is set aside, and its default stands."""

from __future__ import annotations

import json
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.schedule.history import HISTORY
from core.models import ItemRef
from core.reconcile_due import History
from reconciliation.listing_guard import MATCHED
from reconciliation.match_report import REPORT
from reconciliation.prefix_learning import LEARNED
from reconciliation.rules import CONTESTED
from storage.files.json_checks import Maybe, check
from storage.key_value import Key
from storage.state import SCHEMA, STATE_FILE, State
from tests.stored import make_earlier, sql

COUNTS: Key[dict[str, int]] = Key("counts", {}, {str: int})
NUMBER = Key("n", 0, int)


def test_values_come_back_by_their_keys(state: State) -> None:
    assert state.get_value(COUNTS) == {}
    state.set_value(COUNTS, {"plex": 5, "stash": 7})
    state.set_value(COUNTS, {"plex": 6})
    assert state.get_value(COUNTS) == {"plex": 6}
    with pytest.raises(ValueError):
        state.set_value(Key("counts", 0.0, float), float("nan"))
    assert state.get_value(COUNTS) == {"plex": 6}


def test_a_value_that_stands_is_not_written(state: State, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / STATE_FILE)) as other:

        def moves(value: int) -> bool:
            before = other.execute("PRAGMA data_version").fetchone()
            state.set_value(NUMBER, value)
            return bool(other.execute("PRAGMA data_version").fetchone() != before)

        assert [moves(value) for value in (5, 5, 6, 6)] == [True, False, True, False]
        other.execute("BEGIN IMMEDIATE")
        state.set_value(NUMBER, 6)  # which waits for nobody


def test_a_value_is_changed_by_several_at_once(tmp_path: Path) -> None:
    """Each sees what the others have made of it."""

    def count() -> None:
        with State(tmp_path, print) as state:
            for _ in range(20):
                state.change_value(NUMBER, lambda before: before + 1)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(count) for _ in range(4)]:
            done.result()
    with State(tmp_path, print) as state:
        assert state.get_value(NUMBER) == 80


def test_a_change_that_fails_leaves_the_value(state: State) -> None:
    state.set_value(NUMBER, 1)

    with pytest.raises(ZeroDivisionError):
        state.change_value(NUMBER, lambda before: before // 0)

    assert state.get_value(NUMBER) == 1
    assert state.change_value(NUMBER, lambda before: before) == 1


KEYS: list[Key[Any]] = [HISTORY, CONTESTED, MATCHED, LEARNED, REPORT, NUMBER, COUNTS]
WRONG = [
    *("[]", "{}", "7", '"text"', "null", "[true]", "[7, [1]]", '[["a", "b", "c"]]', "[" * 100_000),
    *('{"ended": [1]}', '{"ambiguous": [1]}', '{"since": 1e999}', '{"path_map": {"scenes": 1}}'),
]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_what_has_another_shape_is_set_aside(
    empty_state: Path, tmp_path: Path, key: Key[Any]
) -> None:
    shutil.copy(empty_state, tmp_path)
    warnings: list[str] = []
    with State(tmp_path, warnings.append) as state:
        for text in WRONG:
            values = f"('{key.name}', '{text}')"
            sql(tmp_path / STATE_FILE, f"INSERT OR REPLACE INTO facts VALUES {values}")
            before = len(warnings)
            found = state.get_value(key)
            if len(warnings) > before:
                assert found == key.default
            state.set_value(key, key.default)
            assert state.get_value(key) == key.default
    assert len(warnings) > len(WRONG) / 2
    assert all(f"set aside (state.db, facts, key {key.name}: " in line for line in warnings)


@given(
    st.builds(
        History,
        since=st.none() | st.floats(1, 4e9),
        ended=st.dictionaries(st.sampled_from(["all", "recent"]), st.floats(0, 4e9)),
        tries=st.integers(0, 9),
        tried_at=st.none() | st.floats(0, 4e9),
        is_stopped=st.booleans(),
    )
)
def test_a_schedule_comes_back_as_it_was(history: History) -> None:
    told = json.loads(json.dumps(HISTORY.encode(history)))
    check(told, HISTORY.shape)
    assert HISTORY.decode({**told, "of a later version": 1}) == history
    assert HISTORY.decode({"tries": 2, "since": None}) == History(tries=2)


@pytest.mark.parametrize(
    ("value", "shape", "fits"),
    [
        (1, int, True), (True, int, False), (1.0, int, False), (True, bool, True),
        (1, float, True), (1.5, float, True), (float("inf"), float, False), ("1", float, False),
        ([1, 2], [int], True), ([1, "2"], [int], False), ({}, [int], False),
        (["a", 1], (str, int), True), (["a"], (str, int), False),
        ({"a": 1}, {str: int}, True), ({"a": ""}, {str: int}, False),
        ({"a": 1, "b": 2}, {"a": int}, True), ({"b": 2}, {"a": int}, False),
        ({"b": 2}, {"a": Maybe(int)}, True), ({"a": None}, {"a": Maybe(int)}, True),
        ({"a": ""}, {"a": Maybe(int)}, False), (None, Maybe(int), True), (None, object, True),
    ],
)  # fmt: skip
def test_shapes(value: object, shape: object, fits: bool) -> None:
    if fits:
        check(value, shape)
    else:
        with pytest.raises(ValueError):
            check(value, shape)


def test_owners_are_kept_by_item(state: State) -> None:
    refs = [ItemRef("1", str(n)) for n in range(4)]
    state.owners.replace([(refs[0], 1), (refs[1], 2)])
    state.owners.replace([(refs[1], 3), (refs[2], 4)])

    assert state.owners.of(refs) == {refs[1]: 3, refs[2]: 4}
    assert state.owners.of([]) == {}


@pytest.mark.parametrize(
    ("fact", "kept"),
    [
        ('[["1", "7", 5], ["1", "8", 6], ["2", "7", 5]]', 3),
        ('[["1", "7", 5], ["1"], 7, ["1", "8", "x"], ["1", "7", 6]]', 1),
        ("[[", 0),
        ("{}", 0),
        ("7", 0),
    ],
)
def test_owners_of_an_earlier_version_are_taken_over(tmp_path: Path, fact: str, kept: int) -> None:
    before = next(n for n, each in enumerate(SCHEMA.migrations) if "item_owners" in "".join(each))
    fact = f"INSERT INTO facts VALUES ('owners', '{fact}')"
    make_earlier(tmp_path / STATE_FILE, SCHEMA, before, fact)

    with State(tmp_path, pytest.fail) as state:
        owners = state.owners.of([ItemRef(s, k) for s in "12" for k in "78"])
    assert len(owners) == kept
    assert set(owners.values()) <= {5, 6}
