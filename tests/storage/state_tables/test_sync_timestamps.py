"""An earlier plugin's timestamps are taken over once, and the newest word on a scene holds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import StateError
from core.records import Record
from storage.state import STATE_FILE, State
from tests.examples import examples
from tests.stored import sql


def timestamps(folder: Path, warnings: list[str]) -> dict[int, float]:
    with State(folder, warnings.append, clock=lambda: 1_700_000_000.0) as state:
        return state.timestamps()


def record(scene_id: int, at: float) -> Record:
    return Record(scene_id, at, "", (), None, (), (), ())


def test_the_newest_word_on_a_scene_holds(state: State) -> None:
    state.save_timestamp(1, 5.0)
    state.save_timestamp(2, 6.0)
    assert state.timestamps() == {1: 5.0, 2: 6.0}

    state.records.save_many([record(1, 7.0), record(3, 8.0)])
    assert state.timestamps() == {1: 7.0, 2: 6.0, 3: 8.0}

    state.save_timestamp(3, 1.0)
    assert state.timestamps() == {1: 7.0, 2: 6.0, 3: 1.0}


def test_a_timestamp_from_a_clock_that_was_ahead_says_nothing(tmp_path: Path) -> None:
    with State(tmp_path, print, clock=lambda: 1_700_000_000.0) as state:
        state.save_timestamp(1, 1_700_000_000.0 + 3600)
        state.save_timestamp(2, 1_700_000_000.0 + 30 * 86_400)
        assert set(state.timestamps()) == {1}


def test_a_file_is_taken_over_and_renamed(tmp_path: Path) -> None:
    warnings: list[str] = []
    file = tmp_path / "sync_timestamps.json"
    file.write_text('{"12": 1700000000.5, "13": 5}')

    assert timestamps(tmp_path, warnings) == {12: 1700000000.5, 13: 5.0}
    assert not file.exists()
    assert (tmp_path / "sync_timestamps.json.imported").exists()
    assert warnings == []


def test_a_file_is_taken_over_only_once(tmp_path: Path) -> None:
    warnings: list[str] = []
    file = tmp_path / "sync_timestamps.json"
    file.write_text('{"1": 1.0}')
    timestamps(tmp_path, warnings)

    file.write_text('{"1": 9.0, "2": 9.0}')

    assert timestamps(tmp_path, warnings) == {1: 1.0}
    assert file.exists()


def test_a_file_that_cannot_be_renamed_is_still_taken_over_only_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    (tmp_path / "sync_timestamps.json").write_text('{"1": 1.0}')

    def refuse(self: Path, target: Path) -> None:
        raise PermissionError("in use")

    monkeypatch.setattr(Path, "replace", refuse)
    assert timestamps(tmp_path, warnings) == {1: 1.0}
    assert len(warnings) == 1
    sql(tmp_path / STATE_FILE, "DELETE FROM timestamps")

    assert timestamps(tmp_path, warnings) == {}


def test_a_file_that_cannot_be_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sync_timestamps.json").write_text('{"1": 1.0}')

    def refuse(self: Path) -> bytes:
        raise PermissionError("in use")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(StateError, match=r"cannot be read: in use"):
        timestamps(tmp_path, [])


def test_garbage_entries_are_skipped(tmp_path: Path) -> None:
    warnings: list[str] = []
    content = {
        "7": 70, "x": 1, "8": "soon", "9": None, "10": True, "-3": 1, "0": 1,
        "11": [1], "12": 1e400, "99999999999999999999": 1, "": 1, " 14 ": 3.5,
    }  # fmt: skip
    (tmp_path / "sync_timestamps.json").write_text(json.dumps(content))

    assert timestamps(tmp_path, warnings) == {7: 70.0, 14: 3.5}
    assert warnings == []


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    "content", [b'{"1": 17000', b"", b"[1, 2]", b"null", b"\xff\xfe\x00", b"\x80\x04K\x01.", DEEP]
)
def test_a_damaged_file_is_moved_aside(content: bytes, tmp_path: Path) -> None:
    warnings: list[str] = []
    (tmp_path / "sync_timestamps.json").write_bytes(content)

    assert timestamps(tmp_path, warnings) == {}

    moved = tmp_path / "sync_timestamps.json.corrupt-20231114-221320"
    assert moved.read_bytes() == content
    assert len(warnings) == 1
    assert moved.name in warnings[0]


@examples(50)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text() | st.integers().map(str), inner, max_size=5)
        ),
    )
)
def test_no_json_makes_it_fail(
    empty_state: Path, tmp_path_factory: pytest.TempPathFactory, content: object
) -> None:
    folder = tmp_path_factory.mktemp("data")
    shutil.copy(empty_state, folder)
    (folder / "sync_timestamps.json").write_text(json.dumps(content))

    assert all(scene_id > 0 for scene_id in timestamps(folder, []))
