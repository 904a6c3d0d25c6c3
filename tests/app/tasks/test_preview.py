"""What arguments mean, which modes can be run dry, and which preview is the one to apply."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.arguments import flag, number
from app.task_runner import MODES
from app.tasks.preview import chosen_preview
from core.errors import ConfigError
from core.models import Change, ItemRef
from storage.state import State
from storage.state_tables.plans import PlannedChange
from storage.state_tables.runs import RunStatus


@pytest.mark.parametrize(
    ("told", "on"),
    [
        *((yes, True) for yes in (True, "true", "TRUE", " yes ", 1, "1", "on")),
        *((no, False) for no in (False, "false", "No", 0, "0", "", "  ", None, "off")),
    ],
)
def test_a_switch_may_come_as_anything(told: object, on: bool) -> None:
    assert flag({"dry_run": told}, "dry_run") is on


@pytest.mark.parametrize("told", ["perhaps", 2, [], {}, "truee", 1.5])
def test_a_switch_is_not_guessed(told: object) -> None:
    with pytest.raises(ConfigError, match=r"'dry_run' is .*; true or false is allowed"):
        flag({"dry_run": told}, "dry_run")


def test_what_is_not_given_is_off() -> None:
    assert flag({}, "dry_run") is False
    assert number({}, "run_id") is None


@pytest.mark.parametrize(
    ("told", "run"), [("12", 12), (12, 12), (" 7 ", 7), (None, None), ("", None), (" ", None)]
)
def test_a_run_is_named_by_its_number(told: object, run: int | None) -> None:
    assert number({"run_id": told}, "run_id") == run


@pytest.mark.parametrize("told", [True, -1, 1.0, "1.5", "last", [1], "9" * 30, "²"])
def test_what_names_no_run_is_refused(told: object) -> None:
    with pytest.raises(ConfigError, match="'run_id' is"):
        number({"run_id": told}, "run_id")


def test_whatever_writes_or_fills_the_queue_can_be_tried_first() -> None:
    tried = {"process_queue", "apply_preview", "undo_last_run", "release"}
    tried |= {name for name in MODES if name.startswith("reconcile_")}
    assert all(MODES[name].dry_run or MODES[name].looks_only for name in tried)


# Which preview ---------------------------------------------------------------------------------


def preview(
    state: State,
    status: RunStatus,
    figures: Mapping[str, Any] | None = None,
    *,
    kind: str = "preview",
    with_plan: bool = True,
) -> int:
    number = state.runs.start(kind, 1.0)
    state.runs.finish(number, status, figures or {"scenes_changing": 1}, 2.0)
    if with_plan:
        change = PlannedChange(1, "A", ItemRef("1", "7"), Change("title", "A", "B"))
        state.plans.add(number, [change])
    return number


@pytest.fixture
def state(tmp_path: Path) -> Any:
    with State(tmp_path, lambda message: pytest.fail(message)) as opened:
        yield opened


def test_the_last_that_came_to_its_end(state: State) -> None:
    preview(state, "done")
    whole = preview(state, "partial")
    failed = preview(state, "failed")
    preview(state, "done", kind="drain")

    assert chosen_preview(state, None).id == whole
    assert chosen_preview(state, 1).id == 1
    known = state.runs.get(failed)
    assert known is not None
    assert not known.has_ended


def test_a_plan_without_changes_is_a_plan(state: State) -> None:
    empty = preview(state, "done", {"scenes_changing": 0}, with_plan=False)

    assert chosen_preview(state, None).id == empty


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (None, "no preview to apply"),
        (1, "Preview 1 did not come to its end"),
        (2, "Run 2 is no preview"),
        (9, "Run 9 is no preview"),
    ],
)
def test_what_cannot_be_applied(state: State, wanted: int | None, said: str) -> None:
    preview(state, "failed")
    preview(state, "done", kind="drain")
    with pytest.raises(ConfigError, match=said):
        chosen_preview(state, wanted)


def test_a_plan_that_is_not_kept(state: State) -> None:
    preview(state, "done", with_plan=False)
    with pytest.raises(ConfigError, match="plan of preview 1 is not kept any more"):
        chosen_preview(state, None)
