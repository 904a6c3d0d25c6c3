"""A state in a folder of its own, closed after the test, that has nothing to warn about."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.state import STATE_FILE, State


@pytest.fixture(scope="session")
def empty_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a state that holds nothing; a copy costs far less than making one."""
    folder = tmp_path_factory.mktemp("empty")
    State(folder, pytest.fail).close()
    return folder / STATE_FILE


@pytest.fixture
def state(empty_state: Path, tmp_path: Path) -> Iterator[State]:
    shutil.copy(empty_state, tmp_path)
    warnings: list[str] = []
    with State(tmp_path, warnings.append) as opened:
        yield opened
    assert warnings == []
