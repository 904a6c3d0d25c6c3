"""Files of the data folder that are not what they should be stop nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import stopping
from app.directories import data_dir_of
from app.page import running_task
from app.sync_changes.failure_message import failing_in_words
from core.errors import StateError
from shell.protocol import PluginInput


def test_a_folder_with_the_name_of_the_wish_to_stop_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / stopping.FILE).mkdir()
    stopping.clear(tmp_path)
    assert not stopping.is_requested(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"mode": 1, "since_at": 1e999, "share": 0, "at": null}',
        b"\xff",
        b'{"mode": "", "since_at": %d, "share": 0, "at": 1}' % 10**400,
    ],
    ids=["empty", "list", "deep", "null", "no text", "huge"],
)
def test_a_note_of_what_runs_that_makes_no_sense_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / running_task.FILE).write_bytes(content)
    assert running_task.running_now(tmp_path, 1.0) is None


def test_a_data_folder_of_an_impossible_name_is_told_as_what_it_is(tmp_path: Path) -> None:
    with (
        pytest.raises(StateError, match=r"^it cannot be made$"),
        failing_in_words(tmp_path / ("d" * 300), sends=True),
    ):
        raise StateError("it cannot be made")


def test_a_plugin_folder_that_no_system_has_is_not_believed() -> None:
    told = PluginInput({"PluginDir": "/x\0y"}, {})
    assert "\0" not in str(data_dir_of(told, {}))
