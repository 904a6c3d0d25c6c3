"""Tasks that are killed at any point: nothing wrong, nothing left behind, nothing lost.

After each kill a user takes away in Stash what was just written. What the killed task had sent must
go from Plex then, by the next runs alone; and all that they and it have done can be taken back.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.sync_changes.process_queue import process_queue
from app.tasks.preview import apply_preview, preview_every_scene
from app.tasks.reconcile import reconcile_all
from app.tasks.undo import undo_last_run
from core.errors import ConfigError
from simulators.dumps import State
from storage import state as storage_state
from storage.state import STATE_FILE
from sync_queue import schema as queue_schema
from sync_queue.reader import QUEUE_FILE
from tests.acceptance.conftest import Open
from tests.acceptance.kill_library import KillLibrary, downgrade, seed
from tests.acceptance.kill_points import CAN_FORK, killed_at, points_of
from tests.acceptance.site import Task
from tests.acceptance.soak import IS_SOAK, amount, figure

pytestmark = [
    pytest.mark.skipif(not CAN_FORK, reason="this system cannot fork"),
    pytest.mark.timeout(3600 if IS_SOAK else 120),
]

SCENES = amount(3, 6)
# Of so many kills one is followed by another reconcile and by an undo.
UNDONE = amount(3, 1)


@dataclass(frozen=True)
class Scenario:
    """What is done before, and the task that is killed; `kills`: in the suite, and in the soak."""

    prepare: Callable[[KillLibrary], object]
    task: Task
    kills: tuple[int, int]


def nothing(_library: KillLibrary) -> None:
    """Never synced."""


def queued(library: KillLibrary) -> None:
    library.site.reconcile()


def previewed(library: KillLibrary) -> None:
    library.site.do(preview_every_scene)


def drained(library: KillLibrary) -> None:
    library.site.reconcile()
    library.site.drain()


def edited(library: KillLibrary) -> None:
    """Synced, and then each scene edited."""
    drained(library)
    library.edit(title="Another", details="Other words.", tag_ids=["1", "2"])
    library.site.reconcile()


def of_an_earlier_version(library: KillLibrary) -> None:
    edited(library)
    data = library.site.data
    downgrade(data / STATE_FILE, storage_state.SCHEMA, 1)
    downgrade(data / "queue" / QUEUE_FILE, queue_schema.SCHEMA, 1)


SCENARIOS = {
    "first drain": Scenario(queued, process_queue, (27, 130)),
    "later drain": Scenario(edited, process_queue, (18, 100)),
    "apply": Scenario(lambda library: library.site.do(preview_every_scene), apply_preview, (9, 90)),
    "undo": Scenario(drained, undo_last_run, (14, 80)),
    "reconcile": Scenario(nothing, reconcile_all, (10, 40)),
    "migration": Scenario(of_an_earlier_version, process_queue, (10, 60)),
}


@pytest.fixture(scope="module")
def library(open_site: Open) -> KillLibrary:
    return KillLibrary(open_site(seed(SCENES)))


@pytest.fixture(scope="module")
def model(library: KillLibrary, tmp_path_factory: pytest.TempPathFactory) -> State:
    """How Plex stands after a sync and the same edits, without any kill."""
    library.begin(tmp_path_factory.mktemp("model") / "data")
    drained(library)
    library.remove_what_was_written()
    library.heal()
    state: State = library.site.both.plex.state()
    assert library.wrong(state) == []
    return state


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_task_can_be_killed_anywhere(
    library: KillLibrary, model: State, tmp_path: Path, name: str
) -> None:
    scenario, site, began = SCENARIOS[name], library.site, time.monotonic()

    def task() -> object:
        return site.do(scenario.task)

    prepare(library, tmp_path / "prepared", scenario.prepare)
    library.go_back(tmp_path / "counted")
    points, kills = points_of(task), amount(*scenario.kills)
    assert points > 3
    for number, point in enumerate(spread(points, kills)):
        library.go_back(tmp_path / str(number))
        assert killed_at(point, task), f"point {point} of {points}"
        library.remove_what_was_written()
        library.heal()
        whole = number % UNDONE == 0
        told = f"killed at point {point} of {points}"
        assert library.wrong(model, looks_again=whole) == [], told
        assert not whole or library.undo_all() == {}, told
    figure(f"| {name} | {kills} | {points} | {time.monotonic() - began:.0f} s |")


def prepare(library: KillLibrary, data: Path, act: Callable[[KillLibrary], object]) -> None:
    """Do what is done before each kill, once."""
    library.begin(data)
    act(library)
    library.keep()


def spread(points: int, kills: int) -> list[int]:
    """So many of them, evenly; each of them several times where there are fewer."""
    return [number * points // kills for number in range(kills)]


@pytest.mark.parametrize("before", [queued, drained], ids=["drain", "undo"])
def test_what_was_killed_is_taken_back_at_once(
    library: KillLibrary, tmp_path: Path, before: Callable[[KillLibrary], object]
) -> None:
    """An undo that was killed goes on; of a drain, all that has arrived is taken back."""
    task = process_queue if before is queued else undo_last_run
    began = time.monotonic()
    prepare(library, tmp_path / "prepared", before)
    library.go_back(tmp_path / "counted")
    points, kills = points_of(lambda: library.site.do(task)), amount(6, 30)
    for number, point in enumerate(spread(points, kills)):
        library.go_back(tmp_path / str(number))
        assert killed_at(point, lambda: library.site.do(task))
        with contextlib.suppress(ConfigError):  # nothing has changed yet
            library.site.do(undo_last_run)
        assert library.changed() == {}, f"killed at point {point} of {points}"
    name = "first drain" if before is queued else "undo"
    took = time.monotonic() - began
    figure(f"| {name}, then undone at once | {kills} | {points} | {took:.0f} s |")
