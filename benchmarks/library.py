"""Reconcile and drain against libraries of several sizes, each started once for all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.floor import Floor
from benchmarks.plan import Plan, Say
from benchmarks.sheets import Goal, Report, Sheet, figure
from benchmarks.stage import NO_SUCH_MODE, Stage, TaskCost, stage

MB = 1_000_000
RECONCILE, DRAIN = "reconcile_all", "process_queue"
# Requests of a reconcile at 10,000 scenes, and those that do not grow with the library.
MOST_REQUESTS, CONSTANT_REQUESTS, PAGE = 60, 20, 500
FIRST_FLOORS, AGAIN_FLOORS = 3.0, 2.0
MOST_MB = 150
READS_PER_CHANGE, WRITES_PER_CHANGE = 0.1, 1.1


@dataclass(frozen=True, slots=True)
class Series:
    """The rounds of one reconcile, and the floor measured between them."""

    costs: tuple[TaskCost, ...]
    floors: tuple[Floor, ...]

    @property
    def wall(self) -> float:
        return median(cost.usage.wall for cost in self.costs)

    @property
    def cpu(self) -> float:
        return median(cost.usage.cpu for cost in self.costs)

    @property
    def peak_mb(self) -> float:
        return max(cost.usage.peak_rss for cost in self.costs) / MB

    @property
    def floor(self) -> float:
        return median(each.wall for each in self.floors)

    @property
    def times_floor(self) -> float:
        return self.wall / self.floor

    @property
    def busiest(self) -> TaskCost:
        return max(self.costs, key=lambda cost: cost.requests)


@dataclass(frozen=True, slots=True)
class Drained:
    """A drain; `changed` is how many scenes had an item to be changed."""

    cost: TaskCost
    changed: int

    @property
    def jobs(self) -> int:
        jobs: int = self.cost.output["processed"]
        return jobs

    @property
    def reads_per_change(self) -> float:
        return self.cost.plex_reads / max(self.changed, 1)

    @property
    def writes_per_change(self) -> float:
        return self.cost.plex_writes / max(self.changed, 1)


@dataclass(frozen=True, slots=True)
class LibraryFigures:
    """All that was measured with one library."""

    scenes: int
    first: Series
    again: Series | None = None
    sync: Drained | None = None
    drain: Drained | None = None


@dataclass(frozen=True, slots=True)
class StartUp:
    """Starting the plugin and loading all of it: seconds of wall and CPU time."""

    wall: float
    cpu: float


def measure_libraries(plan: Plan, say: Say) -> Report:
    """Measure all sizes of the plan."""
    figures: list[LibraryFigures] = []
    start = StartUp(0.0, 0.0)
    for size in plan.sizes:
        say(f"starting the servers with {size:,} scenes")
        with stage(size) as here:
            if not figures:
                start = measure_start(here, plan.rounds)
            figures.append(measure_library(here, size, plan, say))
    return report_on(figures, start, plan.judged)


def measure_start(here: Stage, rounds: int) -> StartUp:
    """Start the plugin for nothing."""
    starts = [here.start(NO_SUCH_MODE) for _ in range(rounds)]
    return StartUp(median(each.wall for each in starts), median(each.cpu for each in starts))


def measure_library(here: Stage, size: int, plan: Plan, say: Say) -> LibraryFigures:
    """Measure with one library, from its first day on."""
    say(f"{size:,} scenes: reconcile for the first time")
    first = _series(here, plan.rounds, from_scratch=True)
    if size not in plan.synced:
        return LibraryFigures(size, first)
    say(f"{size:,} scenes: sync them all")
    sync = _drained(here.task(DRAIN))
    # The servers' own times move with every edit; this run notes them.
    here.task(RECONCILE)
    say(f"{size:,} scenes: reconcile again")
    again = _series(here, plan.rounds, from_scratch=False)
    say(f"{size:,} scenes: change {plan.changed:,} and sync those")
    drain = _changed(here, plan.changed)
    return LibraryFigures(size, first, again, sync, drain)


def report_on(figures: Sequence[LibraryFigures], start: StartUp, judged: int) -> Report:
    """The tables, and the targets for the library of `judged` scenes."""
    sheets = [_reconcile_sheet(figures, start), _drain_sheet(figures)]
    if len(figures) > 1:
        sheets.insert(1, _growth_sheet(figures))
    subject = next(each for each in figures if each.scenes == judged)
    return Report(tuple(sheets), tuple(_goals(subject, figures)))


def _series(here: Stage, rounds: int, *, from_scratch: bool) -> Series:
    costs, floors = [], []
    for _ in range(rounds):
        if from_scratch:
            here.forget()
        costs.append(here.task(RECONCILE))
        floors.append(here.floor(costs[-1].listings))
    return Series(tuple(costs), tuple(floors))


def _changed(here: Stage, count: int) -> Drained:
    """Change scenes that own one item each, let reconcile find them, and drain."""
    owned = here.both.truth["matches"]
    scenes = [int(scene) for scene, items in owned.items() if len(items) == 1][:count]
    here.edit(scenes, "Rewritten for the benchmark.")
    here.task(RECONCILE)
    return _drained(here.task(DRAIN))


def _drained(cost: TaskCost) -> Drained:
    return Drained(cost, cost.output["items_edited"])


def _reconcile_sheet(figures: Sequence[LibraryFigures], start: StartUp) -> Sheet:
    rows = []
    for each in figures:
        for name, series in (("first", each.first), ("again", each.again)):
            if series is None:
                continue
            cost = series.busiest
            rows.append(
                (
                    f"{each.scenes:,}",
                    name,
                    f"{cost.stash_requests:,}",
                    f"{cost.plex_reads:,}",
                    figure(series.wall, "s"),
                    figure(series.floor, "s"),
                    f"{series.times_floor:.1f}",
                    figure(series.cpu, "s"),
                    figure(series.peak_mb, "MB"),
                )
            )
    note = (
        f"Starting the process is part of wall and CPU: {figure(start.wall, 's')} and "
        f"{figure(start.cpu, 's')}."
    )
    columns = (">scenes", "run", ">Stash", ">Plex", ">wall", ">floor", ">times", ">CPU", ">peak")
    return Sheet("Reconcile: requests, time, memory", columns, tuple(rows), note)


def _growth_sheet(figures: Sequence[LibraryFigures]) -> Sheet:
    smallest = figures[0]
    rows = tuple(
        (
            f"{each.scenes:,}",
            figure(each.first.wall, "s"),
            figure(1000 * 1000 * each.first.wall / each.scenes, "ms"),
            f"{each.scenes / smallest.scenes:.1f}",
            f"{each.first.wall / smallest.first.wall:.1f}",
        )
        for each in figures
    )
    columns = (">scenes", ">wall", ">for 1,000 scenes", ">times scenes", ">times wall")
    return Sheet("Growth of the first reconcile", columns, rows)


def _drain_sheet(figures: Sequence[LibraryFigures]) -> Sheet:
    rows = []
    for each in figures:
        for name, drained in (("all, first sync", each.sync), ("changed scenes", each.drain)):
            if drained is None:
                continue
            wall = drained.cost.usage.wall
            rows.append(
                (
                    f"{each.scenes:,}",
                    name,
                    f"{drained.jobs:,}",
                    f"{drained.changed:,}",
                    figure(wall, "s"),
                    f"{drained.jobs / wall:,.0f}",
                    f"{drained.writes_per_change:.2f}",
                    f"{drained.reads_per_change:.2f}",
                )
            )
    note = "Writes and reads are requests to Plex for each item that was changed."
    columns = (">scenes", "drain", ">jobs", ">changed", ">wall", ">jobs/s", ">writes", ">reads")
    return Sheet("Process Queue", columns, tuple(rows), note)


def _goals(judged: LibraryFigures, figures: Sequence[LibraryFigures]) -> list[Goal]:
    scenes = judged.scenes
    items = judged.first.busiest.output["items_listed"]
    allowed = min(MOST_REQUESTS, (scenes + items) // PAGE + CONSTANT_REQUESTS)
    goals = []
    for name, series, floors in (
        ("first", judged.first, FIRST_FLOORS),
        ("repeated", judged.again, AGAIN_FLOORS),
    ):
        if series is not None:
            what = f"{name} reconcile of {scenes:,} scenes"
            goals += [
                Goal(f"{what}: requests", series.busiest.requests, allowed),
                Goal(f"{what}: time in floors", series.times_floor, floors),
                Goal(f"{what}: peak memory", series.peak_mb, MOST_MB, "MB"),
            ]
    if len(figures) > 1:
        small, large = figures[0], figures[-1]
        growth = large.first.wall / small.first.wall
        text = f"time of a first reconcile, {small.scenes:,} to {large.scenes:,} scenes"
        goals.append(Goal(text, growth, large.scenes / small.scenes, "times"))
    if judged.drain is not None:
        drain = judged.drain
        goals += [
            Goal("Plex writes per changed scene", drain.writes_per_change, WRITES_PER_CHANGE),
            Goal("Plex reads per changed scene", drain.reads_per_change, READS_PER_CHANGE),
        ]
    return goals
