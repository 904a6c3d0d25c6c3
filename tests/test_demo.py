"""The demo: its exit status says whether Plex is right, and its page fits a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from xml.etree import ElementTree

import pytest
from rich.console import Console

import simulators.demo.run
from simulators.demo.__main__ import main, serve_page, show, watching
from simulators.demo.run import (
    RECONCILE,
    TASKS,
    DemoRun,
    TaskFailed,
    judge,
    perform,
    plugin_folder,
    prepared,
    run_task,
)
from simulators.demo.scenes import TELLING, stories
from simulators.library.generate import generate
from simulators.seed import Seed
from tests.pool import Pool

CASES = (*TELLING, "in_sync", "missing_inside", "stale", "empty_stale")


@pytest.fixture(scope="module", autouse=True)
def lent(pool: Pool) -> Iterator[None]:
    with pool.lent_to(simulators.demo.run):
        yield


@pytest.fixture(scope="module")
def seed() -> Seed:
    return generate(len(CASES), only=CASES)


@pytest.fixture(scope="module")
def screen() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=80)


@pytest.fixture(scope="module")
def run(seed: Seed, screen: Console) -> DemoRun:
    with prepared(seed) as both, watching(screen) as watcher:
        found = perform(both, watcher)
        with pytest.raises(TaskFailed, match="no task with name Dance"):
            run_task(both, "Dance", watcher)
    return found


def plain() -> Console:
    return Console(file=io.StringIO(), width=80)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def damaged(run: DemoRun, scene_id: int, **changes: Any) -> DemoRun:
    """The same, but the scene's item shows something else in the end."""
    after = deepcopy(dict(run.after))
    name = run.truth["matches"][str(scene_id)][0]
    after["items"][name.partition(":")[2]].update(changes)
    return replace(run, after=after)


def scene_of(run: DemoRun, case: str) -> int:
    return next(int(scene) for scene, name in run.truth["cases"].items() if name == case)


def test_the_tasks_close_the_gaps(run: DemoRun) -> None:
    first, drain, last = run.tasks
    assert tuple(task.task for task in run.tasks) == TASKS
    assert first.output["empty_metadata_count"] == len(run.truth["empty_metadata"])
    assert first.output["stale_sync_count"] >= 1
    assert drain.traffic.plex_writes >= drain.output["items_edited"] > 0
    assert first.traffic.plex_writes == last.traffic.plex_writes == 0
    assert last.output["enqueued_count"] == 0
    verdict = judge(run)
    assert verdict.problems == ()
    assert (verdict.scenes, verdict.wrong_scenes) == (len(run.truth["matches"]), 0)


def test_progress_is_shown_while_a_task_runs(run: DemoRun, screen: Console) -> None:
    shown = printed(screen)
    assert RECONCILE in shown
    assert "100%" in shown
    assert "requests" in shown


def test_the_page_is_plain_and_fits_into_80_columns(seed: Seed, run: DemoRun) -> None:
    console = plain()
    assert show(console, seed, run) == 0
    page = printed(console)
    assert f"{len(run.truth['matches'])} scenes equal, 0 differ." in page
    assert "\x1b" not in page
    assert max(map(len, page.splitlines())) <= 80


def test_each_telling_case_is_shown_field_by_field(run: DemoRun) -> None:
    shown = {story.why: {row.field: row for row in story.rows} for story in stories(run)}
    assert set(shown) == set(TELLING.values())
    removed = shown[TELLING["extra_genre"]]["tags"]
    assert set(removed.before) - set(removed.after) == {"Discarded Tag"}
    assert shown[TELLING["cleared_studio"]]["studio"].after == ""
    assert shown[TELLING["year_differs"]]["date"].after == "2019-01-01"
    assert {"studio", "date"} <= set(shown[TELLING["empty_no_agent"]])


def test_a_field_that_differs_in_the_end_fails_the_demo(seed: Seed, run: DemoRun) -> None:
    console = plain()
    wrong = damaged(run, scene_of(run, "in_sync"), summary="Not what Stash says.")
    assert show(console, seed, wrong) == 1
    page = printed(console)
    assert f"{len(run.truth['matches']) - 1} scenes equal, 1 differ." in page
    assert "Plex shows 'Not what Stash says.'" in " ".join(page.split())


def test_a_change_to_somebody_elses_field_fails_the_demo(seed: Seed, run: DemoRun) -> None:
    console = plain()
    wrong = damaged(run, scene_of(run, "in_sync"), tagline="Not ours to write")
    assert show(console, seed, wrong) == 1
    assert "tagline" in printed(console)


def test_gaps_that_stay_fail_the_demo(seed: Seed, run: DemoRun) -> None:
    last = run.tasks[-1]
    again = replace(last, output={**last.output, "drift_count": 3})
    console = plain()
    assert show(console, seed, replace(run, tasks=(*run.tasks[:-1], again))) == 1
    assert "3 scenes are still different" in printed(console)


def test_the_picture_is_an_svg_of_the_same_page(seed: Seed, run: DemoRun, tmp_path: Path) -> None:
    pictures = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for picture in pictures:
        show(plain(), seed, run, picture)
    assert pictures[0].read_bytes() == pictures[1].read_bytes()
    drawn = "".join(ElementTree.parse(pictures[0]).getroot().itertext()).replace("\xa0", " ")
    assert "0 differ." in drawn


def test_the_command_says_what_each_task_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--scenes", "12"]) == 0
    said = capsys.readouterr().out
    assert "Process Queue: " in said
    assert "0 differ." in said
    assert "\x1b" not in said


def test_the_page_is_open_until_somebody_interrupts(
    seed: Seed, monkeypatch: pytest.MonkeyPatch
) -> None:
    console, seen = plain(), []

    class Interrupted:
        def wait(self) -> None:
            address = printed(console).split("page is at ")[1].split()[0]
            with urlopen(address, timeout=30) as answer:
                seen.append(answer.read().decode())
            raise KeyboardInterrupt

    monkeypatch.setattr("simulators.demo.__main__.Event", Interrupted)
    with plugin_folder() as plugins, prepared(seed, plugins) as both:
        serve_page(console, both, plugins)
    assert "plugin/Stash2Plex/javascript" in seen[0]
    assert "until you press Ctrl-C" in printed(console)
