"""The benchmarks run and count what they say they count. Times are never judged here."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

import benchmarks.__main__ as command
from benchmarks import simulated_servers
from benchmarks.amounts import Plan, Say
from benchmarks.covers import measure_covers
from benchmarks.drain import measure_drain
from benchmarks.enqueue import measure_enqueueing
from benchmarks.growth import exponent, plot
from benchmarks.library import (
    LibraryFigures,
    StartUp,
    measure_library,
    measure_start,
    report_on,
)
from benchmarks.meter import measure
from benchmarks.rename import ALL, LEARNING, library, renamed
from benchmarks.rename import report_on as report_on_renames
from benchmarks.result_tables import Goal, Report, Sheet, figure, goals_sheet
from benchmarks.simulated_servers import BenchmarkError, Stage, stage
from tests.pool import Pool
from tests.stages import lent_stage

SIZE = 40
PLAN = Plan(sizes=(SIZE,), synced=(SIZE,), rounds=1, few=2, changed=4, jobs=50)


def silent(_text: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def lent(pool: Pool) -> Iterator[None]:
    with lent_stage(pool):
        yield


@pytest.fixture(scope="module")
def here(lent: None) -> Iterator[Stage]:
    with stage(SIZE) as prepared:
        yield prepared


@pytest.fixture(scope="module")
def figures(here: Stage) -> LibraryFigures:
    return measure_library(here, SIZE, PLAN, silent)


@pytest.fixture
def report(figures: LibraryFigures) -> Report:
    """A report on this library, and on one of twice the size that cost as much."""
    larger = LibraryFigures(2 * SIZE, figures.first)
    return report_on([figures, larger], StartUp(0.4, 0.3), SIZE)


def table(report: Report, title: str) -> list[dict[str, str]]:
    sheet = next(sheet for sheet in report.sheets if sheet.title.startswith(title))
    names = [column.removeprefix(">") for column in sheet.columns]
    return [dict(zip(names, row, strict=True)) for row in sheet.rows]


def test_each_reconcile_has_its_row(report: Report) -> None:
    rows = table(report, "Reconcile")
    runs = [(row["scenes"], row["run"]) for row in rows]
    assert runs == [("40", "first"), ("40", "again"), ("40", "2 changed"), ("80", "first")]
    assert all(int(row["Stash"]) >= 2 and int(row["Plex"]) >= 5 for row in rows)
    growth = [(row["times scenes"], row["times wall"]) for row in table(report, "Growth")]
    assert growth == [("1.0", "1.0"), ("2.0", "1.0")]


def test_a_drain_of_changed_scenes_writes_each_of_them_once(report: Report) -> None:
    changed = table(report, "Process Queue")[-1]
    assert (changed["jobs"], changed["changed"]) == ("4", "4")
    # Those that are to get the very same change share a write.
    assert 0 < float(changed["writes"]) <= 1


def test_every_target_has_a_number(report: Report) -> None:
    goals = {goal.what: goal for goal in report.goals}
    assert len(goals) == len(report.goals) == 9
    assert all(goal.measured > 0 for goal in goals.values())
    assert goals["Plex writes per changed scene"].met
    assert goals["first reconcile of 40 scenes: requests"].met


def test_the_floor_fetches_the_pages_that_the_plugin_fetched(
    here: Stage, figures: LibraryFigures
) -> None:
    listings = figures.first.busiest.listings
    assert listings
    here.both.stash.reset()
    here.both.plex.reset()
    floor = here.floor(listings)
    # A thread that a test of kills has left behind may still ask the same server for an item.
    asked = [each["path"] for each in here.both.plex.counters()["log"]]
    assert [path for path in asked if path.startswith("/library/sections/")] == list(listings)
    assert here.both.stash.counters()["reads"] == 1
    assert floor.requests == 1 + len(listings)
    assert floor.wall == floor.stash + floor.plex > 0


def test_a_start_is_measured_without_a_task(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated_servers, "measure", measure)  # by a process
    here.both.stash.reset()
    start = measure_start(here, 1)
    assert start.wall > 0
    assert start.cpu > 0
    assert here.both.stash.counters()["total"] == 0


def test_a_task_that_fails_is_not_measured(here: Stage) -> None:
    with pytest.raises(BenchmarkError, match="dance"):
        here.task("dance")


@pytest.mark.processes
def test_a_process_is_accounted_for_alone() -> None:
    script = "import sys; held = bytearray(60_000_000); print(len(sys.stdin.read())); sys.exit(3)"
    usage = measure([sys.executable, "-c", script], b"four", dict(os.environ))
    assert (usage.status, usage.stdout.strip()) == (3, "4")
    assert 60_000_000 < usage.peak_rss < 200_000_000
    assert usage.cpu > 0
    assert usage.wall > 0


def test_enqueueing_is_measured_in_three_ways() -> None:
    report = measure_enqueueing(PLAN, silent)
    assert [row["jobs"] for row in table(report, "Enqueueing")] == ["50", "50", "500"]
    assert report.goals[0].limit == pytest.approx(0.5 * 50 / 2_000)


def test_a_renamed_tag_is_measured_from_its_event_on(lent: None) -> None:
    with stage(LEARNING, library(LEARNING)) as here:
        here.task("all")
        here.task("process_queue")
        cost = renamed(here, ALL, "Renamed", LEARNING)

    report = report_on_renames(cost, cost, LEARNING)

    assert 1 < cost.plex_writes < LEARNING
    assert {row["Plex writes"] for row in table(report, "Renaming")} == {str(cost.plex_writes)}
    assert [goal.limit for goal in report.goals] == [0.05, 1.0, LEARNING / 40]


def test_a_drain_stands_beside_bare_edits_of_the_same_items(lent: None) -> None:
    report = measure_drain(replace(PLAN, drifted=12), silent)

    (row,) = table(report, "Drain of drifted scenes")
    assert (row["drifted"], int(row["writes"]) > 0) == ("12", True)
    assert float(row["bare edits/s"].replace(",", "")) > 0
    assert [goal.is_timed for goal in report.goals] == [True, False]


def test_a_cover_costs_one_download_and_four_requests(lent: None) -> None:
    report = measure_covers(replace(PLAN, covered=8), silent)

    assert [row["uploads"] for row in table(report, "First sync with covers")] == ["0", "8"]
    assert all(goal.met for goal in report.goals)


def cells(text: str) -> list[Sequence[str]]:
    return [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]


def test_the_page_names_machine_command_and_targets() -> None:
    sheets = command.in_order(
        [Report((Sheet("One", ("a", ">b"), (("x", "1"),)),), (Goal("x", 2, 1),))]
    )
    text = command.page(sheets, "make bench")
    assert "`make bench`" in text
    assert command.machine() in text
    assert text.index("## Targets") < text.index("## One")
    assert "| x | 2 | 1 | no |" in text
    assert {len(row) for row in cells(text)} == {2, 4}


@pytest.mark.parametrize(
    ("value", "shown"), [(0.123, "0.12"), (12.34, "12.3"), (1234.5, "1,234"), (3, "3"), (0, "0")]
)
def test_figures_have_about_three_digits(value: float, shown: str) -> None:
    assert figure(value) == shown
    assert figure(value, "s") == f"{shown} s"


def test_a_target_is_met_up_to_its_limit() -> None:
    sheet = goals_sheet([Goal("a", 60, 60), Goal("b", 60.1, 60)])
    assert [row[-1] for row in sheet.rows] == ["yes", "no"]


def test_the_command_prints_and_writes_what_was_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def small(plan: Plan, say: Say) -> Report:
        assert plan.sizes == (20, 30)
        return measure_enqueueing(replace(plan, jobs=20), say)

    monkeypatch.setattr(command, "BENCHMARKS", (small,))
    target = tmp_path / "page.md"
    assert command.main(["--quick", "--sizes", "30,20", "--output", str(target)]) == 0
    assert "Enqueueing in bulk" in capsys.readouterr().out
    assert "## Enqueueing in bulk" in target.read_text(encoding="utf-8")


def test_a_plugin_that_fails_ends_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def failing(_plan: Plan, _say: Say) -> Report:
        raise BenchmarkError("Plex is away")

    monkeypatch.setattr(command, "BENCHMARKS", (failing,))
    target = tmp_path / "page.md"
    assert command.main(["--output", str(target)]) == 1
    assert "Plex is away" in capsys.readouterr().err
    assert not target.exists()


def test_growth_is_the_power_of_the_size() -> None:
    assert exponent([(x, 3 * x**1.5) for x in (10, 100, 1000)]) == pytest.approx(1.5)
    assert exponent([(10, 7), (1000, 7)]) == pytest.approx(0)


def test_a_plot_has_a_line_for_each_series(tmp_path: Path) -> None:
    drawn = plot({"Time": {"first": [(10, 1), (100, 2)], "again": []}, "<b>": {"x": [(5, 1)]}})
    assert drawn.count("<polyline") == 3
    assert "&lt;b&gt;" in drawn
    ElementTree.fromstring(drawn)


def test_the_short_form_fails_where_requests_are_too_many_but_not_for_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    goals = [Goal("time", 9, 1, is_timed=True), Goal("requests", 5, 4)]
    monkeypatch.setattr(command, "measure_libraries", lambda *_: Report(goals=tuple(goals)))
    assert command.main(["--short"]) == command.MISSED
    goals.pop()
    assert command.main(["--short"]) == 0
